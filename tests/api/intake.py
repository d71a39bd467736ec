#!/usr/bin/env -S python3 -B
"""Files in, as forms, as bodies and from folders: what is kept is whole, what is refused leaves nothing."""
from harness import *

ASSETS, RAW = "/api/media/assets", "/api/media/assets/raw"


def send(data, name="a.png", s=None, status=201, **fields):
    body, headers = form(("file", name, "image/png", data), *((key, None, None, value.encode()) for key, value in fields.items()))
    return (s or server()).post(ASSETS, body=body, headers=headers, status=status)


def put(data, name="a.png", s=None, status=201, token="admin", **query):
    return (s or server()).put(f"{RAW}/{name}", body=data, status=status, query=query or None, token=token)


def looked_at(asset_id, s=None):
    s = s or server()
    return eventually(lambda: [row for row in s.rows("SELECT * FROM media_assets WHERE id = ?", asset_id)
                               if row["status"] != "processing"], "the end of its job")[0]


def traces(s=None):
    s = s or server()
    return s.stored(), s.rows("SELECT COUNT(*) AS n FROM media_assets")[0]["n"], s.rows("SELECT COUNT(*) AS n FROM jobs")[0]["n"]


def noisy(side=60):
    return png(side, side, idat=zlib.compress(b"".join(b"\0" + os.urandom(side * 3) for _ in range(side))))


def ebml(number, *content):
    """An element of a Matroska file."""
    body = b"".join(content)
    return bytes.fromhex(f"{number:x}") + struct.pack(">Q", 1 << 56 | len(body)) + body


def talkie(cues, seconds=1, rate=8000):
    """Silent Matroska with captions: (milliseconds, length, words)."""
    def track(number, kind, codec, *more):
        return ebml(0xAE, ebml(0xD7, bytes([number])), ebml(0x73C5, bytes([number])), ebml(0x83, bytes([kind])), ebml(0x86, codec), *more)
    sound = ebml(0xE1, ebml(0xB5, struct.pack(">d", rate)), ebml(0x9F, b"\1"), ebml(0x6264, b"\x10"))
    blocks = [ebml(0xA3, b"\x81\0\0\0", bytes(2 * rate * seconds))]
    for at, length, words in cues:
        blocks.append(ebml(0xA0, ebml(0xA1, b"\x82", struct.pack(">hB", at, 0), words.encode()), ebml(0x9B, struct.pack(">I", length))))
    return (ebml(0x1A45DFA3, ebml(0x4282, b"matroska"), ebml(0x4287, b"\4"), ebml(0x4285, b"\2")) +
            ebml(0x18538067, ebml(0x1549A966, ebml(0x2AD7B1, b"\x0f\x42\x40"), ebml(0x4489, struct.pack(">d", seconds * 1000))),
                 ebml(0x1654AE6B, track(1, 2, b"A_PCM/INT/LIT", sound), track(2, 0x11, b"S_TEXT/UTF8")),
                 ebml(0x1F43B675, ebml(0xE7, b"\0"), *blocks)))


@test
def captions_inside_are_found_and_served():
    s = server()
    made = put(talkie([(250, 300, "<i>Ahoy</i> marmalade & tea"), (600, 200, "never <mind>")]), "talk.mkv", title="Talk").json["id"]
    row = looked_at(made)
    equal([row["status"], row["has_captions"], row["asset_type"]], ["ready", 1, "audio"])
    hit = s.get(ASSETS, query={"q": "marmalade", "has_captions": "true"}, status=200).json["assets"]
    equal([row["id"] for row in hit], [made])
    equal(hit[0]["hits"], [{"at_s": 0.25, "line": "Ahoy <mark>marmalade</mark> &amp; tea"}])
    text, = (each for each in s.get(f"{ASSETS}/{made}", status=200).json["derivatives"] if each["kind"] == "text")
    reply = s.call("GET", text["url"], token=None, status=200)
    holds(reply.headers["content-type"].startswith("text/vtt"), f"served as {reply.headers['content-type']}")
    equal(reply.body.decode().split("\n\n")[1:], ["00:00:00.250 --> 00:00:00.550\nAhoy marmalade &amp; tea",
                                                   "00:00:00.600 --> 00:00:00.800\nnever\n"])


