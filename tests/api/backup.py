#!/usr/bin/env -S python3 -B
"""`umam backup` and `umam restore`, rehearsed: fill, back up while jobs run, destroy, restore, compare everything. A kill at any
moment leaves the old state or the new one."""
import random

from harness import *

UNSTEADY = ("jobs", "login_networks", "sqlite_stat1", "audit_log", "sessions")  # change by a start or a login


def picture(s, side=8):
    body, headers = form(("file", "p.png", "image/png", png(side, side)))
    return s.post("/media/upload", body=body, headers=headers).json


def backup(s, folder, *words, code=0):
    done = run("backup", folder, "--data", s.data, "--json", *words, env=s.env, code=code)
    return json.loads(done.stdout) if done.stdout else json.loads(done.stderr)


def restore(data, *words, code=0):
    done = run("restore", *words, "--data", data, "--json", code=code)
    return json.loads(done.stdout if code == 0 else done.stderr)


def check(data):
    return json.loads(run("check", "--data", data, "--json").stdout)


def content(data):
    """Every row and the bytes of every file. The database is copied with its log, so that looking changes nothing."""
    copy = new_folder()
    for name in ("umam.db", "umam.db-wal"):
        if (data / name).exists():
            shutil.copy(data / name, copy / name)
    rows = {}
    with sqlite3.connect(copy / "umam.db") as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in tables:
            if table not in UNSTEADY and "_search" not in table:
                rows[table] = sorted(repr(row) for row in database.execute(f"SELECT * FROM {table}"))
    database.close()
    files = {str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
             for path in (data / "media").rglob("*") if path.is_file() and ".unfinished" not in path.parts}
    return rows, files


def filled():
    s = Server()
    world = s.post("/universes", {"name": "a coast"}, status=201).json["id"]
    s.post(f"/universes/{world}/elements", {"name": "a lighthouse"}, status=201)
    for side in range(8, 11):
        picture(s, side)
    s.make("a storm", universe_id=world)
    s.looked_at()
    return s


@test
def fill_back_up_destroy_restore_compare():
    s, target = filled(), new_folder() / "backups"
    report = backup(s, target)
    s.stop()
    before = content(s.data)
    equal((report["fault_count"], report["files"], report["rounds"]), (0, len(before[1]), 1))
    equal(report["new_files"], report["linked"] + report["cloned"] + report["copied"])
    shutil.rmtree(s.data)
    done = restore(s.data, target)
    equal((done["name"], done["files"], done["point"], done["with_key"]), (report["name"], report["files"], None, False))
    equal(content(s.data), before, "what was restored")
    equal(check(s.data)["faults"], [], "faults after a restore")
    equal(s.start().get("/universes", token=s.token()).json[0]["name"], "a coast")


@test
def while_jobs_run_a_backup_is_one_moment():
    s, target = Server(), new_folder() / "backups"
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            picture(s)
            job = s.make("a clip")
            if random.random() < 0.7:
                s.delete(f"/api/video/jobs/{job['id']}")

    busy = [threading.Thread(target=churn) for _ in range(3)]
    for each in busy:
        each.start()
    try:
        reports = [backup(s, target) for _ in range(5)]
    finally:
        stop.set()
        for each in busy:
            each.join()
    for report in reports:
        equal(report["faults"], [], "faults of a backup of a library in use")
        place = new_folder() / "data"
        restore(place, target, "--snapshot", report["name"])
        found = check(place)
        equal((found["faults"], found["unfinished"]), ([], 0), "faults after a restore")
        equal(len(content(place)[1]), report["files"])


@test
def only_what_is_new_is_stored_again():
    s, target = filled(), new_folder() / "backups"
    before = set(s.stored())
    first = backup(s, target)
    equal(backup(s, target)["new_files"], 0, "new files of a second backup")
    made = picture(s, 40)
    added = set(s.stored()) - before
    third = backup(s, target)
    contents = {(s.media / name).read_bytes() for name in added}
    holds(len(contents) >= 2, "an upload is a picture and its thumbnail")
    equal((third["new_files"], third["files"]), (len(contents), first["files"] + len(added)))
    holds((target / "snapshots" / third["name"] / "manifest.json").exists(), "no manifest")
    s.stop()
    old, new = new_folder() / "data", new_folder() / "data"
    has(restore(old, target, "--snapshot", "2020", code=5)["detail"], f"the newest of those in its folder snapshots is {third['name']}")
    restore(old, target, "--snapshot", first["name"])
    restore(new, target)
    name = "media/" + made["url"].removeprefix("/media/")
    equal((name in content(old)[1], name in content(new)[1]), (False, True))


@test
def an_existing_place_becomes_a_restore_point_and_comes_back():
    s, target = filled(), new_folder() / "backups"
    backup(s, target)
    picture(s, 50)
    s.kill()  # the last rows may be in the log alone
    later = content(s.data)
    done = restore(s.data, target)
    holds(content(s.data) != later, "the restore changed nothing")
    holds((s.data / done["point"] / "umam.db").exists(), "no restore point")
    undone = restore(s.data, "--undo")
    equal(undone["name"], done["point"])
    equal(content(s.data), later, "what came back")
    equal(check(s.data)["faults"], [])


