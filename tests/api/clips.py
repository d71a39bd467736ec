#!/usr/bin/env -S python3 -B
"""Stored files over HTTP: downloads, ranges, conditions, posters."""
import email
from email.utils import formatdate, parsedate_to_datetime

from harness import *

made = {}


def clip():
    if not made:
        made["job"] = server().make('a "quoted" lighthouse, ünder ☁; x=\ny', duration=2)
        made["bytes"] = (server().media / made["job"]["video_url"][len("/media/"):]).read_bytes()
    return made["job"], made["bytes"]


def fetch(path, method="GET", status=200, **headers):
    return server().call(method, path, token=None, status=status,
                         headers={name.replace("_", "-"): value for name, value in headers.items()})


@test
def the_clip_comes_whole():
    job, data = clip()
    reply = fetch(job["video_url"])
    equal(hashlib.sha256(reply.body).hexdigest(), job["checksum"], "the checksum of what was sent")
    equal(reply.body, data, "what was sent")
    equal(reply.headers["content-type"], "video/mp4")
    equal(reply.headers["content-length"], str(len(data)))
    equal(reply.headers["accept-ranges"], "bytes")
    holds(re.fullmatch('"[^"]+"', reply.headers["etag"]), f"the etag is {reply.headers['etag']}")
    holds(parsedate_to_datetime(reply.headers["last-modified"]), "there is no time of change")
    holds("content-disposition" not in reply.headers, "a player would save it")


@test
def the_download_is_an_attachment_under_the_prompts_name():
    job, data = clip()
    reply = server().get(f"/api/video/jobs/{job['id']}/download")
    equal(reply.body, data, "what was sent")
    equal(reply.headers["content-type"], "video/mp4")
    equal(reply.headers["etag"], f'"{job["checksum"]}"')
    name = reply.headers["content-disposition"]
    has(name, "attachment; filename=\"a _quoted_ lighthouse")
    has(name, "filename*=UTF-8''a%20%22quoted%22%20lighthouse%2C%20%C3%BCnder%20%E2%98%81")
    holds(name.endswith(".mp4"), f"the name is {name}")
    part = server().get(f"/api/video/jobs/{job['id']}/download", headers={"Range": "bytes=0-9"}, status=206)
    equal(part.body, data[:10])
    server().get(f"/api/video/jobs/{job['id']}/download", headers={"If-None-Match": f'"{job["checksum"]}"'}, status=304)


@test
def ranges():
    job, data = clip()
    size = len(data)
    for asked, first, last in (("0-0", 0, 0), ("0-99", 0, 99), ("100-", 100, size - 1), ("-50", size - 50, size - 1),
                               (f"{size - 1}-", size - 1, size - 1), (f"5-{size + 1000}", 5, size - 1),
                               (f"-{size + 5}", 0, size - 1), ("0-", 0, size - 1), ("0-99999999999999999999999", 0, size - 1)):
        reply = fetch(job["video_url"], status=206, Range=f"bytes={asked}")
        equal(reply.headers["content-range"], f"bytes {first}-{last}/{size}", f"content-range of {asked}")
        equal(reply.headers["content-length"], str(last - first + 1), f"content-length of {asked}")
        equal(reply.body, data[first:last + 1], f"the bytes of {asked}")


@test
def ranges_that_cannot_be():
    job, data = clip()
    for asked in (f"{len(data)}-", "99999999999-", "-0"):
        reply = fetch(job["video_url"], status=416, Range=f"bytes={asked}")
        equal(reply.headers["content-range"], f"bytes */{len(data)}", f"content-range of {asked}")
    for asked in ("bytes=5-1", "bytes=x-y", "lines=0-5", "bytes=", "bytes", "bytes=5-9,0-6", "bytes=-", "", "bytes=1"):
        equal(fetch(job["video_url"], Range=asked).body, data, f"what was sent for '{asked}'")


@test
def several_ranges_at_once():
    job, data = clip()
    reply = fetch(job["video_url"], status=206, Range="bytes=0-5,1000-1999,-7")
    message = email.message_from_bytes(b"Content-Type: " + reply.headers["content-type"].encode() + b"\r\n\r\n" + reply.body)
    size = len(data)
    equal([(part["content-type"], part["content-range"], part.get_payload(decode=True)) for part in message.get_payload()],
          [("video/mp4", f"bytes {a}-{b}/{size}", data[a:b + 1]) for a, b in ((0, 5), (1000, 1999), (size - 7, size - 1))])


