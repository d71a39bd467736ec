#!/usr/bin/env -S python3 -B
"""API keys: shown once, kept as hashes, limited by scopes and roles."""
from harness import *

PASSWORD = "sunset over water"
SECRET = "a secret of exactly the keys"


def shared():
    return server(JWT_SECRET=SECRET)


def person(name, roles=("creator",)):
    """The token of a new account with these roles."""
    shared().post("/users", {"username": name, "password": PASSWORD, "roles": list(roles)}, status=201)
    return shared().post("/auth/login", {"username": name, "password": PASSWORD}, token=None).json["access_token"]


def key(token, *scopes, **fields):
    return shared().post("/auth/keys", {"name": "robot", "scopes": list(scopes), **fields}, token=token, status=201).json


def claims_of(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def status(made, method="GET", path="/auth/me", data=None):
    return shared().call(method, path, data, token=made["key"]).status


@test
def a_key_is_shown_once_and_kept_as_a_hash():
    token = person("maker")
    made = key(token, "read", name="night job")
    holds(re.fullmatch(r"umam_[A-Za-z0-9_-]{43}", made["key"]), f"the key is {made['key']!r}")
    details = made["details"]
    equal([details["name"], details["scopes"], details["username"], details["expires_at"], details["last_used_at"]],
          ["night job", ["read"], "maker", None, None])
    has(made["key"], details["hint"])
    equal(shared().get("/auth/keys", token=token).json, [details], "the list")
    row = shared().rows("SELECT * FROM api_keys WHERE id = ?", details["id"])[0]
    equal(row["hash"], hashlib.sha256(made["key"].encode()).hexdigest())
    stored = (shared().data / "umam.db").read_bytes() + (shared().data / "umam.db-wal").read_bytes()
    holds(made["key"][len(details["hint"]):].encode() not in stored, "the database holds the key")


@test
def both_headers_take_a_key_but_not_at_once():
    made = key(person("header"), "read")
    for headers in ({"Authorization": f"Bearer {made['key']}"}, {"Authorization": made["key"]}, {"X-API-Key": made["key"]}):
        reply = shared().call("GET", "/auth/me", headers=headers, token=None, status=200)
        equal(reply.json["username"], "header", f"who comes with {list(headers)}")
    shared().call("GET", "/auth/me", headers={"X-API-Key": made["key"], "Authorization": f"Bearer {made['key']}"}, token=None,
                  status=401)
    for wrong in ("", "umam_", made["key"][:-1], made["key"] + "A", "umam_" + "A" * 43, "x", made["key"].upper()):
        reply = shared().call("GET", "/auth/me", headers={"X-API-Key": wrong}, token=None, status=401)
        equal(reply.headers["www-authenticate"], "Bearer")


@test
def scopes_and_roles_limit_a_key():
    creator, admin = person("creator"), person("chief", ["admin"])
    reader, writer = key(creator, "read"), key(creator, "read", "create")
    new = {"name": "by a key"}
    equal([status(reader, "POST", "/universes", new), status(writer, "POST", "/universes", new)], [403, 201], "a creator's")
    demoted = key(person("demoted", ["admin"]), "create", "admin")
    shared().call("PATCH", "/users/demoted", {"roles": ["viewer"]}, status=200)
    equal([status(demoted, "POST", "/universes", new), status(demoted, "GET", "/users")], [403, 403], "a viewer's key with large scopes")
    equal([status(key(admin, "read", "create"), "GET", "/users"), status(key(admin, "admin"), "GET", "/users")], [403, 200])
    equal(status(key(admin, "admin"), "GET", "/universes"), 403, "a key that may not read")
    mine = shared().post("/universes", new, token=creator, status=201).json["id"]
    equal([status(key(admin, "read"), "GET", f"/universes/{mine}"), status(key(admin, "read", "others"), "GET", f"/universes/{mine}")],
          [403, 200], "what belongs to others")


@test
def nobody_makes_a_key_that_may_more_than_he_may():
    viewer, admin = person("narrow", ["viewer"]), person("wide", ["admin"])
    for token, scopes, missing in ((viewer, ["create"], "create"), (viewer, ["read", "others", "admin"], "others")):
        refused = shared().post("/auth/keys", {"name": "x", "scopes": scopes}, token=token, status=403)
        has(refused.detail, f"'{missing}'")
    token = mint(SECRET, {**claims_of(admin), "roles": ["viewer"]})  # of the same login, lent out narrowed
    has(shared().post("/auth/keys", {"name": "x", "scopes": ["admin"]}, token=token, status=403).detail, "'admin'")
    key(token, "read")
    equal(len(shared().rows("SELECT k.id FROM api_keys k JOIN users u ON u.id = k.user_id WHERE username IN ('narrow', 'wide')")), 1)


@test
def only_a_login_makes_a_key():
    person("lender", ["admin"])
    claims = {"sub": "lender", "roles": ["viewer"], "iat": int(time.time()) + 2}
    for token in (mint(SECRET, claims), mint(SECRET, {**claims, "roles": ["admin"]}), shared().token("lender", "admin")):
        shared().get("/auth/me", token=token)
        has(shared().post("/auth/keys", {"name": "x", "scopes": ["read"]}, token=token, status=403).detail, "/auth/login")
    equal(shared().rows("SELECT k.id FROM api_keys k JOIN users u ON u.id = k.user_id WHERE username = 'lender'"), [])


@test
def a_key_cannot_make_itself_at_home():
    made = key(person("homely"), "read", "create")
    other = key(person("homely2"), "read")["details"]["id"]
    for method, path, data in (("POST", "/auth/keys", {"name": "x", "scopes": ["read"]}), ("DELETE", f"/auth/keys/{other}", None),
                               ("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "another one"}),
                               ("POST", "/auth/logout-all", None), ("POST", "/auth/logout", None)):
        equal(status(made, method, path, data), 403, f"{method} {path} with a key")
    equal(status(made, "GET", "/auth/keys"), 200)


@test
def keys_end_with_the_password_unless_they_are_kept():
    token = person("careful")
    kept, change = [key(token, "read"), key(token, "create")], {"current_password": PASSWORD, "new_password": PASSWORD}
    answer = shared().post("/auth/password", {**change, "keep_api_keys": True}, token=token).json
    equal([answer["revoked_api_keys"], status(kept[0])], [0, 200], "keys that are kept")
    shared().post("/auth/password", {**change, "current_password": "wrong"}, token=answer["access_token"], status=403)
    equal(status(kept[0]), 200, "a key after a change that was refused")
    answer = shared().post("/auth/password", change, token=answer["access_token"]).json
    equal([answer["revoked_api_keys"], *map(status, kept)], [2, 401, 401], "keys of the old password")
    equal(shared().get("/auth/keys", token=answer["access_token"]).json, [])
    noted = shared().get("/api/audit", query={"act": "password.change", "actor": "careful", "limit": 1}).json
    equal(noted[0]["target"], "API keys revoked: 2")
    equal(status(key(answer["access_token"], "read")), 200, "a key of the new password")


@test
def a_revoked_key_is_refused_at_once():
    token = person("revoker")
    made = key(token, "read")
    path = f"/auth/keys/{made['details']['id']}"
    shared().delete(path, token=person("somebody"), status=404)
    equal(status(made), 200)
    shared().delete(path, token=token)
    equal(status(made), 401)
    shared().delete(path, token=token, status=404)
    by_admin = key(token, "read")
    holds(by_admin["details"] in shared().get("/auth/keys").json, "an administrator does not see the key")
    shared().delete(f"/auth/keys/{by_admin['details']['id']}")
    equal(status(by_admin), 401)


@test
def a_key_ends_with_its_time_and_with_its_account():
    token = person("mortal")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    made, lasting = key(token, "read", expires_at=soon), key(token, "read")
    equal(status(lasting), 200)
    eventually(lambda: status(made) == 401, "the end of a key", 10)
    shared().call("POST", "/auth/logout-all", token=token, status=204)
    equal(status(lasting), 200, "a key after logging out everywhere")
    shared().call("PATCH", "/users/mortal", {"is_active": False}, status=200)
    equal(status(lasting), 401, "a key of an account that is switched off")


@test
def a_key_ends_on_time_on_a_kept_connection():
    end = int(time.time()) + 2
    made = key(person("clockwork"), "read", expires_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)))
    connection = http.client.HTTPConnection("127.0.0.1", shared().port, timeout=PATIENCE)
    seen = []
    while time.time() < end + 0.5:
        sent = time.time()
        connection.request("GET", "/auth/me", headers={"X-API-Key": made["key"]})
        answer = connection.getresponse()
        answer.read()
        seen.append((answer.status, sent > end))
        time.sleep(0.01)
    connection.close()
    equal(set(seen) - {(401, False)}, {(200, False), (401, True)}, "statuses before and after the end")


