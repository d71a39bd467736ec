#!/usr/bin/env -S python3 -B
"""Resumable uploads (tus 1.0) at protocol level: whatever breaks off goes on where it stopped, and nothing is half stored."""
import random

from harness import *

BASE, PIECE = "/api/media/tus", "application/offset+octet-stream"


def tus(method, path, s=None, status=None, body=None, headers=None, token="admin", resumable="1.0.0"):
    given = dict(headers or {})
    if resumable:
        given["Tus-Resumable"] = resumable
    return (s or server()).call(method, path, body=body, headers=given, token=token, status=status)


def metadata(**pairs):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def create(length, s=None, status=201, body=None, token="admin", said=None, **headers):
    more = {"Upload-Length": str(length), **({"Upload-Metadata": metadata(**said)} if said else {}), **headers}
    if body is not None:
        more["Content-Type"] = PIECE
    return tus("POST", BASE, s, status, body, more, token)


def begin(length, s=None, **options):
    return create(length, s, **options).headers["location"]


def patch(where, offset, data, s=None, status=204, token="admin", **headers):
    return tus("PATCH", where, s, status, data, {"Content-Type": PIECE, "Upload-Offset": str(offset), **headers}, token)


def offset(where, s=None, token="admin"):
    return int(tus("HEAD", where, s, 200, token=token).headers["upload-offset"])


def waiting(s):
    return sorted(path.name for path in (s.data / "uploads").iterdir())


def asset_of(where, s=None):
    """The row of a finished upload, once its job is done."""
    s, asset_id = s or server(), where.rsplit("/", 1)[1]
    return eventually(lambda: [row for row in s.rows("SELECT * FROM media_assets WHERE id = ?", asset_id)
                               if row["status"] != "processing"], "the end of its job")[0]


def bytes_of(row, s=None):
    return ((s or server()).media / row["file_path"]).read_bytes()


def raw_patch(s, where, at, data, cut=None, headers=()):
    """A PATCH by hand that hangs up after `cut` bytes of its body."""
    s.admin_token = s.admin_token or s.token()
    with socket.create_connection(("127.0.0.1", s.port), timeout=PATIENCE) as wire:
        head = [f"PATCH {where} HTTP/1.1", "Host: x", f"Authorization: Bearer {s.admin_token}", "Tus-Resumable: 1.0.0",
                f"Content-Type: {PIECE}", f"Upload-Offset: {at}", f"Content-Length: {len(data)}", *headers, "", ""]
        wire.sendall("\r\n".join(head).encode() + data[:len(data) if cut is None else cut])


def picture(noise=400):
    rows = b"".join(b"\0" + os.urandom(noise * 3) for _ in range(noise))
    return png(noise, noise, idat=zlib.compress(rows, 0))


@test
def says_what_it_speaks():
    reply = tus("OPTIONS", BASE, status=204, token=None, resumable=None)
    equal([reply.headers["tus-version"], reply.headers["tus-resumable"]], ["1.0.0", "1.0.0"])
    equal(reply.headers["tus-extension"], "creation,creation-with-upload,checksum,expiration,termination")
    equal(reply.headers["tus-checksum-algorithm"], "sha1,sha256")
    equal(int(reply.headers["tus-max-size"]), 2048 << 20, "the largest upload")


@test
def pages_may_read_the_headers():
    origin = {"Origin": "http://localhost:3000"}
    reply = tus("POST", BASE, status=201, headers={"Upload-Length": "10", **origin})
    for name in ("Location", "Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires"):
        has(reply.headers["access-control-expose-headers"], name)
    asked = {**origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "tus-resumable,upload-offset"}
    reply = server().send("OPTIONS", f"{BASE}/x", headers=asked)
    has(reply.headers["access-control-allow-methods"], "PATCH")
    has(reply.headers["access-control-allow-headers"], "upload-offset")


