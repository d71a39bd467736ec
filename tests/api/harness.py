"""What the API tests have in common: a server of their own, requests to it, and a judge of every reply.

A test program is started with the paths of `umam` and `umam-media`:

    from harness import *

    @test
    def says_hello():
        reply = server().get("/", token=None)
        equal(reply.json["docs"], "/docs")

    main()

Every JSON reply is held against the server's own /openapi.json, every server's log is searched for reports of
the sanitizers and for assertions, and a status of 500 or more is a failure unless the test expects it.
"""
import base64
import collections
import contextlib
import hashlib
import hmac
import http.client
import json
import math
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import uuid
import zlib

import jsonschema

if len(sys.argv) != 3:
    sys.exit(f"usage: {sys.argv[0]} UMAM UMAM-MEDIA")
UMAM, UMAM_MEDIA = (os.path.abspath(path) for path in sys.argv[1:3])
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent  # the repository
PATIENCE = 120  # seconds until something that must come counts as missing; nothing takes this long

REPORTS = re.compile(r"ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error:|Assertion .* failed|\bSIGSEGV\b")


class Failure(Exception):
    """What a test found wrong, as a sentence."""


def equal(got, wanted, what="value"):
    if got != wanted:
        raise Failure(f"{what} is {got!r}, expected {wanted!r}")


def holds(truth, what):
    if not truth:
        raise Failure(what)


def has(text, part):
    if part not in text:
        raise Failure(f"{part!r} is not in {text!r}")


def eventually(condition, what, patience=PATIENCE):
    """For facts of other processes and of the disk, which nobody announces."""
    until = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > until:
            raise Failure(f"{what} did not happen in {patience} s")
        time.sleep(0.01)


# ---- the API description as a judge ----

class Description:
    """/openapi.json, with members that no schema names forbidden."""

    open_paths = re.compile(r"/(openapi\.json|docs)(/.*)?$")  # not part of the description

    def __init__(self, document):
        self.document = document
        self.components = json.loads(json.dumps(document["components"]))
        for schema in self.components["schemas"].values():
            if "properties" in schema:
                schema["additionalProperties"] = False
        self.formats = jsonschema.FormatChecker(formats=())
        self.formats.checks("uuid", ValueError)(lambda value: not isinstance(value, str) or str(uuid.UUID(value)) == value)
        self.formats.checks("date-time", ValueError)(
            lambda value: not isinstance(value, str)
            or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", value)))
        self.paths = []
        for template, operations in document["paths"].items():
            pattern = re.sub(r"\\{(\w+)\\}", r"[^/]+", re.escape(template))
            if template == "/media/{path}":
                pattern = "/media/.+"
            self.paths.append((template, re.compile(pattern + "$"), operations))
        self.paths.sort(key=lambda row: row[0].count("{"))  # the literal one first

    def operation(self, method, path):
        if path.startswith("/api/universes"):  # the same handlers under a second name
            path = path[len("/api"):]
        for template, pattern, operations in self.paths:
            if pattern.match(path):
                return template, operations.get(("GET" if method == "HEAD" else method).lower())
        return path, None

    def schema(self, method, path, status):
        template, operation = self.operation(method, path)
        responses = operation["responses"] if operation else {}
        response = responses.get(str(status)) or (status >= 400 and responses.get("default"))
        if response:
            return response.get("content", {}).get("application/json", {}).get("schema")
        if status >= 400 and not operation:  # no such path or method
            return {"$ref": "#/components/schemas/Error"}
        raise Failure(f"{method} {template} answered {status}, which the API description does not name")

    def check(self, method, path, reply):
        if self.open_paths.match(path) or reply.status in (204, 206, 304, 307, 412, 416) or method in ("HEAD", "OPTIONS"):
            return
        schema = self.schema(method, path, reply.status)
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        if schema is None:
            holds(not is_json, f"{method} {path} answered {reply.status} with JSON that is not described")
            return
        holds(is_json, f"{method} {path} answered {reply.status} as {reply.headers.get('content-type')}, not as JSON")
        judge = jsonschema.Draft202012Validator({**schema, "components": self.components}, format_checker=self.formats)
        for fault in judge.iter_errors(reply.json):
            place = "/".join(str(step) for step in fault.absolute_path)
            raise Failure(f"{method} {path} answered {reply.status} against its description, at '{place}': "
                          f"{fault.message[:300]}")


# ---- replies ----

class Reply:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    @property
    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failure(f"the body is not JSON: {self.body[:200]!r}") from None

    @property
    def detail(self):
        return self.json["detail"]


# ---- the server ----

def clean_environment(extra=None):
    keep = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:allocator_may_return_null=1")
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    environment.update(extra or {})
    return environment


folders, servers = [], []


def new_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="umam-test-"))
    folders.append(folder)
    return folder