@test
def a_form_with_all_that_is_said_of_it():
    s, data = server(), noisy()
    world = s.post("/universes", {"name": "coast"}, status=201).json["id"]
    thing = s.post(f"/universes/{world}/elements", {"name": "keeper"}, status=201).json["id"]
    reply = send(data, "shot 1.png", universe_id=world, element_id=thing, title="The keeper", description="at dawn",
                 tags="coast, dawn", sha256=hashlib.sha256(data).hexdigest()).json
    equal([reply[name] for name in ("universe_id", "element_id", "title", "description", "tags", "original_name", "asset_type", "status")],
          [world, thing, "The keeper", "at dawn", ["coast", "dawn"], "shot 1.png", "image", "processing"])
    equal([reply["file_path"], reply["file_size"]], [f"images/{world}/{reply['id']}.png", len(data)])
    row = looked_at(reply["id"])
    equal([row["status"], row["width"], row["height"], row["mime_type"]], ["ready", 60, 60, "image/png"])
    holds(row["phash"] is not None and row["analysis"], "nothing was found out")
    kinds = s.rows("SELECT * FROM derivatives WHERE asset_id = ?", reply["id"])
    holds("poster" in [each["kind"] for each in kinds], f"made were {kinds}")
    for each in kinds:
        equal((s.media / each["name"]).stat().st_size, each["file_size"], "the size of a derivative")
    equal(s.call("GET", reply["public_url"], token=None, status=200).body, data, "the stored file")


@test
def a_body_of_any_length():
    s, data = server(), noisy()
    reply = put(data, "%E6%97%A5%20x.png", title="Raw", tags="a,b").json
    equal([reply["title"], reply["tags"], reply["original_name"]], ["Raw", ["a", "b"], "日 x.png"])
    equal((s.media / reply["file_path"]).read_bytes(), data, "the stored file")
    reply = put(iter([data[:10], data[10:1000], data[1000:]]), "chunked.png").json
    equal([(s.media / reply["file_path"]).read_bytes() == data, reply["checksum"]], [True, hashlib.sha256(data).hexdigest()])


@test
def the_content_decides_the_type():
    for data, kind, ending in ((noisy(20), "image", ".png"), (wav(1), "audio", ".wav"), (b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "text", ".srt"),
                               ("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n".encode(), "text", ".vtt"), ("Grüße\n".encode(), "text", ".txt"),
                               (b'{"asset": {"version": "2.0"}}', "model", ".gltf"), (b"\0\0\0\x18ftypisom" + bytes(400), "video", ".mp4")):
        reply = put(data, "liar.exe").json
        equal([reply["asset_type"], reply["file_path"][-len(ending):]], [kind, ending])
        if kind == "text":
            equal(looked_at(reply["id"])["status"], "ready", f"the status of {data!r}")
        holds(reply["file_path"].split("/")[0] == {"audio": "audio"}.get(kind, kind + "s"), f"it lies at {reply['file_path']}")


@test
def what_cannot_be_used_fails_with_a_reason_and_stays():
    data = b"\x89PNG\r\n\x1a\n" + b"broken" * 50
    reply = put(data).json
    row = looked_at(reply["id"])
    equal(row["status"], "failed")
    holds(len((row["status_reason"] or "").split()) > 3, f"the reason is {row['status_reason']!r}")
    equal((server().media / row["file_path"]).read_bytes(), data, "the original")
    job = server().get(f"/api/jobs/{reply['id']}").json
    equal([job["kind"], job["state"]], ["ingest", "failed"])
    server().post(f"/api/jobs/{reply['id']}/retry")
    equal(looked_at(reply["id"])["status"], "failed", "the status after another try")


@test
def its_job_is_cancelled_and_asked_for_again():
    s = Server()
    s.post("/api/jobs/pause")
    asset = put(noisy(), s=s).json["id"]
    s.post(f"/api/jobs/{asset}/cancel")
    row = looked_at(asset, s)
    equal(row["status"], "failed")
    has(row["status_reason"], "cancelled")
    s.post(f"/api/jobs/{asset}/retry")
    equal(s.rows("SELECT status FROM media_assets")[0]["status"], "processing")
    s.post("/api/jobs/resume")
    equal([looked_at(asset, s)[name] for name in ("status", "status_reason")], ["ready", None])
    s.stop()


