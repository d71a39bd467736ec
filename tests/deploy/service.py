#!/usr/bin/env -S python3 -B
"""deploy/umam.service: what it says, how systemd scores it, and the real server under what it asks for.

$UMAM_FILTERED is the program that puts the system call filters of the unit on (filtered.c); the mounts are made here.
What needs systemd-analyze or root says so where there is none."""
import ipaddress
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))
from harness import *

FILTERED = os.environ["UMAM_FILTERED"]
UNIT = (SOURCE / "deploy" / "umam.service").read_text()
ANALYZE = shutil.which("systemd-analyze")
SERVICE_USER = 64123  # nobody's

# no leak report at the end: it needs ptrace, which the unit takes away
QUIET = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1"}


def values(key):
    return [line.split("=", 1)[1] for line in UNIT.splitlines() if line.startswith(key + "=")]


def analyze(*words):
    return subprocess.run([ANALYZE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def installed_unit():
    """The unit as `meson install` leaves it, with programs that are there."""
    unit = new_folder() / "umam.service"
    unit.write_text(UNIT.replace("@bindir@/umam", UMAM))
    return unit


def allowed_calls():
    """What SystemCallFilter= lets pass, expanded by systemd itself."""
    def expand(word):
        if not word.startswith("@"):
            return {word}
        lines = (line.strip() for line in analyze("syscall-filter", word).stdout.splitlines()[1:])
        return set().union(*(expand(line) for line in lines if line and not line.startswith("#")))
    calls = expand("@default")
    for value in values("SystemCallFilter"):
        words = set().union(*(expand(word) for word in value.lstrip("~").split()))
        calls = calls - words if value.startswith("~") else calls | words
    return calls


@test
def it_says_what_matters():
    for key, value in {"Type": "notify", "Restart": "on-failure", "User": "umam", "StateDirectory": "umam", "StateDirectoryMode": "0700",
                       "UMask": "0077", "LoadCredential": "JWT_SECRET", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "",
                       "ProtectSystem": "strict", "MemoryDenyWriteExecute": "yes", "RestrictSUIDSGID": "yes", "OOMPolicy": "continue",
                       "ExecStart": "@bindir@/umam serve"}.items():
        equal(values(key), [value], key)
    settings = dict(pair.split("=", 1) for pair in values("Environment")[0].split())
    equal(settings["ENVIRONMENT"], "production")
    known = json.loads(run("settings", "--json", env=settings).stdout)
    equal([known["data_dir"], known["strict_sandbox"]], ["/var/lib/umam", True], "the settings of the unit")
    user = (SOURCE / "deploy" / "umam.sysusers").read_text()
    has(user, f"\nu {values('User')[0]} ")


@test
def systemd_takes_it_and_scores_it():
    if not ANALYZE:
        print("note: no systemd-analyze here, the unit was not judged")
        return
    unit = installed_unit()
    done = analyze("verify", unit)
    equal([done.returncode, done.stdout], [0, ""], "what systemd-analyze verify says")
    score = re.search(r"Overall exposure level for umam.service: ([\d.]+)", analyze("security", "--offline=true", unit).stdout)
    holds(score and float(score[1]) <= 0.9, f"the exposure is {score and score[1]}")


@test
def the_drop_in_for_imports_opens_public_addresses_only():
    if not ANALYZE:
        print("note: no systemd-analyze here, the drop-in was not judged")
        return
    unit = installed_unit()
    folder = unit.parent / "umam.service.d"
    folder.mkdir()
    shutil.copy(SOURCE / "deploy" / "umam-imports.conf", folder)
    done = analyze("verify", unit)
    equal([done.returncode, done.stdout], [0, ""], "what systemd-analyze verify says")
    text = (folder / "umam-imports.conf").read_text()
    has(text, "\nIPAddressDeny=\n")
    denied = [ipaddress.ip_network(word) for line in text.splitlines() if line.startswith("IPAddressDeny=") for word in line.split("=")[1].split()]
    for address, shut in (("10.1.2.3", True), ("192.168.1.1", True), ("172.31.0.1", True), ("169.254.169.254", True), ("100.100.100.200", True),
                          ("224.0.0.1", True), ("fd00::1", True), ("fe80::1", True), ("127.0.0.1", False), ("1.1.1.1", False), ("2606:4700::1111", False)):
        equal(any(ipaddress.ip_address(address) in network for network in denied), shut, address)


def dropping():
    """The user of the service, without powers."""
    return ["setpriv", f"--reuid={SERVICE_USER}", f"--regid={SERVICE_USER}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
            "--no-new-privs"] if os.getuid() == 0 else []


def list_of_calls(folder):
    folder.chmod(0o755)
    calls = folder / "calls"
    calls.write_text("\n".join(sorted(allowed_calls())))
    return calls


def mounts(data):
    """A shell line that makes what the unit makes of the file system: read-only, an own /tmp, no homes, a short /proc."""
    return (f"mount --make-rprivate / && mount --bind {data} {data} && mount -o remount,bind,ro / && mount -t tmpfs tmpfs /home && "
            f"mount -t tmpfs tmpfs /root && mount -t proc -o hidepid=invisible,subset=pid proc /proc && cd {data}")


class Service(Server):
    """A server as the unit starts it: filtered, and as root also with its mounts, another user and no powers."""

    def start(self):
        self.data.mkdir(mode=0o700)
        self.heard_ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard_ready.bind(f"\0umam-test-{uuid.uuid4()}")
        self.env |= {**QUIET, "NOTIFY_SOCKET": "@" + self.heard_ready.getsockname()[1:].decode(), "ENVIRONMENT": "production",
                     "UMAM_STRICT_SANDBOX": "true", "CREDENTIALS_DIRECTORY": str(self.folder)}
        (self.folder / "JWT_SECRET").write_text("k7Vq2mZx9RtLw4YpB8Nd\n")
        (self.folder / "JWT_SECRET").chmod(0o444)
        before = [*dropping(), FILTERED, list_of_calls(self.folder)]
        if os.getuid() == 0:
            os.chown(self.data, SERVICE_USER, SERVICE_USER)
            before = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", mounts(self.data) + ' && exec "$@"', "sh", *before]
        else:
            print("note: not root, so without the mounts of the unit and as the same user")
        real = subprocess.Popen
        subprocess.Popen = lambda words, **options: real([*map(str, before), *map(str, words)], **options)
        try:
            return super().start()
        finally:
            subprocess.Popen = real


@test
def the_server_works_under_all_of_it():
    if not ANALYZE:
        print("note: no systemd-analyze here, which tells what the filters let pass; not tried")
        return
    s = Service()
    s.heard_ready.settimeout(PATIENCE)
    equal(s.heard_ready.recv(100), b"READY=1")
    s.admin_token = mint("k7Vq2mZx9RtLw4YpB8Nd", {"sub": "admin", "roles": ["admin"], "exp": int(time.time()) + 3600})
    health = s.get("/health").json
    equal([health["status"], health["environment"], health["checks"]["worker"]["status"]], ["healthy", "production", "healthy"])
    equal([health["checks"]["worker"]["sandbox"]["missing"], health["checks"]["network"]["outgoing"]], [None, "impossible"])
    made = s.make("a service", provider="local", duration=1)
    equal(made["status"], "completed")
    body, headers = form(("file", "a.png", "image/png", png(160, 90)))
    picture = s.call("POST", "/media/upload", body=body, headers=headers, status=200).json
    for url in (made["video_url"], picture["url"], picture["thumbnail_url"]):
        holds(len(s.get(url, token=None).body) > 300, f"{url} is short")
    for path in s.data.rglob("*"):
        equal(path.stat().st_mode & 0o077, 0, f"what others may do with {path.name}")
    s.process.terminate() if os.getuid() else [os.kill(pid, signal.SIGTERM) for pid in innermost(s.process.pid)]
    equal(s.heard_ready.recv(100), b"STOPPING=1")
    s.process.wait(PATIENCE)
    s.reader.join(PATIENCE)
    s.check_log()
    holds(any(entry["event"] == "stopped" for entry in s.events()), "it did not stop by itself")
    servers.remove(s)


def innermost(pid):
    """The server below the programs that start it."""
    for child in children(pid):
        if children(child, "umam-media") or pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "umam":
            return [child]
        return innermost(child)
    return []


@test
def the_sandbox_holds_under_the_filters():
    if not ANALYZE:
        print("note: no systemd-analyze here, which tells what the filters let pass; not tried")
        return
    calls = list_of_calls(new_folder())
    attacks = "read_passwd,socket_inet,fork_process,run_program,map_code,send_signal,garbage,thread_bomb,write_input"
    done = subprocess.run([*dropping(), FILTERED, calls, UMAM, "doctor", "--sandbox", "--json", "--attacks", attacks], cwd=calls.parent, text=True,
                          env=clean_environment(QUIET), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
    equal([done.returncode, json.loads(done.stdout)["ok"]], [0, 2 * (attacks.count(",") + 1)], f"attacks denied ({done.stderr})")


@test
def without_a_service_manager_nothing_is_announced():
    s = Server({"NOTIFY_SOCKET": "/nowhere/notify"})
    equal(s.get("/health/live", token=None).json["status"], "alive")


main()
