#!/usr/bin/env -S python3 -B
"""What must stay secret is in no log line and in no body but the one that hands it out."""
from harness import *

PASSWORD, WRONG, LATER = "correct-horse-7319", "wrong-battery-5172", "staple-later-9923"
QUERY, HEADER, BROKEN, FORM = "query-secret-4410", "header-secret-8827", "broken-secret-3391", "form-secret-6605"


class Session:
    """Keeps every body that comes back."""

    def __init__(self, s):
        self.server, self.bodies = s, []

    def call(self, method, path, data=None, **options):
        reply = self.server.call(method, path, data, **{"token": None, **options})
        self.bodies.append(reply.body.decode(errors="replace") + json.dumps(reply.headers))
        return reply


def busy(session):
    """Logins right and wrong, tokens good and bad, secrets where they do not belong; the secrets handed out."""
    tokens = []
    for data in ({"username": "ann", "password": PASSWORD}, {"username": "ann", "password": PASSWORD},
                 {"password": PASSWORD}, {"username": 5, "password": PASSWORD}, {"username": "x", "password": PASSWORD},
                 {"username": "bob", "password": [PASSWORD]}, {"username": "bob", "password": {"a": PASSWORD}},
                 {"username": "bob", "password": PASSWORD * 40}, {"username": "bob", "password": PASSWORD, "email": "no address"},
                 [PASSWORD], PASSWORD):
        reply = session.call("POST", "/auth/register", data)
        if reply.status == 201:
            tokens.append(session.bodies.pop() and reply.json["access_token"])
    for data in ({"username": "ann", "password": WRONG}, {"username": "nobody", "password": WRONG}, {"password": WRONG},
                 {"username": None, "password": WRONG}, {"username": "ann", "password": [WRONG]}, [{"password": WRONG}]):
        session.call("POST", "/auth/login", data)
    tokens.append(session.call("POST", "/auth/login", {"username": "ann", "password": PASSWORD}).json["access_token"])
    session.bodies.pop()
    for text in ('{"username": "ann", "password": "%s"', '{"username": "ann", "password": "%s" "x"}', '{"password": %s}', "%s", "'%s'"):
        for path in ("/auth/login", "/auth/register"):
            session.call("POST", path, body=text % BROKEN, headers={"Content-Type": "application/json"})
            session.call("POST", path, body=text % BROKEN, headers={"Content-Type": "text/plain"})
            session.call("POST", path, body=f"username=ann&password={FORM}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    for token in (tokens[0], tokens[0] + "x", HEADER):
        for path in ("/auth/me", "/api/video/jobs", "/nowhere", "/universes/x", f"/api/video/jobs?limit=5&token={QUERY}"):
            session.call("GET", path, token=token)
            session.call("PUT", path, token=token)
    for path in (f"/health?password={QUERY}", f"/nowhere?{QUERY}", f"/universes?access_token={QUERY}&limit=%ff", f"/auth/login?password={QUERY}"):
        session.call("GET", path, headers={"Authorization": f"Basic {HEADER}", "Cookie": f"session={HEADER}", "X-Api-Key": HEADER})
        session.call("POST", path, {"username": "ann", "password": WRONG}, headers={"Proxy-Authorization": HEADER})
    return tokens


@test
def secrets_stay_where_they_belong():
    s = Server({"LOG_LEVEL": "debug", "JWT_SECRET": "signing-key-of-this-test-2208"})
    session = Session(s)
    tokens = busy(session)
    s.generate(token=tokens[0])
    for name in ("ann", "nobody"):
        session.call("POST", "/auth/login", {"username": name, "password": LATER})
    hashes = [row["password_hash"] for row in s.rows("SELECT password_hash FROM users")]
    holds(len(tokens) == 2 and len(hashes) >= 2, "the session did not happen")
    s.stop()
    log, said = "".join(s.log), "\n".join(session.bodies)
    holds(log.count('"event":"request"') > 60, f"the log shows {log.count(chr(10))} lines only")
    admin = s.ready["admin_password"]
    signatures = [token.rsplit(".", 1)[1] for token in tokens]
    secrets = [PASSWORD, WRONG, LATER, HEADER, BROKEN, FORM, "signing-key-of-this-test-2208", admin, *tokens, *signatures, *hashes]
    for secret in secrets + [QUERY]:
        holds(secret not in log, f"the log shows {secret}: {[line for line in log.splitlines() if secret in line][:1]}")
    for secret in secrets + [QUERY]:
        holds(secret not in said, f"a body shows {secret}: {[body[:300] for body in session.bodies if secret in body][:1]}")


@test
def starting_with_bad_settings_tells_no_secret():
    for env in ({"JWT_SECRET": "short-sec"}, {"JWT_SECRET": "signing-key-of-this-test", "UMAM_PORT": "x"}):
        done = run("serve", "--data", new_folder() / "d", "--json", env=env, code=2)
        holds(env["JWT_SECRET"] not in done.stderr + done.stdout, f"it says {done.stderr}")


@test
def no_process_has_secrets_in_its_environment():
    secrets = {"JWT_SECRET": "signing-key-of-this-test-7740", "UMAM_ADMIN_PASSWORD": "first-password-6138"}
    folder = new_folder()
    worker = folder / "worker"  # notes what it gets, then is the real one
    worker.write_text(f"#!/bin/sh\ncp /proc/self/environ {folder}/seen\nexec {UMAM_MEDIA} \"$@\"\n")
    worker.chmod(0o755)
    s = Server({"UMAM_WORKER": str(worker), **secrets})
    equal(s.call("POST", "/auth/login", {"username": "admin", "password": secrets["UMAM_ADMIN_PASSWORD"]}, token=None).status, 200)
    s.generate(token=s.token())
    told = {"the server": pathlib.Path(f"/proc/{s.process.pid}/environ").read_bytes(), "the worker": (folder / "seen").read_bytes()}
    for who, environment in told.items():
        holds(b"PATH=" in environment, f"{who} has no environment at all")
        for secret in secrets.values():
            holds(secret.encode() not in environment, f"{who} has {secret} in its environment")
    names = {pair.split(b"=")[0].decode() for pair in told["the worker"].split(b"\0") if pair}
    own_of_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    holds(names - own_of_shell <= {"PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"},
          f"the worker gets {names}")


main()