@test
def pieces_become_an_asset():
    data = picture()
    made = create(len(data), said={"filename": "../../etc/night sky.png", "title": "Night", "tags": "sky, night"})
    where = made.headers["location"]
    equal([made.headers["upload-offset"], offset(where)], ["0", 0], "the first offset")
    at = 0
    for size in (1, 1000, 100000, len(data)):
        piece = data[at:at + size]
        equal(int(patch(where, at, piece).headers["upload-offset"]), at + len(piece), "the offset")
        at += len(piece)
    row = asset_of(where)
    equal([row["status"], row["asset_type"], row["title"], row["original_name"], json.loads(row["tags"]), row["source_type"]],
          ["ready", "image", "Night", "night sky.png", ["sky", "night"], "uploaded"])
    equal([row["checksum"], row["file_size"]], [hashlib.sha256(data).hexdigest(), len(data)])
    equal(bytes_of(row), data, "what is stored")
    equal(offset(where), len(data), "the offset of a finished upload")
    patch(where, len(data), b"", status=404)
    equal([name for name in waiting(server()) if name.startswith(row["id"])], [], "what is left of the upload")


@test
def all_in_the_creation():
    data = picture(50)
    made = create(len(data), body=data)
    equal(int(made.headers["upload-offset"]), len(data), "the offset")
    equal(bytes_of(asset_of(made.headers["location"])), data, "what is stored")
    made = create(len(data), body=data[:100])
    equal(int(made.headers["upload-offset"]), 100, "the offset")
    patch(made.headers["location"], 100, data[100:])
    equal(bytes_of(asset_of(made.headers["location"])), data, "what is stored")


@test
def broken_off_at_any_byte():
    s, data, rng = server(), picture(500), random.Random(4)
    where = begin(len(data))
    at = breaks = most = 0
    while at < len(data):
        size = min(len(data) - at, rng.choice((1, 500, 70000, 200000, 500000)))
        raw_patch(s, where, at, data[at:], size)
        breaks += 1

        def settled():
            reply = tus("HEAD", where)
            return reply if reply.status == 200 else None
        now = int(eventually(settled, "the end of the broken piece").headers["upload-offset"])
        most = max(most, at + size)  # an earlier one may be read only now
        holds(at <= now <= most, f"the offset went from {at} to {now} with {size} bytes sent")
        at = now
    holds(breaks > 3, "nothing broke off")
    eventually(lambda: patch(where, at, b"", status=(204, 404, 409)).status != 409, "the end of the last piece")
    equal(bytes_of(asset_of(where)), data, "what is stored")


@test
def wrong_offsets():
    where = begin(1000)
    patch(where, 0, b"x" * 100)
    for wrong in (0, 99, 101, 1000, 10 ** 15):
        has(patch(where, wrong, b"y", status=409).detail, "goes on at byte 100")
    for nonsense in ("", "-1", "ten", "1e3", "99999999999999999999999"):
        patch(where, nonsense, b"y", status=400)
    patch(where, 100, b"z" * 901, status=413)
    equal(offset(where), 100, "the offset after all that")
    tus("PATCH", where, status=415, body=b"x", headers={"Content-Type": "text/plain", "Upload-Offset": "100"})
    tus("DELETE", where, status=204)


@test
def checksums():
    data = picture(60)
    where = begin(len(data))

    def summed(kind, text):
        return {"Upload-Checksum": f"{kind} {base64.b64encode(hashlib.new(kind, text).digest()).decode()}"}
    patch(where, 0, data[:500], **summed("sha1", data[:500]))
    equal(patch(where, 500, data[500:900], status=460, **summed("sha256", b"else")).json["code"], "checksum_mismatch")
    equal(offset(where), 500, "the offset after a wrong checksum")
    for nonsense in ("md5 aaaa", "sha1", "sha1 !!!", "sha256 " + "A" * 400, ""):
        patch(where, 500, b"x", status=400, **{"Upload-Checksum": nonsense})
    raw_patch(server(), where, 500, data[500:], 300, ["Upload-Checksum: sha1 " + base64.b64encode(b"x" * 20).decode()])
    equal(eventually(lambda: tus("HEAD", where).headers.get("upload-offset"), "the end of a broken piece"), "500",
          "the offset after a piece that broke off before its checksum")
    patch(where, 500, data[500:], **summed("sha256", data[500:]))
    equal(bytes_of(asset_of(where)), data, "what is stored")
    made = create(len(data), body=data, said={"sha256": "0" * 64}, status=460)
    equal(made.json["code"], "checksum_mismatch")


