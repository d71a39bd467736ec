#!/usr/bin/env -S python3 -B
"""Pictures in: what is taken, what is refused, and that nothing of the refused stays."""
from harness import *


def upload(*parts, status=200, token="admin", s=None, **options):
    body, headers = form(*parts)
    return (s or server()).post("/media/upload", body=body, headers=headers, status=status, token=token, **options)


def picture(data, name="picture.png", kind="image/png", **options):
    return upload(("file", name, kind, data), **options)


def refused(data, status=422, name="picture.png", kind="image/png"):
    """Refused, in the form of the contract, and without a trace."""
    before = server().stored(), server().rows("SELECT COUNT(*) AS n FROM media_assets")[0]["n"]
    reply = picture(data, name, kind, status=status)
    if reply.status == 422:
        holds(isinstance(reply.detail, list), f"the detail is no list: {reply.detail!r}")
        fault = reply.detail[0]
        equal(fault["loc"], ["body", "file"], "the place of the fault")
        holds(len(fault["msg"].split()) >= 3, f"the fault is {fault['msg']!r}")
        holds(str(server().data) not in fault["msg"], "the fault shows a path of the server")
    equal((server().stored(), server().rows("SELECT COUNT(*) AS n FROM media_assets")[0]["n"]), before, "what is stored")
    equal(server().get("/health/ready", token=None).json, {"status": "ready"})
    return reply


@test
def a_picture_is_stored_with_its_thumbnail():
    s, data = server(), png(400, 300)
    reply = picture(data).json
    equal([reply["mime_type"], reply["width"], reply["height"], reply["file_size"]], ["image/png", 400, 300, len(data)])
    equal(reply["url"], f"/media/images/{reply['asset_id']}.png")
    stored = s.call("GET", reply["url"], token=None, status=200)
    equal(stored.body, data, "the stored picture")
    equal(stored.headers["content-type"], "image/png")
    equal(stored.headers["x-content-type-options"], "nosniff")
    thumb = s.call("GET", reply["thumbnail_url"], token=None, status=200)
    equal([thumb.body[:3], thumb.headers["content-type"]], [b"\xff\xd8\xff", "image/jpeg"], "the thumbnail")
    row = s.rows("SELECT * FROM media_assets WHERE id = ?", reply["asset_id"])[0]
    equal([row["asset_type"], row["source_type"], row["owner_id"], row["title"]], ["image", "uploaded", "admin", "picture.png"])
    equal(row["checksum"], hashlib.sha256(data).hexdigest(), "checksum")


@test
def the_content_decides_not_the_name_or_the_claim():
    reply = picture(png(20, 20), "movie.exe", "text/html").json
    equal(reply["mime_type"], "image/png")
    holds(reply["url"].endswith(".png"), f"the address is {reply['url']}")
    equal(picture(png(20, 20), "", "image/png", status=(200, 422)).status in (200, 422), True)


@test
def names_are_never_paths():
    s = server()
    outside = sorted(path.name for path in s.folder.iterdir())
    inside = sorted(path.name for path in s.data.iterdir())
    for name in ("../../x.png", "/etc/passwd", "..\\..\\x.png", "a/b/c.png", "../", "..", ".", "x" * 900 + ".png",
                 "日本.png", "thumb-../x.png", "%2e%2e%2fx.png", "con.png;rm -rf"):
        reply = picture(png(8, 8), name).json
        holds(re.fullmatch(r"/media/images/[0-9a-f-]{36}\.png", reply["url"]), f"{name!r} became {reply['url']}")
        title = s.rows("SELECT title FROM media_assets WHERE id = ?", reply["asset_id"])[0]["title"]
        holds(title is None or ("/" not in title and "\x01" not in title), f"{name!r} is titled {title!r}")
    for name in ("\x01.png", "x" * 5000 + ".png"):
        picture(png(8, 8), name, status=(200, 400))
    equal(sorted(path.name for path in s.folder.iterdir()), outside, "beside the data folder")
    equal(sorted(path.name for path in s.data.iterdir()), inside, "in the data folder")


