#!/usr/bin/env -S python3 -B
"""`umam check` and POST /api/storage/check: each kind of fault is found, beside a server and without one, and nothing is
changed by looking."""
import random

from harness import *


def picture(s, side=8):
    body, headers = form(("file", "p.png", "image/png", png(side, side)))
    return s.post("/media/upload", body=body, headers=headers).json


def fill(s):
    """A finished clip and four pictures; their replies."""
    clip = s.make("a lighthouse")
    return clip, [picture(s, 8 + i) for i in range(4)]


def check(s, code=0):
    done = run("check", "--data", s.data, "--json", env=s.env, code=code)
    return json.loads(done.stdout.splitlines()[0])


def path_of(s, url):
    return s.media / url.removeprefix("/media/")


def damage(s):
    """One fault of each kind; what must be told of them: {name: kind}."""
    clip, pictures = fill(s)
    equal(check(s)["healthy"], True, "a fresh library")
    lost, cut, other, made = (path_of(s, each["url"]) for each in pictures)
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    bytes_ = bytearray(other.read_bytes())
    bytes_[-20] ^= 1
    other.write_bytes(bytes_)
    path_of(s, pictures[3]["thumbnail_url"]).unlink()
    (s.media / "images/stray.png").write_bytes(b"nobody's")
    (s.media / "images/link.png").symlink_to(made)
    video = path_of(s, clip["video_url"])
    name = lambda path: str(path.relative_to(s.media))
    return {name(lost): "missing", name(cut): "truncated", name(other): "changed", "images/stray.png": "untracked",
            "images/link.png": "untracked", name(path_of(s, pictures[3]["thumbnail_url"])): "derivative"}, video


@test
def beside_a_server_every_kind_of_fault_is_found_and_nothing_is_touched():
    s = server()
    wanted, _ = damage(s)
    before = s.stored()
    report = check(s, code=3)
    equal({fault["name"]: fault["kind"] for fault in report["faults"]}, wanted)
    equal(report["healthy"], False)
    for kind in set(wanted.values()):
        equal(report[kind], list(wanted.values()).count(kind), kind)
    equal(s.stored(), before, "the files after a check")
    status = s.get("/api/storage/check").json
    equal((status["state"], status["started_by"], status["report"]["faults"]), ("done", "(umam)", report["faults"]))
    has(run("check", "--data", s.data, env=s.env, code=3).stdout, "missing     images/")


@test
def without_a_server_it_finds_the_same():
    s = server()
    there = check(s, code=3)
    s.stop()
    here = check(s, code=3)
    s.start()
    equal(here, there, "what is found without a server")


@test
def a_wrong_link_is_told():
    s = Server()
    made = picture(s)
    s.stop()
    with sqlite3.connect(s.data / "umam.db") as database:
        database.execute("UPDATE media_assets SET public_url = '/media/images/other.png'")
    database.close()
    faults = check(s, code=3)["faults"]
    equal([(fault["kind"], fault["asset_id"]) for fault in faults], [("link", made["asset_id"])])


@test
def a_clip_that_changed_is_known_by_its_bytes_alone():
    s = Server()
    clip = s.make("a lighthouse")
    path = path_of(s, clip["video_url"])
    bytes_ = bytearray(path.read_bytes())
    bytes_[len(bytes_) // 2] ^= 0x10
    path.write_bytes(bytes_)
    faults = check(s, code=3)["faults"]
    equal([(fault["kind"], fault["name"]) for fault in faults], [("changed", str(path.relative_to(s.media)))])


@test
def what_comes_and_goes_meanwhile_is_no_fault():
    s = Server()
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            picture(s)
            job = s.make("a clip")
            s.delete(f"/api/video/jobs/{job['id']}")

    busy = [threading.Thread(target=churn) for _ in range(2)]
    for each in busy:
        each.start()
    try:
        for _ in range(12):
            equal(check(s)["faults"], [], "faults of a library in use")
    finally:
        stop.set()
        for each in busy:
            each.join()


def live(s, stop, seed):
    """Uploads, deletes, brings back, purges and forgets when it was scrubbed, until the server dies; its start scrubs."""
    dice, mine = random.Random(seed), []
    auth = {"Authorization": f"Bearer {s.admin_token}"}
    while not stop.is_set():
        try:
            body, headers = form(("file", "p.png", "image/png", png(8 + dice.randrange(24), 8)))
            made = s.send("POST", "/media/upload", body, {**headers, **auth})
            mine.append(made.json["asset_id"])
            s.send("DELETE", f"/api/media/assets/{dice.choice(mine)}", headers=auth)
            s.send("POST", f"/api/media/assets/{dice.choice(mine)}/undo", headers=auth)
            s.send("POST", "/api/media/trash/purge", json.dumps({"days": 0}), {**auth, "Content-Type": "application/json"})
        except (OSError, http.client.HTTPException, Failure, KeyError):
            return


@test
def a_killed_server_leaves_no_faults():
    s, dice = Server({"UMAM_SCRUB_MINUTES": "1440"}), random.Random(7)
    s.get("/api/storage")
    for number in range(24):
        stop = threading.Event()
        busy = [threading.Thread(target=live, args=(s, stop, 4 * number + i)) for i in range(4)]
        for each in busy:
            each.start()
        time.sleep(dice.uniform(0, 0.4))
        s.kill()
        stop.set()
        for each in busy:
            each.join()
        equal(check(s)["faults"], [], "faults after a kill")
        s.start()
    equal(check(s)["unfinished"] if not s.rows("SELECT id FROM jobs WHERE finished_at IS NULL") else 0, 0)


def ready(s, asset_id):
    s.looked_at()
    return eventually(lambda: (asset := s.get(f"/api/media/assets/{asset_id}").json)["status"] == "ready" and asset,
                      "the end of an analysis")


@test
def derived_files_are_made_again_when_asked_for():
    for running in (True, False):
        s = Server()
        made, clip, broken = picture(s, 40), s.make("a clip"), picture(s, 41)
        s.looked_at()
        assets = {row["source_job_id"] or row["id"]: row for row in s.rows("SELECT * FROM media_assets")}
        path_of(s, made["thumbnail_url"]).unlink()
        path_of(s, clip["thumbnail_url"]).unlink()
        path_of(s, broken["thumbnail_url"]).unlink()
        path_of(s, broken["url"]).unlink()  # nothing can be made of that one
        if not running:
            s.stop()
        equal(check(s, code=3)["repairs"], 0, "repairs that nobody asked for")
        done = run("check", "--repair", "--data", s.data, "--json", env=s.env, code=3)
        equal(json.loads(done.stdout)["repairs"], 2)
        if not running:
            s.start()
        for asset_id in (made["asset_id"], assets[clip["id"]]["id"]):
            asset = ready(s, asset_id)
            equal(s.get(asset["thumbnail_url"], token=None).status, 200)
        kinds = sorted(fault["kind"] for fault in check(s, code=3)["faults"])
        equal(kinds, ["derivative", "missing"], "what is left")
        s.stop()


@test
def only_administrators_may():
    s = server()
    token = s.register("somebody")
    s.post("/api/storage/check", token=token, status=403)
    s.get("/api/storage/check", token=token, status=403)


main()
