#!/usr/bin/env -S python3 -B
"""Accounts as an administrator sees them, test users, and whether the instance is fit for production."""
from harness import *

PASSWORD = "sunset over water"


def make(name, status=201, **fields):
    return server().post("/users", {"username": name, "password": PASSWORD, **fields}, status=status)


def change(name, status=200, s=None, **fields):
    return (s or server()).call("PATCH", f"/users/{name}", fields, status=status)


def login(name, status=200, s=None, password=PASSWORD):
    return (s or server()).post("/auth/login", {"username": name, "password": password}, token=None, status=status).json


@test
def make_list_and_change():
    made = make("mira", email="mira@example.org", roles=["editor"]).json
    equal([made["username"], made["display_name"], made["email"], made["roles"], made["is_active"], made["last_login"]],
          ["mira", "mira", "mira@example.org", ["editor"], True, None])
    equal(login("mira")["user"]["roles"], ["editor"])
    changed = change("mira", display_name="Mira ☀", email="other@example.org", roles=["viewer"]).json
    equal([changed["display_name"], changed["email"], changed["roles"], changed["id"]],
          ["Mira ☀", "other@example.org", ["viewer"], made["id"]])
    equal(change("mira").json, changed, "the account after nothing was asked")
    equal(change("mira", roles=None, is_active=None, email=None).json, changed, "the account after nulls")
    listed = server().get("/users").json
    holds(changed in listed and listed[0]["username"] == "admin", "the list lacks somebody")
    equal(server().get("/users", query={"limit": 1, "offset": 1}).json, listed[1:2])
    holds("password" not in json.dumps(listed), "the list shows passwords")
    equal(change("nobody", 404, display_name="x").detail, "User not found")


@test
def accounts_need_a_password_and_known_roles():
    fault = server().post("/users", {"username": "nopass"}, status=422).detail[0]
    equal([fault["type"], fault["loc"]], ["missing", ["body", "password"]])
    login("nopass", 401)
    make("king", 422, roles=["king"])
    make("short", 422, password="1234567")
    make("taken1")
    equal(make("taken1", 400).detail, "Username already registered")
    change("taken1", 422, roles=["viewer", "king"])
    change("taken1", 422, email="nobody")


@test
def addresses_are_unique():
    make("one", email="one@example.org")
    make("two", 409, email="one@example.org")
    make("three")
    equal(change("three", 409, email="one@example.org").detail, "another account has this e-mail address")
    equal(change("one", email="one@example.org").json["email"], "one@example.org", "one's own address again")


@test
def no_roles_stay_no_roles():
    equal(make("bare", roles=[]).json["roles"], [])
    session = login("bare")
    equal(session["user"]["roles"], [])
    server().get("/universes", token=session["access_token"])
    server().post("/universes", {"name": "x"}, token=session["access_token"], status=403)
    server().get("/users", token=session["access_token"], status=403)
    make("demoted", roles=["admin"])
    token = login("demoted")["access_token"]
    server().get("/users", token=token)
    change("demoted", roles=[])
    server().get("/users", token=token, status=403)  # at once, not with the next token
    equal(login("demoted")["user"]["roles"], [])


@test
def the_last_administrator_stays():
    s = Server()
    admin = s.post("/auth/login", {"username": "admin", "password": s.ready["admin_password"]}, token=None).json["access_token"]
    for fields in ({"roles": ["editor"]}, {"is_active": False}, {"roles": []}):
        has(s.call("PATCH", "/users/admin", fields, token=admin, status=409).detail, "last active administrator")
    has(s.delete("/users/admin", token=admin, status=409).detail, "last active administrator")
    s.get("/users", token=admin)
    s.post("/users", {"username": "second", "password": PASSWORD, "roles": ["admin"]}, token=admin, status=201)
    s.call("PATCH", "/users/second", {"is_active": False}, token=admin, status=200)
    s.call("PATCH", "/users/admin", {"roles": ["viewer"]}, token=admin, status=409)  # the other one is switched off
    s.call("PATCH", "/users/second", {"is_active": True}, token=admin, status=200)
    s.call("PATCH", "/users/admin", {"roles": ["viewer"]}, token=admin, status=200)
    s.get("/users", token=admin, status=403)
    s.stop()
    has(run("user", "roles", "second", "--roles", "viewer", "--data", s.data, code=6).stderr, "last active administrator")
    has(run("user", "disable", "second", "--data", s.data, code=6).stderr, "last active administrator")
    has(run("user", "roles", "second", "--roles", "king", "--data", s.data, code=2).stderr, "no role 'king'")


