#!/usr/bin/env -S python3 -B
"""Many callers at the same thing at the same time, and what a server holds on to after all of it."""
from harness import *


def together(*functions):
    """Runs them at once; their results in order, faults raised."""
    gate, results, faults = threading.Barrier(len(functions)), [None] * len(functions), []

    def go(i, function):
        gate.wait(PATIENCE)
        try:
            results[i] = function()
        except Exception as fault:  # pylint: disable=broad-except
            faults.append(fault)
    threads = [threading.Thread(target=go, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    if faults:
        raise faults[0]
    return results


def ask(method, path, *allowed):
    return lambda: server().call(method, path, status=allowed).status


def consistent(s):
    """What the tables and the disk say of jobs agrees."""
    eventually(lambda: not s.rows("SELECT id FROM jobs WHERE state IN ('queued', 'running')"), "the end of all jobs")
    pairs = {"succeeded": "completed", "failed": "failed", "cancelled": "cancelled"}
    for row in s.rows("SELECT v.id, v.status, j.state, v.local_path FROM video_jobs v LEFT JOIN jobs j ON j.id = v.id"):
        equal(row["status"], pairs.get(row["state"]), f"the status of a job that {row['state']}")
        if row["status"] == "completed":
            holds((s.media / row["local_path"]).is_file(), "a completed job has no file")
            equal(len(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", row["id"])), 1, "its assets")
        else:
            equal(s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", row["id"]), [], "assets of a job without a clip")
    known = {row["file_path"] for row in s.rows("SELECT file_path FROM media_assets")}
    equal({name for name in s.stored() if name.endswith(".mp4")}, {name for name in known if name.endswith(".mp4")}, "the clips on the disk")


@test
def one_of_many_retries_counts():
    s = server()
    for _ in range(3):
        job = s.generate("again", provider="local", duration=60)["job_id"]
        s.post(f"/api/video/jobs/{job}/cancel")
        s.done(job, status="cancelled")
        statuses = together(*[ask("POST", f"/api/video/jobs/{job}/retry", 200, 409)] * 6)
        equal(statuses.count(200), 1, "the retries that counted")
        s.call("POST", f"/api/video/jobs/{job}/cancel", status=(200, 409))
        s.watch(job)
    consistent(s)


@test
def one_of_many_removals_counts():
    s = server()
    for _ in range(3):
        job = s.make("removed")["id"]
        statuses = together(*[ask("DELETE", f"/api/video/jobs/{job}", 204, 404, 409)] * 6)
        equal(statuses.count(204), 1, "the removals that counted")
    consistent(s)


@test
def cancels_against_the_end_of_the_job():
    s = server()
    for i in range(12):
        job = s.generate("a photo finish", seed=i)["job_id"]
        if i % 3:
            s.watch(job, until=lambda _, data: data["progress"] > 0.3 * (i % 3))
        together(*[ask("POST", f"/api/video/jobs/{job}/cancel", 200, 409)] * 3)
        last = s.watch(job)[-1][0]
        holds(last in ("completed", "cancelled"), f"the last event is {last}")
        equal(s.job(job)["status"], last, "the status after the last event")
    consistent(s)


@test
def retry_cancel_and_remove_at_once():
    s = server()
    for i in range(6):
        job = s.generate("torn", seed=i)["job_id"]
        path = f"/api/video/jobs/{job}"
        together(ask("POST", f"{path}/cancel", 200, 404, 409), ask("POST", f"{path}/retry", 200, 404, 409), ask("DELETE", path, 204, 404, 409),
                 ask("GET", path, 200, 404), ask("POST", f"{path}/cancel", 200, 404, 409))
    consistent(s)


@test
def a_universe_removed_while_jobs_start_in_it():
    s = server()
    for _ in range(6):
        world = s.post("/universes", {"name": "w"}, status=201).json["id"]
        request = {"prompt": "x", "provider": "mock", "duration": 1, "universe_id": world}
        start = lambda: s.post("/api/video/generate", request, status=(200, 404, 409)).status
        statuses = together(start, ask("DELETE", f"/universes/{world}", 204, 409), start)
        gone = statuses[1] == 204
        s.get(f"/universes/{world}", status=404 if gone else 200)
    consistent(s)


@test
def lists_while_everything_changes():
    s, stop = server(), threading.Event()

    def read():
        while not stop.is_set():
            reply = s.get("/api/video/jobs", query={"limit": 5}).json
            equal(len({job["id"] for job in reply["jobs"]}), len(reply["jobs"]), "the number of different jobs on a page")
            equal(reply["has_more"], len(reply["jobs"]) < reply["total"], "has_more")

    def write():
        try:
            for i in range(6):
                s.delete(f"/api/video/jobs/{s.make('passing', seed=i)['id']}")
        finally:
            stop.set()
    together(read, read, write)
    consistent(s)


@test
def nothing_is_held_on_to():
    """File descriptors, threads and children of the server are the same before and after a lot of everything."""
    s = Server({"UMAM_SLOTS": "2"})
    holding = lambda: (len(os.listdir(f"/proc/{s.process.pid}/fd")), len(os.listdir(f"/proc/{s.process.pid}/task")),
                       len(children(s.process.pid)), len(os.listdir(f"/proc/{zygote(s)}/fd")), len(children(zygote(s))))
    body, headers = form(("file", "a.png", "image/png", png(40, 40)))
    rotten, _ = form(("file", "a.png", "image/png", png(40, 40)[:60]))

    def everything():
        job = s.make("held")
        s.post("/media/upload", body=body, headers=headers)
        s.post("/media/upload", body=rotten, headers=headers, status=422)
        s.get(f"/api/video/jobs/{job['id']}/download")
        s.get(f"/api/video/jobs/{job['id']}/info")
        s.call("GET", job["video_url"], headers={"Range": "bytes=5-10"}, token=None, status=206)
        cancelled = s.generate("held", provider="local", duration=60)["job_id"]
        s.watch(cancelled, until=lambda _, data: True)
        s.post(f"/api/video/jobs/{cancelled}/cancel")
        s.done(cancelled, status="cancelled")
        with socket.create_connection(("127.0.0.1", s.port)) as link:  # goes away in the middle of an upload
            link.sendall(b"POST /media/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.admin_token.encode() +
                         b"\r\nContent-Length: 5000\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: "
                         b'form-data; name="file"; filename="a"\r\n\r\nhalf a file')
        s.delete(f"/api/video/jobs/{job['id']}")
    for _ in range(2):
        everything()
    seen = []

    def at_rest():
        """Connections are closed by their own threads, so rest takes a moment."""
        seen.append(holding())
        return len(seen) >= 20 and len(set(seen[-20:])) == 1
    eventually(at_rest, "rest")
    before = seen[-1]
    for _ in range(20):
        everything()
    slack = (16, 0, 0, 0, 0)  # eight readers of the database open when needed, and stay; a leak would be 20 and more

    def back():
        seen.append(holding())
        return all(now <= then + more for now, then, more in zip(seen[-1], before, slack))
    try:
        eventually(back, "rest")
    except Failure:
        raise Failure(f"the descriptors, threads and children were {before} and are {seen[-1]}") from None
    equal([name for name in s.stored() if ".unfinished" in name], [], "unfinished files")


main()
