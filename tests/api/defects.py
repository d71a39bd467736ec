#!/usr/bin/env -S python3 -B
"""What was wrong in the server this one replaces, as a list of attacks: D-01 to D-59 are its known defects, each either a
test here that bears its number, or a test elsewhere, or about something this server does not have."""
import calendar

from harness import *

ELSEWHERE = {
    "D-04": "videos.a_clip_is_made_though_nobody_asks_again",  # an agent that could not be constructed
    "D-07": "videos.lists_filters_orders_and_pages",  # a total that was the length of the page
    "D-08": "videos.a_failed_job_says_why_and_can_be_retried",  # failures that nobody was told
    "D-09": "videos.a_clip_is_made_though_nobody_asks_again",  # jobs that advanced only when asked about
    "D-10": "elements.data_comes_back_as_it_was_sent",  # data wrapped once more
    "D-11": "elements.ids_of_ones_own_are_taken_once",  # a component with an id was a crash
    "D-13": "videos.the_enriched_prompt_reaches_the_job_and_is_not_enriched_again",
    "D-14": "strategy.every_edge_of_mood_on_every_platform",  # mood 0 became 50
    "D-15": "strategy.every_edge_of_mood_on_every_platform",  # mood was ignored
    "D-16": "videos.mood_and_platform_shape_the_job",  # what a platform decides
    "D-21": "videos.the_list_refuses_what_it_does_not_know",  # sort_by as an attribute of a program
    "D-26": "matrix.every_caller_gets_what_he_may",  # routes that asked for no token
    "D-27": "videos.others_jobs_do_not_exist",  # everybody's jobs for any token
    "D-29": "uploads.names_are_never_paths",
    "D-30": "accounts.the_dev_token_is_off_unless_allowed",
    "D-31": "accounts.a_token_without_roles_is_no_administrator",
    "D-32": "accounts.register_login_me",  # one round of SHA-256
    "D-37": "durability.a_job_that_always_kills_its_worker_is_parked",  # retries that doubled
    "D-40": "elements.null_changes_nothing_but_takes_the_subtype_away",  # a subtype nobody could set
    "D-46": "clips.the_clip_probes_as_what_the_job_says",  # facts computed and thrown away
    "D-47": "videos.the_whole_recipe_is_kept_with_the_asset",  # a table nobody wrote
    "D-48": "cli.migrate_up_down_and_status",  # migrations with two heads
    "D-49": "refusals.every_field_out_of_its_range",  # an empty prompt was a 500
    "D-50": "refusals.every_field_out_of_its_range",  # no limits
    "D-52": "refusals.every_field_out_of_its_range",  # unknown providers that were said to have worked
    "D-53": "videos.a_cancelled_job_can_be_retried",  # no retry, cancel, delete, download
    "D-55": "hostile.more_keep_their_connection_than_there_are_threads",  # one slow request held up all
    "D-56": "elements.filters_and_pages",  # wildcards in a search, lists in any order
    "D-57": "matrix.every_caller_gets_what_he_may",  # a 401 that did not say how to log in
    "D-58": "contract.live_and_ready",  # a version that did not start
}
NOT_HERE = {
    "D-17": "transcription", "D-18": "audio jobs", "D-19": "speech", "D-20": "the LTX provider", "D-35": "AI pictures",
    "D-36": "S3", "D-38": "transcription", "D-39": "remote providers", "D-42": "the timeline", "D-44": "audio jobs",
    "D-54": "the old user interface", "D-59": "speech",
}

server()  # the shared one is the first


@test
def every_defect_has_its_place():
    here = [f"D-{name[1:3]}" for name in globals() if re.match(r"d\d\d_", name)]
    equal(sorted([*here, *ELSEWHERE, *NOT_HERE]), [f"D-{n:02}" for n in range(1, 60)], "the defects accounted for")
    for defect, place in ELSEWHERE.items():
        program, name = place.split(".")
        text = (SOURCE / "tests" / "api" / f"{program}.py").read_text()
        holds(re.search(rf"^@\w+\ndef {name}\(", text, re.M), f"{defect} is said to be tested by {place}, which does not exist")


def picture(s, token="admin"):
    body, headers = form(("file", "p.png", "image/png", png(32, 32)))
    return s.post("/media/upload", body=body, headers=headers, token=token).json["url"]


def world(s, token="admin"):
    return "/universes/" + s.post("/universes", {"name": "Aetheria"}, token=token, status=201).json["id"]


