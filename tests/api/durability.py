#!/usr/bin/env -S python3 -B
"""Programs killed in the middle of work: no job is lost, none is done twice, nothing unfinished stays."""
from harness import *


def finished(s, ids):
    """All of these completed, each once, with exactly its files."""
    for job_id in ids:
        job = s.done(job_id)
        clip = (s.media / job["video_url"][len("/media/"):]).read_bytes()
        equal(hashlib.sha256(clip).hexdigest(), job["checksum"], "the checksum of a clip")
        equal(len(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", job_id)), 1, "the assets of a job")
    wanted = [f"videos/default/{job_id}.mp4" for job_id in ids] + [f"videos/thumbnails/{job_id}.jpg" for job_id in ids]
    equal([name for name in s.stored() if not name.startswith("derived/")], sorted(wanted), "the media folder")
    equal(s.rows("SELECT COUNT(*) AS n FROM media_assets")[0]["n"], len(ids), "assets")
    equal(s.rows("SELECT COUNT(*) AS n FROM jobs WHERE state <> 'succeeded'")[0]["n"], 0, "unfinished jobs in the queue")
    equal(s.rows("SELECT COUNT(*) AS n FROM jobs WHERE lease_owner IS NOT NULL")[0]["n"], 0, "leases")
    equal(s.rows("PRAGMA integrity_check")[0]["integrity_check"], "ok", "the database")
    equal(s.rows("PRAGMA foreign_key_check"), [], "references to nothing")


def ten(s, **fields):
    request = {"provider": "local", "duration": 1, **fields}
    return [s.generate(f"take {i}", seed=i, **request)["job_id"] for i in range(10)]


def ended(s, since=0):
    return [entry["job"] for entry in s.events(since) if entry["event"] == "job ended"]


@test
def the_server_is_killed_in_the_middle_of_ten_jobs():
    s = Server()
    ids = ten(s, provider="mock", duration=10)
    for rounds in range(3):
        eventually(lambda: len(ended(s, s.log_mark)) >= 2 or len(set(ended(s))) == 10, "the end of two jobs")
        worker = zygote(s)
        s.kill()
        eventually(lambda: not alive(worker), "the end of the worker without its server")
        s.start()
    finished(s, ids)
    done = [entry["job"] for entry in s.events() if entry["event"] == "job ended" and entry["outcome"] == "succeeded"]
    equal(len(done), len(set(done)), "the number of jobs that succeeded, each once")


@test
def the_server_is_killed_while_it_renders():
    s = Server({"UMAM_SLOTS": "2"})
    ids = [s.generate("a long take", provider="local", duration=2)["job_id"] for _ in range(2)]
    s.watch(ids[0], until=lambda _, data: data["progress"] > 0.2)
    s.kill()
    s.start()
    equal(s.rows("SELECT MAX(attempt) AS n FROM jobs")[0]["n"] <= 1, True, "interrupted attempts are not counted")
    finished(s, ids)


@test
def the_worker_is_killed_in_the_middle():
    s = Server()
    ids = [s.generate(f"take {i}", provider="local", duration=1, seed=i)["job_id"] for i in range(3)]
    s.watch(ids[0], until=lambda _, data: data["progress"] > 0)
    os.kill(zygote(s), signal.SIGKILL)
    finished(s, ids)


@test
def a_child_of_the_worker_is_killed():
    s = Server({"UMAM_SLOTS": "1"})
    job = s.generate("a take", provider="local", duration=2)["job_id"]
    s.watch(job, until=lambda _, data: data["progress"] > 0)
    os.kill(eventually(lambda: children(zygote(s)), "a child of the worker")[0], signal.SIGKILL)
    s.await_log("job ended", job=job, outcome="queued again")
    finished(s, [job])
    row = s.rows("SELECT attempt, crashes FROM jobs WHERE id = ?", job)[0]
    equal([row["attempt"], row["crashes"]], [2, 1], "attempts and crashes")


@test
def a_picture_is_not_blamed_for_a_worker_that_dies_once():
    s = Server()
    worker, replies = zygote(s), []
    body, headers = form(("file", "good.png", "image/png", png(40, 40)))
    os.kill(worker, signal.SIGSTOP)  # so that the picture is in its hands when it dies
    thread = threading.Thread(target=lambda: replies.append(s.call("POST", "/media/upload", body=body, headers=headers)))
    s.admin_token = s.token()
    thread.start()
    time.sleep(0.5)
    os.kill(worker, signal.SIGKILL)
    thread.join(PATIENCE)
    equal([reply.status for reply in replies], [200], "the answers")
    equal(len([name for name in s.stored() if name.startswith("images/")]), 2, "the files")


@test
def a_job_that_always_kills_its_worker_is_parked():
    s = Server({"UMAM_SLOTS": "1"})
    job = s.generate("a deadly take", provider="local", duration=60, size="4k")["job_id"]

    def shoot():
        for pid in children(zygote(s)):
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.kill(pid, signal.SIGKILL)
        return s.job(job)["status"] == "failed"
    eventually(shoot, "the end of a job that cannot succeed")
    failed = s.job(job)
    has(failed["error_message"], "media worker")
    equal(s.stored(), [], "the media folder")
    s.make("goes on")


@test
def a_stop_lets_the_job_go_on_after_the_next_start():
    s = Server({"UMAM_SLOTS": "1"})
    job = s.generate("interrupted", provider="local", duration=2)["job_id"]
    waiting = s.generate("waiting")["job_id"]
    s.watch(job, until=lambda _, data: data["progress"] > 0.1)
    worker, began = zygote(s), time.monotonic()
    s.stop()
    holds(time.monotonic() - began < 20, "stopping took long")
    equal(alive(worker), False, "the worker's life after its server")
    equal(s.stored(), [], "the media folder of a stopped server")
    states = s.rows("SELECT state, attempt FROM jobs ORDER BY created_at")
    equal([(row["state"], row["attempt"]) for row in states], [("queued", 0), ("queued", 0)], "the queue of a stopped server")
    s.start()
    finished(s, [job, waiting])


@test
def a_stop_ends_streams_and_resting_connections():
    s = Server({"UMAM_SLOTS": "1"})
    job = s.generate("watched", provider="local", duration=60)["job_id"]
    heard = []
    thread = threading.Thread(target=lambda: heard.extend(s.watch(job)))
    thread.start()
    s.watch(job, until=lambda _, data: data["progress"] > 0)
    resting = socket.create_connection(("127.0.0.1", s.port))
    began = time.monotonic()
    s.stop()
    holds(time.monotonic() - began < 20, "stopping took long")
    thread.join(PATIENCE)
    holds(not thread.is_alive(), "the stream goes on")
    resting.close()


@test
def sigint_stops_as_well():
    s = Server()
    s.process.send_signal(signal.SIGINT)
    equal(s.process.wait(PATIENCE), 0, "the exit status")


@test
def a_cancel_survives_a_kill():
    s = Server({"UMAM_SLOTS": "1"})
    running = s.generate("running", provider="local", duration=60)["job_id"]
    waiting = s.generate("waiting")["job_id"]
    s.watch(running, until=lambda _, data: data["progress"] > 0)
    s.post(f"/api/video/jobs/{waiting}/cancel")
    s.post(f"/api/video/jobs/{running}/cancel")
    s.kill()
    s.start()
    s.done(waiting, status="cancelled")
    s.done(running, status="cancelled")
    equal(s.stored(), [], "the media folder")


@test
def unfinished_files_of_a_dead_server_vanish():
    s = Server()
    s.stop()
    (s.media / ".unfinished").mkdir(exist_ok=True)
    (s.media / ".unfinished" / "left-behind").write_bytes(b"half a clip")
    s.start()
    equal(s.stored(), [], "the media folder")


@test
def two_servers_cannot_share_a_data_folder():
    s = Server()
    done = run("serve", "--port", 0, "--data", s.data, "--json", code=6)
    fault = json.loads([line for line in done.stderr.splitlines() if line.startswith("{")][-1])
    equal(fault["code"], "conflict")
    has(fault["detail"], f"another umam (process {s.process.pid}) uses this data")
    done = run("user", "list", "--data", s.data, code=6)
    has(done.stderr, f"the server (process {s.process.pid}) uses this data: stop it")
    has(done.stderr, "GET /users, POST /users")
    s.make("still works")


@test
def a_port_in_use_is_said_so():
    s = Server()
    done = run("serve", "--port", s.port, "--data", new_folder() / "data", code=None)
    holds(done.returncode != 0, "two servers listen on one port")
    has(done.stderr, str(s.port))


@test
def a_folder_that_cannot_be_written_is_said_so():
    folder = new_folder()
    (folder / "file").write_text("not a folder")
    done = run("serve", "--port", 0, "--data", folder / "file" / "data", code=None)
    holds(done.returncode != 0, "the server started without a data folder")
    holds(len(done.stderr.split()) > 4, f"it says {done.stderr!r}")


@test
def a_damaged_database_is_not_overwritten():
    s = Server()
    s.stop()
    for name in ("umam.db-wal", "umam.db-shm"):
        (s.data / name).unlink(missing_ok=True)
    (s.data / "umam.db").write_bytes(b"this is no database" * 1000)
    done = run("serve", "--port", 0, "--data", s.data, code=None)
    holds(done.returncode != 0, "the server started on a damaged database")
    equal((s.data / "umam.db").read_bytes(), b"this is no database" * 1000, "the damaged file")


main()
