#!/usr/bin/env -S python3 -B
"""The main job, from request to stored clip: progress, lists, repeats, cancel, retry, removal."""
from harness import *

ENDED = ("completed", "failed", "cancelled")


@test
def a_clip_is_made_though_nobody_asks_again():
    s = server()
    started = s.generate("a lighthouse", mood=60)
    holds(started["video_url"] is None, "there is a clip before it is made")
    equal(started["provider"], "mock")
    s.await_log("job ended", job=started["job_id"], outcome="succeeded")
    job = s.job(started["job_id"])
    equal(job["status"], "completed")
    equal([job["progress"], job["error_message"], job["video_codec"]], [1, None, "h264"])
    equal([job["width"], job["height"], job["fps"], job["duration"]], [320, 180, 24, 1])
    holds(abs(job["duration_actual"] - 1) <= 1 / 24, f"the clip lasts {job['duration_actual']} s")
    equal(job["output_video_url"], job["video_url"])
    equal(job["video_url"], f"/media/videos/default/{job['id']}.mp4")
    equal(job["thumbnail_url"], f"/media/videos/thumbnails/{job['id']}.jpg")
    holds(job["created_at"] <= job["started_at"] <= job["completed_at"], "the times are out of order")
    clip = (s.media / job["video_url"][len("/media/"):]).read_bytes()
    equal(job["file_size"], len(clip), "file_size")
    equal(job["checksum"], hashlib.sha256(clip).hexdigest(), "checksum")
    boxes = [kind for kind, _ in mp4_boxes(clip)]
    equal(boxes[0], "ftyp")
    holds(boxes.index("moov") < boxes.index("mdat"), f"the index does not come first: {boxes}")


@test
def the_whole_recipe_is_kept_with_the_asset():
    s = server()
    job = s.make("a red door", mood=10, negative_prompt="rain", platform="instagram")
    assets = s.rows("SELECT * FROM media_assets WHERE source_job_id = ?", job["id"])
    equal(len(assets), 1, "the number of assets")
    asset, recipe = assets[0], json.loads(assets[0]["recipe"])
    equal([asset["asset_type"], asset["source_type"], asset["owner_id"]], ["video", "generated", "admin"])
    equal([asset["checksum"], asset["file_size"], asset["mime_type"]], [job["checksum"], job["file_size"], "video/mp4"])
    equal(recipe["prompt"], "a red door")
    equal(recipe["enriched_prompt"], job["enriched_prompt"])
    equal(recipe["negative_prompt"], "rain")
    equal(recipe["provider"], "mock")
    equal(recipe["seed"], job["seed"])
    equal(recipe["settings"]["mood"], 10)
    equal(recipe["strategy"]["camera_movement"], job["camera_movement"])


@test
def progress_comes_as_events():
    s = server()
    started = s.generate("waves", provider="local", duration=1)
    seen = s.watch(started["job_id"])
    equal(seen[-1][0], "completed", "the last event")
    last = seen[-1][1]
    equal(last["job_id"], started["job_id"])
    equal([last["status"], last["progress"]], ["completed", 1])
    holds(last["video_url"] and last["thumbnail_url"], "the last event names no clip")
    for name, data in seen[:-1]:
        equal(name, "progress", "the name of an event")
        holds(data["status"] in ("pending", "processing"), f"progress of a job that is {data['status']}")
        holds(0 <= data["progress"] <= 1, f"progress is {data['progress']}")
    shares = [data["progress"] for _, data in seen]
    equal(shares, sorted(shares), "the progress")
    holds(len(seen) >= 3, f"there were {len(seen)} events only")
    stages = {data["stage"] for _, data in seen} - {None, ""}
    holds(stages, "no stage was named")
    equal(s.watch(started["job_id"]), [seen[-1]], "what a late listener hears")