@test
def a_damaged_backup_changes_nothing():
    s, target = filled(), new_folder() / "backups"
    report = backup(s, target)
    s.stop()
    before, snapshot = content(s.data), target / "snapshots" / report["name"]
    victims = [snapshot / "umam.db", snapshot / "files", snapshot / "manifest.json",
               max((target / "objects").glob("*/*"), key=lambda path: path.stat().st_size)]
    for victim in victims:
        kept = victim.read_bytes()
        flipped = [kept[:-9] + bytes([kept[-9] ^ 1]) + kept[-8:]] if victim.name != "manifest.json" else []
        for bad in (kept[:-1], *flipped, None, os.mkfifo):
            victim.unlink()
            if callable(bad):
                bad(victim)
            elif bad is not None:
                victim.write_bytes(bad)
            said = run("restore", target, "--data", s.data, code=None)
            holds(said.returncode in (3, 5, 8), f"a damaged {victim.name} was restored: {said.returncode} {said.stderr}")
            equal(content(s.data), before, f"the data after a restore from a damaged {victim.name}")
            victim.unlink(missing_ok=True)
            victim.write_bytes(kept)
    equal([path.name for path in s.data.iterdir() if path.name.startswith(("before-restore", ".restore"))], [])
    restore(s.data, target)


@test
def a_backup_from_the_future_is_refused_with_a_sentence():
    s, target = filled(), new_folder() / "backups"
    report = backup(s, target)
    s.stop()
    path = target / "snapshots" / report["name"] / "manifest.json"
    manifest = json.loads(path.read_text())
    for change in ({"format": manifest["format"] + 1}, {"schema": manifest["schema"] + 1}):
        path.write_text(json.dumps({**manifest, "version": "9.9", **change}))
        said = restore(new_folder() / "data", target, code=6)
        has(said["detail"], "the backup was made by a newer umam (9.9")


@test
def what_is_in_use_or_is_no_backup_is_left_alone():
    s, target = filled(), new_folder() / "backups"
    has(restore(s.data, target, code=6)["detail"], "uses this data")
    photos = new_folder()
    (photos / "holiday.jpg").write_bytes(b"x")
    has(backup(s, photos, code=6)["detail"], "holds other things than backups")
    equal([path.name for path in photos.iterdir()], ["holiday.jpg"])
    has(restore(new_folder() / "data", photos, code=5)["detail"], "there is no backup in")
    run("restore", "--data", s.data, code=2)


@test
def the_key_goes_along_only_when_asked_for():
    s, target = filled(), new_folder() / "backups"
    key = (s.data / "secret.key").read_text()
    without, with_ = backup(s, target), backup(s, target, "--with-key")
    found = [path for path in target.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    equal(found, [target / "snapshots" / with_["name"] / "secret.key"])
    equal(found[0].stat().st_mode & 0o77, 0, "the mode of the key for others")
    place = new_folder() / "data"
    restore(place, target, "--snapshot", without["name"])
    holds(not (place / "secret.key").exists(), "a key came from nowhere")
    equal(restore(place, target)["with_key"], True)
    equal((place / "secret.key").read_text(), key)


@test
def a_file_that_is_missing_is_told_and_the_rest_is_kept():
    s, target = filled(), new_folder() / "backups"
    made = picture(s, 60)
    (s.media / made["url"].removeprefix("/media/")).unlink()
    said = run("backup", target, "--data", s.data, "--json", env=s.env, code=3)
    report = json.loads(said.stdout)
    equal([(fault["kind"], fault["asset_id"]) for fault in report["faults"]], [("missing", made["asset_id"])])
    equal(report["rounds"], 2)
    restore(new_folder() / "data", target)


@test
def the_database_is_for_administrators_who_logged_in():
    s = Server()
    s.post("/api/backup/database", token=s.register("somebody"), status=403)
    copy = s.post("/api/backup/database")
    holds(copy.body.startswith(b"SQLite format 3\0"), "that is no database")
    equal([name for name in s.stored() if ".unfinished" in name], [])


def killed(words, patience, env=None):
    """Starts a command and kills it after a while; whether it had come to its end."""
    process = subprocess.Popen([UMAM, *map(str, words)], env=clean_environment(env), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        process.wait(patience)
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


@test
def a_kill_leaves_the_old_state_or_the_new():
    s, target = filled(), new_folder() / "backups"
    s.stop()
    first = backup(s, target)
    old = content(s.data)
    began = time.monotonic()
    restore(new_folder() / "data", target)
    longest = time.monotonic() - began
    s.start()
    for side in range(70, 76):
        picture(s, side)
    s.stop()
    new = content(s.data)
    dice, ends = random.Random(4), collections.Counter()
    for _ in range(12):  # of a backup: what the newest snapshot holds is whole
        ends["backup", killed(["backup", target, "--data", s.data], dice.uniform(0, longest * 1.2), s.env)] += 1
        place = new_folder() / "data"
        restore(place, target)
        holds(content(place) in (old, new), "a killed backup left something between")
    backup(s, target)
    for at in range(16):  # of a restore: the data is the old or the new
        order = ["restore", target, "--data", s.data] + (["--snapshot", first["name"]] if at % 2 else [])
        ends["restore", killed(order, dice.uniform(0, longest * 1.3), s.env)] += 1
        equal(check(s.data)["faults"], [], "faults after a kill")
        holds(content(s.data) in (old, new), "a killed restore left something between")
    print(dict(ends))


main()