@test
def refused_without_a_trace():
    s = server()
    before = traces()
    for data in (b"<!doctype html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xef\xbb\xbf<?xml?>", b"%PDF-1.4\xff",
                 os.urandom(64) + b"\0", b"\x7fELF" + bytes(90)):
        put(data, "picture.png", status=415)
        send(data, "picture.png", status=415)
    for reply in (put(b"", status=422), send(b"", status=422)):
        equal(reply.detail[0]["loc"], ["body", "file"])
    equal(put(noisy(), sha256="0" * 64, status=460).json["code"], "checksum_mismatch")
    many = ",".join(f"t{n}" for n in range(10000))
    has(send(noisy(), tags=many[:19000], status=422).detail[0]["msg"], "100 is the most")
    send(noisy(), tags=many, status=422)
    for query in ({"tags": ",".join(f"t{n}" for n in range(101))}, {"tags": "x" * 101}, {"element_id": str(uuid.uuid4())}, {"sha256": "short"}):
        put(noisy(), status=422, **query)
    put(noisy(), universe_id=str(uuid.uuid4()), status=404)
    for name in ("..", ".", "%2e%2e", "a/b", "%2Fetc%2Fpasswd", "%00"):
        s.call("PUT", f"{RAW}/{name}", body=noisy(), status=(404, 405))
    equal(traces(), before, "what is stored")


