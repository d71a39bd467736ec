#!/usr/bin/env -S python3 -B
"""What is said to the port by those who mean no good: every byte below HTTP is written by hand."""
from harness import *

import resource

IDLE_S = 1
SHARED = {"UMAM_IDLE_S": str(IDLE_S), "UMAM_CONNECTIONS_PER_ADDRESS": "0"}
PATH = "/api/video/strategy"
BODY = b'{"prompt":"a lighthouse"}'


class Link:
    """One connection."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        self.heard = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, data):
        try:
            self.socket.sendall(data)
        except OSError:  # the server may have hung up
            pass
        return self

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.heard += data
        return data

    def reply(self):
        """The next reply's status and body; None when the connection ended."""
        while b"\r\n\r\n" not in self.heard:
            if not self.more():
                return None, self.heard
        head, self.heard = self.heard.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        while len(self.heard) < length and self.more():
            pass
        body, self.heard = self.heard[:length], self.heard[length:]
        return int(head.split()[1]), body

    def ended(self, patience):
        """Whether the server ends the connection in this time, whatever it says before."""
        self.socket.settimeout(patience)
        try:
            while self.more():
                pass
            return True
        except TimeoutError:
            return False


def link(**options):
    return Link(server(**SHARED).port, **options)


def request(lines=b"", body=BODY, path=PATH.encode(), method=b"POST", framing=True):
    token = server(**SHARED).token().encode()
    length = b"Content-Length: %d\r\n" % len(body) if framing else b""
    return (method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
            b"\r\nContent-Type: application/json\r\n" + length + lines + b"\r\n" + body)


def answers(data):
    """All replies to these bytes until the connection rests or ends."""
    with link() as to:
        to.say(data)
        try:
            to.socket.shutdown(socket.SHUT_WR)
        except OSError:  # it has hung up already
            pass
        found = []
        while True:
            status, _ = to.reply()
            if status is None:
                return found
            found.append(status)


def fine():
    began = time.monotonic()
    server().get("/health/ready", token=None)
    holds(time.monotonic() - began < 1, "others wait for more than a second")


# ---- heads ----

TWISTED = {
    "folded value": b"X: a\r\n b\r\n", "folded framing": b"X: a\r\n\tTransfer-Encoding: chunked\r\n", "NUL in a value": b"X: a\0b\r\n",
    "NUL at the end": b"X: a\0\r\n", "NUL in a name": b"X\0Y: a\r\n", "bare line feed": b"X: a\nY: b\r\n", "bare CR": b"X: a\rY: b\r\n",
    "control character": b"X: a\x01b\r\n", "DEL": b"X: a\x7f\r\n", "space in a name": b"X Y: a\r\n", "space before the colon": b"X : a\r\n",
    "no name": b": a\r\n", "two hosts": b"Host: y\r\n", "two lengths": b"Content-Length: 5\r\n", "the same length twice":
    b"Content-Length: %d\r\n" % len(BODY), "both framings": b"Transfer-Encoding: chunked\r\n", "two credentials": b"Authorization: x\r\n",
}


@test
def twisted_heads_are_refused():
    good = request()
    for what, lines in TWISTED.items():
        equal(answers(request(lines)), [400], what)
        equal(answers(good + request(lines) + good), [200, 400], f"{what}, after a good request")
    for what, line in {"two spaces": b"GET  /health HTTP/1.1", "a NUL in the path": b"GET /health\0x HTTP/1.1", "a NUL in the method":
                       b"GE\0T /health HTTP/1.1", "a bare line feed": b"GET /health HTTP/1.1\n", "a space at the end": b"GET /health HTTP/1.1 ",
                       "a tab": b"GET\t/health HTTP/1.1", "no version": b"GET /health", "lower case": b"GET /health http/1.1",
                       "a space in the path": b"GET /hea lth HTTP/1.1", "a strange method": b"G(T /health HTTP/1.1"}.items():
        found = answers(line + (b"" if line.endswith(b"\n") else b"\r\n") + b"Host: x\r\n\r\n")
        holds(found in ([400], []), f"{what} answered {found}")
    equal(answers(request(b"X:\r\nY: \t z\r\nZ:a\r\n") + request()), [200, 200], "heads that are fine")
    fine()


