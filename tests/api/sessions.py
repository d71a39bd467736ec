#!/usr/bin/env -S python3 -B
"""Sessions: refresh tokens that are good once, logging out, changing the password."""
from harness import *

SECRET = "a secret of exactly the sessions"
PASSWORD = "sunset over water"


def shared():
    return server(JWT_SECRET=SECRET)


def login(name, password=PASSWORD, status=200):
    return shared().post("/auth/login", {"username": name, "password": password}, token=None, status=status).json


def person(name):
    """A new account, logged in."""
    return shared().post("/auth/register", {"username": name, "password": PASSWORD}, token=None, status=201).json


def refresh(token, status=200):
    return shared().post("/auth/refresh", {"refresh_token": token}, token=None, status=status).json


def good(session):
    """Whether the access token still opens the door."""
    return shared().call("GET", "/auth/me", token=session["access_token"], status=(200, 401)).status == 200


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


@test
def a_login_gives_a_refresh_token_and_its_time():
    made = person("first")
    equal(made["expires_in"], 86400)
    has(made["refresh_token"], f"umamr_{claims(made['access_token'])['sid']}.")
    row = shared().rows("SELECT * FROM sessions WHERE id = ?", claims(made["access_token"])["sid"])[0]
    equal(row["refresh_hash"], hashlib.sha256(made["refresh_token"].encode()).hexdigest(), "what is kept")
    days = (row["expires_at"] - row["created_at"]) / 86400e6
    equal(days, 30, "the days a session lasts")


@test
def a_refresh_gives_new_tokens_of_the_same_session():
    made = person("fresh")
    then = refresh(made["refresh_token"])
    equal(then["user"], made["user"])
    holds(then["refresh_token"] != made["refresh_token"], "the refresh token stays")
    equal(claims(then["access_token"])["sid"], claims(made["access_token"])["sid"], "the session")
    holds(good(then) and good(made), "a token of the session is refused")
    refresh(refresh(then["refresh_token"])["refresh_token"])


@test
def a_refresh_token_used_twice_ends_the_session():
    made, other = person("thief"), login("thief")
    stolen = made["refresh_token"]
    then = refresh(stolen)
    has(refresh(stolen, 401)["detail"], "log in again")
    holds(not good(then) and not good(made), "the session goes on after the replay")
    refresh(then["refresh_token"], 401)  # the thief's, or the owner's: nobody can tell
    holds(good(other), "another session of the user ended too")
    equal(shared().rows("SELECT COUNT(*) AS n FROM sessions WHERE id = ?", claims(made["access_token"])["sid"])[0]["n"], 0)


@test
def one_of_many_refreshes_at_once_wins():
    made, statuses = person("racer"), []

    def one():
        statuses.append(shared().call("POST", "/auth/refresh", {"refresh_token": made["refresh_token"]}, token=None).status)
    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(sorted(statuses), [200] + [401] * 7, "the statuses")


@test
def other_texts_are_no_refresh_tokens():
    made = person("texts")
    sid = claims(made["access_token"])["sid"]
    for text in ("", "x", "umamr_", f"umamr_{sid}", f"umamr_{uuid.uuid4()}.{'A' * 43}", made["access_token"],
                 made["refresh_token"][:-1], made["refresh_token"] + "A", "umamr_" + "x" * 36 + "." + "A" * 43):
        refresh(text, 401)
    holds(good(made), "nonsense ended a session")
    fault = shared().post("/auth/refresh", {"refresh_token": "x" * 257}, token=None, status=422).detail[0]
    equal([fault["loc"], fault["input"]], [["body", "refresh_token"], None], "the fault, without the secret")


@test
def a_refresh_token_that_was_never_issued_ends_nothing():
    made, other = person("target"), login("target")
    token, sid = made["refresh_token"], claims(made["access_token"])["sid"]
    holds(re.fullmatch(rf"umamr_{sid}\.[A-Za-z0-9_-]{{43}}[0-9a-f]{{16}}", token), f"the refresh token is {token!r}")
    begin = f"umamr_{sid}."
    for forged in (begin + "A" * 43 + "0" * 16, begin + "A" * 43 + token[-16:], token[:-16], token[:-16] + other["refresh_token"][-16:],
                   begin + other["refresh_token"][len(begin):], token[:-16] + token[-16:].upper(), token[:-1] + "g"):
        if forged != token:
            refresh(forged, 401)
    holds(good(made) and good(other), "a made up refresh token ended a session")
    equal(shared().get("/api/audit", query={"act": "refresh.replay", "actor": "target"}).json, [])
    then = refresh(token)
    refresh(token, 401)  # this one was issued, and used
    holds(not good(then) and good(other), "the session goes on after a replay")