@test
def d01_a_start_deletes_nothing():
    s = Server()
    path = world(s)
    element = path + "/elements/" + s.post(f"{path}/elements", {"name": "Ada"}, status=201).json["id"]
    s.post(f"{element}/components", {"data": {"kept": True}}, status=201)
    clip, image = s.make("a short shot", universe_id=path.rsplit("/", 1)[1]), picture(s)
    token = s.register("mira")
    before = s.get(path).json, s.job(clip["id"]), s.stored()
    for end in (s.stop, s.kill):
        end()
        s.start()
        equal((s.get(path).json, s.job(clip["id"]), s.stored()), before, "what there is after a start")
        equal(s.get(image, token=None).headers["content-type"], "image/png")
        equal(s.get("/auth/me", token=token).json["username"], "mira")
        world(s, token)  # and it can be written
    s.stop()


@test
def d02_generate_takes_every_platform():
    for platform in ("tiktok", "youtube", "instagram", None):
        server().make("a lighthouse", platform=platform)


@test
def d03_the_strategy_says_success():
    reply = server().post("/api/video/strategy", {"prompt": "a lighthouse"}).json
    equal([reply["success"], len(reply["variations"])], [True, 3])


@test
def d05_a_job_can_be_read_in_every_state():
    s, seen = server(), set()
    done, failing = s.make("a lighthouse")["id"], picture(s)
    (s.media / failing[len("/media/"):]).unlink()
    failed = s.generate("x", provider="local", generation_type="image_to_video", reference_image_url=failing)["job_id"]
    s.done(failed, status="failed")
    running = s.generate("a long shot", provider="local", duration=60)["job_id"]
    eventually(lambda: s.job(running)["status"] == "processing", "the start of a job")
    for job in (done, failed, running):
        read = s.job(job)
        seen.add(read["status"])
        equal(read["output_video_url"], read["video_url"], "the address under both of its names")
        equal(bool(read["video_url"]), read["status"] == "completed", "whether there is an address")
    s.post(f"/api/video/jobs/{running}/cancel")
    seen.add(s.done(running, status="cancelled")["status"])
    equal(seen, {"completed", "failed", "processing", "cancelled"})


@test
def d06_a_mock_job_outlives_the_process_that_took_it():
    s = Server()
    jobs = [s.generate("a lighthouse")["job_id"] for _ in range(5)]
    s.kill()
    s.start()
    for job in jobs:
        s.done(job)
    s.stop()


@test
def d12_no_component_spoils_a_list():
    s = server()
    token = s.register("builder")
    path = world(s, token)
    element = path + "/elements/" + s.post(f"{path}/elements", {"name": "Ada"}, token=token, status=201).json["id"]
    for kind in ("Text", "Image", "Video", "Audio", "Model3D", "Attribute", "Relationship"):
        for data in ({}, {"type": f"{kind}Component"}, {"data": {"data": None}}, {"relations": 7, "attributes": [], "url": {}}):
            made = s.post(f"{element}/components", {"type": f"{kind}Component", "data": data}, token=token, status=201).json
            s.get(f"{element}/components/{made['id']}", token=token)
    s.put(f"{element}/components/{made['id']}", {"type": "Hologram"}, token=token, status=422)
    listed = s.get("/universes", token=token).json
    equal([len(e["components"]) for u in listed for e in u["elements"]], [28])
    equal(s.get(path, token=token).json, listed[0])


@test
def d22_an_empty_token_is_no_token():
    for header in ("Bearer ", "Bearer", "bearer  ", "", " ", "Bearer\t"):
        reply = server().get("/universes", token=None, headers={"Authorization": header}, status=401)
        equal(reply.headers["www-authenticate"], "Bearer")


@test
def d23_what_the_database_refuses_is_the_callers_fault():
    s = server()
    path, own = world(s), str(uuid.uuid4())
    for where, body in (("/universes", {"name": "x", "id": own}), (f"{path}/elements", {"name": "x", "id": own}),
                        (f"{path}/elements/{own}/components", {"id": own})):
        s.post(where, body, status=201)
        equal(s.post(where, body, status=409).json["code"], "conflict")
    account = {"username": "nora", "password": "a long password", "email": "n@example.org"}
    s.post("/auth/register", account, token=None, status=201)
    s.post("/auth/register", {**account, "username": "other"}, token=None, status=409)
    for where in ("/universes", f"{path}/elements"):
        s.post(where, {"name": None}, status=422)


@test
def d24_times_with_an_offset_are_converted():
    s = server()
    path = world(s)
    for hours, status in ((5, 200), (-3, 200)):
        stamp = s.get(path).json["updated_at"].replace("T", " ")
        instant = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%d %H:%M:%S"))
        there = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(instant + hours * 3600)) + stamp[19:]
        zone = f"{'+' if hours > 0 else '-'}{abs(hours):02}:00"
        s.put(path, {"name": "x", "updated_at": there}, status=412)  # the same digits without their zone
        s.put(path, {"name": "x", "updated_at": there + zone}, status=status)


