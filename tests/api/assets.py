#!/usr/bin/env -S python3 -B
"""The media library through HTTP: finding, showing and changing assets."""
from harness import *

ASSETS = "/api/media/assets"


def picture(title=None, token="admin", **fields):
    body, headers = form(("file", f"{title or 'p'}.png", "image/png", png(8, 8)))
    made = server().post("/media/upload", body=body, headers=headers, token=token).json["asset_id"]
    return server().call("PATCH", f"{ASSETS}/{made}", {"title": title, **fields}, token=token, status=200).json


def find(token="admin", **query):
    return server().get(ASSETS, query=query, token=token, status=200).json


def titles(token="admin", **query):
    return [row["title"] for row in find(token, **query)["assets"]]


@test
def a_generated_clip_is_found_by_what_it_was_made_with():
    s = server()
    job = s.make("a zeppelin above the glacier", provider="local", mood=70)
    found = find(q='"above the glacier" zepp*', type="video", provider="local", mood_min=70, mood_max=70)["assets"]
    equal([row["public_url"] for row in found], [job["video_url"]])
    has(found[0]["snippet"], "<mark>zeppelin</mark>")
    whole = s.get(f"{ASSETS}/{found[0]['id']}", status=200).json
    equal([whole["prompt"], whole["mood"], whole["status"], whole["derivatives"]],
          ["a zeppelin above the glacier", 70, "ready", []])


@test
def edits_are_found_at_once():
    made = picture("Harbour", tags=["sea", " Night ", "sea"], rating=4, description="<script>boats</script>")
    equal([made["tags"], made["rating"]], [["sea", "Night"], 4])
    equal(titles(q="harbour", tag="NIGHT,sea", rating_min=4), ["Harbour"])
    has(find(q="boats")["assets"][0]["snippet"], "&lt;script&gt;<mark>boats</mark>")
    changed = server().call("PATCH", f"{ASSETS}/{made['id']}", {"title": "Quay", "tags": []}, status=200).json
    equal([changed["title"], changed["tags"], changed["rating"]], ["Quay", [], 4])
    equal(titles(q="harbour"), [])
    equal(titles(q="quay"), ["Quay"])
    stale = {"title": "x", "updated_at": made["updated_at"]}
    server().call("PATCH", f"{ASSETS}/{made['id']}", stale, status=412)
    for wrong in ({"rating": 6}, {"tags": ["a,b"]}, {"tags": [""]}, {"title": "x" * 201}, {"tags": ["x"] * 101}):
        server().call("PATCH", f"{ASSETS}/{made['id']}", wrong, status=422)


@test
def an_element_brings_its_universe():
    s = server()
    world, other = (s.post("/universes", {"name": name}, status=201).json["id"] for name in ("Sea", "Sky"))
    hero = s.post(f"/universes/{world}/elements", {"name": "Nautilus"}, status=201).json["id"]
    made = picture("Deck", element_id=hero)
    equal([made["universe_id"], made["element_id"]], [world, hero])
    equal(titles(q="nautilus", universe_id=world.upper()), ["Deck"])
    s.call("PATCH", f"{ASSETS}/{made['id']}", {"element_id": hero, "universe_id": other}, status=422)
    s.call("PATCH", f"{ASSETS}/{made['id']}", {"universe_id": str(uuid.uuid4())}, status=404)
    moved = s.call("PATCH", f"{ASSETS}/{made['id']}", {"universe_id": other}, status=200).json
    equal([moved["universe_id"], moved["element_id"]], [other, None])
    s.delete(f"/universes/{other}", status=204)
    equal(titles(universe_id=other), [])