@test
def logging_out_ends_this_session_at_once():
    made, other = person("leaver"), login("leaver")
    shared().call("POST", "/auth/logout", token=made["access_token"], status=204)
    holds(not good(made), "the token is good after logging out")
    refresh(made["refresh_token"], 401)
    holds(good(other), "another session ended too")
    minted = mint(SECRET, {"sub": "leaver", "roles": ["creator"], "iat": int(time.time())})
    has(shared().call("POST", "/auth/logout", token=minted, status=409).detail, "logout-all")


class Kept:
    """One connection for many requests."""

    def __enter__(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", shared().port, timeout=PATIENCE)
        self.connection.connect()
        self.socket = self.connection.sock
        return self

    def __exit__(self, *_):
        self.connection.close()

    def me(self, token):
        """The status, and who it says that is."""
        self.connection.request("GET", "/auth/me", headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = self.connection.getresponse()
        body = json.loads(answer.read())
        holds(self.connection.sock is self.socket, "the connection was not kept")
        return answer.status, body.get("username")


@test
def a_connection_that_is_known_is_still_asked():
    ann, bob = person("kept-ann"), person("kept-bob")
    with Kept() as kept:
        for _ in range(3):  # who came before counts for nothing
            equal(kept.me(ann["access_token"]), (200, "kept-ann"))
            equal(kept.me(bob["access_token"]), (200, "kept-bob"))
            equal(kept.me(bob["access_token"][:-2]), (401, None))
            equal(kept.me(None), (401, None))
        equal(kept.me(ann["access_token"]), (200, "kept-ann"))
        shared().post("/auth/logout", token=ann["access_token"], status=(200, 204))
        equal(kept.me(ann["access_token"]), (401, None), "the next request after the logout")
        short = mint(SECRET, {"sub": "kept-bob", "roles": ["creator"], "exp": time.time() + 1.2})
        seen = [kept.me(short)]
        while seen[-1][0] == 200:
            seen.append(kept.me(short))
        holds(len(seen) > 2, f"only {len(seen)} requests fit in")
        equal(kept.me(bob["access_token"]), (200, "kept-bob"))
        shared().call("PATCH", "/users/kept-bob", {"is_active": False}, status=200)
        equal(kept.me(bob["access_token"]), (401, None), "the next request after the account was switched off")


@test
def logging_out_everywhere_ends_every_token_made_before():
    made, other = person("everywhere"), login("everywhere")
    elsewhere = mint(SECRET, {"sub": "everywhere", "roles": ["creator"], "iat": int(time.time())})
    undated = mint(SECRET, {"sub": "everywhere", "roles": ["creator"]})
    command = shared().token("everywhere", "creator")
    ahead = mint(SECRET, {"sub": "everywhere", "roles": ["creator"], "iat": int(time.time()) + 4})  # by a clock that is ahead
    for token in (elsewhere, undated, command, ahead):
        shared().get("/auth/me", token=token)
    shared().call("POST", "/auth/logout-all", token=made["access_token"], status=204)
    for token in (made["access_token"], other["access_token"], elsewhere, undated, command, ahead):
        shared().get("/auth/me", token=token, status=401)
    holds(good(login("everywhere")), "a login right after is refused")
    with sqlite3.connect(shared().data / "umam.db", timeout=PATIENCE) as database:  # as if ten seconds had passed
        database.execute("UPDATE users SET tokens_after = tokens_after - 10000000 WHERE username = 'everywhere'")
    database.close()
    shared().get("/auth/me", token=mint(SECRET, {"sub": "everywhere", "roles": ["creator"], "iat": int(time.time())}))
    stranger = mint(SECRET, {"sub": "nobody-here", "roles": ["creator"]})
    equal(shared().call("POST", "/auth/logout-all", token=stranger, status=404).detail, "User not found")


@test
def a_changed_password_ends_all_sessions_but_the_new_one():
    made, other = person("changer"), login("changer")
    body = {"current_password": PASSWORD, "new_password": "dawn over ice"}
    for wrong in ("wrong", "", PASSWORD + " "):
        reply = shared().post("/auth/password", {**body, "current_password": wrong}, token=made["access_token"], status=403)
        equal(reply.detail, "the current password is not right")
    fault = shared().post("/auth/password", {**body, "new_password": "short"}, token=made["access_token"], status=422).detail[0]
    equal(fault["loc"], ["body", "new_password"])
    holds(good(made) and good(other), "a refused change ended a session")
    then = shared().post("/auth/password", body, token=made["access_token"]).json
    holds(good(then) and not good(made) and not good(other), "the wrong sessions ended")
    login("changer", status=401)
    login("changer", "dawn over ice")


@test
def a_token_of_a_session_that_never_was_is_refused():
    person("claimed")
    for sub in ("claimed", "nobody-here"):
        for sid in (str(uuid.uuid4()), "", "x"):
            shared().get("/universes", token=mint(SECRET, {"sub": sub, "roles": ["admin"], "sid": sid}), status=401)
    shared().get("/universes", token=mint(SECRET, {"sub": "claimed", "sid": 7}), status=401)
    owner, other = person("sid-owner"), person("sid-other")
    crossed = mint(SECRET, {**claims(owner["access_token"]), "sub": "sid-other"})
    shared().get("/auth/me", token=crossed, status=401)
    holds(good(other) and good(owner), "a session is refused")


@test
def a_session_ends_with_its_account():
    made = person("switched")
    shared().call("PATCH", "/users/switched", {"is_active": False}, status=200)
    holds(not good(made), "a token of an account that is switched off is good")
    refresh(made["refresh_token"], 401)
    shared().call("PATCH", "/users/switched", {"is_active": True}, status=200)
    holds(not good(made), "a token from before the account was switched off is good again")
    refresh(made["refresh_token"], 401)
    shared().delete("/users/switched")
    holds(not good(made), "a token of an account that is gone is good")


@test
def deleting_an_account_revives_none_of_its_tokens():
    made = person("gone")
    token = shared().token("gone", "admin")
    shared().get("/universes", token=token)
    shared().call("POST", "/auth/logout-all", token=made["access_token"], status=204)
    shared().get("/universes", token=token, status=401)
    shared().delete("/users/gone")
    shared().get("/universes", token=token, status=401)
    shared().post("/users", {"username": "gone", "password": PASSWORD, "roles": ["admin"]}, status=201)
    shared().get("/universes", token=token, status=401)
    shared().get("/universes", token=mint(SECRET, {"sub": "never-here", "roles": ["viewer"], "iat": int(time.time()) - 99}))
    shared().post("/users", {"username": "never-here", "password": PASSWORD}, status=201)
    older = mint(SECRET, {"sub": "never-here", "roles": ["viewer"], "iat": int(time.time()) - 99})
    shared().get("/universes", token=older, status=401)  # somebody else's, who had the name before


@test
def a_stream_of_events_ends_with_the_session():
    s = shared()
    made = person("watcher")
    token = made["access_token"]
    key = s.post("/auth/keys", {"name": "watch", "scopes": ["read"]}, token=token, status=201).json
    blocker = s.generate("waves", provider="local", duration=30)["job_id"]
    job = s.generate("waves", token=token, provider="local", duration=30)["job_id"]
    heard, seen = threading.Event(), {}

    def watch(name, credential):
        seen[name] = s.watch(job, token=credential, until=lambda *_: heard.set())

    watchers = [threading.Thread(target=watch, args=pair) for pair in (("token", token), ("key", key["key"]))]
    try:
        for watcher in watchers:
            watcher.start()
        holds(heard.wait(PATIENCE), "no event came")
        s.post("/auth/logout", token=token, status=204)
        watchers[0].join(PATIENCE)
        equal(seen["token"][-1], ("error", {"detail": "unauthenticated"}), "the last event after logging out")
        holds(watchers[1].is_alive(), "the key's stream ended with the session")
        s.delete(f"/auth/keys/{key['details']['id']}", token=s.post("/auth/login", {"username": "watcher", "password": PASSWORD}, token=None).json["access_token"])
        watchers[1].join(PATIENCE)
        equal(seen["key"][-1], ("error", {"detail": "unauthenticated"}), "the last event after revoking the key")
    finally:
        for each in (blocker, job):
            s.post(f"/api/video/jobs/{each}/cancel", status=(200, 409))


@test
def sessions_do_not_pile_up():
    made = person("hoarder")
    rows = lambda: shared().rows("SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = 'hoarder'")
    user = made["user"]["id"]
    with sqlite3.connect(shared().data / "umam.db", timeout=PATIENCE) as database:
        database.executemany("INSERT INTO sessions (id, user_id, refresh_hash, created_at, refreshed_at, expires_at) "
                             "VALUES (?, ?, 'x', 1, 1, 9000000000000000)", [(str(uuid.uuid4()), user) for _ in range(150)])
    database.close()
    latest = login("hoarder")
    equal(len(rows()), 100, "the sessions of one user")
    holds(good(made) and good(latest), "the latest sessions made room")


@test
def the_session_survives_a_restart():
    s = Server()
    made = s.post("/auth/register", {"username": "mira", "password": PASSWORD}, token=None, status=201).json
    s.kill()
    s.start()
    s.get("/auth/me", token=made["access_token"])
    s.post("/auth/refresh", {"refresh_token": made["refresh_token"]}, token=None)
    s.stop()
    s.start()
    s.post("/auth/refresh", {"refresh_token": made["refresh_token"]}, token=None, status=401)
    s.get("/auth/me", token=made["access_token"], status=401)


@test
def secrets_are_neither_kept_nor_logged():
    made = person("secretive")
    stored = (shared().data / "umam.db").read_bytes() + (shared().data / "umam.db-wal").read_bytes()
    for secret in (made["refresh_token"], made["refresh_token"].split(".")[1], PASSWORD):
        holds(secret.encode() not in stored, "the database holds a secret")
        holds(secret not in "".join(shared().log), "the log shows a secret")


main()