@test
def two_administrators_cannot_demote_each_other_at_once():
    s = Server()
    tokens = {"admin": s.post("/auth/login", {"username": "admin", "password": s.ready["admin_password"]}, token=None).json["access_token"]}
    s.post("/users", {"username": "second", "password": PASSWORD, "roles": ["admin"]}, token=tokens["admin"], status=201)
    tokens["second"] = login("second", s=s)["access_token"]
    threads = [threading.Thread(target=lambda by=by, whom=whom: s.call("PATCH", f"/users/{whom}", {"roles": []}, token=tokens[by]))
               for by, whom in (("admin", "second"), ("second", "admin"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    equal(len(s.rows("SELECT id FROM users WHERE is_active = 1 AND roles LIKE '%\"admin\"%'")), 1, "the administrators left")


@test
def an_account_goes_only_when_nothing_belongs_to_it():
    token = (make("owner"), login("owner"))[1]["access_token"]
    made = server().post("/universes", {"name": "kept"}, token=token, status=201).json
    has(server().delete("/users/owner", status=409).detail, "1 thing belongs")
    server().delete(f"/universes/{made['id']}", token=token)
    server().delete("/users/owner")
    server().delete("/users/owner", status=404)
    server().get("/auth/me", token=token, status=401)
    login("owner", 401)


@test
def test_users_come_and_go():
    seeded = server().post("/auth/seed-test-users").json
    equal([seeded["message"], seeded["skipped"]], ["Test users seeded successfully", []])
    equal([user["username"] for user in seeded["created"]], ["test_admin", "test_editor", "test_viewer", "test_creator"])
    for user in seeded["created"]:
        session = login(user["username"], password=user["password"])
        equal([session["user"]["roles"], session["user"]["is_test_user"]], [user["roles"], True])
    equal(server().post("/auth/seed-test-users").json["skipped"], [user["username"] for user in seeded["created"]])
    equal(server().get("/auth/test-users").json[0], {"username": "test_admin", "roles": ["admin", "editor", "viewer"],
                                                     "email": "admin@test.local"})
    check = server().get("/auth/production-check").json
    equal([check["ready_for_production"], check["test_user_count"]], [False, 4])
    has(check["issues"], "4 test user(s) exist - run /auth/purge-test-users")
    has(check["warnings"], "ENVIRONMENT is not set to 'production'")
    token = login("test_admin", password="TestAdmin123!")["access_token"]
    purged = server().delete("/auth/purge-test-users", status=200).json
    equal(purged, {"message": "Purged 4 test users", "purged_usernames": [user["username"] for user in seeded["created"]]})
    server().get("/users", token=token, status=401)
    equal(server().get("/auth/production-check").json["issues"], [])


@test
def a_test_user_who_owns_something_is_switched_off():
    server().post("/auth/seed-test-users")
    token = login("test_creator", password="TestCreator123!")["access_token"]
    made = server().post("/universes", {"name": "kept"}, token=token, status=201).json
    purged = server().delete("/auth/purge-test-users", status=200).json
    equal(purged, {"message": "Purged 3 test users; switched off 'test_creator', to whom something belongs",
                   "purged_usernames": ["test_admin", "test_editor", "test_viewer"]})
    login("test_creator", 401, password="TestCreator123!")
    make("test_creator", 400)
    equal(server().get("/auth/production-check").json["issues"], [])
    server().delete(f"/universes/{made['id']}")
    equal(server().delete("/auth/purge-test-users", status=200).json["purged_usernames"], ["test_creator"])


@test
def limits_go_with_the_account_they_were_set_for():
    for remove in (lambda: server().delete("/users/test_viewer"),
                   lambda: server().delete("/auth/purge-test-users", status=200)):
        server().post("/auth/seed-test-users")
        server().put("/api/quota/test_viewer", {"jobs": 77})
        remove()
        server().get("/api/quota/test_viewer", status=404)
        server().post("/auth/seed-test-users")
        holds(server().get("/api/quota/test_viewer").json["jobs_limit"] != 77, "the next of that name has the limits")


@test
def there_are_no_test_users_in_production():
    s = Server({"ENVIRONMENT": "production"})
    equal(s.post("/auth/seed-test-users", status=403).detail, "Test user seeding is disabled in production")
    s.get("/auth/test-users", status=403)
    check = s.get("/auth/production-check").json
    equal([check["ready_for_production"], check["issues"]], [True, []])
    s.stop()
    s = Server({"ALLOW_TEST_USERS": "false"})
    equal(s.post("/auth/seed-test-users", status=403).detail, "Test user seeding is disabled by configuration")
    s.stop()
    s = Server({"DISABLE_AUTH": "true", "UMAM_ALLOW_DEV_TOKEN": "true"})
    equal(len(s.get("/auth/production-check", token=None).json["issues"]), 2)


main()
