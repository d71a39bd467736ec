#!/usr/bin/env -S python3 -B
"""The crash storm: server, worker and its children are killed at random moments, again and again, while clients start
jobs, upload, cancel, retry and delete. Then the server starts once more, everything comes to its end, and every
acknowledged answer is held against what there is.

    storm.py UMAM UMAM-MEDIA        KILLS=200 JOBS=200 SEED=n PACE=seconds KEEP=folder in the environment

The plan follows from the seed; what is hit by it also depends on the machine.
"""
import pathlib
import random
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
from harness import *
from clients import Client, Governor, Oaths, OWNERS

KILLS = int(os.environ.get("KILLS", "12"))
JOBS = int(os.environ.get("JOBS", "20"))
SEED = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "big"))
PACE = float(os.environ.get("PACE", "0.7"))  # seconds between kills, in the middle
CLIENTS = 6

ENDS = {"completed": "succeeded", "failed": "failed", "cancelled": "cancelled"}
VICTIMS = {("server",): 40, ("zygote",): 18, ("child",): 30, ("server", "zygote"): 4, ("server", "child"): 4,
           ("zygote", "child"): 4}


class Storm:
    def __init__(self):
        sanitizer = clean_environment()["ASAN_OPTIONS"] + ":quarantine_size_mb=4"  # else freed memory looks like a leak
        self.s = Server({"UMAM_SLOTS": "2", "RATE_LIMIT_ENABLED": "false", "ASAN_OPTIONS": sanitizer})
        self.tokens = {name: self.s.token(name, "user") for name in OWNERS}
        self.s.admin_token = self.s.token()
        self.oaths, self.stop = Oaths(), threading.Event()
        self.kills, self.recovery_ms, self.starts = collections.Counter(), [], 0
        self.created = 0
        self.shot, self.seen = 0, set()  # kills so far; processes of ours, with their start times
        self.lock = threading.Lock()

    # -- the clients' share --

    def may_create(self):
        """As many jobs as kills, spread over the storm."""
        with self.lock:
            due = self.shot >= KILLS or self.created < JOBS * (self.shot + 1) / KILLS + 3
            good = due and self.created < JOBS
            self.created += good
            return good

    def missing(self):
        """A creation without an answer is done again: the jobs that count are the acknowledged ones."""
        with self.lock:
            self.created = len(self.oaths.jobs)
            return self.created < JOBS

    # -- the killer's --

    def process_of(self, victim):
        """Its process now; None when there is none."""
        if victim == "server":
            return self.s.process.pid
        found = children(self.s.process.pid, "umam-media")
        if victim == "zygote" or not found:
            return found[0] if found else None
        end = time.monotonic() + 1
        while not (young := children(found[0])) and time.monotonic() < end:
            time.sleep(0.005)
        return self.dice.choice(young) if young else None

    def note(self):
        """Remembers who lives, to look for survivors later."""
        family = [self.s.process.pid]
        family += children(family[0])
        family += [pid for parent in family[1:] for pid in children(parent)]
        self.seen |= {(pid, started_at(pid)) for pid in family}

    def shoot(self, victims):
        pids = [self.process_of(victim) for victim in victims]
        self.note()
        for victim, pid in zip(victims, pids):
            if pid and alive(pid):
                os.kill(pid, signal.SIGKILL)
                self.kills[victim] += 1
                self.shot += 1
        if len(victims) > 1 and all(pids):
            self.kills["two at once"] += 1
        if "server" in victims:
            self.s.kill()
            self.again()

    def again(self):
        """Starts the server, now and then killing it while it comes up."""
        while True:
            began = time.monotonic()
            self.s.launch()
            self.starts += 1
            if self.dice.random() > 0.2 or self.shot >= KILLS:
                break
            time.sleep(self.dice.uniform(0, self.start_takes))
            self.note()
            self.s.kill()
            self.shot += 1
            self.kills["server while it starts"] += 1
        self.s.await_ready()
        self.s.get("/health/live", token=None)
        self.recovery_ms.append((time.monotonic() - began) * 1000)

    def blow(self):
        self.dice = random.Random(f"{SEED}-kills")
        began = time.monotonic()
        self.s.kill()
        self.s.start()
        self.start_takes = time.monotonic() - began
        clients = [Client(self.s, self.oaths, self.tokens, SEED, i, self.may_create, self.stop) for i in range(CLIENTS)]
        clients.append(Governor(self.s, self.oaths, SEED, self.stop))
        for client in clients:
            client.start()
        while self.shot < KILLS:
            time.sleep(min(self.dice.expovariate(1 / PACE), 4 * PACE))
            self.shoot(self.dice.choices(list(VICTIMS), VICTIMS.values())[0])
        eventually(lambda: not self.missing() or self.stop.wait(0.2), "the acknowledgement of all jobs", 600)
        self.stop.set()
        for client in clients:
            client.join(PATIENCE)

    def release(self):
        """What was paused has waited through everything; now it goes on."""
        eventually(lambda: self.s.rows("SELECT COUNT(*) AS n FROM jobs WHERE held = 0 AND state NOT IN "
                                       "('succeeded', 'failed', 'cancelled')")[0]["n"] == 0, "the end of all jobs", 600)
        held = {row["id"] for row in self.s.rows("SELECT id FROM jobs WHERE held = 1 AND state = 'queued'")}
        for job in self.oaths.jobs.values():
            holds(not job.held or job.id in held, f"job {job.id} is not paused any more; {job.story}")
        for job_id in held:
            self.s.post(f"/api/jobs/{job_id}/resume")
        self.kills["jobs that stayed paused"] = len(held)

    def drain(self):
        """Everything runs to its end. What was shot too often is parked, and asked for again."""
        for _ in range(4):
            eventually(lambda: self.s.rows("SELECT COUNT(*) AS n FROM jobs WHERE state NOT IN "
                                           "('succeeded', 'failed', 'cancelled')")[0]["n"] == 0, "the end of all jobs", 600)
            parked = self.s.rows("SELECT * FROM jobs WHERE state = 'failed'")
            for row in parked:
                holds(row["cause"] == "abandoned" or
                      row["cause"] == "worker_crashed" and (row["crashes"] >= 2 or row["attempt"] >= row["attempts_max"]),
                      f"job {row['id']} failed for another reason than kills: {row['cause']}, {row['error']}")
                self.kills["jobs parked"] += 1
                self.s.post(f"/api/video/jobs/{row['id']}/retry")
            if not parked:
                return
        raise Failure("jobs fail without being shot")


