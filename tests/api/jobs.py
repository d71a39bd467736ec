#!/usr/bin/env -S python3 -B
"""The queue as people see and steer it: /api/jobs and `umam jobs`."""
import fcntl
import pty
import termios

from harness import *


def busy():
    """A server with one slot, which a long shot takes."""
    s = Server({"UMAM_SLOTS": "1"})
    long = s.generate("a long shot", provider="local", duration=60)["job_id"]
    s.watch(long, until=lambda _, data: data["progress"] > 0)
    return s, long


def state(s, job, token="admin"):
    return s.get(f"/api/jobs/{job}", token=token).json["state"]


def umam_jobs(s, *words, code=0):
    done = run("jobs", *words, "--data", s.data, code=code)
    return json.loads(done.stdout) if code == 0 and "--json" in words else done.stdout if code == 0 else done.stderr


@test
def jobs_of_all_are_listed_each_with_its_place():
    s, long = busy()
    mira, noor = s.token("mira", "creator"), s.token("noor", "creator")
    first = [s.generate(token=mira)["job_id"] for _ in range(3)]
    last = s.generate(token=noor)["job_id"]
    everything = s.get("/api/jobs").json
    equal({job["id"] for job in everything["jobs"]}, {long, last, *first}, "the jobs an admin sees")
    line = s.get("/api/jobs", query={"sort": "queue"}).json["jobs"]
    equal([job["id"] for job in line], [first[0], last, first[1], first[2]], "the line: one turn each")
    equal([job["position"] for job in line], [1, 2, 3, 4], "the places")
    own = s.get("/api/jobs", token=mira, query={"owner_id": "noor"}).json["jobs"]
    equal([job["id"] for job in own], first[::-1], "one's own, newest first")
    equal({job["owner_id"] for job in own}, {"mira"}, "the owners")
    s.get(f"/api/jobs/{last}", token=mira, status=404)
    s.post(f"/api/jobs/{last}/cancel", token=mira, status=404)
    running = s.get(f"/api/jobs/{long}").json
    equal([running["state"], running["kind"], running["attempt"], running["position"]], ["running", "video", 1, None])
    holds(0 < running["progress"] < 1 and running["stage"], f"the progress is {running}")
    equal(s.get(running["url"]).json["id"], long, "the resource of a job")


