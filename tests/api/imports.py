#!/usr/bin/env -S python3 -B
"""Files by their address: fetched by a job, taken in like uploads, from nowhere private, once, whatever dies meanwhile."""
import http.server

from harness import *

PICTURE = png(64, 48)
HERE = {"UMAM_IMPORT_PRIVATE": "127.0.0.1"}


class Sender(http.server.BaseHTTPRequestHandler):
    """What it says depends on the path; `asked` counts."""
    protocol_version = "HTTP/1.1"
    asked = collections.Counter()
    healed = threading.Event()

    def log_message(self, *_):
        pass

    def whole(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def missing(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        path = self.path.split("?")[0]
        self.asked[path] += 1
        if path.endswith(".png"):
            self.whole(PICTURE, "image/png")
        elif path == "/page":
            self.whole(b"<!doctype html><script>alert(1)</script>", "image/png")
        elif path == "/large":
            self.whole(bytes(3 << 20), "video/mp4")
        elif path == "/heals" and self.healed.is_set():
            self.whole(PICTURE, "image/png")
        elif path in ("/slow", "/once-slow"):
            if path == "/once-slow" and self.asked[path] > 1:
                return self.whole(PICTURE, "image/png")
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE) + (1 << 30)))
            self.end_headers()
            self.wfile.write(PICTURE)
            try:
                while True:
                    self.wfile.write(bytes(1 << 14))
                    time.sleep(0.02)
            except OSError:
                self.close_connection = True
        else:
            self.missing()


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # who goes away in the middle is what is tested


sender = Quiet(("127.0.0.1", 0), Sender)
sender.daemon_threads = True
threading.Thread(target=sender.serve_forever, daemon=True).start()
BASE = f"http://127.0.0.1:{sender.server_port}"


def order(s, path, token="admin", **fields):
    return s.post("/api/media/import", {"url": BASE + path, **fields}, token=token, status=202).json


def ended(s, order_, status, token="admin"):
    def over():
        now = s.get(f"/api/media/imports/{order_['id']}", token=token).json
        return now if now["status"] not in ("pending", "processing") else None
    now = eventually(over, "the end of an import")
    equal(now["status"], status, f"the status ({now['error']})")
    return now


def porter(s):
    return eventually(lambda: children(s.process.pid, "umam-net"), "umam-net of the server")[0]


@test
def a_picture_by_its_address():
    s = server(**HERE)
    ann = s.register("ann")
    world = s.post("/universes", {"name": "Sea"}, token=ann, status=201).json["id"]
    made = order(s, "/shots/a%20b.png?signature=hush", ann, universe_id=world, tags=["one", "two"])
    equal([made["status"], made["origin"], "url" in made], ["pending", f"{BASE}/shots/a%20b.png", False])
    asset_id = ended(s, made, "completed", ann)["asset_id"]
    asset = eventually(lambda: (now := s.get(f"/api/media/assets/{asset_id}", token=ann).json)["status"] == "ready" and now, "its analysis")
    equal([asset[name] for name in ("title", "original_name", "source_type", "source_job_id", "universe_id", "tags", "width", "mime_type")],
          ["a b.png", "a b.png", "imported", made["id"], world, ["one", "two"], 64, "image/png"])
    equal(s.get(asset["public_url"], token=None).body, PICTURE, "the bytes")
    equal(asset["checksum"], hashlib.sha256(PICTURE).hexdigest())
    equal(s.rows("SELECT url FROM media_imports WHERE id = ?", made["id"]), [{"url": None}], "the address that is kept")
    for seen in (repr(list(s.events(0))), repr(asset), repr(s.get("/api/jobs", token=ann).json)):
        holds("hush" not in seen, "the signature of the address shows")
    bob = s.register("bob")
    s.get(f"/api/media/imports/{made['id']}", token=bob, status=404)
    s.post("/api/media/import", {"url": BASE + "/x.png", "universe_id": world}, token=bob, status=403)
    s.post("/api/media/import", {"url": BASE + "/x.png"}, token=s.token("vic", "viewer"), status=403)


