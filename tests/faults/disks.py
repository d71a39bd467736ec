#!/usr/bin/env -S python3 -B
"""A running server whose disk is full, read-only or failing, whose database is locked, whose clock jumps: each is a
clear answer, the server stays up, and works again afterwards without a restart.

The program under test is `umam` with fault points (points.h); what they do is ordered through a pipe.
"""
import ctypes
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
from harness import *  # noqa: E402

MEBIBYTE = 1 << 20
UNAVAILABLE = (500, 503, 507)
PICTURE = png(64, 64)
NEWNS, NEWUSER = 0x20000, 0x10000000


class Obedient(Server):
    """A server that takes orders."""

    def __init__(self, env=None, data=None):
        super().__init__({"UMAM_WORKER": UMAM_MEDIA, "UMAM_DISK_RESERVE_MB": "0", **(env or {})}, data, start=False)
        self.orders = self.folder / "orders"
        os.mkfifo(self.orders)
        self.env["UMAM_FAULT_ORDERS"] = str(self.orders)
        self.start()
        del self.env["UMAM_FAULT_ORDERS"]  # the command line takes none
        self.admin_token = self.token()
        self.pipe = open(self.orders, "w")

    def order(self, line):
        mark = len(self.log)
        self.pipe.write(line + "\n")
        self.pipe.flush()
        done = self.await_log("fault order", mark, order=line)
        equal(done["good"], True, f"the order '{line}' was understood")
        return done


def upload(s, picture=PICTURE, **options):
    body, headers = form(("file", "a.png", "image/png", picture))
    return s.call("POST", "/media/upload", body=body, headers=headers, **options)


def refused(reply, *words):
    holds(reply.status in (503, 507), f"the answer is {reply.status}: {reply.body[:200]!r}")
    for word in words:
        has(str(reply.detail), word)


def not_ready(s):
    reply = s.send("GET", "/health/ready")
    equal((reply.status, reply.json), (503, {"status": "not_ready"}), "the readiness of a server that cannot store")


def works(s):
    """Everything that stores something."""
    equal(upload(s).status, 200, "an upload")
    s.post("/universes", {"name": "afterwards"}, status=201)
    s.make("afterwards")
    equal(s.get("/health/ready", token=None).json["status"], "ready", "the server's readiness")
    matched(s)


def matched(s):
    """Files and rows belong to each other."""
    stored = s.stored()
    rows = s.rows("SELECT file_path, thumbnail_url, checksum FROM media_assets")
    wanted = {row["file_path"] for row in rows} | {row["thumbnail_url"][len("/media/"):] for row in rows if row["thumbnail_url"]}
    equal(stored, sorted(wanted | {row["name"] for row in s.rows("SELECT name FROM derivatives")}), "the media folder")
    for row in rows:
        found = hashlib.sha256((s.media / row["file_path"]).read_bytes()).hexdigest()
        equal(found, row["checksum"], f"the digest of {row['file_path']}")
    equal(s.rows("PRAGMA integrity_check")[0]["integrity_check"], "ok", "the database")


# ---- a small disk of our own ----

