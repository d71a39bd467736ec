#!/usr/bin/env -S python3 -B
"""Universes under both of their names, and whose they are."""
from harness import *


def make(prefix="", token="admin", **fields):
    return server().post(f"{prefix}/universes", {"name": "Aetheria", **fields}, token=token, status=201).json


@test
def make_and_get_under_both_names():
    for prefix in ("", "/api"):
        made = make(prefix, description="islands in the sky ☁")
        equal([made["name"], made["description"], made["owner"], made["elements"]],
              ["Aetheria", "islands in the sky ☁", "admin", []])
        for other in ("", "/api"):
            equal(server().get(f"{other}/universes/{made['id']}").json, made, f"what {other}/universes gives")
            holds(made in server().get(f"{other}/universes").json, f"{other}/universes does not list it")


@test
def the_description_may_be_left_out_but_not_null():
    equal(make()["description"], "")
    fault = server().post("/universes", {"name": "x", "description": None}, status=422).detail[0]
    equal([fault["type"], fault["loc"]], ["string_type", ["body", "description"]])


@test
def an_id_of_ones_own():
    own = str(uuid.uuid4())
    equal(make(id=own.upper())["id"], own, "the id, in lower case")
    for spelling in (own, own.replace("-", ""), "{%s}" % own, f"urn:uuid:{own}"):
        server().post("/universes", {"name": "again", "id": spelling}, status=409)
    for wrong in ("x", "../../etc", own[:-1], own + "0", 7):
        fault = server().post("/universes", {"name": "x", "id": wrong}, status=422).detail[0]
        equal(fault["loc"], ["body", "id"])


@test
def the_owner_is_the_caller_whatever_the_body_says():
    token = server().register("owner1")
    made = make(token=token, owner="admin", owner_id="admin", elements=[{"name": "x"}], nonsense=1)
    equal(made["owner"], "owner1")
    equal(made["elements"], [])


@test
def change():
    made = make(description="old")
    path = f"/universes/{made['id']}"
    changed = server().put(path, {"name": "New"}).json
    equal([changed["name"], changed["description"]], ["New", "old"])
    changed = server().put("/api" + path, {"description": "new", "name": None}).json
    equal([changed["name"], changed["description"]], ["New", "new"])
    equal(server().put(path, {"description": ""}).json["description"], "", "an emptied description")
    equal(server().put(path, {}).json["name"], "New", "the name after nothing was asked")
    equal(server().get(path).json["created_at"], made["created_at"], "created_at")
    holds(server().get(path).json["updated_at"] > made["updated_at"], "updated_at stands still")
    server().put(path, {"name": ""}, status=422)
    server().put(path, {"name": "x" * 256}, status=422)


@test
def remove():
    for prefix in ("", "/api"):
        made = make()
        reply = server().delete(f"{prefix}/universes/{made['id']}")
        equal(reply.body, b"")
        server().delete(f"{prefix}/universes/{made['id']}", status=404)
        equal(server().get(f"/universes/{made['id']}", status=404).detail, "Universe not found")


@test
def others_see_and_change_nothing():
    owner, other = server().register("owner2"), server().register("other2")
    mine = make(token=owner, name="mine")
    path = f"/universes/{mine['id']}"
    for call in (lambda p: server().get(p, token=other, status=403), lambda p: server().put(p, {"name": "taken"}, token=other, status=403),
                 lambda p: server().delete(p, token=other, status=403)):
        equal(call(path).detail, "Forbidden: requires owner or admin role")
        call("/api" + path)
    equal(server().get("/universes", token=other).json, [], "what the other lists")
    equal([u["id"] for u in server().get("/universes", token=owner).json], [mine["id"]], "what the owner lists")
    equal(server().get(path).json["name"], "mine", "what an administrator gets")
    server().put(path, {"name": "by an administrator"})
    equal(server().get(path, token=owner).json["name"], "by an administrator")
    server().delete(path)
    server().get(path, token=owner, status=404)


@test
def pages_and_search():
    token = server().register("lister")
    names = [f"world {i}" for i in range(5)] + ["100% Wool", "under_score", "ÄRGER im Wald"]
    for name in names:
        make(token=token, name=name, description="from a list")
    listed = lambda **query: [u["name"] for u in server().get("/universes", token=token, query=query).json]
    equal(listed(), names, "all, oldest first")
    equal(listed(limit=3), names[:3])
    equal(listed(limit=3, offset=6), names[6:])
    equal(listed(limit=0), [])
    equal(listed(offset=100), [])
    equal(listed(limit=5000), names, "more than a page may have")
    equal(listed(search="WORLD"), names[:5], "any case")
    equal(listed(search="%"), ["100% Wool"], "no wildcard")
    equal(listed(search="_"), ["under_score"], "no wildcard")
    equal(listed(search=""), names, "an empty search")
    equal(listed(search="list", limit=2), names[:2], "in the description")
    equal(listed(search="' OR 1=1 --"), [])
    for query in ({"limit": -1}, {"offset": -1}, {"limit": "many"}, {"limit": 1.5}):
        place = server().get("/universes", token=token, query=query, status=422).detail[0]["loc"]
        equal(place, ["query", next(iter(query))])


@test
def strange_ids_are_404():
    for strange in ("x", "..%2f..%2fetc", "%2e%2e", "0" * 36, "' OR '1'='1", "a" * 3000, str(uuid.uuid4()), "%F0%9F%8C%8D"):
        path = "/universes/" + urllib.parse.quote(strange, safe="%")
        for method in ("GET", "DELETE"):
            server().call(method, path, status=404)
        server().put(path, {"name": "x"}, status=404)


@test
def names_are_kept_to_the_letter():
    for name in ("<script>alert(1)</script>", "'; DROP TABLE universes; --", "日本語 🎬", '"quoted" \\ back', " spaces ", "\u0001 control",
                 "x" * 255):
        made = make(name=name)
        equal(made["name"], name)
        equal(server().get(f"/universes/{made['id']}").json["name"], name, "the stored name")


@test
def a_busy_universe_stays_and_a_quiet_one_leaves_its_media():
    made = make()
    job = server().generate("a long shot", provider="local", duration=60, universe_id=made["id"])["job_id"]
    reply = server().delete(f"/universes/{made['id']}", status=409)
    has(reply.detail, "under way")
    server().post(f"/api/video/jobs/{job}/cancel")
    server().done(job, status="cancelled")
    clip = server().make("a short shot", universe_id=made["id"])
    equal(clip["universe_id"], made["id"])
    equal(clip["video_url"], f"/media/videos/{made['id']}/{clip['id']}.mp4")
    server().delete(f"/universes/{made['id']}")
    kept = server().job(clip["id"])
    equal([kept["universe_id"], kept["status"]], [None, "completed"], "the job without its universe")
    equal(server().call("GET", clip["video_url"], token=None).status, 200, "the status of its clip")


main()