@test
def lengths_that_lie():
    for length in (b"-1", b"+5", b"0x19", b"5 5", b"5,5", b"", b"1e1", b"25.", b"99999999999999999999", b"9223372036854775808", "٢٥".encode()):
        found = answers(request(b"Content-Length: " + length + b"\r\n", framing=False))
        holds(found in ([400], [413]), f"Content-Length {length} answered {found}")
    with link() as to:  # nobody waits for what is too large
        began = time.monotonic()
        status, _ = to.say(request(b"Content-Length: 99999999999\r\n", framing=False)).reply()
        equal(status, 413, "a length of 99999999999")
        holds(time.monotonic() - began < 2, "the refusal came late")
    equal(answers(request(body=b"", lines=b"Content-Length: 2000\r\n", framing=False) + BODY), [], "less than was promised")
    equal(answers(request(BODY + b"\r\n", framing=False)), [400], "a body among the headers")
    fine()


def chunks(*parts, last=b"0\r\n\r\n"):
    return b"".join(b"%x%s\r\n%s\r\n" % (len(data), extension, data) for data, extension in parts) + last


@test
def chunked_bodies():
    def say(body):
        return answers(request(b"Transfer-Encoding: chunked\r\n", body=body, framing=False))
    equal(say(chunks((BODY[:5], b""), (BODY[5:], b";name=value"))), [200], "two chunks")
    equal(say(chunks((BODY, b""), last=b"0\r\nX-Trailer: y\r\n\r\n")), [200], "a trailer")
    for what, body in {"letters": b"zz\r\n" + BODY, "a sign": b"-19\r\n" + BODY, "a prefix": b"0x19\r\n" + BODY, "a space": b"19 \r\n" + BODY,
                       "nothing": b"\r\n" + BODY, "an overflow": b"f" * 40 + b"\r\n" + BODY, "too short": b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
                       "an endless size": b"1" * 60000}.items():
        found = say(body)
        holds(found in ([400], [413], []), f"{what} answered {found}")
    holds(say(chunks((BODY, b";x=" + b"y" * 60000))) != [200], "an extension of 60 kB was taken")
    holds(say(chunks((BODY, b""), last=b"0\r\n" + b"X: y\r\n" * 20000 + b"\r\n")) != [200], "20 000 trailers were taken")
    holds(say(chunks(*[(b"x" * 60000, b"")] * 40)) in ([413], []), "2.4 MB in chunks were taken")
    fine()


@test
def pipelines():
    equal(answers(request() * 50), [200] * 50, "fifty at once")
    found = answers(request(path=b"/nowhere") + request() + b"nonsense\r\n\r\n" + request())
    holds(found in ([404, 200], [404, 200, 400]), f"nonsense in between: {found}")
    inner = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    both = request(path=b"/nowhere", body=inner) + request()
    with link() as to:  # a body nobody reads does not become the next request
        to.say(both)
        equal([to.reply()[0], to.reply()[0]], [404, 200], "the statuses")


@test
def paths_that_lead_elsewhere():
    s = server()
    (s.data / "treasure.txt").write_text("treasure")
    (s.media / "images").mkdir(exist_ok=True)
    (s.media / "images" / "link").symlink_to(s.data / "treasure.txt")
    dots = ["..", "%2e%2e", "%2E.", ".%2e", "..%2f", "..%5c", "..\\", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "..;", "..%00",
            "%uff0e%uff0e", "....", "..%c0%af"]
    for dot in dots:
        for path in (f"/media/{dot}/treasure.txt", f"/media/images/{dot}/{dot}/treasure.txt", f"/media/{dot}{dot}treasure.txt",
                     f"/{dot}/data/treasure.txt", f"//{dot}/treasure.txt", f"/media/images/x/{dot}/../../../treasure.txt"):
            with link() as to:
                status, body = to.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).reply()
            holds(status in (400, 404), f"{path} answered {status}: {body[:100]}")
    for path in ("/media/images/link", "/media//etc/passwd", "/media/%2fetc%2fpasswd", "/media/images", "/media/", "/media/.unfinished/x",
                 "/media/images/%00", "/%00", "/media/\\etc\\passwd", "//health", "/health//live", "/./health", "/health/.", "/Health"):
        with link() as to:
            status, body = to.say(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).reply()
        holds(status in (400, 404), f"{path} answered {status}: {body[:100]}")
    for target, wanted in {"http://evil.example/health/live": 200, "http://x/media/../treasure.txt": 404, "*": 404, "health": 404,
                           "http://evil.example": 200, "/health/live?" + "x" * 5000: 200, "/health/live#x": 404}.items():
        with link() as to:
            equal(to.say(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).reply()[0], wanted, target[:60])