@test
def conditions():
    job, data = clip()
    url, whole = job["video_url"], fetch(job["video_url"])
    etag, changed = whole.headers["etag"], whole.headers["last-modified"]
    when = parsedate_to_datetime(changed).timestamp()
    later, earlier = formatdate(when + 60, usegmt=True), formatdate(when - 60, usegmt=True)
    for tags in (etag, f'"x", {etag}', f"W/{etag}", "*"):
        reply = fetch(url, status=304, If_None_Match=tags)
        equal([reply.body, reply.headers["etag"]], [b"", etag], f"the reply to {tags}")
    equal(fetch(url, If_None_Match='"other"').body, data)
    fetch(url, status=304, If_Modified_Since=changed)
    fetch(url, status=304, If_Modified_Since=later)
    fetch(url, status=200, If_Modified_Since=earlier)
    fetch(url, status=200, If_Modified_Since="yesterday")
    fetch(url, status=200, If_None_Match='"other"', If_Modified_Since=later)
    fetch(url, status=412, If_Match='"other"')
    fetch(url, status=200, If_Match=etag)
    fetch(url, status=412, If_Unmodified_Since=earlier)
    fetch(url, status=206, Range="bytes=0-9", If_Range=etag)
    fetch(url, status=200, Range="bytes=0-9", If_Range='"other"')
    fetch(url, status=206, Range="bytes=0-9", If_Range=changed)
    fetch(url, status=200, Range="bytes=0-9", If_Range=earlier)


@test
def head():
    job, data = clip()
    reply = fetch(job["video_url"], "HEAD")
    equal([reply.body, reply.headers["content-length"], reply.headers["content-type"]], [b"", str(len(data)), "video/mp4"])
    reply = fetch(job["video_url"], "HEAD", status=206, Range="bytes=0-9")
    equal([reply.body, reply.headers["content-length"]], [b"", "10"])
    fetch(job["video_url"], "HEAD", status=304, If_None_Match=fetch(job["video_url"]).headers["etag"])
    fetch("/media/videos/default/none.mp4", "HEAD", status=404)


@test
def the_poster_is_a_jpeg_of_the_clips_shape():
    job, _ = clip()
    reply = fetch(job["thumbnail_url"])
    equal(reply.headers["content-type"], "image/jpeg")
    equal(reply.body[:3], b"\xff\xd8\xff", "the first bytes")
    file = new_folder() / "poster"
    file.write_bytes(reply.body)
    facts = json.loads(run("probe", "--json", file).stdout)
    equal(facts["mime_type"], "image/jpeg")
    holds(abs(facts["width"] / facts["height"] - 16 / 9) < 0.05, f"the poster is {facts['width']} x {facts['height']}")


@test
def the_clip_probes_as_what_the_job_says():
    job, data = clip()
    file = new_folder() / "clip"
    file.write_bytes(data)
    facts = json.loads(run("probe", "--json", file).stdout)
    equal([facts["width"], facts["height"], facts["video_codec"], facts["pixel_format"]],
          [job["width"], job["height"], "h264", "yuv420p"])
    holds(abs(facts["duration_s"] - 2) < 0.05, f"it lasts {facts['duration_s']} s")


@test
def media_need_no_token_but_their_exact_name():
    job, _ = clip()
    for wrong in ("/media/", "/media/videos", "/media/videos/", "/media/videos/default", job["video_url"] + "/", job["video_url"] + "x",
                  job["video_url"].upper(), "/media//videos/default/x.mp4", "/media/videos/../../umam.db", "/media/.unfinished",
                  "/media/.unfinished/x", "/media/videos/default/..%2f..%2f..%2fumam.db", "/media/%2fetc/passwd",
                  "/media/videos/default/%00", "/media/../secret.key", "/media/..\\secret.key"):
        reply = server().send("GET", wrong)
        holds(reply.status in (404, 307), f"{wrong} answered {reply.status}")
        if reply.status == 307:
            reply = server().send("GET", reply.headers["location"])
            holds(reply.status == 404 or wrong.startswith(job["video_url"]), f"{wrong} led to {reply.status}")


@test
def links_in_the_media_folder_are_not_followed():
    clip()
    (server().media / "link.mp4").symlink_to(server().data / "secret.key")
    (server().media / "folder").symlink_to(server().data)
    fetch("/media/link.mp4", status=404)
    fetch("/media/folder/secret.key", status=404)
    os.mkfifo(server().media / "pipe.mp4")
    fetch("/media/pipe.mp4", status=404)
    for name in ("link.mp4", "folder", "pipe.mp4"):
        (server().media / name).unlink()


@test
def a_clip_that_went_missing_is_said_so():
    job = server().make("to be lost")
    (server().media / job["video_url"][len("/media/"):]).unlink()
    fetch(job["video_url"], status=404)
    has(server().get(f"/api/video/jobs/{job['id']}/download", status=404).detail, "missing")
    has(server().get(f"/api/video/jobs/{job['id']}/info", status=400).detail, "not available locally")
    server().delete(f"/api/video/jobs/{job['id']}")


@test
def many_read_one_file_at_once():
    job, data = clip()
    got = []
    threads = [threading.Thread(target=lambda: got.append(server().send("GET", job["video_url"]).body == data)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(got, [True] * 20)


@test
def readers_who_leave_early_do_no_harm():
    job, _ = clip()
    for path in (job["video_url"], f"/api/video/jobs/{job['id']}/events"):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", server().port)) as link:
                link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server().admin_token}\r\n\r\n".encode())
                link.recv(10)
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server().get("/health", token=None)


main()