@test
def the_same_picture_twice_is_two_assets():
    one, two = picture(png(30, 30)).json, picture(png(30, 30)).json
    holds(one["url"] != two["url"], "the second overwrote the first")


@test
def not_a_picture():
    refused(b"\0" * 5000, (415, 422))
    refused(os.urandom(5000), (415, 422))
    refused(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + b"x" * 500, (415, 422))
    refused(b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", (415, 422))
    refused(b"\xef\xbb\xbf <!-- x --><html>", (415, 422))
    refused("<svg xmlns='http://www.w3.org/2000/svg'/>".encode("utf-16"), (415, 422))
    refused(b"\x7fELF" + b"\0" * 200, (415, 422))


@test
def other_types_are_looked_at_by_a_job():
    s = server()
    reply = picture(wav(2), "movie.mp4", "video/mp4").json
    equal([reply["mime_type"], reply["width"], reply["thumbnail_url"]], ["audio/wav", None, None])
    s.looked_at()
    row = s.rows("SELECT * FROM media_assets WHERE id = ?", reply["asset_id"])[0]
    equal([row["asset_type"], row["status"], row["original_name"]], ["audio", "ready", "movie.mp4"])
    equal([row["duration"], row["sample_rate"]], [2, 8000])
    reply = picture(b"hello, world\n" * 50, "page.html", "text/html").json
    stored = s.call("GET", reply["url"], token=None, status=200)
    equal([stored.headers["content-type"].split(";")[0], stored.headers["x-content-type-options"]], ["text/plain", "nosniff"])


@test
def an_empty_file():
    refused(b"")


@test
def html_that_says_it_is_png():
    refused(b"<html><script>alert(document.domain)</script></html>", (415, 422))
    refused(b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script></html>", (415, 422))
    both = png(16, 16) + b"<html><script>alert(1)</script></html>"
    reply = picture(both, "page.html", "text/html").json
    stored = server().call("GET", reply["url"], token=None)
    equal([stored.headers["content-type"], stored.headers["x-content-type-options"]], ["image/png", "nosniff"],
          "how a picture with a page behind it is served")


@test
def a_truncated_png():
    whole = png(200, 200)
    for size in (8, 20, 33, 40, len(whole) // 2):
        refused(whole[:size], (415, 422))


@test
def damaged_pictures():
    whole = bytearray(png(100, 100))
    broken = bytearray(whole)
    broken[60:120] = b"\xff" * 60
    refused(bytes(broken), (415, 422))
    refused(png(0, 0, idat=zlib.compress(b"")), (415, 422))
    refused(png(100, 100, idat=b"not deflated"), (415, 422))
    refused(png(100, 100, idat=zlib.compress(b"\0")), (415, 422))


@test
def a_header_that_claims_too_much():
    refused(png(60000, 60000, idat=zlib.compress(b"\0" * 1000)), (413, 415, 422))
    refused(png(2 ** 31 - 1, 2 ** 31 - 1, idat=zlib.compress(b"\0" * 1000)), (413, 415, 422))
    gif = b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + b"\0" * 6 + b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\x00;"
    refused(gif, (413, 415, 422), "x.gif", "image/gif")


@test
def a_picture_that_unpacks_without_end():
    """20 000 x 20 000 of one colour: 1.2 GB in a megabyte."""
    rows = b"\0" * (1 + 20000 * 3) * 100
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece, check = packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH), 1  # stands by itself, so it can be repeated
    for _ in range(200):
        check = zlib.adler32(rows, check)
    idat = b"\x78\xda" + piece * 200 + packer.flush() + struct.pack(">I", check)
    began = time.monotonic()
    refused(png(20000, 20000, idat=idat), (413, 415, 422))
    holds(time.monotonic() - began < 60, "refusing it took a minute")


@test
def parts_missing_doubled_and_malformed():
    s, data = server(), png(10, 10)
    fault = upload(("other", None, None, b"x"), status=422).detail[0]
    equal([fault["type"], fault["loc"], fault["msg"]], ["missing", ["body", "file"], "Field required"])
    fault = upload(("file", None, None, b"text"), status=422).detail[0]
    equal([fault["type"], fault["loc"]], ["value_error", ["body", "file"]])
    has(fault["msg"], "Expected UploadFile")
    reply = upload(("file", "a.png", None, data), ("file", "b.png", None, data), status=(400, 422))
    stored = s.stored()
    body, headers = form(("file", "a.png", "image/png", data))
    for wrong in (body[:len(body) // 2], b"", b"nonsense", body.replace(b"form-data", b"inline"), body[2:]):
        s.post("/media/upload", body=wrong, headers=headers, status=(400, 422))
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 500, "application/json",
                 "text/plain", "application/x-www-form-urlencoded"):
        s.post("/media/upload", body=body, headers={"Content-Type": kind}, status=(400, 415, 422))
    s.post("/media/upload", status=422)
    equal(s.stored(), stored, "what is stored")


@test
def a_picture_needs_a_token():
    before = server().stored()
    picture(png(10, 10), token=None, status=401)
    picture(png(10, 10), token="garbage", status=401)
    equal(server().stored(), before, "what is stored")


@test
def larger_than_allowed():
    s = Server({"UMAM_UPLOAD_MAX_MB": "1"})
    noise = os.urandom(400 * 300 * 3)
    rows = b"".join(b"\0" + noise[y * 1200:y * 1200 + 1200] for y in range(300))
    equal(picture(png(400, 300, idat=zlib.compress(rows, 0)), s=s).json["width"], 400, "the width of one that fits")
    stored = s.stored()
    for size in ((1 << 20) + 1, 3 << 20):
        reply = picture(b"\x89PNG\r\n\x1a\n" + b"x" * size, s=s, status=413)
        has(reply.detail, "larger than")
        equal(reply.json["code"], "too_large")
    equal(s.stored(), stored, "what is stored")
    body, headers = form(("file", "a.png", "image/png", b"x" * (5 << 20)))

    def pieces():  # no length is announced
        for at in range(0, len(body), 65536):
            yield body[at:at + 65536]
    try:
        reply = s.call("POST", "/media/upload", body=pieces(), headers=headers, status=413)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server hung up in the middle of it, which is its right
    equal(s.stored(), stored, "what is stored")
    s.get("/health/ready", token=None)


@test
def the_reference_must_be_a_picture_of_ones_own():
    s = server()
    owner, other = s.register("painter"), s.register("thief")
    url = picture(png(50, 50), token=owner).json["url"]

    def asked(reference, token, status):
        return s.post("/api/video/generate", {"prompt": "x", "provider": "mock", "generation_type": "image_to_video",
                                              "reference_image_url": reference}, token=token, status=status)
    jobs = s.rows("SELECT COUNT(*) AS n FROM video_jobs")[0]["n"]
    for token, reference in ((other, url), (owner, "/media/images/none.png"), (owner, "/media/../secret.key"), (owner, "/etc/passwd"),
                             (owner, "file:///etc/passwd"), (owner, "http://169.254.169.254/latest"), (owner, url + "?x=1"),
                             (owner, "/media/images/%2e%2e/x")):
        asked(reference, token, (404, 422))
    for nothing in (None, ""):
        fault = asked(nothing, owner, 422).detail[0]
        equal(fault["loc"], ["body", "reference_image_url"])
    clip = s.make("a clip is no picture", token=owner)
    equal(asked(clip["video_url"], owner, 422).detail[0]["loc"], ["body", "reference_image_url"])
    equal(s.rows("SELECT COUNT(*) AS n FROM video_jobs")[0]["n"], jobs + 1, "the number of jobs")


@test
def many_at_once():
    s, got, data = server(), [], png(120, 80)
    threads = [threading.Thread(target=lambda: got.append(picture(data).json["url"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(len(set(got)), 8, "the number of addresses")
    equal([name for name in s.stored() if name.startswith(".unfinished")], [], "unfinished files")


main()
