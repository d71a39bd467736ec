#!/usr/bin/env -S python3 -B
"""Accounts, tokens, and who may do what without one."""
from harness import *

SECRET = "a secret of exactly the test"


def shared():
    return server(JWT_SECRET=SECRET)


def me(token, status=200):
    return shared().get("/auth/me", token=token, status=status)


@test
def register_login_me():
    s = shared()
    body = {"username": "mira", "password": "sunset over water", "email": "mira@example.org", "display_name": "Mira ☀"}
    made = s.post("/auth/register", body, token=None, status=201)
    equal(made.headers.get("cache-control"), "no-store", "cache-control")
    equal(made.json["token_type"], "bearer")
    user = made.json["user"]
    equal([user["username"], user["email"], user["display_name"]], ["mira", "mira@example.org", "Mira ☀"])
    equal(user["roles"], ["viewer", "creator"])
    equal(user["is_test_user"], False)
    again = s.post("/auth/login", {"username": "mira", "password": "sunset over water"}, token=None).json
    equal(again["user"], user, "the user who logged in")
    for token in (made.json["access_token"], again["access_token"]):
        equal(me(token).json, user, "the owner of the token")
        head, payload, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        equal(json.loads(base64.urlsafe_b64decode(head + "==")), {"alg": "HS256", "typ": "JWT"}, "the token's head")
        equal([claims["sub"], claims["roles"], claims["exp"] - claims["iat"]], ["mira", ["viewer", "creator"], 86400], "the claims")
    row = s.rows("SELECT password_hash, last_login FROM users WHERE username = 'mira'")[0]
    has(row["password_hash"], "$argon2id$")
    holds(row["last_login"], "the last login is not kept")


@test
def the_display_name_defaults_to_the_user_name():
    equal(shared().post("/auth/register", {"username": "plain", "password": "12345678"}, token=None, status=201)
          .json["user"]["display_name"], "plain")


@test
def wrong_logins_say_the_same():
    s = shared()
    s.register("lena")
    for body in ({"username": "lena", "password": "wrong"}, {"username": "lena", "password": ""},
                 {"username": "nobody", "password": "a long password"}, {"username": "LENA", "password": "a long password"},
                 {"username": "' OR 1=1 --", "password": "x"}):
        reply = s.post("/auth/login", body, token=None, status=401)
        equal(reply.detail, "Invalid username or password", f"the detail for {body}")


@test
def names_and_addresses_are_unique():
    s = shared()
    s.post("/auth/register", {"username": "first", "password": "12345678", "email": "one@example.org"}, token=None, status=201)
    reply = s.post("/auth/register", {"username": "first", "password": "12345678"}, token=None, status=400)
    equal(reply.detail, "Username already registered")
    s.post("/auth/register", {"username": "second", "password": "12345678", "email": "one@example.org"}, token=None, status=409)
    equal(s.rows("SELECT COUNT(*) AS n FROM users WHERE username = 'second'")[0]["n"], 0, "accounts called second")


