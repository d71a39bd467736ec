#!/usr/bin/env -S python3 -B
"""Collections and saved searches."""
from harness import *

COLLECTIONS, SEARCHES = "/api/media/collections", "/api/media/searches"


def picture(title, token="admin"):
    body, headers = form(("file", "p.png", "image/png", png(8, 8)))
    made = server().post("/media/upload", body=body, headers=headers, token=token).json["asset_id"]
    server().call("PATCH", f"/api/media/assets/{made}", {"title": title}, token=token, status=200)
    return made


@test
def a_collection_keeps_its_order():
    s = server()
    a, b, c = (picture(name) for name in "abc")
    made = s.post(COLLECTIONS, {"name": "Reel"}, status=201).json
    path = f"{COLLECTIONS}/{made['id']}"

    def inside():
        return [row["title"] for row in s.get(f"{path}/assets", status=200).json]

    equal(s.post(f"{path}/assets", {"ids": [b, a]}, status=200).json["asset_count"], 2)
    equal(inside(), ["b", "a"])
    s.post(f"{path}/assets", {"ids": [a, c]}, status=200)
    equal(inside(), ["b", "a", "c"])
    s.put(f"{path}/assets", {"ids": [c, b.upper()]}, status=200)
    equal(inside(), ["c", "b"])
    s.put(f"{path}/assets", {"ids": [a, str(uuid.uuid4())]}, status=404)
    equal(inside(), ["c", "b"], "what is in it after a change that failed")
    before = s.get(path).json["updated_at"]
    s.delete(f"{path}/assets/{c}", status=204)
    holds(s.get(path).json["updated_at"] > before, "updated_at stands still")
    s.delete(f"{path}/assets/{c}", status=404)
    equal(inside(), ["b"])
    changed = s.call("PATCH", path, {"name": "Cut"}, status=200).json
    equal([changed["name"], changed["asset_count"]], ["Cut", 1])
    holds(changed["updated_at"] > made["updated_at"], "updated_at stands still")
    s.call("PATCH", path, {"name": "x", "updated_at": made["updated_at"]}, status=412)
    s.delete(path, status=204)
    s.get(path, status=404)
    s.get(f"/api/media/assets/{b}", status=200)
    for wrong in ({}, {"name": ""}, {"name": "x" * 256}):
        s.post(COLLECTIONS, wrong, status=422)


@test
def collections_and_searches_are_ones_own():
    s = server()
    token = s.register("collector")
    theirs = picture("theirs")
    mine = s.post(COLLECTIONS, {"name": "mine"}, token=token, status=201).json
    equal([row["id"] for row in s.get(COLLECTIONS, token=token).json], [mine["id"]])
    s.post(f"{COLLECTIONS}/{mine['id']}/assets", {"ids": [theirs]}, token=token, status=404)
    other = s.post(COLLECTIONS, {"name": "other"}, status=201).json
    for method, place in (("GET", ""), ("DELETE", ""), ("GET", "/assets")):
        s.call(method, f"{COLLECTIONS}/{other['id']}{place}", token=token, status=404)
    search = s.post(SEARCHES, {"name": "x", "query": {}}, status=201).json
    s.get(f"{SEARCHES}/{search['id']}/assets", token=token, status=404)
    equal(s.get(SEARCHES, token=token).json, [])


@test
def a_saved_search_finds_what_is_there_by_then():
    s = server()
    saved = s.post(SEARCHES, {"name": "Comets", "query": {"q": "comet*", "sort": "title", "order": "asc", "cursor": "x",
                                                          "offset": 7, "duration_max": None}}, status=201).json
    equal([saved["query"]["q"], saved["query"]["cursor"], saved["query"]["offset"]], ["comet*", None, 0])
    path = f"{SEARCHES}/{saved['id']}"
    equal(s.get(f"{path}/assets", status=200).json["assets"], [])
    for title in ("Comet B", "Cometary A", "Moon"):
        picture(title)
    first = s.get(f"{path}/assets", query={"limit": 1}, status=200).json
    rest = s.get(f"{path}/assets", query={"cursor": first["next_cursor"]}, status=200).json
    equal([row["title"] for row in first["assets"] + rest["assets"]], ["Comet B", "Cometary A"])
    changed = s.call("PATCH", path, {"query": {"q": "moon"}}, status=200).json
    equal([changed["name"], s.get(path).json], ["Comets", changed])
    equal([row["title"] for row in s.get(f"{path}/assets").json["assets"]], ["Moon"])
    for wrong in ({"name": "x"}, {"name": "x", "query": {"sort": "y"}}, {"name": "x", "query": []}):
        s.post(SEARCHES, wrong, status=422)
    s.delete(path, status=204)
    s.get(path, status=404)


main()