@test
def the_last_use_is_marked():
    token = person("user")
    made = key(token, "read")
    used = lambda: shared().get("/auth/keys", token=token).json[0]["last_used_at"]
    equal(used(), None)
    status(made)
    first = eventually(used, "the mark of a use")
    for _ in range(20):
        status(made)
    equal(used(), first, "the mark within a minute")


@test
def unusable_keys_are_422():
    token = person("unusable")
    good = {"name": "x", "scopes": ["read"]}
    cases = {"name": ["", "x" * 101, None, 7], "scopes": [[], ["king"], ["read", "king"], "read", None, [7], ["read"] * 5],
             "expires_at": ["2020-01-01T00:00:00Z", "tomorrow", 7.5]}
    for field, values in cases.items():
        for value in values:
            reply = shared().post("/auth/keys", {**good, field: value}, token=token, status=422)
            equal(reply.detail[0]["loc"][:2], ["body", field], f"the place of {field}={value!r}")
    equal(shared().get("/auth/keys", token=token).json, [])


@test
def an_account_has_a_hundred_keys_at_most():
    token = person("hoarder")
    for _ in range(100):
        key(token, "read")
    has(shared().post("/auth/keys", {"name": "x", "scopes": ["read"]}, token=token, status=409).detail, "at most 100 keys")
    equal(len(shared().get("/auth/keys", token=token, query={"limit": 60, "offset": 50}).json), 50)