@test
def what_cannot_be_had_fails_with_the_reason():
    s = Server({**HERE, "UMAM_UPLOAD_MAX_MB": "1"})
    has(ended(s, order(s, "/nothing"), "failed")["error"], "404")
    has(ended(s, order(s, "/page"), "failed")["error"], "not accepted")
    has(ended(s, order(s, "/large"), "failed")["error"], "1 MiB")
    equal([s.stored(), s.rows("SELECT id FROM media_assets")], [[], []], "what is left of them")
    again = order(s, "/heals")
    ended(s, again, "failed")
    Sender.healed.set()
    s.post(f"/api/jobs/{again['id']}/retry")
    ended(s, again, "completed")
    for url in ("", "x", "ftp://h/x", "file:///etc/passwd", "http://", "http://u:p@h/x", "https://u@h/x", "http://h/\n", "http:///x", "h" * 5000):
        equal(s.call("POST", "/api/media/import", {"url": url}).status, 422, f"the answer to {url[:30]!r}")
    for tag in ("x" * 101, "a,b", " ", "a\nb"):
        s.post("/api/media/import", {"url": BASE, "tags": [tag]}, status=422)


@test
def no_private_address_is_fetched_from():
    s = Server()
    before = sum(Sender.asked.values())
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
        made = s.post("/api/media/import", {"url": f"http://{host}:{sender.server_port}/x.png"}, status=202).json
        has(ended(s, made, "failed")["error"], "private network")
    equal(sum(Sender.asked.values()), before, "requests that arrived")


@test
def one_that_is_cancelled_stops_within_a_second_or_two():
    s = server(**HERE)
    made = order(s, "/slow")
    eventually(lambda: s.get(f"/api/jobs/{made['id']}").json["stage"] == "fetch", "the first bytes")
    began = time.monotonic()
    s.post(f"/api/jobs/{made['id']}/cancel")
    ended(s, made, "cancelled")
    holds(time.monotonic() - began < 5, "it took long")
    eventually(lambda: not children(porter(s)), "the end of the child")


@test
def a_child_that_is_killed_is_tried_again():
    s = server(**HERE)
    made = order(s, "/once-slow")
    child = eventually(lambda: children(porter(s)), "a child that fetches")[0]
    eventually(lambda: s.get(f"/api/jobs/{made['id']}").json["stage"] == "fetch", "the first bytes")
    os.kill(child, signal.SIGKILL)
    asset_id = ended(s, made, "completed")["asset_id"]
    equal(len(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", made["id"])), 1, "assets of it")
    equal(s.get(f"/api/media/assets/{asset_id}").json["file_size"], len(PICTURE))


@test
def a_server_that_is_killed_goes_on_with_it():
    s = Server({**HERE, "UMAM_SLOTS": "1"})
    Sender.asked["/once-slow"] = 0
    made = order(s, "/once-slow")
    eventually(lambda: s.get(f"/api/jobs/{made['id']}").json["stage"] == "fetch", "the first bytes")
    net = porter(s)
    s.process.kill()
    s.process.wait()
    eventually(lambda: not alive(net), "the end of umam-net")
    s.start()
    ended(s, made, "completed")
    equal(len(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", made["id"])), 1, "assets of it")


@test
def without_umam_net_orders_are_refused_and_the_rest_goes_on():
    s = Server(HERE)
    os.kill(porter(s), signal.SIGKILL)
    eventually(lambda: s.call("POST", "/api/media/import", {"url": BASE + "/x.png"}, status=(202, 503)).status == 503, "a refusal")
    has(s.post("/api/media/import", {"url": BASE + "/x.png"}, status=503).detail, "restart")
    body, headers = form(("file", "x.png", "image/png", PICTURE))
    s.post("/media/upload", body=body, headers=headers)


@test
def a_full_quota_fails_it():
    s = Server({**HERE, "UMAM_QUOTA_STORAGE_MB": "1"})
    ann = s.token("ann", "creator")
    side = 620
    body, headers = form(("file", "x.png", "image/png", png(side, side // 2, idat=zlib.compress(b"".join(b"\0" + os.urandom(3 * side) for _ in range(side // 2)), 0))))
    for _ in range(3):
        s.call("POST", "/media/upload", body=body, headers=headers, token=ann)
    with sqlite3.connect(s.data / "umam.db", timeout=PATIENCE) as database:
        database.execute("UPDATE media_assets SET file_size = 1048570 WHERE id = (SELECT MIN(id) FROM media_assets)")
    database.close()
    has(ended(s, order(s, "/a.png", ann), "failed", ann)["error"], "your storage is full")


main()