def own_mounts():
    """Mounts that only this program and its children see; a sentence when that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if user and libc.unshare(NEWUSER) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            pathlib.Path(f"/proc/self/{name}").write_text(text)
    if libc.unshare(NEWNS) != 0:
        return os.strerror(ctypes.get_errno())
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True)
    return done.stderr.strip()


def mount(folder, *options):
    done = subprocess.run(["mount", *options, folder], capture_output=True, text=True)
    return done.stderr.strip()


def small_disk(size):
    """An empty folder on a disk of this many bytes, None (and said so) when it may not be mounted."""
    folder = new_folder()
    reason = FORBIDDEN or mount(folder, "-t", "tmpfs", "-o", f"size={size}", "none")
    if not reason:
        disks.append(folder)
        return folder
    print(f"skipped: a small disk cannot be mounted here ({reason})", flush=True)
    return None


disks = []
FORBIDDEN = own_mounts()


def fill(folder, leave=0):
    """Takes all room but `leave` bytes."""
    with open(folder / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - leave))
    return folder / "filler"


@test
def a_full_disk():
    disk = small_disk(24 * MEBIBYTE)
    if not disk:
        return
    s = Obedient(data=disk / "data")
    s.make("before")
    filler = fill(disk, leave=300 << 10)
    refused(upload(s, png(700, 700, lambda x, y: os.urandom(3)), status=UNAVAILABLE))
    filler = fill(disk)
    refused(upload(s, status=UNAVAILABLE))
    refused(s.call("POST", "/universes", {"name": "no room"}, status=UNAVAILABLE))
    refused(s.call("POST", "/api/video/generate", {"prompt": "no room", "provider": "mock"}, status=UNAVAILABLE))
    not_ready(s)
    s.get("/universes")
    holds(s.running(), "the server has ended")
    filler.unlink()
    works(s)
    s.stop()


@test
def a_disk_that_fills_while_files_come_in():
    """Neither a body nor a piece of an upload is half stored, and what was acknowledged of an upload stays."""
    disk = small_disk(24 * MEBIBYTE)
    if not disk:
        return
    s = Obedient(data=disk / "data")
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    data = PICTURE + os.urandom(6 * MEBIBYTE)
    where = s.call("POST", "/api/media/tus", headers={**tus, "Upload-Length": str(len(data))}, status=201).headers["location"]
    s.call("PATCH", where, body=data[:MEBIBYTE], headers={**tus, "Upload-Offset": "0"}, status=204)
    filler, before = fill(disk, leave=2 * MEBIBYTE), s.stored()
    refused(s.call("PUT", "/api/media/assets/raw/a.png", body=data, status=UNAVAILABLE))
    refused(s.call("PATCH", where, body=data[MEBIBYTE:], headers={**tus, "Upload-Offset": str(MEBIBYTE)}, status=UNAVAILABLE))
    equal(s.stored(), before, "what is stored")
    filler.unlink()
    at = int(s.call("HEAD", where, headers=tus, status=200).headers["upload-offset"])
    holds(MEBIBYTE <= at < len(data), f"the upload goes on at {at}")
    s.call("PATCH", where, body=data[at:], headers={**tus, "Upload-Offset": str(at)}, status=204)
    row = s.rows("SELECT file_path, checksum FROM media_assets WHERE id = ?", where.rsplit("/", 1)[1])[0]
    equal([(s.media / row["file_path"]).read_bytes() == data, row["checksum"]], [True, hashlib.sha256(data).hexdigest()])
    works(s)
    s.stop()


@test
def a_disk_that_fills_while_a_clip_is_made():
    disk = small_disk(24 * MEBIBYTE)
    if not disk:
        return
    s = Obedient({"UMAM_SLOTS": "1"}, disk / "data")
    job = s.generate("waits for room", provider="local", duration=1)["job_id"]
    s.watch(job, until=lambda _, data: data["progress"] > 0)
    filler = fill(disk)
    time.sleep(1)
    filler.unlink()
    s.done(job)
    works(s)
    s.stop()


@test
def a_start_on_a_read_only_disk_is_refused():
    disk = small_disk(8 * MEBIBYTE)
    if not disk:
        return
    equal(mount(disk, "-o", "remount,ro"), "", "the remount")
    done = run("serve", "--port", 0, "--data", disk / "data", code=None, env={"UMAM_WORKER": UMAM_MEDIA})
    holds(done.returncode != 0, "the server started")
    has(done.stderr, "Read-only file system")


@test
def a_disk_that_turns_read_only():
    s = Obedient()
    s.make("before")
    s.order("plan readonly 1 sticky")
    refused(upload(s, status=UNAVAILABLE), "Read-only")
    refused(s.call("POST", "/universes", {"name": "no"}, status=UNAVAILABLE))
    refused(s.call("POST", "/api/video/generate", {"prompt": "no", "provider": "mock"}, status=UNAVAILABLE))
    not_ready(s)
    s.get("/universes")
    s.get("/api/video/jobs")
    s.order("rest")
    works(s)
    s.stop()


# ---- others at the database ----

@test
def a_database_locked_by_another_program():
    s = Obedient()
    other = sqlite3.connect(s.data / "umam.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    refused(s.call("POST", "/universes", {"name": "locked out"}, status=UNAVAILABLE), "another program")
    holds(time.monotonic() - began < 30, "the answer took long")
    s.get("/universes")
    other.execute("COMMIT")
    other.close()
    works(s)
    s.stop()


# ---- time ----

@test
def a_clock_that_jumps_back_an_hour():
    s = Obedient({"UMAM_SLOTS": "1"})
    running = s.generate("runs", provider="local", duration=1)["job_id"]
    waiting = s.generate("waits")["job_id"]
    s.watch(running, until=lambda _, data: data["progress"] > 0)
    s.order("clock -3600")
    login = {"username": "admin", "password": s.ready["admin_password"]}
    s.admin_token = s.post("/auth/login", login, token=None).json["access_token"]  # the older one is from the future
    began = time.monotonic()
    s.done(running)
    s.done(waiting)
    s.make("new")
    holds(time.monotonic() - began < 90, "the jobs waited for the clock")
    s.order("clock 7200")
    s.make("an hour ahead")
    works(s)
    s.stop()


# ---- calls that fail ----

@test
def each_call_of_a_request_fails_once():
    s = Obedient({"UMAM_SLOTS": "1"})
    acts = {"upload": lambda: upload(s, status=(200, *UNAVAILABLE)),
            "universe": lambda: s.call("POST", "/universes", {"name": "w"}, status=(201, *UNAVAILABLE)),
            "jobs": lambda: s.call("GET", "/api/video/jobs", status=(200, *UNAVAILABLE))}
    injected = 0
    for act in acts.values():
        s.order("plan error 1000000")
        act()
        passes = s.order("rest")["passes"]
        holds(passes > 0, "no call was counted")
        for number in sorted({1 + i * passes // 6 for i in range(6)}):
            s.order(f"plan error {number}")
            reply = act()
            injected += bool(s.order("rest")["struck"])
            holds(reply.status < 300 or reply.detail, "an error without a reason")
            holds(act().status < 300, "the retry failed")
    print(f"{injected} faults injected into requests", flush=True)
    s.stop()
    s.start()  # a commit whose end nobody knew is settled now
    works(s)
    s.stop()


try:
    main()
finally:
    for each in disks:
        subprocess.run(["umount", "-l", each], capture_output=True)
