#!/usr/bin/env -S python3 -B
"""The audit log: what goes in, what never does, and that a flood cannot fill the disk."""
from harness import *

SECRET, PASSWORD = "a secret of exactly the audit", "sunset over water"


def shared():
    return server(JWT_SECRET=SECRET)


def log(s=None, **query):
    return (s or shared()).get("/api/audit", query=query).json


def noted(actor, s=None):
    """What one did, oldest first: act, target, outcome, times."""
    return [(e["act"], e["target"], e["outcome"], e["times"]) for e in reversed(log(s, actor=actor))]


def person(name, roles=("creator",)):
    shared().post("/users", {"username": name, "password": PASSWORD, "roles": list(roles)}, status=201)
    return shared().post("/auth/login", {"username": name, "password": PASSWORD}, token=None).json


@test
def a_life_is_noted_in_order():
    s, session = shared(), person("mira")
    token = session["access_token"]
    key = s.post("/auth/keys", {"name": "robot", "scopes": ["read"]}, token=token, status=201).json
    s.delete(f"/auth/keys/{key['details']['id']}", token=token)
    made = s.post("/universes", {"name": "x"}, token=token, status=201).json["id"]
    s.delete(f"/universes/{made}", token=token)
    job = s.make("a clip", token=token)["id"]
    s.delete(f"/api/video/jobs/{job}", token=token)
    session = s.post("/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD}, token=token).json
    s.call("POST", "/auth/logout", token=session["access_token"], status=204)
    equal(noted("mira"), [("login", "", "done", 1), ("key.create", key["details"]["id"], "done", 1),
                          ("key.revoke", key["details"]["id"], "done", 1), ("universe.delete", made, "done", 1),
                          ("job.delete", job, "done", 1), ("password.change", "", "done", 1), ("logout", "", "done", 1)])
    entry = log(actor="mira")[0]
    equal([entry["remote"], sorted(entry)], ["127.0.0.1", sorted(("id", "created_at", "actor", "remote", "act", "target",
                                                                   "outcome", "times"))])


@test
def administration_says_what_the_account_is_now():
    s = shared()
    person("nora")
    s.call("PATCH", "/users/nora", {"roles": ["viewer", "editor"], "is_active": False}, status=200)
    s.call("PATCH", "/users/nora", {"roles": []}, status=200)
    s.delete("/users/nora")
    acts = [(e["act"], e["target"]) for e in reversed(log()) if e["target"].startswith("nora")]
    equal(acts, [("account.create", "nora roles=creator on"), ("account.change", "nora roles=viewer,editor off"),
                 ("account.change", "nora roles=none off"), ("account.delete", "nora")])


@test
def refusals_are_noted_and_counted():
    s = shared()
    token = person("reader", ["viewer"])["access_token"]
    for _ in range(5):
        s.post("/universes", {"name": "x"}, token=token, status=403)
    s.get("/users", token=token, status=403)
    rows = [e for e in noted("reader") if e[2] == "refused"]
    equal(sorted(rows), [("denied", "GET /users", "refused", 1), ("denied", "POST /universes", "refused", 1),
                         ("denied", "POST /universes", "refused", 4)])
    for _ in range(3):
        s.post("/auth/login", {"username": "reader", "password": "wrong"}, token=None, status=401)
    equal(sum(e[3] for e in noted("reader") if e[0] == "login" and e[2] == "refused"), 3, "failed logins")
    s.post("/auth/login", {"username": PASSWORD, "password": "oops"}, token=None, status=401)
    equal([e["target"] for e in log(actor="", act="login")], ["no such account"])


@test
def a_refused_login_says_why():
    s = Server()
    s.register("mira")
    account = {"username": "mira", "password": "wrong"}
    s.post("/auth/login", account, token=None, status=401)
    token = s.post("/auth/login", {**account, "password": "a long password"}, token=None).json["access_token"]
    s.post("/auth/password", {"current_password": "wrong", "new_password": PASSWORD}, token=token, status=403)
    s.call("PATCH", "/users/mira", {"is_active": False}, status=200)
    s.post("/auth/login", account, token=None, status=401)
    while s.call("POST", "/auth/login", account, token=None).status == 401:
        pass
    reasons = {"wrong password", "the account is switched off", "too many attempts"}
    refused = [e for e in log(s) if e["outcome"] == "refused"]
    equal({e["target"] for e in refused if e["act"] == "login"}, reasons)
    equal([e["target"] for e in refused if e["act"] == "password.change"], ["wrong password"])
    s.stop()
    head, *rows = run("audit", "--act", "login", "--data", s.data).stdout.splitlines()
    equal(head.split(), ["TIME", "OUTCOME", "ACT", "ACTOR", "FROM", "TIMES", "TARGET", "OR", "REASON"])
    for reason in reasons:
        holds([row for row in rows if row.endswith(reason) and " refused " in row], f"no row of {rows} says '{reason}'")
    has(run("audit", "--act", "nothing", "--data", s.data).stdout, "nothing of that kind")


@test
def ended_sessions_and_replays_are_noted():
    s, session = shared(), person("victim")
    s.post("/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None)
    s.post("/auth/refresh", {"refresh_token": session["refresh_token"]}, token=None, status=401)
    for _ in range(4):
        s.get("/universes", token=session["access_token"], status=401)
    equal([e for e in noted("victim") if e[2] == "refused"],
          [("refresh.replay", "session ended", "refused", 1), ("token.ended", "GET /universes", "refused", 1),
           ("token.ended", "GET /universes", "refused", 3)])


@test
def bad_input_is_no_act():
    s, session = shared(), person("clumsy")
    s.post("/auth/keys", {"name": "x", "scopes": []}, token=session["access_token"], status=422)
    s.delete(f"/universes/{uuid.uuid4()}", token=session["access_token"], status=404)
    equal(noted("clumsy"), [("login", "", "done", 1)])


@test
def filters_and_pages():
    s = shared()
    for i in range(7):
        person(f"pager{i}")
    whole = log(limit=1000)
    equal([e["created_at"] for e in whole], sorted((e["created_at"] for e in whole), reverse=True), "the order")
    pages, cursor = [], None
    while True:
        reply = s.get("/api/audit", query={"limit": 3, **({"cursor": cursor} if cursor else {})})
        pages += reply.json
        cursor = reply.headers.get("x-next-cursor")
        if not cursor:
            break
    equal([e["id"] for e in pages], [e["id"] for e in whole], "all pages")
    holds(all(e["act"] == "login" for e in log(act="login")) and log(act="login"), "the filter by act")
    middle = whole[len(whole) // 2]["created_at"]
    equal([e["id"] for e in log(since=middle, limit=1000)], [e["id"] for e in whole if e["created_at"] >= middle])
    equal([e["id"] for e in log(until=middle, limit=1000)], [e["id"] for e in whole if e["created_at"] <= middle])
    for query in ({"limit": 0}, {"since": "soon"}, {"cursor": "x"}):
        s.get("/api/audit", query=query, status=422)


@test
def a_flood_leaves_a_few_rows():
    s = Server({"JWT_SECRET": SECRET})
    for i in range(300):
        s.get("/users", token=mint(SECRET, {"sub": f"flood{i}", "roles": ["viewer"]}), status=403)
    for _ in range(200):
        s.get("/users", token=mint(SECRET, {"sub": "flood0", "roles": ["viewer"]}), status=403)
    rows = [e for e in log(s, limit=1000) if e["outcome"] == "refused"]
    holds(len(rows) <= 2 * 41, f"{len(rows)} rows of 500 refusals")
    equal(sum(e["times"] for e in rows), 500, "the refusals that are counted")
    has([e["act"] for e in rows], "refusals")


@test
def the_log_outlives_kills_and_ends_with_its_time():
    s = Server({"UMAM_AUDIT_DAYS": "1"})
    s.register("mira")
    s.kill()
    s.start()
    equal(noted("mira", s), [("account.create", "mira", "done", 1)], "what was acknowledged before the kill")
    s.stop()
    with sqlite3.connect(s.data / "umam.db", timeout=PATIENCE) as database:
        database.execute("UPDATE audit_log SET created_at = created_at - 86400 * 1000000")
    database.close()
    run("user", "disable", "mira", "--data", s.data)
    s.start()
    s.get("/users", token=s.register("nora"), status=403)
    equal([e["act"] for e in log(s)], ["denied", "account.create", "user.disable"], "the log a day later")


@test
def the_command_shows_the_log():
    s = Server()
    s.register("mira")
    s.stop()
    has(run("audit", "--data", s.data).stdout, "account.create")
    run("user", "roles", "mira", "--roles", "viewer", "--data", s.data)
    lines = [json.loads(line) for line in run("audit", "--json", "--limit", 1, "--data", s.data).stdout.splitlines()]
    equal([(e["act"], e["target"], e["remote"]) for e in lines], [("user.roles", "mira roles=viewer", "local")])


@test
def no_secret_is_ever_noted():
    text = json.dumps(log(limit=1000))
    for secret in (SECRET, PASSWORD, "oops", "umam_", "umamr_", "eyJ"):
        holds(secret not in text, f"the audit log holds {secret!r}")


@test
def the_first_password_can_be_given():
    s = Server({"UMAM_ADMIN_PASSWORD": PASSWORD})
    holds("admin_password" not in s.ready, "a password that was given is shown")
    s.post("/auth/login", {"username": "admin", "password": PASSWORD}, token=None)
    holds(PASSWORD not in run("settings", env={"UMAM_ADMIN_PASSWORD": PASSWORD}).stdout, "umam settings shows the password")
    s.stop()
    file = new_folder() / "password"
    file.write_text("dawn over ice\n")
    s = Server({"UMAM_ADMIN_PASSWORD_FILE": str(file)})
    s.post("/auth/login", {"username": "admin", "password": "dawn over ice"}, token=None)
    file.unlink()
    s.stop()
    s.start()  # it is needed once
    done = run("serve", "--port", 0, "--data", new_folder(), env={"UMAM_ADMIN_PASSWORD": "short"}, code=2)
    has(done.stderr, "UMAM_ADMIN_PASSWORD")


main()