@test
def pages_filters_and_orders():
    s, long = busy()
    jobs = [s.generate()["job_id"] for _ in range(5)]
    s.post(f"/api/jobs/{jobs[2]}/cancel")
    seen, cursor = [], None
    while True:
        reply = s.get("/api/jobs", query={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [job["id"] for job in reply.json["jobs"]]
        cursor = reply.json["next_cursor"]
        equal(reply.headers.get("x-next-cursor"), cursor, "the cursor in the head")
        if not cursor:
            break
    equal(seen, [*jobs[::-1], long], "all pages")
    ids = lambda **query: [job["id"] for job in s.get("/api/jobs", query=query).json["jobs"]]
    equal(ids(sort="oldest", limit=2, offset=1), jobs[:2], "oldest first, by offset")
    equal(ids(state="cancelled"), [jobs[2]])
    equal(ids(state="running"), [long])
    equal(ids(state="failed"), [])
    equal(ids(state="queued", sort="oldest", owner_id="admin"), [jobs[i] for i in (0, 1, 3, 4)])
    equal(ids(kind="nothing"), [])
    equal(ids(sort="queue", state="failed"), [])
    s.get("/api/jobs", query={"sort": "queue", "cursor": seen[0]}, status=422)
    s.get("/api/jobs", query={"cursor": "nonsense"}, status=422)
    s.get("/api/jobs", query={"state": "nonsense"}, status=422)
    s.get("/api/jobs/nonsense", status=404)
    counts = {(row["kind"], row["state"]): row["count"] for row in s.get("/api/jobs/stats").json["counts"]}
    equal(counts, {("video", "running"): 1, ("video", "queued"): 4, ("video", "cancelled"): 1})


@test
def priorities_are_kept_and_above_zero_is_for_admins():
    s, _ = busy()
    mira = s.token("mira", "creator")
    plain, low, high = s.generate(token=mira)["job_id"], s.generate(token=mira, priority=-3)["job_id"], s.generate(priority=7)["job_id"]
    line = lambda: [job["id"] for job in s.get("/api/jobs", query={"sort": "queue"}).json["jobs"]]
    equal(line(), [high, plain, low])
    s.call("POST", "/api/video/generate", {"prompt": "x", "priority": 1}, token=mira, status=403)
    s.call("POST", "/api/video/generate", {"prompt": "x", "priority": 101}, status=422)
    s.call("PATCH", f"/api/jobs/{plain}", {"priority": 1}, token=mira, status=403)
    equal(s.call("PATCH", f"/api/jobs/{plain}", {"priority": -5}, token=mira, status=200).json["priority"], -5)
    equal(line(), [high, low, plain])
    s.call("PATCH", f"/api/jobs/{low}", {"priority": 100}, status=200)
    equal(line(), [low, high, plain])
    for path, token, priority in (("/api/jobs", "admin", 100), ("/api/video/jobs", "admin", 100), ("/api/jobs", mira, 0),
                                  ("/api/video/jobs", mira, 0)):  # what was raised for one run stays so for who may raise it
        s.call("PATCH", f"/api/jobs/{low}", {"priority": 100}, status=200)
        s.post(f"/api/jobs/{low}/cancel", token=mira)
        s.post(f"{path}/{low}/retry", token=token)
        equal(s.get(f"/api/jobs/{low}").json["priority"], priority, f"the priority after {path}/ID/retry")
    editor = s.token("ed", "editor")  # may touch what belongs to others, but not hurry it
    s.post(f"/api/jobs/{high}/cancel", token=editor)
    equal(s.post(f"/api/jobs/{high}/retry", token=editor).json["priority"], 0)
    for action in ("cancel", "retry"):
        s.post(f"/api/jobs/{plain}/{action}", token=mira)
    equal(s.get(f"/api/jobs/{plain}").json["priority"], -5)
    s.call("PATCH", f"/api/jobs/{high}", {"priority": 1}, status=200)
    s.call("PATCH", f"/api/jobs/{low}", {"priority": -101}, status=422)
    s.call("PATCH", f"/api/jobs/{high}", {"priority": -1}, token=mira, status=404)


@test
def a_job_is_paused_resumed_cancelled_and_retried():
    s, long = busy()
    job = s.generate()["job_id"]
    paused = s.post(f"/api/jobs/{job}/pause").json
    equal([paused["state"], paused["paused"], paused["position"]], ["queued", True, None])
    s.post(f"/api/jobs/{job}/pause", status=409)
    s.post(f"/api/jobs/{long}/pause", status=409)
    s.post(f"/api/jobs/{long}/cancel")
    eventually(lambda: state(s, long) == "cancelled", "the end of a cancelled job", 5)
    equal(s.job(long)["status"], "cancelled", "the video's row")
    equal(state(s, job), "queued", "a paused job of an idle server")
    equal(s.post(f"/api/jobs/{job}/resume").json["paused"], False)
    s.done(job)
    equal(s.get(f"/api/jobs/{job}").json["progress"], 1)
    for act in ("pause", "resume", "cancel", "retry"):
        s.post(f"/api/jobs/{job}/{act}", status=409)
    equal(s.post(f"/api/jobs/{long}/retry").json["attempt"] <= 1, True, "attempts of a job that starts over")
    eventually(lambda: s.job(long)["status"] == "processing", "the start of a retried job")
    s.post(f"/api/video/jobs/{long}/cancel")


@test
def the_whole_queue_is_paused_over_a_restart():
    s = Server()
    equal(s.post("/api/jobs/pause").json["paused"], True)
    s.post("/api/jobs/pause", status=409)
    s.post("/api/jobs/resume", token=s.token("mira", "creator"), status=403)
    job = s.generate()["job_id"]
    s.stop()
    s.start()
    holds(s.get("/api/jobs/stats").json["paused"], "the pause did not outlive the server")
    equal([state(s, job), s.get(f"/api/jobs/{job}").json["position"]], ["queued", 1])
    holds(s.get("/api/jobs/stats").json["oldest_ready_at"], "nobody waits")
    equal(s.post("/api/jobs/resume").json["paused"], False)
    s.done(job)
    s.looked_at()
    eventually(lambda: s.get("/api/jobs/stats").json["ended_hour"] == 2, "the end of the clip and of the look at it")
    stats = s.get("/api/jobs/stats").json
    equal([stats["running"], stats["oldest_ready_at"]], [0, None])


@test
def poison_shows_what_killed_the_worker():
    s = Server({"UMAM_SLOTS": "1"})
    job = s.generate("a deadly take", provider="local", duration=60)["job_id"]

    def shoot():
        for pid in children(zygote(s)):
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.kill(pid, signal.SIGKILL)
        return state(s, job) == "failed"
    eventually(shoot, "the end of a job that cannot succeed")
    dead, = s.get("/api/jobs", query={"state": "failed"}).json["jobs"]
    equal([dead["id"], dead["crashes"], dead["cause"]], [job, 3, "worker_crashed"])
    evidence = s.get(f"/api/jobs/{job}").json["evidence"]
    equal([entry["attempt"] for entry in evidence], [1, 2, 3], "the attempts")
    for entry in evidence:
        equal([entry["task"], entry["signal"], entry["cause"]], ["render", 9, "worker_crashed"])
        has(entry["input"], "a deadly take")
        holds(entry["ended_at"] >= entry["began_at"], f"the times of {entry}")
    equal(s.post(f"/api/jobs/{job}/retry").json["crashes"], 0)
    s.post(f"/api/jobs/{job}/cancel")
    eventually(lambda: state(s, job) == "cancelled", "the end of a cancelled job", 5)
    equal(len(s.get(f"/api/jobs/{job}").json["evidence"]) >= 3, True, "what was known stays known")


@test
def the_command_line_asks_the_running_server():
    s, long = busy()
    job = s.generate("from the command line", token=s.token("mira", "creator"))["job_id"]
    text = umam_jobs(s)
    for part in (long, job, "running", "#1", "mira"):
        has(text, part)
    equal([row["id"] for row in umam_jobs(s, "--json", "--state", "queued")["jobs"]], [job])
    has(umam_jobs(s, "--kind", "no such & kind=video\u00e4"), "no such jobs")
    equal([row["id"] for row in umam_jobs(s, "--json", "--kind", "video", "--state", "queued")["jobs"]], [job])
    equal(umam_jobs(s, "pause", job, "--json")["paused"], True)
    equal(umam_jobs(s, "resume", job), f"job {job} is back in line\n")
    equal(umam_jobs(s, "pause", "--json")["paused"], True)
    has(umam_jobs(s, "pause", code=6), "paused already")
    has(umam_jobs(s, "stats"), "paused")
    has(umam_jobs(s).splitlines()[-1], "the queue is paused; `umam jobs resume`")
    equal(umam_jobs(s, "priority", job, "-7"), f"job {job} has the priority -7\n")
    equal(s.get(f"/api/jobs/{job}").json["priority"], -7)
    equal(umam_jobs(s, "priority", job, "--priority", "3", "--json")["priority"], 3)
    equal(umam_jobs(s, "cancel", long), f"job {long} is asked to stop\n")
    eventually(lambda: state(s, long) == "cancelled", "the end of a cancelled job", 5)
    has(umam_jobs(s, "show", long), "cancelled")
    has(umam_jobs(s, "cancel", long, code=6), "ended already")
    has(umam_jobs(s, "show", uuid.uuid4(), code=5), "Job not found")
    equal(umam_jobs(s, "resume"), "the queue goes on\n")
    holds("is paused" not in umam_jobs(s), "a queue that goes on is shown as paused")
    s.done(job)


@test
def the_command_line_does_not_wait_for_the_lock_of_a_server():
    s = Server()
    s.post("/api/jobs/pause")

    def seconds(*words, code=0):
        began = time.monotonic()
        run(*words, "--data", s.data, code=code)
        return time.monotonic() - began
    for words, code in ((("jobs",), 0), (("quota",), 6), (("token",), 0)):
        least = min(seconds(*words, code=code) for _ in range(5))
        holds(least < 0.45, f"`umam {' '.join(words)}` takes {least:.2f} s while a server runs")


def on_a_terminal(columns, *words):
    """What a command prints on a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([UMAM, *map(str, words)], env=clean_environment(), cwd=folders_home(), stdin=subprocess.DEVNULL, stdout=slave)
    os.close(slave)
    shown = b""
    try:
        while more := os.read(master, 4096):
            shown += more
    except OSError:
        pass  # the terminal is closed
    os.close(master)
    equal(process.wait(PATIENCE), 0, "the exit status")
    return shown.decode().splitlines()


@test
def the_list_shows_what_a_job_is_about():
    s = Server()
    s.post("/api/jobs/pause")
    prompt = "a lighthouse\n\x1b[2J\x9b in a storm \u00e4\u6d77 " + "and waves " * 30
    job = s.generate(prompt)["job_id"]
    equal(s.get(f"/api/jobs/{job}").json["title"], prompt[:200])
    equal(s.get("/api/jobs").json["jobs"][0]["title"], prompt[:200])
    head, row, paused = umam_jobs(s).splitlines()
    has(head, "  TITLE")
    has(row, "a lighthouse  [2J   in a storm \u00e4\u6d77 and waves")
    holds(row.startswith(job) and "ERROR" not in head, f"{head!r} above {row!r}")
    holds("\x1b" not in umam_jobs(s, "show", job), "an escape sequence reaches the terminal")
    for columns in (80, 100, 120):
        head, row, paused = on_a_terminal(columns, "jobs", "--data", s.data)
        equal(len(row), columns, f"the width of a row on a terminal of {columns}")
        holds(job.startswith(row.split()[0]) and len(row.split()[0]) >= 8, f"the id in {row!r}")
        equal(head.index("TITLE"), row.index("a lighthouse"), "where the title begins")
    s.stop()
    sqlite3.connect(s.data / "umam.db").executescript("DELETE FROM video_jobs")
    holds(umam_jobs(s).splitlines()[1].endswith("  -"), "a job whose row is gone has a title")


@test
def the_beginning_of_an_id_will_do():
    s = Server()
    s.post("/api/jobs/pause")
    jobs = [s.generate(f"take {i}", token=s.token("mira", "creator"))["job_id"] for i in range(2)]
    s.stop()
    with sqlite3.connect(s.data / "umam.db") as database:
        for i, job in enumerate(jobs):
            jobs[i] = "abcd0" + str(i) + job[6:]
            for table in ("jobs", "video_jobs"):
                database.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (jobs[i], job))

    def look():
        equal(umam_jobs(s, "show", "abcd01", "--json")["id"], jobs[1])
        equal(umam_jobs(s, "show", jobs[0][:20].upper(), "--json")["id"], jobs[0])
        done = run("jobs", "show", "abcd", "--json", "--data", s.data, code=2)
        for part in ("abcd is the beginning of several ids", *jobs):
            has(json.loads(done.stderr)["detail"], part)
        has(umam_jobs(s, "show", "abc", code=2), "the first 4 or more characters")
        has(umam_jobs(s, "show", "xyzw", code=2), "no id of a job")
        has(umam_jobs(s, "show", "abcd02", code=5), "there is no job whose id begins with abcd02")
    look()
    s.start()
    look()
    equal(umam_jobs(s, "priority", "abcd00", "5"), f"job {jobs[0]} has the priority 5\n")
    has(umam_jobs(s, "pause", "abcd01"), f"job {jobs[1]} is passed over")
    equal(umam_jobs(s, "cancel", "abcd00"), f"job {jobs[0]} is cancelled\n")
    ids = lambda **query: [job["id"] for job in s.get("/api/jobs", query=query, token=token).json["jobs"]]
    for token, seen in (("admin", jobs[::-1]), (s.token("mira", "creator"), jobs[::-1]), (s.token("noor", "creator"), [])):
        equal(ids(id="abcd"), seen, "whose ids begin so")
    token = "admin"
    equal(ids(id="abcd", state="cancelled"), jobs[:1])
    equal(ids(id="abcd", sort="oldest", limit=1), jobs[:1])
    s.get("/api/jobs", query={"id": "abcd", "sort": "queue"}, status=422)


@test
def the_command_line_works_without_a_server():
    s = Server()
    s.post("/api/jobs/pause")
    jobs = [s.generate()["job_id"] for _ in range(2)]
    s.stop()
    equal((s.data / "server.json").exists(), False, "the address of a stopped server")
    equal([row["state"] for row in umam_jobs(s, "--json")["jobs"]], ["queued", "queued"])
    has(umam_jobs(s, "cancel", jobs[0]), "cancelled")
    equal(s.rows("SELECT status FROM video_jobs WHERE id = ?", jobs[0])[0]["status"], "cancelled", "the video's row")
    umam_jobs(s, "resume")
    s.start()
    s.done(jobs[1])
    s.kill()
    holds((s.data / "server.json").exists(), "a killed server leaves its address")
    equal({row["id"] for row in umam_jobs(s, "--json")["jobs"]} >= set(jobs), True)  # which misleads nobody
    for words, part in ((["show"], "say which job"), (["list", jobs[0]], "takes no id"), (["cancel", "x"], "no id of a job"),
                        (["priority", jobs[0]], "umam jobs priority ID N"), (["pause", jobs[0], "5"], "umam jobs priority ID N")):
        has(umam_jobs(s, *words, code=2), part)
    has(run("jobs", "--data", new_folder() / "nothing", code=5).stderr, "there is no instance")


main()