@test
def floods_of_headers_and_endless_lines():
    for what, data in {"one hundred thousand headers": b"X: y\r\n" * 100000, "a header of a megabyte": b"X: " + b"y" * (1 << 20) + b"\r\n",
                       "a name of a megabyte": b"X" * (1 << 20) + b": y\r\n"}.items():
        found = answers(b"GET /health HTTP/1.1\r\nHost: x\r\n" + data + b"\r\n")
        holds(found in ([431], [413], []), f"{what} answered {found}")
    found = answers(b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    holds(found in ([414], []), f"an endless path answered {found}")
    fine()


# ---- bodies that take memory ----

WIDE = b"[" + b"{}," * 300000 + b"{}]"


@test
def strangers_are_not_read_to_the_end():
    plain = b"POST /universes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (WIDE[:9000], WIDE[:9000], WIDE[:9000])) + b"0\r\n\r\n"
    for what, data, wanted in (("a small one", b"Content-Length: 3\r\n\r\n[1,", 422), ("a large one, announced", b"Content-Length: 300000\r\n\r\n", 401),
                               ("a large one in chunks", b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 401)):
        with link() as to:
            equal(to.say(plain + data).reply()[0], wanted, what)
    fine()


@test
def many_values_at_once():
    s = Server({})
    equal(answers(request(body=WIDE)), [422], "three hundred thousand values")
    wide = b'{"prompt":"x","x":[' + b"{}," * 49000 + b"{}]}"  # 31 MB each while it is read
    send = lambda: s.call("POST", PATH, body=wide, headers={"Content-Type": "application/json"}, status=(200, 422, 503))
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(send())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holds(all(reply.status != 503 or reply.headers["retry-after"] for reply in replies), "a refusal without a time to wait")
    holds(any(reply.status != 503 for reply in replies), "nobody was read")
    equal(send().status, replies[0].status if replies[0].status != 503 else 200, "one that comes alone")


# ---- browsers ----

@test
def every_reply_tells_browsers_to_be_careful():
    s = server()
    s.make()
    clip = s.rows("SELECT public_url FROM media_assets")[0]["public_url"]
    replies = {path: s.send("GET", path) for path in ("/health", "/nowhere", "/api/video/jobs", "/openapi.json", "/docs", clip, "/health/")}
    for path, reply in replies.items():
        equal([reply.headers.get(name) for name in ("x-content-type-options", "x-frame-options", "referrer-policy")],
              ["nosniff", "DENY", "no-referrer"], f"the headers of {path}")
        has(reply.headers["content-security-policy"], "default-src 'none'")
        has(reply.headers["content-security-policy"], "frame-ancestors 'none'")
        equal(reply.headers["cross-origin-resource-policy"], "cross-origin" if path == clip else "same-origin", f"who may embed {path}")
    page = replies["/docs"]
    holds("unsafe" not in page.headers["content-security-policy"], "the page may run anything")
    for name in ("script", "style"):
        text = re.search(rb"<%s>(.*?)</%s>" % (name.encode(), name.encode()), page.body, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
        has(page.headers["content-security-policy"], f"{name}-src 'sha256-{digest}'")
    holds(b"<script src" not in page.body and b" onclick" not in page.body, "the page runs what its policy forbids")
    has(page.headers["permissions-policy"], "camera=()")


def preflight(s, origin, path="/universes"):
    return s.send("OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": "PUT",
                                            "Access-Control-Request-Headers": "authorization"})


@test
def other_origins():
    s = server()
    for origin in ("http://localhost:3000", "http://127.0.0.1:3000"):
        reply = preflight(s, origin)
        equal([reply.status, reply.body, reply.headers["access-control-allow-origin"], reply.headers["access-control-allow-credentials"],
               reply.headers["access-control-allow-methods"], reply.headers["access-control-allow-headers"],
               reply.headers["access-control-max-age"], reply.headers["vary"]],
              [200, b"OK", origin, "true", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT", "authorization", "600", "Origin"], "a preflight")
        reply = s.send("GET", "/universes", headers={"Origin": origin})
        equal([reply.status, reply.headers["access-control-allow-origin"]], [401, origin], "a refusal that the page may read")
    for origin in ("http://evil.example", "null", "http://localhost:3000.evil.example", "https://localhost:3000", "http://localhost:30000",
                   "HTTP://LOCALHOST:3000", "http://localhost:3000/", "http://localhost:3000, http://evil.example", "*", ""):
        reply = preflight(s, origin)
        equal([reply.status, reply.body], [400, b"Disallowed CORS origin"], f"a preflight from {origin!r}")
        holds("access-control-allow-origin" not in s.send("GET", "/health", headers={"Origin": origin}).headers, f"{origin!r} may read")
    everybody = Server({"CORS_ORIGINS": "*"})
    reply = preflight(everybody, "http://anywhere.example")
    equal([reply.status, reply.headers["access-control-allow-origin"], "access-control-allow-credentials" in reply.headers],
          [200, "*", False], "a preflight where everybody may")


# ---- making the server call somebody ----

@test
def the_server_calls_nobody():
    s = server()
    picture = s.post("/media/upload", body=form(("file", "x.png", "image/png", png(8, 8)))[0], headers=form()[1]).json["url"]
    with socket.create_server(("127.0.0.1", 0)) as trap:
        port = trap.getsockname()[1]
        for url in (f"http://127.0.0.1:{port}/x.png", f"http://localhost:{port}/", f"http://[::1]:{port}/", f"http://[::ffff:127.0.0.1]:{port}/",
                    f"http://2130706433:{port}/", f"http://0x7f.1:{port}/", f"http://0:{port}/", f"http://127.1:{port}/media/images/x.png",
                    f"http://u:p@127.0.0.1:{port}/", f"http://127.0.0.1.nip.io:{port}/", "http://169.254.169.254/latest/meta-data/",
                    "http://metadata.google.internal/", "file:///etc/passwd", "ftp://127.0.0.1/", f"gopher://127.0.0.1:{port}/_x",
                    "data:image/png;base64,iVBOR", f"//127.0.0.1:{port}/x", f"http:\\\\127.0.0.1:{port}\\x", "jar:http://127.0.0.1!/x",
                    f"http://127.0.0.1:{port}/media/../x", f"https://127.0.0.1:{port}{picture}?x=1"):
            reply = s.call("POST", "/api/video/generate", {"prompt": "x", "generation_type": "image_to_video", "provider": "mock",
                                                           "duration": 1, "reference_image_url": url}, status=(404, 422))
            holds(len(str(reply.detail)) > 20, f"{url} is refused without a word")
        started = s.post("/api/video/generate", {"prompt": "x", "generation_type": "image_to_video", "provider": "mock", "duration": 1,
                                                 "reference_image_url": f"http://127.0.0.1:{port}{picture}"}).json
        s.done(started["job_id"])  # a copied link to a picture of ours is a name, nothing to fetch
        trap.settimeout(0.2)
        try:
            raise Failure(f"somebody called: {trap.accept()[1]}")
        except TimeoutError:
            pass


@test
def the_server_and_its_worker_could_call_nobody():
    s = server()
    equal(s.get("/health").json["checks"]["network"], {"outgoing": "impossible"}, "what health says")
    for pid in [s.process.pid, zygote(s)]:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                facts = (task / "status").read_text()
            except FileNotFoundError:  # it has ended meanwhile
                continue
            equal([re.search(rf"{name}:\s+(\d)", facts)[1] for name in ("NoNewPrivs", "Seccomp")], ["1", "2"], f"thread {task}")
    sockets = {os.readlink(f) for f in pathlib.Path(f"/proc/{zygote(s)}/fd").iterdir() if os.path.islink(f)}
    unix = {f"socket:[{line.split()[6]}]" for line in open("/proc/net/unix").readlines()[1:]}
    holds(all(name in unix for name in sockets if name.startswith("socket:")), f"the worker holds {sockets}")


# ---- slow ones; the server of this program lets a connection rest for one second ----

@test
def clients_that_dribble_are_ended():
    s = server()
    big = s.media / "images" / "big.png"
    big.parent.mkdir(exist_ok=True)
    with big.open("wb") as out:
        out.truncate(64 << 20)
    body, headers = form(("file", "x.png", "image/png", png(8, 8)))
    promised = request(b"Content-Type: %s\r\nContent-Length: 50000000\r\n" % headers["Content-Type"].encode(), body=body,
                       path=b"/media/upload", framing=False).replace(b"Content-Type: application/json\r\n", b"")
    get = b"GET /media/images/big.png HTTP/1.1\r\nHost: x\r\n\r\n"
    slow = {"nothing": (b"", b""), "a head": (b"GET /health HTT", b"P"), "headers": (b"GET /health HTTP/1.1\r\n", b"X: y\r\n"),
            "a body": (request(b"Content-Length: 100000\r\n", body=b"[", framing=False), b" "),
            "a file with a fast beginning": (promised + b"x" * 3000000, b"x"), "a body with a fast beginning":
            (request(b"Content-Length: 900000\r\n", body=b"[" + b" " * 500000, framing=False), b" " * 300), "chunks": (request(b"Transfer-Encoding: chunked\r\n", body=b"", framing=False), b"1\r\n \r\n"),
            "an epilogue": (promised, b"x"), "a second head": (request() + b"GET /hea", b"l"), "no second head": (request(), b"")}
    links = {}
    for what, (first, _) in slow.items():
        links[what] = link().say(first)
    unread, hardly_read = link(receive_buffer=4096).say(get), link(receive_buffer=4096).say(get)
    began = time.monotonic()
    ends, waiting = {}, dict(links)
    while waiting and time.monotonic() - began < 12:
        time.sleep(0.1)
        for what in list(waiting):
            to = waiting[what].say(slow[what][1])
            to.socket.settimeout(0.001)
            try:
                while to.more():
                    pass
                ends[what] = time.monotonic() - began
                del waiting[what]
            except TimeoutError:
                pass
        hardly_read.socket.settimeout(0.001)
        try:
            hardly_read.socket.recv(20)
        except TimeoutError:
            pass
        except ConnectionError:
            ends.setdefault("a reply read by the drop", time.monotonic() - began)
        fine()
    equal(list(waiting), [], "those still there")
    holds(max(ends.values()) < 10, f"they were ended after {ends}")
    for to in (unread, hardly_read):
        eventually(lambda: not connected(to), "the end of a reply that nobody reads", 10)
        to.socket.close()
    big.unlink()


def connected(to):
    """Whether the server still has its end, seen from the kernel's table."""
    host, port = to.socket.getsockname()
    end = "0100007F:%04X" % port
    for line in open("/proc/net/tcp"):
        words = line.split()
        if len(words) > 3 and words[2] == end and words[3] in ("01", "08"):
            return True
    return False


# ---- many ----

def silent_links(port, count):
    """So many connections that stay: the harness's own last one may still hold a place."""
    links = []
    while len(links) < count:
        to = Link(port)
        if to.ended(0.05):
            to.socket.close()
        else:
            links.append(to)
    return links


@test
def one_address_gets_a_share_of_the_connections():
    s = Server({"UMAM_CONNECTIONS_PER_ADDRESS": "20"})
    links = silent_links(s.port, 20)
    with Link(s.port) as one_more:
        holds(one_more.ended(5), "the twenty-first got in")
    with links.pop():
        pass
    eventually(lambda: live(s.port), "a place after one has left", 5)
    for to in links:
        to.socket.close()


def live(port):
    try:
        with Link(port) as to:
            return to.say(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").reply()[0] == 200
    except ConnectionError:
        return False


@test
def the_longest_silent_connection_makes_room():
    s = Server({"UMAM_CONNECTIONS_MAX": "8", "UMAM_REQUESTS_MAX": "2"})
    links = [Link(s.port) for _ in range(8)]
    for _ in range(3):
        holds(live(s.port), "there is no room")
    gone = [to.ended(0.2) for to in links]  # the first; the next ones had his place, or needed the following
    holds(gone[0] and not any(gone[3:]), f"who had to go: {gone}")
    for to in links:
        to.socket.close()
    s = Server({"UMAM_CONNECTIONS_MAX": "8", "UMAM_CONNECTIONS_PER_ADDRESS": "8"})
    links = silent_links(s.port, 8)
    for _ in range(5):  # who has too many already takes nobody's place
        with Link(s.port) as one_more:
            holds(one_more.ended(5), "the ninth got in")
    equal([to.ended(0.1) for to in links], [False] * 8, "who had to go")
    for to in links:
        to.socket.close()


@test
def more_keep_their_connection_than_there_are_threads():
    s = Server({"UMAM_REQUESTS_MAX": "4"})
    links = []
    for i in range(40):
        links.append(Link(s.port).say(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"))
        equal(links[-1].reply()[0], 200, f"connection {i}")
    for to in links:
        to.socket.close()


@test
def a_full_house_says_so():
    s = Server({"UMAM_REQUESTS_MAX": "4"})
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s.admin_token}\r\nContent-Length: 99\r\n\r\n{{".encode()
    links = [Link(s.port).say(head) for _ in range(4)]
    time.sleep(0.2)
    with Link(s.port) as to:
        status, body = to.say(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").reply()
        equal([status, json.loads(body)["code"]], [503, "unavailable"], "a request too many")
    for to in links:
        to.socket.close()
    eventually(lambda: live(s.port), "an answer when they have gone", 10)


def streams(s, job, count, token):
    """The statuses of so many event streams at once."""
    watch = f"GET /api/video/jobs/{job}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    links = [Link(s.port) for _ in range(count)]
    found = [int(to.say(watch).more().split()[1]) for to in links]
    for to in links:
        to.socket.close()
    return found


@test
def streams_leave_room_for_others():
    s = Server({})
    job = s.generate(duration=60, provider="local", size="standard")["job_id"]
    equal(streams(s, job, 18, s.admin_token), [200] * 16 + [429] * 2, "the streams of one")
    s.post(f"/api/video/jobs/{job}/cancel")
    s = Server({"UMAM_REQUESTS_MAX": "8"})
    job = s.generate(duration=60, provider="local", size="standard")["job_id"]
    equal(streams(s, job, 6, s.admin_token), [200] * 4 + [503] * 2, "the streams of all")
    s.post(f"/api/video/jobs/{job}/cancel")


@test
def one_network_has_a_share_of_the_requests():
    s = Server({"UMAM_REQUESTS_MAX": "40", "TRUSTED_PROXIES": "127.0.0.1"})
    def hold(address):
        return Link(s.port).say(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\nAuthorization: Bearer {s.admin_token}\r\n"
                                "Content-Length: 99\r\n\r\n{".encode())
    links = [hold("192.0.2.1") for _ in range(8)]
    time.sleep(0.3)
    ask = lambda address: s.call("GET", "/health/live", token=None, headers={"X-Forwarded-For": address})
    has(ask("192.0.2.1").detail, "from your address")
    equal([ask("192.0.2.1").status, ask("192.0.2.2").status], [429, 200], "the ninth, and somebody else")
    for to in links:
        to.socket.close()
    eventually(lambda: ask("192.0.2.1").status == 200, "an answer when they have gone", 10)


def resident_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


@test
def ten_thousand_idle_connections():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    s = Server({"UMAM_CONNECTIONS_PER_ADDRESS": "0"})
    s.get("/health/live", token=None)
    before, links = resident_kb(s.process.pid), []
    for i in range(10000):
        links.append(Link(s.port))
        if i % 3 == 1:
            links[-1].say(b"GET /health HTTP/1.1\r\nHo")
    times = []
    for _ in range(20):
        began = time.monotonic()
        s.get("/health/ready", token=None)
        times.append(time.monotonic() - began)
    grown = resident_kb(s.process.pid) - before
    threads = len(os.listdir(f"/proc/{s.process.pid}/task"))
    print(f"10 000 idle connections: {grown} kB more, {threads} threads, slowest of 20 answers {max(times) * 1000:.0f} ms", flush=True)
    holds(max(times) < 1, f"an answer took {max(times):.2f} s")
    holds(grown < 64 << 10 and threads < 60, f"{grown} kB and {threads} threads")
    for to in (links[0], links[9999]):  # they were not given up
        to.say(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        equal(to.reply()[0], 200, "the first and the last of them")
    for to in links:
        to.socket.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


main()
