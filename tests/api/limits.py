#!/usr/bin/env -S python3 -B
"""Those who ask too often or take too much have to wait; everybody else is served."""
import contextlib
import math
import select
import socket
import zlib

from harness import *

ENV = {"RATE_LIMIT_ENABLED": "true", "TRUSTED_PROXIES": "127.0.0.1, 10.0.0.9"}


def limited(reply, detail):
    equal(reply.status, 429, "the status")
    equal(reply.json["code"], "too_many_requests")
    has(reply.detail, detail)
    wait = reply.headers["retry-after"]
    holds(re.fullmatch(r"[1-9]\d*", wait), f"Retry-After is {wait!r}")
    if "too many" in detail:
        has(reply.detail, f"; try again in {wait} s")
    return int(wait)


def since(address):
    return {"X-Forwarded-For": address}


def login(s, name, password, address):
    return s.call("POST", "/auth/login", {"username": name, "password": password}, token=None, headers=since(address))


@test
def a_caller_who_asks_too_often_waits_and_others_do_not():
    s = server(**ENV, UMAM_RATE_DEFAULT="5/2")
    ann, bob = s.token("ann", "viewer"), s.token("bob", "viewer")
    statuses = [s.call("GET", "/api/video/jobs", token=ann).status for _ in range(5)]
    equal(statuses, [200] * 5, "the first five")
    reply = s.call("GET", "/api/video/jobs", token=ann)
    wait = limited(reply, "too many requests")
    equal([reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"], reply.headers["ratelimit-reset"]],
          ["5", "0", str(wait)], "the figures")
    limited(s.call("GET", "/universes", token=ann), "5 in 2 s")
    s.get("/api/video/jobs", token=bob)
    for _ in range(20):
        s.get("/api/video/jobs")  # an administrator
        s.get("/health/live", token=ann)
        s.get("/openapi.json", token=ann)
    time.sleep(wait)
    s.get("/api/video/jobs", token=ann)


@test
def strangers_are_counted_by_address():
    s = server()
    for network in ("2001:db8:1:1:%x::1", "198.51.100.1", "::ffff:198.51.100.2"):
        addresses = [network % i if "%" in network else network for i in range(7)]
        statuses = [s.call("GET", "/universes", token=None, headers=since(address)).status for address in addresses]
        equal(statuses, [401] * 5 + [429] * 2, f"seven from {network}")
    equal(s.call("GET", "/universes", token=None, headers=since("198.51.100.2")).status, 429, "the mapped address")
    equal(s.call("GET", "/universes", token=None, headers=since("2001:db8:1:2::1")).status, 401, "another network")
    for _ in range(7):  # a made-up hop before the proxy's word changes nothing
        last = s.call("GET", "/universes", token=None, headers=since(f"203.0.113.{_}, 198.51.100.7, 10.0.0.9"))
    equal(last.status, 429, "the hop that a trusted proxy names")


@test
def nobody_but_a_trusted_proxy_names_an_address():
    s = Server({**ENV, "UMAM_RATE_DEFAULT": "3/60", "TRUSTED_PROXIES": "10.0.0.9"})
    statuses = [s.call("GET", "/universes", token=None, headers=since(f"198.51.100.{i}")).status for i in range(5)]
    equal(statuses, [401] * 3 + [429] * 2, "five from one machine")


@test
def the_default_limits_of_each_class():
    s = Server({**ENV})
    token = s.token("cleo", "creator")
    job = {"prompt": "x", "provider": "mock", "duration": 1, "size": "draft", "fps": 24}
    generated = [s.call("POST", "/api/video/generate", job, token=token) for _ in range(6)]
    equal([reply.status for reply in generated], [200] * 5 + [429], "generations")
    holds(50 <= limited(generated[-1], "5 in 300 s") <= 60, "the wait for the next generation")
    strategies = [s.call("POST", "/api/video/strategy", {"prompt": "x"}, token=token).status for _ in range(11)]
    equal(strategies, [200] * 10 + [429], "strategies")
    equal([s.call("GET", "/universes", token=token).status for _ in range(61)], [200] * 60 + [429], "others")
    logins = [login(s, "nobody", "wrong", "192.0.2.1").status for _ in range(6)]
    equal(logins, [401] * 5 + [429], "logins")
    equal(login(s, "nobody", "wrong", "192.0.2.2").status, 401, "a login from elsewhere")


@test
def settings_that_make_no_sense():
    for value in ("x", "5", "5/0", "-1/5", "5/x"):
        done = run("serve", "--port", "0", "--data", new_folder() / "d", env={"UMAM_RATE_AUTH": value}, code=2)
        has(done.stderr, "UMAM_RATE_AUTH")


# ---- how much one may have ----

JOB = {"prompt": "x", "provider": "mock", "duration": 1, "size": "draft", "fps": 24}


def together(count, function):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(function())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@test
def jobs_under_way():
    s = Server({"UMAM_QUOTA_JOBS": "3", "UMAM_SLOTS": "1"})
    ann, bob = s.token("ann", "creator"), s.token("bob", "creator")
    s.post("/api/jobs/pause", {}, status=(200, 404))
    long = {**JOB, "provider": "local", "duration": 60, "size": "standard"}
    answers = together(12, lambda: s.call("POST", "/api/video/generate", long, token=ann))
    equal(sorted(reply.status for reply in answers), [200] * 3 + [429] * 9, "twelve at once")
    limited(next(reply for reply in answers if reply.status == 429), "you have 3 jobs under way")
    s.post("/api/video/generate", long, token=bob)
    mine = s.get("/api/quota", token=ann).json
    equal(mine, {"subject": "ann", "jobs": 3, "jobs_limit": 3, "storage_bytes": 0, "storage_limit_bytes": None}, "ann's figures")
    jobs = [job["id"] for job in s.get("/api/video/jobs", token=ann).json["jobs"]]
    s.post(f"/api/video/jobs/{jobs[0]}/cancel", token=ann)
    eventually(lambda: s.get("/api/quota", token=ann).json["jobs"] == 2, "the end of a cancelled job")
    s.post("/api/video/generate", long, token=ann)
    limited(s.call("POST", f"/api/video/jobs/{jobs[0]}/retry", token=ann), "you have 3 jobs")  # starting over counts as well
    equal(s.put("/api/quota/ann", {"jobs": 4}).json["jobs_limit"], 4, "the new limit")
    s.post(f"/api/video/jobs/{jobs[0]}/retry", token=ann)
    s.call("GET", "/api/quota/ann", token=bob, status=403)
    s.call("PUT", "/api/quota/bob", {"jobs": 0}, token=bob, status=403)
    s.put("/api/quota/ann", {"jobs": -1}, status=422)
    s.put("/api/quota/ann", {"storage_mb": 5})
    equal(s.put("/api/quota/ann", {"jobs": 6}).json["storage_limit_bytes"], 5 << 20, "what was not named")
    kept = s.put("/api/quota/ann", {"storage_mb": None}).json
    equal([kept["jobs_limit"], kept["storage_limit_bytes"]], [6, None], "back to the setting, and what was not named")
    has(s.put("/api/quota/nobody", {"jobs": 1}, status=404).detail, "there is no account 'nobody'")


@test
def bytes_stored():
    s = Server({"UMAM_QUOTA_STORAGE_MB": "1"})
    ann = s.token("ann", "creator")
    body, headers = form(("file", "x.png", "image/png", png(320, 300, lambda x, y: os.urandom(3))))
    fits = (1 << 20) // len(body)
    answers = together(6, lambda: s.call("POST", "/media/upload", body=body, headers=headers, token=ann))
    equal(sorted(reply.status for reply in answers), [200] * fits + [413] * (6 - fits), "six at once")
    refused = next(reply for reply in answers if reply.status == 413)
    has(refused.detail, f"this needs {-(-len(body) * 10 // (1 << 20)) / 10:.1f} MiB; ")
    has(refused.detail, "of your 1.0 MiB are used")
    used = s.get("/api/quota", token=ann).json
    equal([used["storage_limit_bytes"], used["storage_bytes"] <= 1 << 20], [1 << 20, True], "ann's figures")
    equal(len([name for name in s.stored() if name.startswith("images/") and "thumb" not in name]), fits, "the files kept")
    s.put("/api/quota/ann", {"storage_mb": 0})
    s.post("/media/upload", body=body, headers=headers, token=ann)
    s.put("/api/quota/ann", {"storage_mb": 1})
    has(s.post("/api/video/generate", JOB, token=ann, status=413).detail, "your storage is full")


@test
def what_universes_hold_is_stored_too():
    s = Server({"UMAM_QUOTA_STORAGE_MB": "1", "UMAM_QUOTA_UNIVERSES": "2"})
    ann, editor = s.token("ann", "creator"), s.token("eve", "editor")
    universe = "/universes/" + s.post("/universes", {"name": "Sea"}, token=ann, status=201).json["id"]
    element = f"{universe}/elements/" + s.post(f"{universe}/elements", {"name": "Ada"}, token=ann, status=201).json["id"]
    data = {"data": {"text": "x" * 250_000}}
    small = s.post(f"{element}/components", {"data": {}}, token=ann, status=201).json["id"]
    answers = together(6, lambda: s.call("POST", f"{element}/components", data, token=ann))
    equal(sorted(reply.status for reply in answers), [201] * 4 + [413] * 2, "six at once")
    equal(s.get("/api/quota", token=ann).json["storage_bytes"], 256 + 256 + 2 + 4 * (256 + len('{"text":""}') + 250_000), "ann's figures")
    has(s.put(f"{element}/components/{small}", data, token=ann, status=413).detail, "of your 1.0 MiB are used")
    s.post(f"{element}/components", data, token=editor, status=413)  # it is ann's universe
    equal(s.get("/api/quota", token=editor).json["storage_bytes"], 0, "the editor's figures")
    s.put(f"{element}/components/{small}", {"data": {"a": 1}}, token=ann)
    answers = together(6, lambda: s.call("POST", "/universes", {"name": "Sky"}, token=ann))
    equal(sorted(reply.status for reply in answers), [201] + [409] * 5, "six universes at once")
    has(s.post("/universes", {"name": "Sky"}, token=ann, status=409).detail, "2 is the most")
    s.delete(universe, token=ann)
    equal(s.get("/api/quota", token=ann).json["storage_bytes"], 0, "ann's figures without the universe")


@test
def quotas_from_the_command_line():
    s = Server({"UMAM_QUOTA_JOBS": "7"})
    s.register("ann")
    has(run("quota", "ann", "--jobs", "2", "--data", s.data, code=6).stderr, "use the API: GET /api/quota/NAME")
    s.stop()
    env = {"UMAM_QUOTA_JOBS": "7"}
    has(run("quota", "--data", s.data).stdout, "nobody has a quota of his own")
    has(run("quota", "ann", "--data", s.data, env=env).stdout, "jobs under way 0 (of 7), MiB stored 0.0 (no limit)")
    run("quota", "ann", "--jobs", "2", "--data", s.data)
    has(run("quota", "ann", "--storage-mb", "50", "--data", s.data).stdout, "jobs under way 0 (of 2), MiB stored 0.0 (of 50.0)")
    has(run("quota", "--data", s.data).stdout, "ann ")
    has(run("quota", "ghost", "--jobs", "1", "--data", s.data, code=5).stderr, "there is no account 'ghost'")
    has(run("quota", "ghost", "--data", s.data, code=5).stderr, "no such user")
    has(run("quota", "--jobs", "1", "--data", s.data, code=2).stderr, "say whose")
    s.start()
    equal(s.get("/api/quota/ann").json, {"subject": "ann", "jobs": 0, "jobs_limit": 2, "storage_bytes": 0,
                                         "storage_limit_bytes": 50 << 20}, "ann's figures")
    has(s.get("/api/quota/bob", status=404).detail, "no such user")
    bob = s.token("bob", "creator")
    equal(s.get("/api/quota", token=bob).json["jobs_limit"], 7, "what a stranger with a foreign token has before he has anything")
    s.get("/api/quota/bob", status=404)
    made = s.post("/universes", {"name": "Bob's"}, token=bob, status=201).json["id"]
    equal(s.get("/api/quota/bob").json["jobs_limit"], 7, "bob's")
    s.put("/api/quota/bob", {"jobs": 3})
    s.delete(f"/universes/{made}", token=bob)
    equal(s.get("/api/quota/bob").json["jobs_limit"], 3, "bob's, who has limits and nothing else")
    s.stop()
    equal(json.loads(run("quota", "ann", "--reset", "--json", "--data", s.data, env=env).stdout)["jobs_limit"], 7, "the setting")
    equal(json.loads(run("quota", "bob", "--reset", "--json", "--data", s.data, env=env).stdout)["jobs_limit"], 7, "the setting, for bob")
    run("quota", "bob", "--data", s.data, code=5)
    has(run("quota", "--data", s.data).stdout, "nobody")


@test
def the_disk_is_nearly_full():
    s = Server({"UMAM_DISK_RESERVE_MB": "1000000000"})
    body, headers = form(("file", "x.png", "image/png", png(8, 8)))
    began = time.monotonic()
    equal(s.post("/media/upload", body=body, headers=headers, status=507).json["code"], "no_space")
    equal(s.send("POST", "/media/upload", headers={**headers, "Content-Length": str(1 << 30), "Authorization": s.admin_token}).status, 507)
    holds(time.monotonic() - began < 10, "the refusal waited for the body")
    has(s.post("/api/video/generate", JOB, status=507).detail, "nearly full")
    equal(s.stored(), [], "the media folder")
    s.get("/health", token=None)


@test
def no_job_starts_over_on_a_full_disk():
    s = Server({"UMAM_SLOTS": "1"})
    s.post("/api/jobs/pause")
    job = s.generate()["job_id"]
    s.post(f"/api/jobs/{job}/cancel")
    s.stop()
    s.env["UMAM_DISK_RESERVE_MB"] = "1000000000"
    s.start()
    for path in (f"/api/jobs/{job}/retry", f"/api/video/jobs/{job}/retry"):
        has(s.post(path, status=507).detail, "nearly full")


@test
def worlds_do_not_fill_the_disk():
    s = Server()
    universe = "/universes/" + s.post("/universes", {"name": "Sea"}, status=201).json["id"]
    element = f"{universe}/elements/" + s.post(f"{universe}/elements", {"name": "Ada"}, status=201).json["id"]
    component = f"{element}/components/" + s.post(f"{element}/components", {"data": {}}, status=201).json["id"]
    s.stop()
    s.env["UMAM_DISK_RESERVE_MB"] = "1000000000"
    s.start()
    for path, data in (("/universes", {"name": "x"}), (f"{universe}/elements", {"name": "x"}), (f"{element}/components", {"data": {}})):
        has(s.post(path, data, status=507).detail, "nearly full")
    for path, data in ((universe, {"name": "x"}), (element, {"name": "x"}), (component, {"data": {"a": 1}})):
        has(s.put(path, data, status=507).detail, "nearly full")
    s.delete(component)
    s.delete(universe)


# ---- what is under way ----

@contextlib.contextmanager
def raw(s, head, token):
    """A request by hand, its connection open: the head ends here, the body is up to the test."""
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.settimeout(PATIENCE)
        link.connect(("127.0.0.1", s.port))
        link.sendall(f"{head}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        yield link


def status_of(link):
    return int(link.recv(12)[9:12])


def big_form(size):
    """A picture of about so many bytes, in a form."""
    side = math.isqrt(size // 3)
    rows = b"".join(b"\0" + os.urandom(3 * side) for _ in range(side))
    return form(("file", "x.png", "image/png", png(side, side, idat=zlib.compress(rows, 0))))


@test
def uploads_under_way_count_as_stored():
    s = Server({"UMAM_QUOTA_STORAGE_MB": "8"})
    ann, bob = s.token("ann", "creator"), s.token("bob", "creator")
    body, headers = big_form(6 << 20)
    send = lambda token, body, **more: s.call("POST", "/media/upload", body=body, headers=headers, token=token, **more)
    head = f"POST /media/upload HTTP/1.1\r\nContent-Type: {headers['Content-Type']}\r\nContent-Length: {len(body)}"
    with raw(s, head, ann) as link:
        link.sendall(body[:1 << 20])
        junk, _ = form(("file", "x.png", "image/png", bytes(len(body))))  # let in, it would not be stored
        eventually(lambda: send(ann, junk).status == 413, "a refusal because of what is under way")
        refused = s.send("POST", "/media/upload", headers={**headers, "Content-Length": str(len(body)), "Authorization": f"Bearer {ann}"})
        has(refused.detail, "of your 8.0 MiB are used")
        send(bob, body, status=200)
        send(ann, big_form(300_000)[0], status=200)
    eventually(lambda: send(ann, body).status == 200, "room after the other upload is gone")
    has(send(ann, body, status=413).detail, "your storage is full")


@test
def an_upload_of_unknown_length_ends_where_the_room_does():
    s = Server({"UMAM_QUOTA_STORAGE_MB": "6"})
    ann = s.token("ann", "creator")
    body, headers = big_form(40 << 20)
    sent = 0
    with raw(s, f"POST /media/upload HTTP/1.1\r\nContent-Type: {headers['Content-Type']}\r\nTransfer-Encoding: chunked", ann) as link:
        while sent < len(body) and not select.select([link], [], [], 0)[0]:
            piece = body[sent:sent + (1 << 20)]
            link.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            sent += len(piece)
        equal(status_of(link), 413, "the answer in the middle of it")
        holds(sent < 24 << 20, f"{sent >> 20} MiB were taken in")
    equal([s.stored(), s.get("/api/quota", token=ann).json["storage_bytes"]], [[], 0], "what is kept")


@test
def one_person_s_pictures_do_not_take_every_processor():
    s = Server()
    ann, bob = s.token("ann", "creator"), s.token("bob", "creator")
    s.post("/api/jobs/pause")  # jobs look at pictures too; they are not who waits for an answer
    side = 3000
    body, headers = form(("file", "x.png", "image/png", png(side, side, idat=zlib.compress(b"\0" * (3 * side + 1) * side))))
    small, _ = form(("file", "x.png", "image/png", png(8, 8)))
    parent = zygote(s)
    each = max(1, (os.cpu_count() // 2 + 1) // 2)
    answers, seen = [], []
    crowd = [threading.Thread(target=lambda: answers.append(s.call("POST", "/media/upload", body=body, headers=headers, token=ann).status))
             for _ in range(6)]
    for thread in crowd:
        thread.start()
    while len(answers) < 2:  # nobody else is there yet
        seen.append(len(children(parent)))
        time.sleep(0.002)
    s.post("/media/upload", body=small, headers=headers, token=bob)
    holds(len(answers) < 6, "bob waited until all of ann's were done")
    for thread in crowd:
        thread.join()
    equal(answers, [200] * 6, "ann's")
    equal(max(seen), each, "looked at together")


@test
def large_replies_that_nobody_reads_take_no_more_than_their_share():
    s = Server()
    ann, bob = s.token("annette", "creator"), s.token("bob", "creator")
    elements = "/universes/" + s.post("/universes", {"name": "Sea"}, token=ann, status=201).json["id"] + "/elements"
    data = {"data": {"text": "x" * 250_000}}
    for _ in range(2):
        element = f"{elements}/" + s.post(elements, {"name": "Ada"}, token=ann, status=201).json["id"]
        for _ in range(15):
            component = s.post(f"{element}/components", data, token=ann, status=201).json["id"]
    with contextlib.ExitStack() as unread:
        ask = lambda token: status_of(unread.enter_context(raw(s, f"GET {elements} HTTP/1.1", token)))
        statuses = [ask(ann) for _ in range(6)]
        holds(2 <= statuses.index(429) <= 5, f"of one person: {statuses}")
        editors = [s.token(f"eve{i}", "editor") for i in range(12)]
        statuses = [ask(token) for token in editors for _ in range(4)]
        holds(20 <= statuses.index(503) <= 40, f"of all: {statuses}")
        refused = s.get(elements, token=editors[-1], status=503)
        holds(int(refused.headers["retry-after"]) >= 1, "it does not say when to come back")
        s.get("/api/video/jobs", token=bob)
        s.get("/openapi.json", token=bob)
        s.put(element, {"name": "Eve"}, token=ann, status=429)  # before it changes anything
        changed = {"data": {"text": "y" * 250_000}}  # what is done is answered
        equal(s.put(f"{element}/components/{component}", changed, token=ann).json["data"], changed["data"])
    eventually(lambda: s.get(elements, token=ann, status=(200, 429, 503)).status == 200, "room after they are gone")
    equal(s.get(element, token=ann).json["name"], "Ada", "what the refused change did")


main()
