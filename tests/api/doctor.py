#!/usr/bin/env -S python3 -B
"""`umam doctor`: the layers, the instance, every attack on the sandbox; and a server whose kernel lacks a layer.

$UMAM_LACKING is the program that takes layers away (tests/cell/lacking.c)."""
import pty

from harness import *

LACKING = os.environ["UMAM_LACKING"]
BOTH = ("sandbox of umam-media", "sandbox of umam-net")
ROWS = re.findall(r"^ATTACK\((\w+), (\w+), (\w+),", (SOURCE / "src/task/attacks.def").read_text(), re.M)
SANITIZED = b"__asan_init" in pathlib.Path(UMAM_MEDIA).read_bytes()


def doctor(*words, code=0, lacking=None, env=None):
    """What it found, by name; and all of it."""
    words = ["doctor", "--json", *map(str, words)]
    if lacking:
        done = subprocess.run([LACKING, lacking, UMAM, *words], env=clean_environment(env), cwd=folders_home(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        equal(done.returncode, code, f"the exit status of a doctor without {lacking}, who says {done.stderr[-300:]!r},")
    else:
        done = run(*words, env=env, code=code)
    report = json.loads(done.stdout)
    equal(report["healthy"], code == 0, "healthy")
    for state in ("ok", "warn", "fail"):
        equal(report[state], sum(finding["state"] == state for finding in report["findings"]), f"the number of '{state}'")
    return {finding["name"]: finding for finding in report["findings"] if "umam-net" not in finding["group"]}, report


def of_net(report):
    """What it found about umam-net, by name."""
    return {finding["name"]: finding for finding in report["findings"] if "umam-net" in finding["group"]}


def states(found, *names):
    return [found[name]["state"] for name in names]


@test
def every_attack_is_denied():
    found, report = doctor("--sandbox")
    tried = [(group, name) for group, name, end in ROWS if end != "BARRED"] + [(f"umam-net: {group}", name) for group, name, _ in ROWS]
    equal([(finding["group"], finding["name"]) for finding in report["findings"]], tried)
    holds(len(ROWS) > 90, f"there are only {len(ROWS)} attacks")
    held_by_memory = 2 * [name for group, name, _ in ROWS if group == "memory"] if SANITIZED else []
    equal([finding["name"] for finding in report["findings"] if finding["state"] != "ok"], held_by_memory, "what was not denied")
    for finding in report["findings"]:
        holds(finding["text"] and finding["what"], f"{finding} is not explained")
    has(found["run_program"]["text"], "SIGSYS")
    has(found["read_passwd"]["text"], "EPERM")
    has(found["huge_file"]["text"], "EFBIG")
    has(found["sleep_for_ever"]["text"], "server's clock")
    for name, how in (("dial_loopback", "forbidden"), ("dial_a_path", "not_found"), ("dial_without_end", "hung up"), ("socket_inet", "SIGSYS")):
        has(of_net(report)[name]["text"], how)


@test
def what_gets_through_is_seen():
    through = ("read_passwd", "list_root", "socket_inet", "fork_process", "run_program", "map_code")
    stopped = ("huge_file", "stray", "write_input", "mount_folder", "garbage", "answer_twice")
    found, report = doctor("--sandbox", "--attacks", ",".join(through + stopped), lacking="landlock,seccomp", code=8)
    equal([list(found), list(of_net(report))], [list(through + stopped)] * 2, "the attacks tried")
    equal(states(of_net(report), *through), ["fail"] * len(through), "in umam-net")
    for name in through:
        equal(found[name]["state"], "fail", f"the state of {name}")
        has(found[name]["text"], "it got through")
        has(found[name]["advice"], "umam doctor")
    equal(states(found, *stopped), ["ok"] * len(stopped), "what other layers stop")
    has(run("doctor", "--sandbox", "--attacks", "dance", code=2).stderr, "no attack 'dance'")


@test
def one_layer_is_enough_to_close_the_files():
    files = ("read_passwd", "read_root_link", "list_root", "read_secret", "open_own_memory", "write_tmp", "write_here", "reopen")
    for missing, layer in (("landlock", "seccomp"), ("seccomp", "Landlock")):
        found, _ = doctor("--sandbox", "--attacks", ",".join(files), lacking=missing)
        for name in files:
            has(found[name]["text"], layer)


@test
def it_looks_at_the_layers_of_a_real_child():
    found, report = doctor()
    both = [[(finding["name"], finding["state"]) for finding in report["findings"] if finding["group"] == group] for group in BOTH]
    equal(both[0], both[1], "umam-net beside umam-media")
    equal(len(both[0]), 12, "the layers of each")
    has(of_net(report)["descriptors"]["text"], "one to the helper")
    equal(states(found, "worker program", "limits", "capabilities", "no_new_privs", "not dumpable", "landlock", "seccomp", "network",
                 "descriptors"), ["ok"] * 9)
    has(found["limits"]["text"], "64 descriptors")
    equal(found["memory limit"]["state"], "warn" if SANITIZED else "ok")
    found, _ = doctor(lacking="landlock", code=8)
    equal(states(found, "landlock", "seccomp"), ["fail", "ok"])
    has(found["landlock"]["advice"], "lsm=")
    found, _ = doctor(lacking="seccomp", code=8)
    equal(states(found, "landlock", "seccomp", "network")[:2], ["ok", "fail"])


@test
def it_says_when_there_is_no_worker():
    found, _ = doctor("--worker-program", "/nowhere/umam-media", code=8)
    has(found["worker program"]["text"], "/nowhere/umam-media")
    holds("seccomp" not in found, "layers are shown of a worker that does not run")
    has(run("doctor", "--sandbox", "--worker-program", "/bin/true", code=8).stderr, "does not start")
    script = new_folder() / "umam-media"
    script.write_text(f"""#!/usr/bin/env -S python3 -B
import os, socket
socket.socket(fileno=3).send(b'{{"event":"ready","version":"0.0.1","layers":{{"landlock":1,"seccomp":true}}}}')
""")
    script.chmod(0o755)
    found, _ = doctor("--worker-program", script, code=8)
    equal(found["worker program"]["state"], "fail")
    has(found["worker program"]["text"], "0.0.1")


@test
def it_looks_at_the_data_folder():
    data = new_folder() / "data"
    found, _ = doctor("--data", data)
    equal(states(found, "folder"), ["warn"])
    run("migrate", "up", "--data", data)
    found, _ = doctor("--data", data)
    equal(states(found, "folder", "owner", "access", "umam.db", "free space", "database"), ["ok"] * 6)
    has(found["database"]["text"], "schema version")
    equal(doctor("--data", data, "--disk-reserve-mb", 1 << 29, code=8)[0]["free space"]["state"], "fail")
    before = sorted(path.name for path in data.iterdir())
    data.chmod(0o755)
    (data / "umam.db").chmod(0o644)
    (data / "secret.key").write_text("x")
    (data / "secret.key").chmod(0o640)
    found, _ = doctor("--data", data, code=8)
    equal(states(found, "access", "umam.db", "secret.key"), ["fail", "fail", "warn"])
    has(found["access"]["advice"], "chmod 700")
    run("migrate", "down", "--to", 0, "--data", data)
    equal(doctor("--data", data, code=8)[0]["database"]["state"], "warn")
    (data / "umam.db").write_bytes(b"no database " * 400)
    equal(doctor("--data", data, code=8)[0]["database"]["state"], "fail")
    holds(set(before) <= {path.name for path in data.iterdir()}, "something was removed")
    holds(not list(data.glob(".umam-doctor*")), "the doctor left a file")
    found, _ = doctor("--data", data / "umam.db", code=8)
    equal(states(found, "folder"), ["fail"])


@test
def it_looks_at_dangerous_settings():
    names = ("network", "accounts", "dev token", "signing key", "environment", "strict sandbox", "rate limits", "registration", "web origins")
    def settings(code=0, **env):
        found, report = doctor(env=env, code=code)
        return states({finding["name"]: finding for finding in report["findings"] if finding["group"] == "settings"}, *names)
    equal(settings(), ["ok"] * 9, "the settings as they come")
    open_ = {"UMAM_HOST": "0.0.0.0"}
    equal(settings(**open_), ["warn", "ok", "ok", "ok", "warn", "warn", "ok", "warn", "ok"], "on all addresses")
    careless = {"DISABLE_AUTH": "true", "UMAM_ALLOW_DEV_TOKEN": "true", "RATE_LIMIT_ENABLED": "false", "CORS_ORIGINS": "*"}
    equal(settings(**careless), ["ok", "warn", "warn", "ok", "ok", "ok", "warn", "ok", "warn"], "careless, alone")
    equal(settings(**careless, **open_, code=8), ["warn", "fail", "fail", "ok", "warn", "warn", "fail", "warn", "fail"], "careless, for all")
    equal(settings(JWT_SECRET="dev-secret-dev-secret", code=8)[3], "fail")
    equal(settings(JWT_SECRET="aaaabbbbccccdddd", code=8)[3], "fail")
    equal(settings(JWT_SECRET="k7Vq2mZx9RtLw4YpB8Nd")[3], "ok")
    careful = {"ENVIRONMENT": "production", "UMAM_STRICT_SANDBOX": "true", "UMAM_REGISTRATION": "closed"}
    equal(settings(**careful, **open_), ["warn"] + ["ok"] * 8, "careful")


@test
def it_is_pleasant_to_read():
    text = run("doctor").stdout
    for word in ("\nsandbox of umam-media\n", "\nsandbox of umam-net\n", "\nsettings\n", "  ok    kernel", " to mend\n"):
        has(text, word)
    holds("\x1b" not in text, "colours go to a file")
    holds(max(map(len, text.splitlines())) <= 130, "a line is longer than a wide terminal")
    master, slave = pty.openpty()
    process = subprocess.Popen([UMAM, "doctor"], cwd=folders_home(), env=clean_environment(), stdin=subprocess.DEVNULL, stdout=slave)
    os.close(slave)
    shown = b""
    try:
        while more := os.read(master, 4096):
            shown += more
    except OSError:
        pass  # the terminal is closed
    os.close(master)
    equal(process.wait(PATIENCE), 0, "the exit status")
    has(shown, b"\x1b[32mok")


class Lacking(Server):
    """A server on a kernel without some layers."""

    def __init__(self, layers, env=None):
        self.layers = layers
        super().__init__(env)

    def start(self):
        real = subprocess.Popen
        subprocess.Popen = lambda words, **options: real([LACKING, self.layers, *words], **options)
        try:
            return super().start()
        finally:
            subprocess.Popen = real


@test
def without_a_layer_the_server_says_so_and_works():
    s = Lacking("landlock")
    s.await_log("sandbox incomplete", missing="Landlock", media_work="goes on")
    checks = s.get("/health").json["checks"]
    for worker in (checks["worker"], checks["fetcher"]):
        equal([worker["status"], worker["sandbox"]["missing"], worker["sandbox"]["landlock_abi"]], ["healthy", "Landlock", 0])
    equal(s.make("still works")["status"], "completed")
    s.stop()


@test
def in_strict_mode_it_starts_and_refuses_media_work():
    for layers, missing in (("landlock", "Landlock"), ("landlock,seccomp", "Landlock and seccomp")):
        s = Lacking(layers, {"UMAM_STRICT_SANDBOX": "true"})
        s.await_log("sandbox incomplete", missing=missing, media_work="refused")
        health = s.get("/health").json
        equal(health["status"], "healthy", "the server as a whole")
        worker = health["checks"]["worker"]
        equal([worker["status"], worker["sandbox"]["missing"]], ["unhealthy", missing])
        has(worker["error"], missing)
        has(health["checks"]["fetcher"]["error"], f"nothing is fetched: this machine's kernel lacks {missing}")
        equal(health["checks"]["network"]["outgoing"], "possible" if "seccomp" in layers else "impossible", "outgoing connections")
        request = {"prompt": "x", "provider": "mock", "duration": 1, "size": "draft"}
        refused = [s.post("/api/video/generate", request, status=503)]
        body, headers = form(("file", "a.png", "image/png", png(16, 9)))
        refused.append(s.call("POST", "/media/upload", body=body, headers=headers, status=503))
        for reply in refused:
            equal(reply.json["code"], "unavailable")
            has(reply.detail, f"lacks {missing}")
            has(reply.detail, "umam doctor")
        equal(s.rows("SELECT count(*) AS n FROM jobs"), [{"n": 0}], "jobs that can never run")
        equal(s.stored(), [], "files of refused work")
        s.post("/universes", {"name": "other work goes on"}, status=201)
        s.stop()


@test
def in_strict_mode_with_all_layers_media_work_goes_on():
    s = Server({"UMAM_STRICT_SANDBOX": "true"})
    worker = s.get("/health").json["checks"]["worker"]
    equal([worker["status"], worker["sandbox"]["missing"]], ["healthy", None])
    equal(s.make("with all layers")["status"], "completed")
    s.stop()


main()