def started_at(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None


storm = Storm()
s, oaths = storm.s, storm.oaths


def all_jobs():
    return {row["id"]: row for row in s.rows("SELECT * FROM video_jobs")}


def tell():
    counts = collections.Counter(row["status"] for row in all_jobs().values())
    print(f"  {storm.shot} kills: {dict(storm.kills)}; {storm.starts} starts, first answer after "
          f"{statistics.mean(storm.recovery_ms):.0f} ms in the mean, {max(storm.recovery_ms):.0f} ms at worst")
    print(f"  {len(oaths.jobs)} jobs acknowledged, {len(all_jobs())} there: {dict(counts)}; {len(oaths.uploads)} uploads, "
          f"{len(oaths.universes)} universes; {oaths.count()} answers {dict(oaths.answered)}")
    print(f"  without an answer: {dict(oaths.unanswered)}", flush=True)


@test
def the_storm_passes_and_everything_drains():
    print(f"  SEED={SEED} KILLS={KILLS} JOBS={JOBS} {UMAM}", flush=True)
    storm.blow()
    s.kill()
    s.start()
    storm.release()
    storm.drain()
    tell()
    holds(not oaths.faults, f"{len(oaths.faults)} answers were wrong: {oaths.faults[:5]}")


@test
def every_acknowledged_job_ended_as_it_may():
    rows = all_jobs()
    for job in oaths.jobs.values():
        status = rows[job.id]["status"] if job.id in rows else "gone"
        holds(status in job.may_be, f"job {job.id} is {status}, but {job.story}")


@test
def the_queue_and_the_jobs_agree():
    queue = {row["id"]: row for row in s.rows("SELECT * FROM jobs WHERE kind = 'video'")}
    rows = all_jobs()
    equal(sorted(queue), sorted(rows), "the jobs in the queue")
    for job_id, row in rows.items():
        equal(queue[job_id]["state"], ENDS[row["status"]], f"the state of job {job_id}, {row['status']},")
    equal(s.rows("SELECT id FROM jobs WHERE lease_owner IS NOT NULL OR lease_until IS NOT NULL"), [], "leases")


@test
def no_job_took_effect_twice():
    rows = all_jobs()
    won = collections.Counter(entry["job"] for entry in s.events()
                              if entry["event"] == "job ended" and entry["outcome"] == "succeeded")
    equal({job: times for job, times in won.items() if times > 1}, {}, "jobs that succeeded more than once")
    for row in rows.values():
        assets = s.rows("SELECT * FROM media_assets WHERE source_job_id = ?", row["id"])
        equal(len(assets), int(row["status"] == "completed"), f"the assets of job {row['id']}, {row['status']},")
        if assets:
            clip = (s.media / row["local_path"]).read_bytes()
            equal([row["checksum"], assets[0]["checksum"]], [hashlib.sha256(clip).hexdigest()] * 2, "the checksum of a clip")
            equal([row["file_size"], assets[0]["file_size"]], [len(clip)] * 2, "the size of a clip")


@test
def every_acknowledged_upload_is_there_byte_for_byte():
    for upload in oaths.uploads.values():
        equal(s.get(upload.url, token=None).body == upload.data, True, f"the sameness of upload {upload.asset_id}")
        holds(s.get(upload.thumbnail_url, token=None).body[:3] == b"\xff\xd8\xff", f"upload {upload.asset_id} has no thumbnail")
    for row in s.rows("SELECT * FROM media_assets WHERE source_type = 'uploaded'"):
        data = (s.media / row["file_path"]).read_bytes()
        equal(hashlib.sha256(data).hexdigest(), row["checksum"], f"the checksum of upload {row['id']}")


@test
def what_was_deleted_stays_deleted():
    for job in oaths.jobs.values():
        if job.may_be == {"gone"}:
            s.get(f"/api/video/jobs/{job.id}", status=404)
            equal(s.rows("SELECT id FROM jobs WHERE id = ?", job.id), [], "jobs of a deleted job")
            equal(s.rows("SELECT id FROM media_assets WHERE source_job_id = ? AND trashed_at IS NULL", job.id), [], "its clips")
    for universe in oaths.deleted_universes:
        s.get(f"/api/universes/{universe}", status=404)
    for universe in oaths.universes:
        s.get(f"/api/universes/{universe}")
    for path in oaths.deleted_elements:
        s.get(path, status=404)


@test
def every_acknowledged_element_is_there_with_its_components():
    for element in oaths.elements.values():
        if element.path.split("/")[3] in oaths.universes:
            found = s.get(element.path).json
            equal(found["name"], element.name, "the name of an element")
            equal({part["id"] for part in found["components"]} >= element.components, True, "the components of an element")


@test
def every_file_belongs_to_a_row_and_every_row_has_its_files():
    stored = set(s.stored())
    named = {row["name"] for row in s.rows("SELECT name FROM derivatives")}
    for row in s.rows("SELECT file_path, thumbnail_url FROM media_assets"):
        named |= {row["file_path"], row["thumbnail_url"][len("/media/"):]}
    equal(sorted(named - stored), [], "missing files")
    equal(sorted(stored - named), [], "files that belong to nothing")


@test
def counters_are_right():
    rows = all_jobs()
    equal(s.get("/api/video/jobs").json["total"], len(rows), "the total of the job list")
    for status, count in collections.Counter(row["status"] for row in rows.values()).items():
        equal(s.get("/api/video/jobs", query={"status": status}).json["total"], count, f"the total of {status} jobs")
    for owner in OWNERS:
        total = s.get("/api/video/jobs", token=storm.tokens[owner]).json["total"]
        equal(total, sum(row["owner_id"] == owner for row in rows.values()), f"the total of {owner}'s jobs")
    there = {row["id"] for row in s.rows("SELECT id FROM universes")}
    listed = {row["id"] for row in s.get("/api/universes", query={"limit": 1000}).json}
    equal(listed, there, "the list of universes")
    stats = s.get("/api/jobs/stats").json
    equal({row["state"]: row["count"] for row in stats["counts"]},
          collections.Counter(ENDS[row["status"]] for row in rows.values()), "the counts of the queue")
    equal([stats["paused"], stats["running"]], [False, 0], "paused and running")


@test
def the_database_is_sound():
    equal(s.rows("PRAGMA integrity_check"), [{"integrity_check": "ok"}], "the database")
    equal(s.rows("PRAGMA foreign_key_check"), [], "references to nothing")


@test
def no_process_is_left_over():
    def survivors():
        now = {s.process.pid, *children(s.process.pid)}
        return [pid for pid, began in storm.seen if pid not in now and alive(pid) and started_at(pid) == began]
    eventually(lambda: not survivors(), "the end of all killed servers' processes", 10)
    zombies = [pid for parent in (s.process.pid, zygote(s)) for pid in dead_children(parent)]
    equal(zombies, [], "zombies of the server and its worker")


def dead_children(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                rest = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(rest[1]) == parent and rest[0] == "Z":
                found.append(int(entry.name))
    return found


def held():
    """Open descriptors and resident KiB of the server."""
    status = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    return len(os.listdir(f"/proc/{s.process.pid}/fd")), int(re.search(r"VmRSS:\s+(\d+)", status)[1])


@test
def a_worker_that_dies_again_and_again_costs_the_server_nothing():
    def shots(count):
        for _ in range(count):
            s.generate("aftershock", provider="mock")
            pid = storm.process_of(storm.dice.choice(("child", "zygote")))
            if pid and alive(pid):
                os.kill(pid, signal.SIGKILL)
                storm.kills["aftershocks"] += 1
        storm.drain()
        return held()
    few, many = max(2, KILLS // 20), max(4, KILLS // 5)
    files, memory = shots(few)
    files_later, memory_later = shots(many)
    print(f"  {storm.kills['aftershocks']} more kills: descriptors {files} -> {files_later}, memory {memory} -> {memory_later} KiB")
    holds(files_later <= files + 2, f"{files_later - files} more descriptors are open")
    holds(memory_later < memory + 32768, f"the server holds {memory_later - memory} KiB more")


main()