@test
def faults_of_the_query_are_told_before_the_body():
    s = server()
    token = s.token()
    with socket.create_connection(("127.0.0.1", s.port), timeout=PATIENCE) as wire:
        wire.sendall((f"PUT {RAW}/a.png?universe_id={uuid.uuid4()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                      f"Content-Length: {1 << 30}\r\n\r\n").encode())
        has(wire.recv(4096).decode(), " 404 ")


@test
def broken_off_at_any_byte():
    s, data = server(), noisy(200)
    token, before = s.token(), traces()
    body, headers = form(("file", "a.png", "image/png", data))
    for method, path, whole, kind in (("PUT", f"{RAW}/a.png", data, "image/png"), ("POST", ASSETS, body, headers["Content-Type"])):
        for cut in (0, 1, 100, len(whole) // 2, len(whole) - 1):
            with socket.create_connection(("127.0.0.1", s.port), timeout=PATIENCE) as wire:
                wire.sendall((f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\n"
                              f"Content-Length: {len(whole)}\r\n\r\n").encode() + whole[:cut])
    time.sleep(0.2)
    equal(traces(), before, "what is stored")


@test
def the_same_bytes_four_times_are_four_assets_and_one_file():
    s, data, got = server(), noisy(90), []
    threads = [threading.Thread(target=lambda: got.append(put(data).json["id"])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    paths = [s.media / looked_at(each)["file_path"] for each in got]
    equal(len(set(paths)), 4, "the names")
    other = s.register("another-owner")
    paths.append(s.media / looked_at(put(data, token=other).json["id"])["file_path"])
    equal({path.read_bytes() for path in paths}, {data}, "the bytes")
    equal({path.stat().st_nlink for path in paths}, {5}, "the names of the file")
    equal(s.get(f"/api/media/content/{hashlib.sha256(data).hexdigest()}").json["asset_id"] in got, True)
    s.get(f"/api/media/content/{'0' * 64}", status=404)


@test
def what_cannot_be_read_here_is_refused_with_a_way_out():
    has(put(b"\0\0\0\x18ftypavif" + bytes(100), "a.png", status=415).detail, "an AVIF picture, which cannot be read here; send it as WebP")
    has(put(b"\0\0\0\x18ftypheic" + bytes(100), status=415).detail, "send it as JPEG")


@test
def an_encrypted_film_says_why_it_cannot_be_seen():
    path = new_folder() / "locked.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x120:r=25", "-t", "1", "-c:v", "libx264",
                    "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
                    "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8", path], check=True)
    row = looked_at(put(path.read_bytes(), "locked.mp4").json["id"])
    equal(row["status"], "failed", "the status")
    has(row["status_reason"], "it is encrypted")


@test
def a_damaged_file_takes_no_other_with_it():
    s, data = server(), noisy(91)
    older = s.media / looked_at(put(data).json["id"])["file_path"]
    older.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    newer = s.media / looked_at(put(data).json["id"])["file_path"]
    equal(newer.read_bytes(), data, "the bytes of the newer file")
    equal(newer.stat().st_nlink, 1, "its names")


@test
def types_and_sizes_are_settings():
    s = Server({"UMAM_UPLOAD_TYPES": "image:1,text"})
    put(noisy(), s=s)
    put(wav(1), s=s, status=415)
    big = png(700, 700, idat=zlib.compress(os.urandom(1 << 20), 0)) + bytes(1 << 19)
    has(put(big, s=s, status=413).detail, "larger than the 1 MiB")
    s.stop()
    for wrong in ("image:0", "pictures", "image:x", "video:-1"):
        done = run("serve", "--port", 0, "--data", new_folder(), env={"UMAM_UPLOAD_TYPES": wrong}, code=2)
        has(done.stderr, "UMAM_UPLOAD_TYPES")


# ---- folders ----

def folder_of(files):
    folder = new_folder()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def brought(s, *words, code=0):
    """The report of an import, and a line for each file."""
    done = run("import", *words, "--data", s.data, "--json", env=s.env, code=code)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    report = next(line for line in lines if "imported" in line)
    return report, {pathlib.Path(line["file"]).name: line for line in lines if "outcome" in line}


def check_import(s, folder, facts):
    report, files = brought(s, folder, "--tag", "one", "--tag", "two", code=3)
    equal([report[name] for name in ("imported", "known", "unsupported", "failed", "links")], [3, 1, 1, 1, 2])
    equal([files["page.png"]["outcome"], files["empty.wav"]["outcome"]], ["unsupported", "failed"])
    row = s.rows("SELECT * FROM media_assets WHERE id = ?", files["deep.png"]["asset_id"])[0]
    equal([row["source_type"], json.loads(row["tags"]), row["original_name"], row["owner_id"]], ["imported", ["one", "two"], "deep.png", "admin"])
    equal({path: (path.stat().st_mtime_ns, path.read_bytes()) for path in facts}, facts, "the source files")
    report, _ = brought(s, folder, code=3)
    equal([report["imported"], report["known"]], [0, 4], "the second time")
    has(run("import", folder, "--tag", "a,b", "--data", s.data, env=s.env, code=2).stderr, "without commas")
    secret = [row for row in s.rows("SELECT original_name FROM media_assets") if row["original_name"] == "secret.png"]
    equal(secret, [], "what lies outside the folder")


def a_folder():
    outside, one = folder_of({"secret.png": noisy()}), noisy()
    folder = folder_of({"one.png": one, "again.png": one, "sub/sub/deep.png": noisy(), "tone.wav": wav(1), "empty.wav": b"",
                        "page.png": b"<html></html>"})
    (folder / "link").symlink_to(outside)
    (folder / "sub" / "link.png").symlink_to(outside / "secret.png")
    return folder, {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*")
                    if path.is_file() and not path.is_symlink()}


@test
def a_folder_through_the_server():
    s = Server()
    check_import(s, *a_folder())
    world = s.post("/universes", {"name": "coast"}, status=201).json["id"]
    report, files = brought(s, folder_of({"new.png": noisy()}), "--universe", world)
    equal(looked_at(files["new.png"]["asset_id"], s)["universe_id"], world)
    brought(s, folder_of({"new.png": noisy()}), "--universe", str(uuid.uuid4()), code=3)
    s.register("creator-of-files")
    report, files = brought(s, folder_of({"theirs.png": noisy()}), "--owner", "creator-of-files")
    equal(looked_at(files["theirs.png"]["asset_id"], s)["owner_id"], "creator-of-files")
    s.stop()


@test
def a_folder_while_no_server_runs():
    s = Server()
    s.stop()
    check_import(s, *a_folder())
    equal({row["status"] for row in s.rows("SELECT status FROM media_assets")}, {"processing"})
    s.start()
    s.looked_at()
    equal({row["status"] for row in s.rows("SELECT status FROM media_assets")}, {"ready"})
    world = s.post("/universes", {"name": "coast"}, status=201).json["id"]
    s.stop()
    report, _ = brought(s, folder_of({"y.png": noisy()}), "--universe", world.upper())
    equal(report["imported"], 1, "files into a universe named in capitals")
    run("import", folder_of({"x.png": noisy()}), "--universe", str(uuid.uuid4()), "--data", s.data, code=5)


@test
def a_file_that_changes_meanwhile():
    s, before = server(), traces()
    folder = folder_of({"growing.png": noisy() + bytes(64 << 20)})
    stop = threading.Event()

    def grow():
        with open(folder / "growing.png", "ab", buffering=0) as file:
            while not stop.wait(0.005):
                file.write(b"x")
    writer = threading.Thread(target=grow)
    writer.start()
    report, files = brought(s, folder, code=3)
    stop.set()
    writer.join()
    has(files["growing.png"]["error"], "changes while it is imported")
    equal([report["failed"], traces()], [1, before], "what is stored")


@test
def words_of_the_command():
    has(run("import", "--data", server().data, code=2).stderr, "paths")
    has(run("import", "/no/such/place", "--data", server().data, code=5).stderr, "/no/such/place")
    has(run("import", "--help").stdout, "PATH...")


main()