@test
def d25_nothing_refers_to_what_is_gone():
    s = server()
    path = world(s)
    element = s.post(f"{path}/elements", {"name": "Ada"}, status=201).json["id"]
    s.post(f"{path}/elements/{element}/components", {}, status=201)
    clip = s.make("a short shot", universe_id=path.rsplit("/", 1)[1])
    s.delete(path)
    equal(s.rows("SELECT * FROM pragma_foreign_key_check"), [], "rows that refer to nothing")
    for table in ("elements", "video_jobs", "media_assets"):
        equal(s.rows(f"SELECT id FROM {table} WHERE universe_id = ?", path.rsplit("/", 1)[1]), [], f"{table} of the universe")
    equal(s.rows("SELECT id FROM components WHERE element_id = ?", element), [], "components of the element")
    equal(s.job(clip["id"])["universe_id"], None)
    s.post("/api/video/generate", {"prompt": "x", "universe_id": path.rsplit("/", 1)[1]}, status=404)


@test
def d28_nobody_gets_in_without_a_password():
    s = server()
    s.call("POST", "/users", {"username": "ghost"}, token=None, status=401)
    s.call("POST", "/users", {"username": "ghost"}, status=422)
    for password in ({}, {"password": ""}, {"password": None}, {"password": "short"}):
        s.post("/auth/register", {"username": "ghost", **password}, token=None, status=422)
        s.post("/auth/login", {"username": "ghost", **password}, token=None, status=(401, 422))
    equal(s.rows("SELECT username FROM users WHERE username = 'ghost' OR password_hash IS NULL"), [])


@test
def d33_no_id_becomes_a_path():
    s = server()
    listing = lambda: sorted(str(path) for path in s.folder.parent.glob("esc*")) + sorted(
        str(path.relative_to(s.folder)) for path in s.folder.rglob("*") if path.is_dir())
    before = listing()
    for evil in ("../../esc", "/tmp/esc", "..%2f..%2fesc", "..\\esc", "a/../../esc", "esc\0", ".", "..", "\u2025/esc"):
        reply = s.call("POST", "/api/video/generate", {"prompt": "x", "provider": "mock", "universe_id": evil}, status=(404, 422))
        holds(evil not in s.stored(), f"{evil!r} is a file: {reply.body!r}")
        s.post("/universes", {"name": "x", "id": evil}, status=422)
        s.call("POST", f"/universes/{urllib.parse.quote(evil, safe='')}/elements", {"name": "x"}, status=404)
    equal(listing(), before, "the folders")


@test
def d34_the_server_fetches_nothing_for_anybody():
    s = server()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        for url in (f"http://{address}/x.png", f"http://{address}/media/images/x.png", f"//{address}/media/x.png", f"ftp://{address}/x",
                    f"http://user@{address}/x.png", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/"):
            reply = s.post("/api/video/generate", {"prompt": "x", "generation_type": "image_to_video", "reference_image_url": url},
                           status=404)
            has(reply.detail, "no media of yours")
        try:
            listener.accept()
            raise Failure("the server came to fetch something")
        except TimeoutError:
            pass


@test
def d41_no_universe_may_be_said_as_null():
    equal(server().make("a lighthouse", universe_id=None)["universe_id"], None)


@test
def d43_bad_health_is_no_200():
    s = Server()
    for old, new, status, said in (("users", "elsewhere", 503, "unhealthy"), ("elsewhere", "users", 200, "healthy")):
        with sqlite3.connect(s.data / "umam.db", timeout=PATIENCE) as database:
            database.execute(f"ALTER TABLE {old} RENAME TO {new}")
        database.close()
        reply = s.get("/health", token=None, status=(200, 503))
        equal([reply.status, reply.json["status"], reply.json["checks"]["database"]["status"]], [status, said, said])
        s.get("/health/ready", token=None, status=status)
        equal(s.send("GET", "/health/live").status, 200)
    s.stop()


@test
def d45_media_stay_where_they_are_wherever_one_starts():
    s = Server(start=False)
    whole, s.data = s.data, "data"  # from within the folder
    s.start()
    s.data, s.media = whole, whole / "media"
    image, clip = picture(s), s.make("a lighthouse")
    s.stop()
    s.folder = new_folder()  # from somewhere else, by the whole name
    s.start()
    for url in (image, clip["video_url"], clip["thumbnail_url"]):
        s.get(url, token=None)
    equal(sorted(path.name for path in s.folder.iterdir()), [], "what lies in the folder it was started from")
    s.stop()


@test
def d51_the_provider_is_the_one_that_worked():
    s = server()
    for given, wanted in (("mock", "mock"), (None, "local")):
        reply = s.generate("a lighthouse", provider=given)
        equal([reply["provider"], s.done(reply["job_id"])["provider"]], [wanted, wanted])
    s.post("/api/video/generate", {"prompt": "x", "provider": "runway"}, status=422)


main()