def run(*words, stdin=None, env=None, cwd=None, code=0, timeout=PATIENCE):
    """One command of umam to its end; `code` None takes any exit status."""
    done = subprocess.run([UMAM, *map(str, words)], input=stdin, env=clean_environment(env), cwd=cwd or folders_home(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, text=True,
                          stdin=subprocess.DEVNULL if stdin is None else None)
    report = REPORTS.search(done.stderr)
    if report:
        raise Failure(f"umam {words[0]}: {done.stderr[report.start():][:600]}")
    if code is not None and done.returncode != code:
        raise Failure(f"`umam {' '.join(map(str, words))}` ended with {done.returncode}, expected {code}: "
                      f"{done.stderr[-500:]}{done.stdout[-200:]}")
    return done


def folders_home():
    """A folder without a .env file to work in."""
    if not folders:
        new_folder()
    return folders[0]


class Server:
    """`umam serve` on a free port of the loopback address, with a data folder of its own."""

    def __init__(self, env=None, data=None, start=True):
        self.folder = new_folder()
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.media = self.data / "media"
        self.env = {"LOG_FORMAT": "json", "RATE_LIMIT_ENABLED": "false", "UMAM_QUOTA_JOBS": "0", "UMAM_DISK_RESERVE_MB": "0",
                    **(env or {})}
        self.log, self.heard, self.checked = [], threading.Condition(), 0
        self.process = self.description = self.admin_token = None
        servers.append(self)
        if start:
            self.start()

    # -- life --

    def start(self):
        self.launch()
        return self.await_ready()

    def launch(self):
        """Starts the process and does not wait for it."""
        self.log_mark = len(self.log)
        self.process = subprocess.Popen([UMAM, "serve", "--port", "0", "--data", self.data, "--json"], cwd=self.folder,
                                        env=clean_environment(self.env), stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.reader = threading.Thread(target=self.read_log, args=(self.process.stderr,), daemon=True)
        self.reader.start()

    def await_ready(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise Failure(f"the server does not start: {''.join(self.log[self.log_mark:])[-800:]}")
        self.ready = json.loads(line)
        self.port = self.ready["port"]
        if not self.description:
            self.description = Description(self.get("/openapi.json", token=None).json)
        return self

    def read_log(self, stream):
        for line in stream:
            with self.heard:
                self.log.append(line)
                self.heard.notify_all()

    def kill(self):
        """As if the power had gone: no farewell."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def stop(self):
        """SIGTERM; the exit status must be 0."""
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.reader.join(PATIENCE)
        self.check_log()
        equal(code, 0, "the exit status of a stopped server")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def check_log(self):
        """Each report counts once."""
        lines, self.checked = self.log[self.checked:], len(self.log)
        said = "".join(line for line in lines if not line.startswith("{"))
        report = REPORTS.search(said)
        if report:
            raise Failure(f"the server's log: {said[said.rfind(chr(10), 0, report.start()) + 1:][:1000]}")

    def events(self, since=0):
        """The log's lines as objects."""
        for line in self.log[since:]:
            if line.startswith("{"):
                yield json.loads(line)

    def await_log(self, event, since=0, patience=PATIENCE, **pairs):
        """Waits until the server logs this event with these values."""
        until = time.monotonic() + patience
        with self.heard:
            while True:
                for entry in self.events(since):
                    if entry["event"] == event and all(entry.get(key) == value for key, value in pairs.items()):
                        return entry
                left = until - time.monotonic()
                if left <= 0:
                    raise Failure(f"the log shows no '{event}' with {pairs} after {patience} s")
                self.heard.wait(left)

    # -- requests --

    def send(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """The bare exchange: nothing added, nothing checked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def call(self, method, path, data=None, body=None, headers=None, token="admin", status=None, query=None):
        """`data` is sent as JSON. `token` "admin" stands for the administrator's, None for no token."""
        headers = dict(headers or {})
        if token == "admin":
            self.admin_token = self.admin_token or self.token()
            token = self.admin_token
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        if data is not None:
            body = json.dumps(data)
            headers.setdefault("Content-Type", "application/json")
        if query:
            path += "?" + urllib.parse.urlencode(query)
        reply = self.send(method, path, body, headers)
        bare = path.split("?")[0]
        if self.description:
            self.description.check(method, bare, reply)
        wanted = status if isinstance(status, (tuple, list)) else (status,) if status else None
        if wanted and reply.status not in wanted or not wanted and reply.status >= 500:
            raise Failure(f"{method} {path} answered {reply.status}, expected {status or 'less than 500'}: "
                          f"{reply.body[:400]!r}")
        return reply

    def get(self, path, **options):
        return self.call("GET", path, **{"status": 200, **options})

    def post(self, path, data=None, **options):
        return self.call("POST", path, data, **{"status": 200, **options})

    def put(self, path, data=None, **options):
        return self.call("PUT", path, data, **{"status": 200, **options})

    def delete(self, path, **options):
        return self.call("DELETE", path, **{"status": 204, **options})

    # -- people --

    def token(self, name="admin", roles="admin", hours=24):
        done = run("token", name, "--roles", roles, "--hours", hours, "--data", self.data, env=self.env)
        return done.stdout.strip()

    def register(self, name, password="a long password"):
        """An account through the API; its token."""
        reply = self.post("/auth/register", {"username": name, "password": password}, token=None, status=201)
        return reply.json["access_token"]

    # -- the main job --

    def generate(self, prompt="a lighthouse", token="admin", **fields):
        """Starts a small clip of the mock provider unless told otherwise; the reply."""
        request = {"prompt": prompt, "provider": "mock", "duration": 1, "size": "draft", "fps": 24, **fields}
        reply = self.post("/api/video/generate", request, token=token).json
        holds(reply["status"] in ("pending", "processing"), f"a new job is {reply['status']}")
        return reply

    def job(self, job_id, token="admin"):
        return self.get(f"/api/video/jobs/{job_id}", token=token).json

    def watch(self, job_id, token="admin", until=None):
        """The job's events up to the last one, or to the first for which `until(name, data)` is true."""
        if token == "admin":
            self.admin_token = self.admin_token or self.token()
            token = self.admin_token
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        seen = []
        try:
            connection.request("GET", f"/api/video/jobs/{job_id}/events", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            equal(answer.status, 200, "the status of the event stream")
            equal(answer.getheader("Content-Type").split(";")[0], "text/event-stream", "the type of the event stream")
            name, data = "message", []
            while True:
                line = answer.readline().decode()
                if not line:
                    return seen
                line = line.rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    data.append(line[6:])
                elif not line and data:
                    seen.append((name, json.loads("\n".join(data))))
                    if until and until(*seen[-1]):
                        return seen
                    name, data = "message", []
        finally:
            connection.close()

    def done(self, job_id, token="admin", status="completed"):
        """Waits for the end of a job by its events; the job, which must have come to this status."""
        self.watch(job_id, token)
        job = self.job(job_id, token)
        if job["status"] != status:
            raise Failure(f"the job is {job['status']}, expected {status}: {job['error_message']}")
        return job

    def make(self, *words, **fields):
        """A finished clip; its job."""
        return self.done(self.generate(*words, **fields)["job_id"], fields.get("token", "admin"))

    # -- what lies on the disk --

    def stored(self):
        """Every file of the media folder, by name, unfinished ones included; once no job looks at a new one."""
        if self.running():
            self.looked_at()
        return sorted(str(path.relative_to(self.media)) for path in self.media.rglob("*") if path.is_file())

    def looked_at(self):
        """Waits until every file that came in was looked at, unless the queue stands still."""
        if not self.rows("SELECT 1 FROM jobs WHERE kind = 'ingest' AND finished_at IS NULL") or \
           self.rows("SELECT 1 FROM queue WHERE paused = 1"):
            return
        eventually(lambda: not self.rows("SELECT 1 FROM jobs WHERE kind = 'ingest' AND finished_at IS NULL"), "the end of ingest")
        eventually(lambda: not list(self.media.glob(".unfinished/derived%*")), "the last names of derivatives")

    def rows(self, sql, *values):
        """Looks into the database."""
        with sqlite3.connect(self.data / "umam.db", timeout=PATIENCE) as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute(sql, values)]
        database.close()
        return found


def server(**env):
    """The one that most tests of a program share."""
    if not servers:
        Server(env)
    return servers[0]


# ---- processes ----

def children(pid, name=None):
    """Living children of a process, by the name of their program."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        comm, rest = stat[stat.index("(") + 1:stat.rindex(")")], stat[stat.rindex(")") + 2:].split()
        if int(rest[1]) == pid and rest[0] not in "ZX" and (name is None or comm.startswith(name)):
            found.append(int(entry.name))
    return sorted(found)


def zygote(server_):
    return eventually(lambda: children(server_.process.pid, "umam-media"), "a media worker of the server")[0]


def alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


# ---- things to send ----

def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def mint(secret, claims, alg="HS256", header=None):
    """A token as other programs make it."""
    head = base64url(json.dumps(header or {"alg": alg, "typ": "JWT"}).encode())
    text = f"{head}.{base64url(json.dumps(claims).encode())}"
    if alg == "none":
        return text + "."
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[alg]
    return f"{text}.{base64url(hmac.new(secret.encode(), text.encode(), digest).digest())}"


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixel=None, idat=None):
    """An RGB picture; `pixel(x, y)` gives three bytes."""
    if idat is None:
        pixel = pixel or (lambda x, y: (x * 255 // width, y * 255 // height, (x * 7 ^ y * 5) & 255))
        rows = b"".join(b"\0" + bytes(value for x in range(width) for value in pixel(x, y)) for y in range(height))
        idat = zlib.compress(rows, 9)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            png_chunk(b"IDAT", idat) + png_chunk(b"IEND", b""))


def wav(seconds, rate=8000, hertz=440):
    """A tone, 16 bits, one channel."""
    tone = b"".join(struct.pack("<h", round(9000 * math.sin(2 * math.pi * hertz * n / rate))) for n in range(int(seconds * rate)))
    return (b"RIFF" + struct.pack("<I", 36 + len(tone)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) +
            b"data" + struct.pack("<I", len(tone)) + tone)


def form(*parts, boundary="----umam-test-boundary"):
    """A multipart body: parts are (name, filename or None, type or None, bytes). Body and headers."""
    out = b""
    for name, filename, kind, data in parts:
        out += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if filename is not None:
            out += f'; filename="{filename}"'.encode()
        if kind is not None:
            out += f"\r\nContent-Type: {kind}".encode()
        out += b"\r\n\r\n" + data + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def mp4_boxes(data):
    """The outermost boxes of an MP4 file: [(type, size)]."""
    boxes, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        if size < 8:
            break
        boxes.append((kind.decode("latin-1"), size))
        at += size
    return boxes


# ---- running ----

tests = []


def test(function):
    tests.append(function)
    return function


def reason(fault):
    if isinstance(fault, Failure):
        where = [frame for frame in traceback.extract_tb(fault.__traceback__) if not frame.filename.endswith("harness.py")]
        line = f" (line {where[-1].lineno})" if where else ""
        return str(fault).replace("\n", " | ") + line
    return traceback.format_exc().strip().replace("\n", " | ")


def attempt(name, function):
    began = time.monotonic()
    try:
        function()
        for each in servers:
            each.check_log()
    except Exception as fault:  # pylint: disable=broad-except
        print(f"FAILED {name} {reason(fault)}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def stop_all():
    for each in servers:
        if each.running():
            each.stop()


def clean_up():
    for each in servers:
        if each.process and each.process.poll() is None:
            each.process.kill()
            each.process.wait()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    results = []
    try:
        for function in tests:
            results.append(attempt(function.__name__.replace("_", " "), function))
        results.append(attempt("the servers stop cleanly", stop_all))
    finally:
        clean_up()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    sys.exit(1 if False in results else 0)
