#!/usr/bin/env -S python3 -B
"""Clips made over for platforms, by the contract."""
from harness import *

PROFILES = {"tiktok": ("1080x1920", "5M"), "youtube": ("1920x1080", "8M"), "youtube_4k": ("3840x2160", "20M"),
            "instagram": ("1080x1350", "5M"), "instagram_reels": ("1080x1920", "6M"), "twitter": ("1280x720", "5M"),
            "web": ("1920x1080", "4M"), "web_mobile": ("720x1280", "2M")}


def transcode(s, job, *platforms, status=200, **options):
    return s.post(f"/api/video/jobs/{job}/transcode", {"platforms": list(platforms)}, status=status, **options)


def variants(s, job):
    return s.get(f"/api/video/jobs/{job}/variants").json


def decoded(data):
    folder = new_folder()
    (folder / "in").write_bytes(data)
    done = subprocess.run([UMAM_MEDIA, "run", "verify", "{}", f"in={folder}/in", f"poster={folder}/poster"], stdout=subprocess.PIPE,
                          text=True, env=clean_environment())
    return [line for line in map(json.loads, done.stdout.splitlines()) if line["event"] == "result"][0]["output"]


@test
def the_profiles_are_the_contracts():
    found = server().get("/api/video/transcode/profiles").json["profiles"]
    equal({each["name"]: (each["resolution"], each["bitrate"]) for each in found}, PROFILES)
    equal({each["name"] for each in found if (each["codec"], each["container"]) == ("vp9", "webm")}, {"web"})