@test
def everybody_hears_the_events():
    s, heard = server(), []
    job = s.generate("many eyes", provider="local", duration=1)["job_id"]
    threads = [threading.Thread(target=lambda: heard.append(s.watch(job)[-1])) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal([name for name, _ in heard], ["completed"] * 5)


@test
def the_local_director_is_deterministic():
    s = server()
    request = {"prompt": "a quiet harbour", "provider": "local", "mood": 40, "seed": 7}
    first, second, other = (s.make(**{**request, "seed": seed}) for seed in (7, 7, 8))
    equal(second["checksum"], first["checksum"], "the checksum of the same request")
    holds(other["checksum"] != first["checksum"], "another seed gives the same clip")
    equal([first["width"], first["height"]], [960, 540], "the size of a draft")
    unseeded = [s.make("without a seed", provider="mock") for _ in range(2)]
    equal(unseeded[0]["seed"], unseeded[1]["seed"], "the seed drawn from the prompt")
    equal(unseeded[0]["checksum"], unseeded[1]["checksum"], "the checksum")


@test
def mood_and_platform_shape_the_job():
    s = server()
    cases = [  # request, then category, ratio, size
        ({"mood": 0}, "surreal_trip", "16:9", (320, 180)),
        ({"mood": None}, "luxury_reveal", "16:9", (320, 180)),
        ({}, "luxury_reveal", "16:9", (320, 180)),
        ({"mood": 60, "platform": "tiktok"}, "high_energy", "9:16", (180, 320)),
        ({"mood": 15, "platform": "instagram"}, "intimate_story", "4:5", (180, 226)),
        ({"mood": 49, "platform": "tiktok", "aspect_ratio": "1:1"}, "luxury_reveal", "1:1", (180, 180)),
        ({"mood": 100, "platform": None, "aspect_ratio": "21:9"}, "high_energy", "21:9", (420, 180)),
    ]
    for request, category, ratio, size in cases:
        job = s.make("a bridge", **request)
        equal([job["mood_category"], job["aspect_ratio"]], [category, ratio], f"what came of {request}")
        equal((job["width"], job["height"]), size, f"the size of {ratio}")
        equal(job["mood"], 50 if request.get("mood") is None else request["mood"], "the mood")
        equal(job["strategy"]["mood_category"], category)
        equal(job["platform"], request.get("platform", "youtube"), "the platform")


@test
def duration_is_what_was_asked_and_five_seconds_by_default():
    s = server()
    job = s.make("long enough", duration=2, platform="tiktok")
    equal([job["duration"], round(job["duration_actual"], 2)], [2, 2])
    equal(job["strategy"]["duration"], 15, "the platform's advice")
    plain = s.post("/api/video/generate", {"prompt": "plain", "provider": "mock"}).json
    job = s.done(plain["job_id"])
    equal([job["duration"], round(job["duration_actual"], 1)], [5, 5])
    equal([job["fps"], job["generation_type"], job["platform"]], [30, "text_to_video", "youtube"])


@test
def frame_rates():
    for fps in (24, 25, 30, 60):
        job = server().make(f"{fps} frames", fps=fps)
        equal(job["fps"], fps)


@test
def the_enriched_prompt_reaches_the_job_and_is_not_enriched_again():
    s = server()
    started = s.generate("a red door", mood=60, platform="tiktok")
    enriched = started["strategy"]["enriched_prompt"]
    equal(enriched, "a red door, dynamic atmosphere, fpv_drone camera movement, high_contrast lighting, "
                    "vibrant color grading, trending, viral, catchy")
    job = s.done(started["job_id"])
    equal([job["prompt"], job["enriched_prompt"]], ["a red door", enriched])
    again = s.make(enriched, mood=60, platform="tiktok")
    equal([again["prompt"], again["enriched_prompt"]], [enriched, enriched], "the prompt sent back")
    equal(again["camera_movement"], "fpv_drone")
    equal(again["checksum"], job["checksum"], "the clip of the prompt sent back")
    third = s.post("/api/video/strategy", {"prompt": "a red door", "mood": 60}).json["variations"][2]
    equal(s.make(third["prompt"], mood=60)["camera_movement"], third["camera_movement"], "the camera of the third variation")


@test
def camera_light_and_grade_may_be_chosen():
    job = server().make("my way", camera_movement="fish_eye", lighting="candlelight", color_grade="punchy", mood=60)
    equal(job["camera_movement"], "fish_eye")
    equal([job["strategy"]["lighting"], job["strategy"]["color_grade"]], ["candlelight", "punchy"])


@test
def image_to_video_moves_through_an_uploaded_picture():
    s = server()
    body, headers = form(("file", "scene.png", "image/png", png(320, 180)))
    picture = s.post("/media/upload", body=body, headers=headers).json
    job = s.make("into the picture", provider="local", generation_type="image_to_video", reference_image_url=picture["url"])
    equal([job["generation_type"], job["reference_image_url"]], ["image_to_video", picture["url"]])
    equal([job["width"], job["height"]], [960, 540])
    again = s.make("into the picture", provider="local", generation_type="image_to_video",
                   reference_image_url=f"http://127.0.0.1:{s.port}{picture['url']}")
    equal(again["checksum"], job["checksum"], "the clip from the picture's whole address")


@test
def a_clip_in_a_universe_lies_in_its_folder():
    s = server()
    world = s.post("/universes", {"name": "w"}, status=201).json["id"]
    job = s.make("here", universe_id=world)
    equal([job["universe_id"], job["video_url"]], [world, f"/media/videos/{world}/{job['id']}.mp4"])
    equal(s.make("there", universe_id=world.upper())["universe_id"], world, "the universe in another spelling")


@test
def lists_filters_orders_and_pages():
    s = Server({"UMAM_SLOTS": "1"})
    token, other = s.register("lister"), s.register("other")
    world = s.post("/universes", {"name": "w"}, token=token, status=201).json["id"]
    made = []
    for duration, fields in ((2, {}), (1, {"universe_id": world}), (3, {}), (1, {"universe_id": world}), (2, {})):
        made.append(s.make(f"number {len(made)}", duration=duration, token=token, **fields))
    busy = s.generate("stays", provider="local", duration=60, token=token)["job_id"]
    s.watch(busy, token, until=lambda _, data: data["status"] == "processing")
    waiting = s.generate("waits", token=token)["job_id"]
    s.post(f"/api/video/jobs/{waiting}/cancel", token=token)
    s.make_other = s.generate("another's", token=other)
    ids = [job["id"] for job in made]
    newest = [waiting, busy] + ids[::-1]

    def listed(**query):
        reply = s.get("/api/video/jobs", token=token, query=query).json
        return [job["id"] for job in reply["jobs"]], reply
    equal(listed()[0], newest, "all, newest first")
    reply = listed()[1]
    equal([reply["total"], reply["limit"], reply["offset"], reply["has_more"]], [7, 20, 0, False])
    got, reply = listed(limit=3)
    equal([got, reply["total"], reply["has_more"]], [newest[:3], 7, True], "the first page")
    got, reply = listed(limit=3, offset=6)
    equal([got, reply["total"], reply["has_more"]], [newest[6:], 7, False], "the last page")
    got, reply = listed(limit=7)
    equal([len(got), reply["has_more"]], [7, False], "a page that just fits")
    got, reply = listed(limit=0)
    equal([got, reply["total"], reply["limit"]], [[], 7, 0], "an empty page")
    got, reply = listed(offset=50)
    equal([got, reply["total"], reply["has_more"]], [[], 7, False], "a page beyond the end")
    equal(listed(limit=1000)[1]["limit"], 100, "the longest page")
    equal(listed(sort_order="asc")[0], newest[::-1], "oldest first")
    by_length = sorted(made, key=lambda job: job["duration"])
    durations = [job["duration"] for job in s.get("/api/video/jobs", token=token, query={
        "sort_by": "duration", "sort_order": "asc", "status": "completed"}).json["jobs"]]
    equal(durations, [job["duration"] for job in by_length], "shortest first")
    equal(listed(sort_by="completed_at", status="completed")[0], ids[::-1], "last completed first")
    equal(listed(status="completed")[0], ids[::-1])
    equal(listed(status="cancelled")[0], [waiting])
    equal(listed(status="processing")[0], [busy])
    equal(listed(status="failed")[0], [])
    equal(listed(universe_id=world)[0], [ids[3], ids[1]])
    equal(listed(universe_id=world)[1]["total"], 2)
    equal(listed(provider="local")[0], [busy])
    equal(listed(provider="mock", status="completed", universe_id=world, limit=1)[0], [ids[3]])
    equal(listed(provider="nobody")[0], [])
    equal(listed(universe_id="' OR 1=1 --")[0], [])
    equal(len(s.get("/api/video/jobs", token=other).json["jobs"]), 1, "the other's jobs")
    equal(s.get("/api/video/jobs").json["total"], 8, "what an administrator sees")
    s.post(f"/api/video/jobs/{busy}/cancel", token=token)
    s.stop()


@test
def the_list_refuses_what_it_does_not_know():
    for query in ({"limit": -1}, {"offset": -1}, {"limit": "x"}, {"sort_by": "metadata"}, {"sort_by": "id; DROP TABLE jobs"},
                  {"sort_order": "sideways"}, {"status": "done"}):
        fault = server().get("/api/video/jobs", query=query, status=422).detail[0]
        equal(fault["loc"], ["query", next(iter(query))])


@test
def info_is_read_from_the_file():
    job = server().make("to be measured")
    info = server().get(f"/api/video/jobs/{job['id']}/info").json
    equal(info["job_id"], job["id"])
    facts = info["video_info"]
    equal([facts["file_size"], facts["audio"]], [job["file_size"], None])
    equal([facts["video"]["codec"], facts["video"]["width"], facts["video"]["height"], facts["video"]["fps"]],
          ["h264", 320, 180, "24"])
    holds("mp4" in facts["format"], f"the format is {facts['format']}")


@test
def no_clip_before_it_is_made():
    s = server()
    job = s.generate("not yet", provider="local", duration=60)["job_id"]
    for what in ("download", "info"):
        has(s.get(f"/api/video/jobs/{job}/{what}", status=409).detail, "not completed")
    s.delete(f"/api/video/jobs/{job}", status=409)
    s.post(f"/api/video/jobs/{job}/retry", status=409)
    s.post(f"/api/video/jobs/{job}/cancel")
    s.done(job, status="cancelled")


@test
def remove():
    s = server()
    job = s.make("to be removed")
    path = f"/api/video/jobs/{job['id']}"
    files = [url[len("/media/"):] for url in (job["video_url"], job["thumbnail_url"])]
    holds(set(files) <= set(s.stored()), "the files are not stored")
    s.delete(path)
    for gone in (path, f"{path}/download", f"{path}/info", f"{path}/events", job["video_url"], job["thumbnail_url"]):
        s.get(gone, status=404)
    s.delete(path, status=404)
    row = s.rows("SELECT * FROM media_assets WHERE source_job_id = ?", job["id"])[0]
    equal((row["trashed_by"], row["trash_reason"]), ("admin", "its video job was deleted"))
    holds(set(files) <= set(s.stored()), "the files of what can be brought back are gone")
    equal(s.rows("SELECT id FROM jobs WHERE id = ?", job["id"]), [], "the row of the queue")


@test
def cancel_while_it_waits_and_while_it_runs():
    s = Server({"UMAM_SLOTS": "1"})
    long = {"provider": "local", "duration": 60, "size": "4k"}
    took = []
    for _ in range(3):  # the quickest counts: other programs may take the processor
        running = s.generate("runs", **long)["job_id"]
        waiting = s.generate("waits", **long)["job_id"]
        s.watch(running, until=lambda _, data: data["progress"] > 0)
        equal(s.post(f"/api/video/jobs/{waiting}/cancel").json["status"], "cancelled", "a waiting job, at once")
        equal(s.watch(waiting)[-1][0], "cancelled", "its last event")
        began = time.monotonic()
        holds(s.post(f"/api/video/jobs/{running}/cancel").json["status"] in ("processing", "cancelled"), "the cancel is refused")
        equal(s.watch(running)[-1][0], "cancelled", "the last event of the running job")
        took.append(time.monotonic() - began)
        job = s.job(running)
        equal([job["status"], job["video_url"]], ["cancelled", None])
        s.post(f"/api/video/jobs/{running}/cancel", status=409)
        if took[-1] < 1:
            break
    holds(min(took) < 1, f"cancelling took {min(took):.2f} s")
    equal(s.stored(), [], "the media folder")
    equal(children(zygote(s)), [], "the children of the worker")
    s.make("goes on")


@test
def a_cancelled_job_can_be_retried():
    s = server()
    job = s.generate("second thoughts", provider="local", duration=1)["job_id"]
    reply = s.call("POST", f"/api/video/jobs/{job}/cancel", status=(200, 409))
    equal(reply.status, 200, "the status of the cancel")
    s.done(job, status="cancelled")
    again = s.post(f"/api/video/jobs/{job}/retry").json
    holds(again["status"] in ("pending", "processing"), f"a job that is retried is {again['status']}")
    equal([again["id"], again["completed_at"]], [job, None])
    done = s.done(job)
    equal(len(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", job)), 1, "the number of assets")
    s.post(f"/api/video/jobs/{job}/retry", status=409)
    s.post(f"/api/video/jobs/{job}/cancel", status=409)
    equal(s.job(job), done, "the completed job")


@test
def a_failed_job_says_why_and_can_be_retried():
    s = server()
    body, headers = form(("file", "scene.png", "image/png", png(64, 64)))
    picture = s.post("/media/upload", body=body, headers=headers).json["url"]
    file = s.media / picture[len("/media/"):]
    kept = file.read_bytes()
    file.unlink()
    job = s.generate("gone", provider="local", generation_type="image_to_video", reference_image_url=picture)["job_id"]
    failed = s.done(job, status="failed")
    has(failed["error_message"], "is gone")
    holds(str(s.data) not in failed["error_message"], "the message shows a path of the server")
    equal(s.watch(job)[-1][0], "failed", "the last event")
    file.write_bytes(kept)
    s.post(f"/api/video/jobs/{job}/retry")
    equal(s.done(job)["error_message"], None)


@test
def a_damaged_reference_fails_with_its_reason():
    s = server()
    body, headers = form(("file", "scene.png", "image/png", png(65, 64)))
    picture = s.post("/media/upload", body=body, headers=headers).json["url"]
    (s.media / picture[len("/media/"):]).write_bytes(b"no picture any more")
    job = s.done(s.generate("damaged", provider="local", generation_type="image_to_video", reference_image_url=picture)["job_id"],
                 status="failed")
    holds(job["error_message"] and str(s.data) not in job["error_message"], f"the message is {job['error_message']!r}")
    equal(s.rows("SELECT attempt FROM jobs WHERE id = ?", job["id"])[0]["attempt"], 1, "attempts at what cannot succeed")


@test
def ten_jobs_at_once():
    s = Server()
    before, ids = len(s.log), []
    threads = [threading.Thread(target=lambda i=i: ids.append(s.generate(f"number {i}", seed=i)["job_id"])) for i in range(10)]
    s.token()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(len(set(ids)), 10, "the number of jobs")
    for job in ids:
        s.await_log("job ended", since=before, job=job, outcome="succeeded")
    reply = s.get("/api/video/jobs", query={"status": "completed"}).json
    equal(reply["total"], 10, "completed jobs")
    equal(sorted(job["id"] for job in reply["jobs"]), sorted(ids))
    equal(s.rows("SELECT COUNT(*) AS n FROM media_assets")[0]["n"], 10, "assets")
    equal(len([name for name in s.stored() if not name.startswith("derived/")]), 20, "clips and posters")
    looked = s.rows("SELECT phash, thumbhash, analysis FROM media_assets")
    holds(all(row["phash"] is not None and row["thumbhash"] and row["analysis"] for row in looked), "a clip was not looked at")


@test
def others_jobs_do_not_exist():
    s = server()
    owner, other = s.register("maker"), s.register("nosy")
    job = s.make("private", token=owner)
    path = f"/api/video/jobs/{job['id']}"
    for method, what in (("GET", ""), ("GET", "/download"), ("GET", "/info"), ("GET", "/events"), ("POST", "/retry"),
                         ("POST", "/cancel"), ("DELETE", "")):
        reply = s.call(method, path + what, token=other, status=404)
        equal(reply.detail, "Video job not found", f"the detail of {method} {what}")
    equal(s.get("/api/video/jobs", token=other).json["total"], 0)
    equal(s.job(job["id"])["id"], job["id"], "what an administrator gets")
    equal(s.job(job["id"], owner)["status"], "completed", "the job afterwards")


main()