@test
def the_command_makes_lists_and_revokes():
    s = Server()
    s.register("mira")
    s.stop()
    made = json.loads(run("key", "create", "mira", "--name", "night job", "--scopes", "read", "--days", 1, "--json", "--data", s.data)
                      .stdout)
    head, row = run("key", "list", "--data", s.data).stdout.splitlines()
    equal(head.split(), ["ID", "OWNER", "NAME", "KEY", "SCOPES", "LAST", "USED"])
    has(row, "  night job  ")
    has(run("key", "create", "mira", "--scopes", "king", "--data", s.data, code=2).stderr, "scopes are some of")
    has(run("key", "create", "nobody", "--data", s.data, code=5).stderr, "User not found")
    s.start()
    equal(s.get("/auth/me", token=made["key"]).json["username"], "mira")
    s.stop()
    other = json.loads(run("key", "create", "mira", "--name", "\x1b[2Jx", "--json", "--data", s.data).stdout)["details"]["id"]
    has(run("key", "list", "--data", s.data).stdout, "   [2Jx  ")  # a name moves no cursor
    with sqlite3.connect(s.data / "umam.db") as database:
        database.execute("UPDATE api_keys SET id = ? || substr(id, 5) WHERE id IN (?, ?)", ("abcd", made["details"]["id"], other))
    database.close()
    first, second = "abcd" + made["details"]["id"][4:], "abcd" + other[4:]
    both = run("key", "revoke", "abcd", "--data", s.data, code=2).stderr
    holds(first in both and second in both, f"which keys begin so is not told: {both!r}")
    run("key", "revoke", "abc", "--data", s.data, code=2)
    run("key", "revoke", second[:9], "--data", s.data)
    run("key", "revoke", second[:9], "--data", s.data, code=5)
    equal(run("key", "revoke", first, "--data", s.data).stdout, f"key {first} is revoked\n")
    run("key", "revoke", first, "--data", s.data, code=5)
    equal(run("key", "list", "mira", "--data", s.data).stdout, "")
    run("key", "create", "mira", "--data", s.data)
    password = ("user", "password", "mira", "--data", s.data)
    has(run(*password, "--keep-api-keys", stdin="another password\n").stderr, "revoked API keys: 0")
    has(run(*password, stdin="another password\n").stderr, "revoked API keys: 1")
    equal(run("key", "list", "mira", "--data", s.data).stdout, "")
    s.start()
    s.get("/auth/me", token=made["key"], status=401)


main()
