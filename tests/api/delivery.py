#!/usr/bin/env -S python3 -B
"""Media out: signed links, who may see what, pictures in other sizes and the cache they lie in."""
from harness import *


made_for = {}


def server_with(**env):
    key = tuple(env.items())
    made_for[key] = made_for.get(key) or Server(env)
    return made_for[key]


def upload(s, data, token="admin"):
    body, headers = form(("file", "picture.png", "image/png", data))
    return s.post("/media/upload", body=body, headers=headers, token=token).json


def flag(width=400, height=200):
    """Red, green and blue from left to right, so that what was cut off can be told."""
    return png(width, height, lambda x, y: (255, 0, 0) if x < width / 4 else (0, 0, 255) if x >= width * 3 / 4 else (0, 255, 0))


def unpacked(data):
    """Width, height and the rows of an RGB or RGBA picture, by the PNG specification: RGB of each pixel."""
    at, idat = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        idat += body if kind == b"IDAT" else b""
        at += 12 + size
    equal(depth, 8, "bits of a sample")
    step = {2: 3, 6: 4}[colour]
    raw, rows, above = zlib.decompress(idat), [], bytes(width * step)
    for y in range(height):
        filter_, line = raw[y * (width * step + 1)], bytearray(raw[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
        for i in range(len(line)):
            left, up = line[i - step] if i >= step else 0, above[i]
            corner = above[i - step] if i >= step else 0
            nearest = min((abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner))[2]
            line[i] = (line[i] + (0, left, up, (left + up) // 2, nearest)[filter_]) & 255
        rows.append([tuple(line[i:i + 3]) for i in range(0, len(line), step)])
        above = line
    return width, height, rows


def facts(data):
    file = new_folder() / "file"
    file.write_bytes(data)
    return json.loads(run("probe", "--json", file).stdout)


def near(got, wanted):
    return all(abs(a - b) < 40 for a, b in zip(got, wanted))


def picture(s, asset, status=200, token=None, **query):
    return s.call("GET", f"/api/media/assets/{asset}/picture", query=query, status=status, token=token)


def cached(s):
    return sorted(str(path.relative_to(s.data / "cache")) for path in (s.data / "cache").rglob("*") if path.is_file())


# ---- links ----

def sign(s, asset, status=200, token="admin", **body):
    return s.post(f"/api/media/assets/{asset}/sign", body, status=status, token=token)


@test
def a_signed_link_opens_a_file_where_a_token_is_needed():
    s = server_with(UMAM_MEDIA_ACCESS="signed")
    data = flag()
    made = upload(s, data)
    equal(s.call("GET", made["url"], token=None, status=401).headers["www-authenticate"], "Bearer")
    picture(s, made["asset_id"], 401)
    equal(s.get(made["url"]).body, data)
    mine = s.register("somebody")
    s.get(made["url"], token=mine, status=404)
    s.get(made["thumbnail_url"], token=mine, status=404)
    theirs = upload(s, png(9, 9), mine)
    for name in ("url", "thumbnail_url"):
        s.get(theirs[name], token=mine)
        s.get(theirs[name])
    equal(s.get(made["url"]).headers["cache-control"], "private, max-age=31536000, immutable")
    link = sign(s, made["asset_id"], expires_in=600).json
    reply = s.get(link["url"], token=None)
    equal(reply.body, data)
    holds(590 <= int(re.fullmatch(r"public, max-age=(\d+)", reply.headers["cache-control"])[1]) <= 600, "a cache keeps it longer")
    equal(s.get(link["url"], token=None, headers={"Range": "bytes=2-9"}, status=206).body, data[2:10])
    thumb = sign(s, made["asset_id"], what="thumbnail").json["url"]
    equal(s.get(thumb, token=None).headers["content-type"], "image/jpeg")
    small = sign(s, made["asset_id"], what="picture").json["url"]
    equal(facts(s.get(small + "&width=64", token=None).body)["width"], 64)


@test
def a_link_ends_on_time():
    s = server_with(UMAM_MEDIA_ACCESS="signed")
    link = sign(s, upload(s, flag())["asset_id"], expires_in=2).json["url"]
    s.get(link, token=None)
    def over():
        return s.call("GET", link, token=None).status == 403
    eventually(over, "the end of a link", 15)
    has(s.call("GET", link, token=None, status=403).detail, "was good until")
    s.call("GET", link, status=403)


@test
def an_altered_link_is_refused():
    s = server_with()
    made, other = upload(s, flag()), upload(s, png(8, 8))
    link = sign(s, made["asset_id"], download="holiday \"1\" ü.png").json["url"]
    holds("filename*=UTF-8''holiday%20%221%22%20%C3%BC.png" in s.get(link, token=None).headers["content-disposition"],
          "the name of the download is another")
    path, query = link.split("?")
    parts = dict(urllib.parse.parse_qsl(query))
    altered = [{**parts, "expires": str(int(parts["expires"]) + 1)}, {**parts, "expires": "99999999999"}, {**parts, "expires": "x"},
               {**parts, "download": "other.exe"}, {key: parts[key] for key in ("expires", "signature")},
               {**parts, "signature": parts["signature"][:-1]}, {**parts, "signature": "0" * 64}, {**parts, "signature": ""},
               {**parts, "signature": parts["signature"].upper()}, {"expires": parts["expires"]}, {"signature": parts["signature"]},
               {**parts, "expires": " " + parts["expires"]}, {**parts, "expires": "-1"}]
    for each in altered:
        has(s.call("GET", path, query=each, token=None, status=403).detail, "altered")
    has(s.call("GET", f"{other['url']}?{query}", token=None, status=403).detail, "altered")
    picture(s, made["asset_id"], 403, **parts)
    equal(server_with(JWT_SECRET="quite another secret").call("GET", link, token=None, status=403).detail,
          s.call("GET", path, query=altered[0], token=None).detail)


@test
def only_the_owner_signs():
    s = server_with()
    mine = upload(s, flag(), s.token("ann", "creator"))["asset_id"]
    sign(s, mine, 404, s.token("bob", "creator"))
    sign(s, mine, 401, None)
    sign(s, mine, 200, s.token("ann", "viewer"))
    sign(s, str(uuid.uuid4()), 404)
    for fault in ({"expires_in": 0}, {"expires_in": 99999999}, {"what": "everything"}, {"download": ""}):
        sign(s, mine, 422, **fault)


# ---- pictures ----

@test
def a_picture_comes_in_the_size_that_was_asked_for():
    s = server_with()
    made = upload(s, flag())["asset_id"]
    for query, size in (({"width": 128}, (128, 64)), ({"width": 100}, (128, 64)), ({"height": 128}, (256, 128)), ({}, (400, 200)),
                        ({"width": 64, "height": 64}, (64, 32)), ({"width": 3840}, (400, 200)),
                        ({"width": 64, "height": 64, "fit": "cover"}, (64, 64)), ({"width": 30, "height": 60, "fit": "cover"}, (32, 64))):
        width, height, rows = unpacked(picture(s, made, format="png", **query).body)
        equal((width, height), size, f"the size of {query}")
        edge = (0, 255, 0) if query.get("fit") else (255, 0, 0)
        holds(near(rows[height // 2][1], edge), f"{query} begins with {rows[height // 2][1]}")
        holds(near(rows[height // 2][width // 2], (0, 255, 0)), f"the middle of {query} is {rows[height // 2][width // 2]}")
    for format_, magic in (("jpeg", b"\xff\xd8\xff"), ("webp", b"RIFF"), ("png", b"\x89PNG")):
        reply = picture(s, made, width=256, format=format_)
        equal([reply.body[:len(magic)], reply.headers["content-type"]], [magic, f"image/{format_}"])
        equal([facts(reply.body)[name] for name in ("width", "height", "mime_type")], [256, 128, f"image/{format_}"])
        equal([word for word in (b"ICCP", b"ICC_PROFILE", b"iCCP") if word in reply.body], [], f"profiles in {format_}")
    for fault in ({"width": 3841}, {"width": -1}, {"format": "gif"}, {"fit": "stretch"}, {"height": "x"}):
        picture(s, made, 422, **fault)
    picture(s, str(uuid.uuid4()), 404)


@test
def the_poster_stands_for_a_video():
    s = server_with()
    job = s.make()
    asset = s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", job["id"])[0]["id"]
    equal(facts(picture(s, asset, width=64).body)["width"], 64)


@test
def what_has_no_picture_says_so():
    s = server_with()
    for name, data in (("tone.wav", wav(1)), ("notes.txt", b"words")):
        made = s.call("PUT", f"/api/media/assets/raw/{name}", body=data, status=201).json["id"]
        for token in (None, "admin"):  # also while it is looked at
            has(picture(s, made, 404, token=token, width=640).detail, "no picture of this asset")
        s.looked_at()
        picture(s, made, 404, width=640)


@test
def a_picture_is_made_once_and_kept_by_caches():
    s = server_with()
    made = upload(s, flag(410, 200))["asset_id"]
    before = cached(s)
    first = picture(s, made, width=320)
    kept = cached(s)
    equal(len(kept), len(before) + 1, "files in the cache")
    changed = (s.data / "cache" / [name for name in kept if name not in before][0]).stat().st_mtime_ns
    equal(picture(s, made, width=300).body, first.body, "the same picture again")
    equal((s.data / "cache" / [name for name in kept if name not in before][0]).stat().st_mtime_ns, changed, "when it was written")
    s.call("GET", f"/api/media/assets/{made}/picture?width=320", headers={"If-None-Match": first.headers["etag"]}, token=None, status=304)
    has(first.headers["cache-control"], "immutable")
    for height in range(2000, 2040):  # boxes of nearly one shape are one
        picture(s, made, width=3840, height=height, fit="cover", format="png")
        picture(s, made, width=3840, height=height, format="png")
    holds(len(cached(s)) <= len(kept) + 3, f"{len(cached(s))} files in the cache")


@test
def many_at_once_wait_for_one_maker():
    s = server_with()
    made = upload(s, png(900, 900))["asset_id"]
    before, bodies = cached(s), []
    threads = [threading.Thread(target=lambda: bodies.append(picture(s, made, width=640, format="webp").body)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal((len(bodies), len(set(bodies))), (16, 1), "replies, different ones")
    equal(len(cached(s)), len(before) + 1, "files in the cache")


@test
def a_restart_and_an_emptied_cache_change_nothing():
    s = Server()
    made = upload(s, flag())["asset_id"]
    first = picture(s, made, width=128).body
    s.kill()
    marks = s.data / "cache" / ".unfinished"
    for name in cached(s):  # as if the power had gone before the file was whole
        (marks / name.replace("/", "%")).touch()
        (s.data / "cache" / name).write_bytes(b"half")
    (marks / "leftover").write_bytes(b"x" * 1000)
    s.start()
    equal(cached(s), [], "what an interrupted maker left")
    equal(picture(s, made, width=128).body, first)
    s.stop()
    shutil.rmtree(s.data / "cache")
    s.start()
    equal(picture(s, made, width=128).body, first)
    s.stop()


@test
def the_cache_stays_within_its_bound():
    s = server_with(UMAM_CACHE_MB="1")
    made = upload(s, png(500, 500))["asset_id"]
    for width in (64, 128, 256, 320, 480) * 2:
        for format_ in ("png", "webp", "jpeg"):
            for fit in ("contain", "cover"):
                picture(s, made, width=width, height=width, fit=fit, format=format_)
                total = sum((s.data / "cache" / name).stat().st_blocks * 512 for name in cached(s))
                holds(total <= 1 << 20, f"the cache holds {total} bytes")
    none = server_with(UMAM_CACHE_MB="0")
    made = upload(none, flag())["asset_id"]
    equal(facts(picture(none, made, width=64).body)["width"], 64)
    equal(cached(none), [], "what a cache of no size holds")


@test
def a_damaged_picture_is_told_and_not_kept():
    s = server_with()
    source = upload(s, flag())["asset_id"]
    for data in (flag(), picture(s, source, format="jpeg").body, picture(s, source, format="webp").body):
        made, before = upload(s, data), cached(s)
        file = s.media / made["url"][len("/media/"):]
        file.write_bytes(data[:len(data) * 2 // 3])
        reply = picture(s, made["asset_id"], 422)
        has(str(reply.detail), "the picture is damaged")
        file.unlink()
        picture(s, made["asset_id"], 404)
        equal(cached(s), before, "files in the cache")


main()
