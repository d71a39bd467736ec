#!/usr/bin/env -S python3 -B
"""umam-net against senders that stumble, lie and lead astray, all on this machine."""
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

NET = os.path.abspath(sys.argv[1])
FILE = os.urandom(3 << 20)
HERE = "127.0.0.1"
passed = failed = 0


class Sender(http.server.BaseHTTPRequestHandler):
    """Does what the path says; `seen` are the Range headers of each path."""
    protocol_version = "HTTP/1.1"
    seen = {}

    def log_message(self, *_):
        pass

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def whole(self, body=FILE, **headers):
        self.head(200, Content_Length=len(body), **headers)
        self.wfile.write(body)

    def break_off(self, body):
        self.wfile.write(body)
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def do_GET(self):
        path = self.path.split("?")[0]
        ranges = self.seen.setdefault(path, [])
        ranges.append(self.headers.get("Range"))
        getattr(self, path.strip("/").split("/")[0].replace("-", "_") or "whole")(len(ranges))

    def plain(self, _):
        self.whole(ETag='"a"')

    def empty(self, _):
        self.whole(b"")

    def breaks_twice(self, count, etag='"a"'):
        """Goes on where it is asked to, if the file is still the same."""
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == etag:
            start = int(self.headers["Range"][6:-1])
        body = FILE[start:]
        extra = {"Content_Range": f"bytes {start}-{len(FILE) - 1}/{len(FILE)}"} if start else {}
        self.head(206 if start else 200, Content_Length=len(body), ETag=etag, **extra)
        if count < 3:
            self.break_off(body[:1 << 20])
        else:
            self.wfile.write(body)

    def changes(self, count):
        """Another file each time."""
        self.breaks_twice(count, f'"{count}"')

    def breaks_without_name(self, count):
        self.head(200, Content_Length=len(FILE))
        self.break_off(FILE[:1 << 20]) if count < 2 else self.wfile.write(FILE)

    def weak(self, count):
        self.head(200, Content_Length=len(FILE), ETag='W/"a"')
        self.break_off(FILE[:1 << 20]) if count < 2 else self.wfile.write(FILE)

    def elsewhere(self, count):
        """Answers a range with another one."""
        if count == 1:
            self.head(200, Content_Length=len(FILE), ETag='"a"')
            return self.break_off(FILE[:1 << 20])
        self.head(206, Content_Length=10, ETag='"a"', Content_Range=f"bytes 5-14/{len(FILE)}")
        self.wfile.write(FILE[5:15])

    def mixes(self, count):
        """Goes on with another version of the file when asked for the rest of the first."""
        if count == 1:
            self.head(200, Content_Length=len(FILE), ETag='"old"')
            return self.break_off(bytes(1000))
        if self.headers.get("Range"):
            self.head(206, Content_Length=len(FILE) - 1000, ETag='"new"', Content_Range=f"bytes 1000-{len(FILE) - 1}/{len(FILE)}")
            return self.wfile.write(FILE[1000:])
        self.whole(ETag='"new"')

    def parts(self, count):
        """A third at a time."""
        third = len(FILE) // 3
        if count == 1:
            self.head(200, Content_Length=len(FILE), ETag='"a"')
            return self.break_off(FILE[:third])
        start = int(self.headers["Range"][6:-1])
        body = FILE[start:start + third]
        self.head(206, Content_Length=len(body), ETag='"a"', Content_Range=f"bytes {start}-{start + len(body) - 1}/{len(FILE)}")
        self.wfile.write(body)

    def no_such_range(self, count):
        if count == 1:
            self.head(200, Content_Length=len(FILE), ETag='"a"')
            return self.break_off(FILE[:1000])
        if self.headers.get("Range"):
            return self.head(416, Content_Length=0)
        self.whole()

    def only_a_part(self, _):
        """A range that nobody asked for."""
        self.head(206, Content_Length=35, Content_Range="bytes 0-34/999999")
        self.wfile.write(FILE[:35])

    def odd_headers(self, _):
        self.send_response(200)
        for name, value in (("Content-Type", "a" * 9000), ("ETag", '"a\rX-Evil: 1"'), ("Content-Length", str(len(FILE)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(FILE)

    def always_breaks(self, _):
        self.head(200, Content_Length=len(FILE))
        self.break_off(FILE[:1000])

    def busy(self, count):
        self.whole() if count > 2 else self.head(503, Content_Length=0)

    def status(self, _):
        self.head(int(self.path.split("/")[2]), Content_Length=4)
        self.wfile.write(b"page")

    def to(self, _):
        self.head(302, Location=self.path.split("/", 2)[2].replace("_", "/"), Content_Length=0)

    def around(self, _):
        self.head(302, Location="/around", Content_Length=0)

    def endless(self, _):
        self.head(200)
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
        except OSError:
            self.close_connection = True

    def slow(self, _):
        self.head(200, Content_Length=1 << 30)
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
                time.sleep(0.05)
        except OSError:
            self.close_connection = True


server = http.server.ThreadingHTTPServer((HERE, 0), Sender)
threading.Thread(target=server.serve_forever, daemon=True).start()
base = f"http://{HERE}:{server.server_port}"
folder = tempfile.TemporaryDirectory(prefix="umam-net-")
number = 0


def get(path, *allowed, code=0, says=None, url=None):
    """What came, and what was said."""
    global number
    number += 1
    file = pathlib.Path(folder.name, str(number))
    order = {"url": url or base + path, "max_bytes": 1 << 40, "wait_s": 90}
    done = subprocess.run([NET, "run", ",".join(allowed or (HERE,)), "fetch", json.dumps(order), f"out={file}"], capture_output=True, text=True,
                          timeout=100)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"{path}: exit status {done.returncode}, not {code}: {said}"
    assert says is None or says in said, f"{path}: {said!r} does not say {says!r}"
    return file.read_bytes(), said


def test(name, function):
    global passed, failed
    try:
        function()
        passed += 1
        print(f"ok {name}", flush=True)
    except Exception as fault:
        failed += 1
        print(f"FAILED {name}: {fault}", flush=True)


def same(got, wanted):
    assert got == wanted, f"{got!r:.200} is not {wanted!r:.200}"


def whole(path, connections):
    body, _ = get(path, says=f'"attempts":{connections}}}')
    assert body == FILE, f"{path}: {len(body)} other bytes"


def going_on():
    whole("/breaks-twice", 3)
    same(Sender.seen["/breaks-twice"], [None, f"bytes={1 << 20}-", f"bytes={2 << 20}-"])
    whole("/parts", 3 + (len(FILE) % 3 > 0))


def starting_over():
    whole("/changes", 3)
    whole("/breaks-without-name", 2)
    whole("/weak", 2)
    whole("/mixes", 3)
    whole("/no-such-range", 3)
    same(Sender.seen["/breaks-without-name"], [None, None])
    same(Sender.seen["/weak"], [None, None])


def plainly():
    whole("/plain", 1)
    whole("/to/_plain", 1)
    whole("/busy", 3)
    same(get("/empty")[0], b"")
    get("/plain/a%20b.mp4?signature=secret", says='"filename":"a b.mp4"')
    assert "secret" not in get("/plain/x?signature=secret")[1], "a secret of the address is shown"


def refusals():
    for status, code in ((404, 5), (410, 5), (401, 4), (403, 4), (400, 2), (418, 2)):
        same(get(f"/status/{status}", code=code, says=str(status))[0], b"")
    get("/around", code=2, says="on and on")
    get("/elsewhere", code=2, says="another place")
    get("/only-a-part", code=2, says="another place")
    get("/odd-headers")
    get("/always-breaks", code=8, says="before the file was whole")
    same(len(Sender.seen["/always-breaks"]), 5)


def private_addresses():
    port = server.server_port
    before = sum(map(len, Sender.seen.values()))
    for host in (HERE, "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]", "[::]"):
        get("", "192.168.77.77", code=4, says="private network", url=f"http://{host}:{port}/plain")
    same(sum(map(len, Sender.seen.values())), before)
    for to in ("http:__127.0.0.2:1_x", "http:__169.254.169.254_latest", "http:__[fd00::1]_x", "__10.0.0.1_x"):
        get(f"/to/{to}", code=4, says="private network")
    for to in ("file:___etc_passwd", "ftp:__1.1.1.1_x", "gopher:__127.0.0.1:1_x"):
        get(f"/to/{to}", code=2)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def confinement():
    """A child that fetches has a connection and makes none (`umam doctor --sandbox` attacks it from inside)."""
    order = {"url": base + "/slow", "max_bytes": 1 << 40, "wait_s": 90}
    process = subprocess.Popen([NET, "run", HERE, "fetch", json.dumps(order), f"out={folder.name}/slow"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while "/slow" not in Sender.seen and time.monotonic() < deadline:
            time.sleep(0.02)
        child, = children(process.pid)
        status = pathlib.Path(f"/proc/{child}/status").read_text()
        assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status and "CapEff:\t0000000000000000" in status, status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534" in status, status
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


for name, function in list(globals().items()):
    if function in (plainly, going_on, starting_over, refusals, private_addresses, confinement):
        test(name.replace("_", " "), function)
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