@test
def a_clip_is_made_over():
    s = server()
    job = s.make(duration=1, fps=24)
    equal(variants(s, job["id"]), {"job_id": job["id"], "original_url": job["video_url"], "variants": [],
                                   "original_path": job["video_url"].removeprefix("/media/")})
    reply = transcode(s, job["id"], "web_mobile", "twitter", "web_mobile").json
    equal([reply["job_id"], reply["success_count"], reply["failure_count"]], [job["id"], 2, 0])
    equal([each["platform"] for each in reply["variants"]], ["web_mobile", "twitter"])
    for each, size in zip(reply["variants"], ((720, 1280), (1280, 720))):
        data = s.get(each["public_url"], token=None).body
        facts = decoded(data)
        equal((facts["width"], facts["height"]), size, "the size of the picture")
        equal([facts["frames"], facts["video_codec"], facts["format"]], [24, "h264", "mp4"])
        holds(data.index(b"moov") < data.index(b"mdat"), "the index is not at the front")
        equal([each[name] for name in ("success", "width", "height", "file_size", "codec", "container", "error")],
              [True, *size, len(data), "h264", "mp4", None])
        equal(each["output_path"], each["public_url"].removeprefix("/media/"))
    kept = variants(s, job["id"])["variants"]
    equal(sorted(each["platform"] for each in kept), ["twitter", "web_mobile"])
    rows = s.rows("SELECT file_path FROM media_assets WHERE source_job_id = ?", job["id"])
    equal(sorted(row["file_path"] for row in rows), sorted([job["video_url"].removeprefix("/media/")] + [each["output_path"] for each in kept]))
    mine = [name for name in s.stored() if job["id"] in name or name in [each["output_path"] for each in kept]]
    s.delete(f"/api/video/jobs/{job['id']}")
    equal([name for name in s.stored() if name in mine], mine, "files in quarantine")
    poster, ids = job["thumbnail_url"], [row["id"] for row in s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", job["id"])]
    s.get(poster, status=404)
    s.post(f"/api/media/assets/{ids[0]}/undo")
    s.get(poster)
    equal(s.post("/api/media/trash/purge", {"days": 0}).json["purged"] >= 2, True, "the other two are purged")
    s.get(poster)
    s.post("/api/media/trash", {"asset_ids": ids[:1]}, status=204)
    s.post("/api/media/trash/purge", {"days": 0})
    equal([name for name in s.stored() if name in mine], [], "files that stay")


@test
def the_checks_come_in_the_contracts_order():
    s = server()
    equal(transcode(s, str(uuid.uuid4()), "nowhere", status=404).detail, "Video job not found")
    running = s.generate(provider="local", duration=60)["job_id"]
    equal(transcode(s, running, "nowhere", status=400).detail, "Video job is not completed")
    s.call("POST", f"/api/video/jobs/{running}/cancel")
    job = s.make()
    detail = transcode(s, job["id"], "tiktok", "nowhere", status=400).detail
    wrong, known = re.fullmatch(r"Invalid platforms: \{(.*)\}\. Available: \{(.*)\}", detail).groups()
    equal([wrong, sorted(known.split(", "))], ["'nowhere'", sorted(f"'{name}'" for name in PROFILES)])
    equal(transcode(s, job["id"]).json, {"job_id": job["id"], "success_count": 0, "failure_count": 0, "variants": []})
    (s.media / job["video_url"].removeprefix("/media/")).unlink()
    equal(transcode(s, job["id"], "nowhere", status=400).detail, "Video file not available locally for transcoding")
    transcode(s, job["id"], *["tiktok"] * 21, status=422)
    transcode(s, job["id"], "tiktok", status=404, token=s.token("somebody", "creator"))


@test
def a_clip_that_cannot_be_read_is_a_failure_of_its_own():
    s = server()
    job = s.make()
    (s.media / job["video_url"].removeprefix("/media/")).write_bytes(b"no film")
    reply = transcode(s, job["id"], "twitter").json
    equal([reply["success_count"], reply["failure_count"]], [0, 1])
    equal([reply["variants"][0][name] for name in ("success", "platform", "public_url")], [False, "twitter", None])
    has(reply["variants"][0]["error"], "not a video")
    equal(variants(s, job["id"])["variants"], [])


@test
def what_was_begun_ends_without_its_client_and_after_a_kill():
    s = Server()
    job = s.make(duration=6, fps=24)["id"]
    token = s.token()
    connection = http.client.HTTPConnection("127.0.0.1", s.port)
    connection.request("POST", f"/api/video/jobs/{job}/transcode", json.dumps({"platforms": ["web_mobile"]}),
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    eventually(lambda: s.rows("SELECT id FROM jobs WHERE kind = 'transcode' AND state = 'running'"), "the start of the job")
    connection.close()
    s.kill()
    s.start()
    kept = eventually(lambda: variants(s, job)["variants"], "the end of the job")
    equal([each["platform"] for each in kept], ["web_mobile"])
    equal(decoded(s.get(kept[0]["public_url"], token=None).body)["frames"], 144)
    equal([name for name in s.stored() if ".unfinished" in name], [], "marks that stay")
    s.stop()


@test
def a_cancelled_one_ends_at_once_and_can_be_asked_for_again():
    s = Server()
    job = s.make(duration=6, fps=24)["id"]
    before = s.stored()
    replies = []
    client = threading.Thread(target=lambda: replies.append(transcode(s, job, "web_mobile").json))
    client.start()
    made = eventually(lambda: s.rows("SELECT id FROM jobs WHERE kind = 'transcode' AND state = 'running'"), "the start of the job")[0]["id"]
    s.post(f"/api/jobs/{made}/cancel")
    eventually(lambda: s.get(f"/api/jobs/{made}").json["state"] == "cancelled", "the end of the job", patience=3)
    client.join(5)
    equal([replies[0]["success_count"], replies[0]["variants"][0]["error"]], [0, "it was cancelled"])
    equal(s.stored(), before, "files of a cancelled one")
    s.post(f"/api/jobs/{made}/retry")
    kept = eventually(lambda: variants(s, job)["variants"], "the end of the second try")
    equal(decoded(s.get(kept[0]["public_url"], token=None).body)["frames"], 144)
    s.stop()


main()