@test
def one_writes_at_a_time():
    s, where = server(), begin(1 << 20)
    s.admin_token = s.admin_token or s.token()
    with socket.create_connection(("127.0.0.1", s.port), timeout=PATIENCE) as wire:
        wire.sendall((f"PATCH {where} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {s.admin_token}\r\nTus-Resumable: 1.0.0\r\n"
                      f"Content-Type: {PIECE}\r\nUpload-Offset: 0\r\nContent-Length: {1 << 20}\r\n\r\n").encode() + b"x" * 4096)
        eventually(lambda: tus("HEAD", where).status == 409, "the start of the first writer")
        patch(where, 0, b"y" * 100, status=409)
        tus("DELETE", where, status=409)
    eventually(lambda: tus("HEAD", where).status == 200, "the end of the first writer")
    got, at = [], offset(where)
    threads = [threading.Thread(target=lambda: got.append(patch(where, at, b"z" * 5000, status=(204, 409)).status)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal([got.count(204), offset(where)], [1, at + 5000], "the winners, and the offset")
    tus("DELETE", where, status=204)


@test
def ended_by_hand():
    where = begin(500)
    patch(where, 0, b"x" * 200)
    tus("DELETE", where, status=204)
    for method in ("HEAD", "DELETE"):
        tus(method, where, status=404)
    patch(where, 200, b"x", status=404)
    equal([name for name in waiting(server()) if where.rsplit("/", 1)[1] in name], [], "what is left")


@test
def what_nobody_goes_on_with_expires():
    s = Server()
    where = begin(500, s)
    patch(where, 0, b"x" * 200, s)
    state = next((s.data / "uploads").glob("*.json"))
    s.stop()
    told = json.loads(state.read_text())
    told["expires_at"] = "2020-01-01T00:00:00"
    state.write_text(json.dumps(told))
    (s.data / "uploads" / "garbage.json.x").write_text("{")
    (s.data / "uploads" / str(uuid.uuid4())).write_text("bytes without a state")
    broken = str(uuid.uuid4())
    (s.data / "uploads" / broken).write_text("bytes")
    (s.data / "uploads" / f"{broken}.json").write_text('{"id": 7')
    s.start()
    equal(waiting(s), [], "what is left at the next start")
    tus("HEAD", where, s, 404)
    s.stop()


@test
def whose_it_is():
    s = server()
    mine, other = s.register("sender"), s.register("snooper")
    where = begin(100, token=mine)
    for method in ("HEAD", "DELETE"):
        tus(method, where, status=404, token=other)
    patch(where, 0, b"x", status=404, token=other)
    patch(where, 0, b"x", status=401, token=None)
    equal(offset(where, token=mine), 0)
    tus("DELETE", where, status=204, token=mine)


@test
def nonsense_is_refused():
    s = server()
    before = waiting(s)
    for length in ("", "-5", "many", "0", str(1 << 62)):
        create(length, status=(400, 413))
    tus("POST", BASE, status=400)
    for version in (None, "0.2.2", "2.0.0"):
        equal(tus("POST", BASE, status=412, headers={"Upload-Length": "5"}, resumable=version).headers["tus-version"], "1.0.0")
    for said in ("filename !!!", "a b c", "title " + base64.b64encode(b"\xff\xfe").decode(), "a YQ==,a YQ=="):
        tus("POST", BASE, status=400, headers={"Upload-Length": "5", "Upload-Metadata": said})
    create(5, status=422, said={"tags": ",".join(f"t{i}" for i in range(1000))})
    many = metadata(tags=",".join(f"t{i}" for i in range(10000)))
    reply = s.send("POST", BASE, headers={"Authorization": f"Bearer {s.admin_token}", "Tus-Resumable": "1.0.0",
                                          "Upload-Length": "5", "Upload-Metadata": many})
    equal(reply.status, 431, "the answer to a head of 90 KB")
    create(5, status=404, said={"universe_id": str(uuid.uuid4())})
    create(5, status=422, said={"element_id": str(uuid.uuid4())})
    for name in ("x", "..", "%2e%2e%2fsecret.key", str(uuid.uuid4()), "a" * 300):
        tus("HEAD", f"{BASE}/{name}", status=404)
    equal(waiting(s), before, "the uploads under way")


@test
def what_is_no_media_goes():
    page = b"<!doctype html><script>alert(1)</script>" + b" " * 500
    where = begin(len(page), said={"filename": "x.png"})
    patch(where, 0, page, status=415)
    tus("HEAD", where, status=404)
    equal(server().rows("SELECT id FROM media_assets WHERE id = ?", where.rsplit("/", 1)[1]), [], "the row of a page")


@test
def unfinished_ones_count():
    s = Server({"UMAM_QUOTA_STORAGE_MB": "2"})
    sender = s.register("sender")
    first = begin(1500 << 10, s, token=sender)
    has(create(600 << 10, s, 413, token=sender).detail, "storage is full")
    body, headers = form(("file", "a.png", "image/png", b"x" * (600 << 10)))
    s.post("/api/media/assets", body=body, headers={**headers}, token=sender, status=(413, 415))
    tus("DELETE", first, s, 204, token=sender)
    begin(600 << 10, s, token=sender)
    s.stop()
    free = os.statvfs(s.data)
    s.env["UMAM_DISK_RESERVE_MB"] = str(max((free.f_bavail * free.f_frsize >> 20) - 200, 1))
    s.env["UMAM_QUOTA_STORAGE_MB"] = "0"
    s.start()
    equal(create(1 << 30, s, 507).json["code"], "no_space")
    s.stop()


@test
def a_universe_that_goes_does_not_take_the_upload_along():
    s, data = server(), picture(60)
    s.post("/universes", {"name": "short-lived"}, status=201)
    universe = s.get("/universes?search=short-lived").json[0]["id"]
    where = begin(len(data), said={"filename": "a.png", "universe_id": universe})
    patch(where, 0, data[:100])
    s.call("DELETE", f"/universes/{universe}", status=204)
    patch(where, 100, data[100:])
    row = asset_of(where)
    equal([row["status"], row["universe_id"], bytes_of(row)], ["ready", None, data])


def put_back(s, where, kept, data):
    """All bytes of an upload are there and counted, as when the server died before it was an asset."""
    name = where.rsplit("/", 1)[1]
    state = {**json.loads(kept), "synced_bytes": len(data)}
    (s.data / "uploads" / name).write_bytes(data)
    (s.data / "uploads" / f"{name}.json").write_text(json.dumps(state))


@test
def one_that_died_at_its_end_is_finished_by_who_asks():
    s, data = Server(), picture(60)
    where = begin(len(data), s)
    state = (s.data / "uploads" / f"{where.rsplit('/', 1)[1]}.json").read_text()
    s.stop()
    put_back(s, where, state, data)
    s.start()
    equal(offset(where, s), len(data), "the offset")
    equal(bytes_of(asset_of(where, s), s), data, "what is stored")
    equal(waiting(s), [], "what is left of the upload")
    s.stop()
    put_back(s, where, state, data)  # the server died after it was an asset
    s.start()
    patch(where, len(data), b"", s)
    equal(bytes_of(asset_of(where, s), s), data, "what is stored")
    equal(waiting(s), [], "what is left of the upload")
    s.stop()


@test
def after_kill_9():
    s, data = Server(), picture(700)
    where, at = begin(len(data), s), 0
    patch(where, 0, data[:100000], s)
    at = 100000
    for _ in range(3):
        sender = threading.Thread(target=lambda: raw_patch(s, where, at, data[at:], 300000))
        sender.start()
        sender.join(PATIENCE)
        time.sleep(0.05)
        s.kill()
        s.start()
        now = offset(where, s)
        holds(at <= now <= at + 300000, f"the offset went from {at} to {now}")
        at = now
    patch(where, at, data[at:], s)
    row = asset_of(where, s)
    equal([bytes_of(row, s) == data, row["checksum"]], [True, hashlib.sha256(data).hexdigest()], "what is stored")
    equal(waiting(s), [], "what is left")
    s.stop()


main()