@test
def people_find_their_own():
    token = server().register("finder1")
    mine = picture("Lantern", token=token)
    theirs = picture("Lantern")
    equal([row["id"] for row in find(token, q="lantern")["assets"]], [mine["id"]])
    equal({row["id"] for row in find(q="lantern")["assets"]}, {mine["id"], theirs["id"]})
    for method, body in (("GET", None), ("PATCH", {"title": "stolen"})):
        server().call(method, f"{ASSETS}/{theirs['id']}", body, token=token, status=404)
    server().call("PATCH", f"{ASSETS}/{mine['id']}", {"universe_id": server().post("/universes", {"name": "x"}, status=201).json["id"]},
                  token=token, status=403)
    done = server().post(f"{ASSETS}/bulk", {"ids": [mine["id"], theirs["id"]], "change": {"rating": 5}, "tags_add": ["t"]},
                         token=token, status=200).json
    equal([row["done"] for row in done], [True, False])
    equal(server().get(f"{ASSETS}/{theirs['id']}").json["rating"], 0)


@test
def pages_go_on_where_they_ended():
    token = server().register("finder2")
    for n in range(5):
        picture(f"page{n}", token=token)
    reply = server().get(ASSETS, query={"limit": 2, "sort": "title", "order": "asc"}, token=token)
    seen = [row["title"] for row in reply.json["assets"]]
    while reply.json["next_cursor"]:
        equal(reply.headers["x-next-cursor"], reply.json["next_cursor"])
        link = re.fullmatch(r'<(.*)>; rel="next"', reply.headers["link"]).group(1)
        reply = server().get(link, token=token)
        seen += [row["title"] for row in reply.json["assets"]]
    equal(seen, [f"page{n}" for n in range(5)])
    equal(titles(token, sort="title", limit=2, offset=1), ["page3", "page2"])
    facets = find(token, facets="true")["facets"]
    equal([row["count"] for row in facets if row["facet"] in ("total", "type")], [5, 5])


@test
def the_same_picture_twice_is_told():
    token = server().register("finder3")
    twins = [picture(f"twin{n}", token=token)["id"] for n in range(2)]
    groups = server().get("/api/media/duplicates", token=token, status=200).json["groups"]
    equal([[row["id"] for row in group["assets"]] for group in groups], [twins])
    server().get("/api/media/duplicates", query={"kind": "near", "cursor": "x"}, status=422)
    server().get(f"{ASSETS}/{twins[0]}/similar", query={"distance": 12}, token=token, status=422)


@test
def the_command_line_finds_and_changes():
    s = Server()
    body, headers = form(("file", "p.png", "image/png", png(8, 8)))
    made = s.post("/media/upload", body=body, headers=headers).json["asset_id"]

    def umam(*words, code=0):
        done = run("assets", *words, "--data", s.data, code=code)
        return done.stderr if code else done.stdout

    for place in ("with a server", "on the folder"):
        has(umam("tag", made, "red, wild"), '["red","wild"]')
        has(umam("rate", made, "4"), made)
        has(umam("red", "--type", "image"), "red, wild")
        equal([row["rating"] for row in json.loads(umam("wild -blue", "--json"))["assets"]], [4], place)
        equal(umam("red", "--type", "video"), "no such assets\n")
        has(umam("show", made), "image/png")
        has(umam("show", str(uuid.uuid4()), code=5), "Asset not found")
        for words, part in ((("rate", made, "9"), "rating"), (("tag", made), "tag ID"), (("show",), "say which"),
                            (("red", "fox"), "quotes")):
            has(umam(*words, code=2), part)
        s.stop()


@test
def no_search_is_an_error_of_ours():
    for q in ('"', "title:x OR", "NEAR(a b", "*", "-", "(((", "a" * 1000, "\u202e'; DROP", "facets : live", "^ + {"):
        server().get(ASSETS, query={"q": q}, status=200)
        server().get(ASSETS, query={"q": q, "sort": "relevance"}, status=200)
    for wrong in ({"q": "a" * 1001}, {"q": "a " * 40}, {"sort": "x"}, {"cursor": "AAAA"}, {"rating_min": 9}, {"type": "x"},
                  {"limit": -1}, {"created_from": "soon"}, {"sort": "relevance", "offset": 1}):
        server().get(ASSETS, query=wrong, status=422)



main()