@test
def ten_registrations_of_one_name_make_one_account():
    s, statuses = shared(), []

    def register():
        statuses.append(s.call("POST", "/auth/register", {"username": "racer", "password": "12345678"}, token=None).status)
    threads = [threading.Thread(target=register) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(statuses.count(201), 1, "the number of accounts made")
    holds(set(statuses) <= {201, 400, 409}, f"the statuses are {statuses}")


@test
def nobody_registers_a_name_that_stands_for_somebody_else():
    s = shared()
    take = lambda name, status: s.post("/auth/register", {"username": name, "password": "12345678"}, token=None, status=status)
    foreign = mint(SECRET, {"sub": "carol@corp", "roles": ["user"]})  # known to an outside issuer, not to us
    world = s.post("/universes", {"name": "Carol's"}, token=foreign, status=201).json["id"]
    equal(take("carol@corp", 400).detail, "Username already registered")
    s.get(f"/universes/{world}", token=foreign)
    s.register("Mixed.Case")
    equal(take("mixed.case", 400).detail, "Username already registered")
    s.put("/api/quota/carol@corp", {"jobs": 3})
    s.register("shortlived")
    s.call("DELETE", "/users/shortlived", status=204)
    equal(take("shortlived", 400).detail, "Username already registered")  # its old tokens name this word
    for name in ("Admin", "ROOT", "umam", "system", "Dev", "admin.", ".admin", "@@@", "---", "(umam)"):
        equal(take(name, 422).detail[0]["loc"], ["body", "username"], f"the place of the fault for {name!r}")


@test
def unusable_registrations_are_422():
    s = shared()
    good = {"username": "someone", "password": "12345678"}
    cases = {
        "username": ["ab", "x" * 65, "has space", "a/b", "<script>", None, 7, "näme"],
        "password": ["1234567", "x" * 257, None, ["x"]],
        "email": ["nobody", "@x", "x@", "a b@c", "x" * 255 + "@y", 5],
        "display_name": ["x" * 129, {}],
    }
    for field, values in cases.items():
        for value in values:
            reply = s.post("/auth/register", {**good, field: value}, token=None, status=422)
            equal(reply.detail[0]["loc"], ["body", field], f"the place of {field}={value!r}")
    for field in good:
        less = {name: value for name, value in good.items() if name != field}
        fault = s.post("/auth/register", less, token=None, status=422).detail[0]
        shown = {name: value for name, value in less.items() if name != "password"}  # what is secret is not repeated
        equal([fault["type"], fault["loc"], fault["msg"], fault["input"]], ["missing", ["body", field], "Field required", shown])
    equal(s.rows("SELECT COUNT(*) AS n FROM users WHERE username = 'someone'")[0]["n"], 0, "accounts called someone")


@test
def no_token():
    reply = shared().get("/auth/me", token=None, status=401)
    equal(reply.detail, "Missing Authorization header")
    equal(reply.headers["www-authenticate"], "Bearer")


@test
def tokens_of_other_programs():
    s = shared()
    s.register("external")
    now = int(time.time())
    claims = {"sub": "external", "roles": ["viewer"], "iat": now, "exp": now + 60}
    token = mint(SECRET, claims)
    equal(me(token).json["username"], "external")
    for header in (token, f"bearer {token}", f"BEARER  {token}"):  # with or without the scheme
        equal(s.send("GET", "/auth/me", headers={"Authorization": header}).status, 200, f"the status for {header[:10]!r}")
    me(mint(SECRET, {"sub": "external", "roles": []}))  # without exp it does not expire
    me(mint(SECRET, {"sub": "external", "exp": now + 60.5}))
    equal(me(mint(SECRET, {"sub": "stranger", "roles": ["admin"]}), 404).detail, "User not found")
    s.get("/universes", token=mint(SECRET, {"roles": ["admin"]}))  # sub is optional


@test
def bad_tokens():
    s = shared()
    s.register("victim")
    now = int(time.time())
    claims = {"sub": "victim", "roles": ["admin"], "iat": now, "exp": now + 60}
    good = mint(SECRET, claims)
    head, payload, mac = good.split(".")
    bad = {
        "forged": mint("another secret altogether", claims),
        "the old default secret": mint("dev-secret", claims),
        "alg none": mint(SECRET, claims, "none"),
        "alg NONE": mint(SECRET, claims, "HS256", {"alg": "NONE", "typ": "JWT"}),
        "HS512": mint(SECRET, claims, "HS512"),
        "HS384": mint(SECRET, claims, "HS384"),
        "another payload": f"{head}.{base64url(json.dumps({**claims, 'sub': 'admin'}).encode())}.{mac}",
        "no signature": f"{head}.{payload}.",
        "half a signature": f"{head}.{payload}.{mac[:20]}",
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.{mac}",
        "garbage": "garbage",
        "dots": "..",
        "nothing": "",
        "very long": "x" * 20000,
        "issued in the future": mint(SECRET, {**claims, "iat": now + 3600}),
        "not yet valid": mint(SECRET, {**claims, "nbf": now + 3600}),
        "a number as sub": mint(SECRET, {**claims, "sub": 7}),
        "null as sub": mint(SECRET, {**claims, "sub": None}),
        "text as exp": mint(SECRET, {**claims, "exp": "tomorrow"}),
        "an object as roles": mint(SECRET, {**claims, "roles": {"admin": True}}),
        "a list as payload": mint(SECRET, [1, 2]),
        "a critical extension": mint(SECRET, claims, "HS256", {"alg": "HS256", "crit": ["x"]}),
        "padding": good + "=",
    }
    for what, token in bad.items():
        reply = s.call("GET", "/auth/me", token=token, status=(401, 431) if what == "very long" else 401)
        if reply.status == 401:
            equal(reply.detail, "Invalid token", f"the detail for {what}")
            equal(reply.headers["www-authenticate"], "Bearer")
    equal(s.call("GET", "/auth/me", token=mint(SECRET, {**claims, "iat": now - 99, "exp": now - 1}), status=401).detail,
          "Token expired")
    equal(s.send("GET", "/auth/me", headers={"Authorization": "Bearer "}).status, 401, "the status for an empty token")


@test
def a_bad_token_comes_before_a_bad_body_but_after_malformed_json():
    s = shared()
    equal(s.call("POST", "/api/video/generate", {"prompt": ""}, token="garbage").status, 401)
    malformed = s.call("POST", "/api/video/generate", body="{", headers={"Content-Type": "application/json"}, token="garbage")
    equal(malformed.status, 422, "the status for malformed JSON")
    equal(malformed.detail[0]["type"], "json_invalid")


@test
def everything_but_the_front_door_needs_a_token():
    s = shared()
    free = {("get", "/"), ("get", "/health"), ("get", "/health/live"), ("get", "/health/ready"), ("post", "/auth/register"),
            ("post", "/auth/login"), ("post", "/auth/refresh"), ("post", "/auth/dev-token"), ("get", "/media/{path}"), ("options", "/api/media/tus"),
            # as open as the files themselves: UMAM_MEDIA_ACCESS (delivery.py)
            ("get", "/api/media/assets/{asset_id}/picture"), ("get", "/api/media/assets/{asset_id}/sprite.vtt"),
            ("get", "/api/media/assets/{asset_id}/peaks.json"), ("get", "/api/media/assets/{asset_id}/hls/{file}")}
    for path, operations in s.description.document["paths"].items():
        for method in operations:
            if (method, path) in free:
                holds({} in operations[method].get("security", [{}]), f"{method} {path} asks for a token")
                continue
            holds("security" in operations[method], f"{method} {path} asks for no token")
            equal(s.call(method.upper(), re.sub("{.*?}", "x", path), token=None).status, 401, f"the status of {method} {path}")


@test
def a_token_without_roles_is_no_administrator():
    s = shared()
    theirs = s.post("/universes", {"name": "theirs"}, status=201).json
    for roles in ([], None, ["viewer", "Admin", "ADMIN"], ["administrator"]):
        token = mint(SECRET, {"sub": "modest", "roles": roles})
        s.get(f"/universes/{theirs['id']}", token=token, status=403)
    s.get(f"/universes/{theirs['id']}", token=mint(SECRET, {"sub": ""}), status=403)


@test
def roles_permit_what_their_table_says():
    s = shared()
    strategy = {"prompt": "a lighthouse"}
    permitted = {None: "read", "viewer": "read", "Creator": "read", "creator": "create", "user": "create", "editor": "create",
                 "admin": "create"}
    for role, most in permitted.items():
        token = mint(SECRET, {"sub": "worker", "roles": [role] if role else []})
        s.get("/universes", token=token)
        s.post("/api/video/strategy", strategy, token=token)  # stores nothing, so a reader may
        reply = s.call("POST", "/universes", {"name": "made"}, token=token)
        equal(reply.status, 201 if most == "create" else 403, f"the status of making a universe as {role}")
        if most == "read":
            equal(reply.detail, "Forbidden: this needs the permission 'create'; what you come with permits: read")


@test
def editors_reach_what_belongs_to_others():
    s = shared()
    made = s.post("/universes", {"name": "of worker"}, token=mint(SECRET, {"sub": "worker", "roles": ["creator"]}), status=201).json
    editor = mint(SECRET, {"sub": "editor", "roles": ["editor"]})
    equal(s.put(f"/universes/{made['id']}", {"name": "edited"}, token=editor).json["owner"], "worker")
    holds(made["id"] in [u["id"] for u in s.get("/universes", token=editor).json], "an editor does not see all")
    stranger = mint(SECRET, {"sub": "stranger", "roles": ["creator"]})
    s.put(f"/universes/{made['id']}", {"name": "mine"}, token=stranger, status=403)


@test
def registration_can_be_closed_and_gives_what_the_setting_says():
    s = Server({"UMAM_REGISTRATION": "closed"})
    has(s.post("/auth/register", {"username": "mira", "password": "12345678"}, token=None, status=403).detail, "closed")
    s.stop()
    s = Server({"UMAM_REGISTER_ROLES": "viewer"})
    token = s.register("reader")
    s.get("/universes", token=token)
    s.post("/universes", {"name": "x"}, token=token, status=403)
    for roles, why in (("viewer,admin", "reach what belongs to others"), ("editor", "reach what belongs"), ("king", "no role 'king'")):
        done = run("serve", "--port", 0, "--data", new_folder(), env={"UMAM_REGISTER_ROLES": roles}, code=2)
        has(done.stderr, why)


@test
def the_dev_token_is_off_unless_allowed():
    reply = shared().post("/auth/dev-token", token=None, status=403)
    has(reply.detail, "UMAM_ALLOW_DEV_TOKEN")
    s = Server({"UMAM_ALLOW_DEV_TOKEN": "true"})
    token = s.post("/auth/dev-token", token=None).json["token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    equal([claims["sub"], claims["roles"]], ["dev", ["admin"]])
    s.get("/api/video/jobs", token=token)
    equal(s.get("/auth/me", token=token, status=404).detail, "User not found")


@test
def authentication_can_be_switched_off():
    for value in ("1", "true", "TRUE"):
        s = Server({"DISABLE_AUTH": value})
        made = s.post("/universes", {"name": "open"}, token=None, status=201).json
        equal(made["owner"], "dev")
        for token in (None, "garbage", mint("wrong", {"sub": "x"})):
            equal([u["id"] for u in s.get("/universes", token=token).json], [made["id"]])
        s.stop()


@test
def production_refuses_a_data_folder_that_others_get_into():
    s = Server({"ENVIRONMENT": "production"})
    equal(oct(s.data.stat().st_mode & 0o777), "0o700", "the mode of a folder that was made")
    s.stop()
    serve = lambda: run("serve", "--port", 0, "--data", s.data, env={"ENVIRONMENT": "production"}, code=2).stderr
    key = s.data / "secret.key"
    for path, mode, command in ((s.data, 0o701, "chmod o-rwx"), (s.data, 0o704, "chmod o-rwx"), (s.data, 0o777, "chmod o-rwx"),
                                (key, 0o640, "chmod 600"), (key, 0o602, "chmod 600"), (key, 0o444, "chmod 600")):
        usual = path.stat().st_mode & 0o777
        path.chmod(mode)
        has(serve(), f"others on this machine get at '{path}' (mode {mode:04o}): {command} '{path}'")
        path.chmod(usual)
    s.data.chmod(0o750)  # a group may be meant
    s.start()
    s.stop()
    equal([e for e in s.events() if e["event"] == "data folder open to others"], [])
    s.env["ENVIRONMENT"] = "development"
    key.chmod(0o644)
    s.start()
    has(s.await_log("data folder open to others")["reason"], f"chmod 600 '{key}'")
    s.stop()


@test
def production_refuses_open_doors():
    for setting in ("DISABLE_AUTH", "UMAM_ALLOW_DEV_TOKEN"):
        done = run("serve", "--port", 0, "--data", new_folder(), env={"ENVIRONMENT": "production", setting: "true"}, code=2)
        has(done.stderr, "ENVIRONMENT=production refuses")


@test
def the_first_start_makes_an_administrator_once():
    s = Server()
    password = s.ready["admin_password"]
    holds(len(password) >= 16, "the password is short")
    user = s.post("/auth/login", {"username": "admin", "password": password}, token=None).json["user"]
    equal(user["roles"], ["admin"])
    s.stop()
    s.start()
    holds("admin_password" not in s.ready, "a second start shows a password")
    s.post("/auth/login", {"username": "admin", "password": password}, token=None)


@test
def the_secret_is_made_once_and_kept_from_others():
    s = Server()
    file = s.data / "secret.key"
    equal(oct(file.stat().st_mode & 0o777), "0o600", "the mode of the secret")
    kept, token = file.read_text(), s.token()
    holds(len(kept) >= 64, "the secret is short")
    s.stop()
    s.start()
    equal(file.read_text(), kept, "the secret after a restart")
    s.get("/universes", token=token)
    holds(Server().data.joinpath("secret.key").read_text() != kept, "two installations share a secret")


@test
def a_disabled_account_gets_in_no_more():
    s = Server()
    token = s.register("gone")
    s.get("/auth/me", token=token)
    s.stop()
    run("user", "disable", "gone", "--data", s.data)
    s.start()
    s.get("/auth/me", token=token, status=401)
    s.post("/auth/login", {"username": "gone", "password": "a long password"}, token=None, status=401)
    s.stop()
    run("user", "enable", "gone", "--data", s.data)
    s.start()
    s.get("/auth/me", token=token, status=401)  # what was open before stays closed
    s.post("/auth/login", {"username": "gone", "password": "a long password"}, token=None, status=200)


@test
def secrets_are_not_logged():
    text = "".join(shared().log)
    for secret in (SECRET, "sunset over water", "a long password"):
        holds(secret not in text, "the log shows a secret")
    holds("eyJ" not in text, "the log shows a token")


main()
