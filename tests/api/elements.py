#!/usr/bin/env -S python3 -B
"""Elements and components of universes: what is sent comes back, lists keep their order, nobody reaches what is not theirs."""
from harness import *

TYPES = {
    "TextComponent": {"field": "Description", "content": ""},
    "ImageComponent": {"label": "Image", "url": "", "prompt": ""},
    "VideoComponent": {"label": "Video", "url": ""},
    "AudioComponent": {"label": "Audio", "url": ""},
    "Model3DComponent": {"label": "3D Model", "url": ""},
    "AttributeComponent": {"attributes": {}},
    "RelationshipComponent": {"relations": []},
}
SUBTYPES = ("character", "location", "item", "faction", "event", "concept", "species", "technology")


def universe(token="admin", **fields):
    return "/universes/" + server().post("/universes", {"name": "Aetheria", **fields}, token=token, status=201).json["id"]


def element(path, token="admin", **fields):
    """A new element of the universe at this path; its path and what the server said."""
    made = server().post(f"{path}/elements", {"name": "Ada", **fields}, token=token, status=201).json
    return f"{path}/elements/{made['id']}", made


def component(path, token="admin", **fields):
    made = server().post(f"{path}/components", fields, token=token, status=201).json
    return f"{path}/components/{made['id']}", made


def faults(reply):
    return [(fault["type"], fault["loc"]) for fault in reply.detail]


# ---- elements ----

@test
def an_element_under_both_names():
    world = universe()
    for prefix in ("", "/api"):
        path, made = element(prefix + world)
        equal([made["name"], made["element_type"], made["entity_subtype"], made["components"]], ["Ada", "Generic", None, []])
        equal(f"/universes/{made['universe_id']}", world)
        for other in ("", "/api"):
            bare = other + path.removeprefix("/api")
            equal(server().get(bare).json, made, f"what {bare} gives")
        changed = server().put(path, {"name": "Ida", "element_type": "Hero"}).json
        equal([changed["name"], changed["element_type"]], ["Ida", "Hero"])
        holds(changed["updated_at"] > made["updated_at"], "updated_at stands still")
        equal(server().delete(path).body, b"")
        equal(server().get(path, status=404).detail, "Element not found")
        server().delete(path, status=404)


@test
def null_changes_nothing_but_takes_the_subtype_away():
    path, made = element(universe(), element_type="Hero", entity_subtype="character")
    equal(made["entity_subtype"], "character")
    same = server().put(path, {"name": None, "element_type": None}).json
    equal([same["name"], same["element_type"], same["entity_subtype"]], ["Ada", "Hero", "character"])
    for subtype in (*SUBTYPES, None):
        equal(server().put(path, {"entity_subtype": subtype}).json["entity_subtype"], subtype)
        equal(server().get(path).json["entity_subtype"], subtype, "the stored subtype")


@test
def names_are_kept_to_the_letter_and_have_limits():
    world = universe()
    for name in ("<b>x</b>", "'; DROP TABLE elements; --", "日本語 🎬", " spaces ", "\u0001", "x" * 255, "é" * 255):
        equal(element(world, name=name)[1]["name"], name)
    wrong = (({}, "missing", "name"), ({"name": ""}, "string_too_short", "name"), ({"name": "x" * 256}, "string_too_long", "name"),
             ({"name": None}, "string_type", "name"), ({"name": 7}, "string_type", "name"),
             ({"name": "x", "element_type": None}, "string_type", "element_type"),
             ({"name": "x", "element_type": "x" * 101}, "string_too_long", "element_type"),
             ({"name": "x", "entity_subtype": "dragon"}, "literal_error", "entity_subtype"),
             ({"name": "x", "id": "../x"}, "value_error", "id"))
    for body, kind, field in wrong:
        equal(faults(server().post(f"{world}/elements", body, status=422)), [(kind, ["body", field])], f"the faults of {body}")
    path, _ = element(world)
    for body, kind, field in wrong[1:3] + wrong[4:5] + wrong[6:8]:
        body = {key: value for key, value in body.items() if key == field}
        equal(faults(server().put(path, body, status=422)), [(kind, ["body", field])], f"the faults of {body}")
    for text in (b'{"name": "a\\u0000b"}', b'{"name": "\\ud800"}', b'{"name": "\xff"}', b'{"name": "x", "name": "y"}', b"[]", b"null"):
        for method, where in (("POST", f"{world}/elements"), ("PUT", path)):
            server().call(method, where, body=text, headers={"Content-Type": "application/json"}, status=422)


@test
def ids_of_ones_own_are_taken_once():
    world, other = universe(), universe()
    own = str(uuid.uuid4())
    path, made = element(world, id=own.upper())
    equal(made["id"], own)
    for spelling in (own, own.replace("-", ""), f"urn:uuid:{own}"):
        reply = server().post(f"{other}/elements", {"name": "x", "id": spelling}, status=409)
        has(reply.detail, own)
    mine = str(uuid.uuid4())
    equal(component(path, id=mine)[1]["id"], mine)
    server().post(f"{path}/components", {"id": mine}, status=409)
    equal(len(server().get(f"{path}/components").json), 1, "the number of components")


@test
def strange_ids_are_404():
    world = universe()
    path, _ = element(world)
    stranger, _ = element(universe())
    part, _ = component(stranger)
    names = ("x", "..%2f..%2fetc", "0" * 36, "' OR '1'='1", "a" * 3000, str(uuid.uuid4()), "%F0%9F%8C%8D")
    for strange in (*names, stranger.rsplit("/", 1)[1]):  # one of another universe
        where = f"{world}/elements/" + urllib.parse.quote(strange, safe="%")
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {"name": "x"})):
            server().call(method, where, body, status=404)
        for method, body in (("GET", None), ("POST", {})):
            server().call(method, where + "/components", body, status=404)
    for strange in (*names, part.rsplit("/", 1)[1]):  # one of another element
        where = f"{path}/components/" + urllib.parse.quote(strange, safe="%")
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {"data": {}})):
            server().call(method, where, body, status=404)
    equal(server().get(f"{world}/elements/{uuid.uuid4()}", status=404).detail, "Element not found")
    equal(server().get(f"{path}/components/{uuid.uuid4()}", status=404).detail, "Component not found")


# ---- components ----

@test
def seven_types_with_their_data():
    path, _ = element(universe())
    for kind, data in TYPES.items():
        equal(component(path, type=kind)[1]["data"], data, f"the data a {kind} starts with")
    equal(component(path)[1]["type"], "TextComponent", "the type when none is given")
    parts = server().get(f"{path}/components").json
    equal([part["type"] for part in parts], [*TYPES, "TextComponent"], "in the order they were made")
    equal(server().get(path).json["components"], parts, "the element's components")
    for kind in TYPES:
        found = server().get(f"{path}/components", query={"component_type": kind}).json
        equal([part["type"] for part in found], [kind] * (2 if kind == "TextComponent" else 1))
    equal(server().get(f"{path}/components", query={"component_type": "textcomponent"}).json, [])


@test
def data_comes_back_as_it_was_sent():
    path, _ = element(universe())
    deep = []
    for _ in range(60):
        deep = [deep]
    for data in ({}, {"a": None}, {"type": "TextComponent", "data": {"content": "not unwrapped"}}, {"url": "/media/images/x.png"},
                 {"": "", "ключ": "значение 🎬", "\\\"": "\n\t\u0001"}, {"n": [0, -1, 1.5, 1e300, 2**63 - 1, True, False]},
                 {"relations": [{"target_element_id": str(uuid.uuid4()), "type": "knows"}]}, {"deep": deep}, {"z": 1, "a": 2},
                 {"text": "x" * 250000}):
        for kind in ("TextComponent", "RelationshipComponent"):
            where, made = component(path, type=kind, data=data)
            equal(made["data"], data, "what was made")
            equal(list(made["data"]), list(data), "the order of its keys")
            equal(server().get(where).json, made)
            equal(server().put(where, {"data": {"other": data}}).json["data"], {"other": data}, "what it was changed to")
        server().delete(where)


@test
def a_change_takes_the_place_of_all_data():
    where, made = component(element(universe())[0], type="AttributeComponent", data={"attributes": {"age": 7}, "more": 1})
    changed = server().put(where, {"data": {"attributes": {}}}).json
    equal([changed["type"], changed["data"]], ["AttributeComponent", {"attributes": {}}])
    changed = server().put(where, {"type": "ImageComponent", "data": None}).json
    equal([changed["type"], changed["data"]], ["ImageComponent", {"attributes": {}}])
    equal(server().put(where, {}).json["data"], {"attributes": {}}, "the data after nothing was asked")
    equal(server().get(where).json["created_at"], made["created_at"], "created_at")
    server().delete(where)
    server().get(where, status=404)


@test
def an_unknown_type_is_seven_faults():
    path, _ = element(universe())
    where, _ = component(path)
    for method, place in (("POST", f"{path}/components"), ("PUT", where)):
        for wrong in ("HologramComponent", "", 7, "textcomponent", {}):
            reply = server().call(method, place, {"type": wrong}, status=422)
            equal(faults(reply), [("literal_error", ["body", kind, "type"]) for kind in TYPES])
            equal([fault["msg"] for fault in reply.detail], [f"Input should be '{kind}'" for kind in TYPES])
            equal(reply.detail[0]["ctx"], {"expected": "'TextComponent'"})
    equal(server().get(where).json["type"], "TextComponent", "the type afterwards")
    equal(len(server().get(f"{path}/components").json), 1, "the number of components")


@test
def data_has_limits():
    path, _ = element(universe())
    for wrong in (None, [], "x", 7, True):
        equal(faults(server().post(f"{path}/components", {"data": wrong}, status=422)), [("dict_type", ["body", "data"])])
    reply = server().post(f"{path}/components", {"data": {"text": "x" * (256 << 10)}}, status=422)
    equal(faults(reply), [("dict_too_large", ["body", "data"])])
    holds(len(reply.body) < 1000, "the fault repeats what was too large")
    deep = '{"data":{"a":' + "[" * 70 + "]" * 70 + "}}"
    for text in (deep, '{"data":{"a":1e999}}', '{"data":{"a":%d}}' % 10**30, '{"data":{"a":NaN}}', '{"data":{"a":"\\ud800"}}',
                 '{"data":{"a\\u0000":1}}', '{"data":{"a":1,"a":2}}'):
        server().post(f"{path}/components", body=text, headers={"Content-Type": "application/json"}, status=422)
    server().post(f"{path}/components", {"data": {"text": "x" * (2 << 20)}}, status=413)
    equal(server().get(f"{path}/components").json, [], "what is stored")
    for number in range(100):
        component(path, data={"n": number})
    has(server().post(f"{path}/components", {}, status=409).detail, "100 components")
    equal([part["data"]["n"] for part in server().get(path).json["components"]], list(range(100)), "their order")


# ---- whose they are ----

@test
def others_reach_nothing():
    owner, other = server().register("owner"), server().register("other")
    world = universe(owner)
    path, _ = element(world, owner)
    part, _ = component(path, owner)
    for prefix in ("", "/api"):
        for method, place, body in (("POST", f"{world}/elements", {"name": "x"}), ("GET", f"{world}/elements", None), ("GET", path, None),
                                    ("PUT", path, {"name": "x"}), ("DELETE", path, None), ("POST", f"{path}/components", {}),
                                    ("GET", f"{path}/components", None), ("GET", part, None), ("PUT", part, {"data": {}}),
                                    ("DELETE", part, None), ("GET", f"{world}/elements/{uuid.uuid4()}", None)):
            reply = server().call(method, prefix + place, body, token=other, status=403)
            equal(reply.detail, "Forbidden: requires owner or admin role")
            server().call(method, prefix + place, body, token=None, status=401)
    own = universe(other)
    where = f"{own}/elements/{path.rsplit('/', 1)[1]}"  # the other's element through a universe of one's own
    for method, place, body in (("GET", where, None), ("PUT", where, {"name": "x"}), ("DELETE", where, None),
                                ("GET", f"{where}/components", None)):
        server().call(method, place, body, token=other, status=404)
    equal(server().get(world, token=owner).json["elements"][0]["components"][0]["id"], part.rsplit("/", 1)[1], "what the owner has")
    server().put(path, {"name": "by an administrator"})
    equal(server().get(path, token=owner).json["name"], "by an administrator")


# ---- lists ----

@test
def a_universe_comes_with_all_it_holds():
    token = server().register("builder")
    worlds = [universe(token, name=f"world {n}") for n in range(3)]
    for n, world in enumerate(worlds):
        for m in range(3 - n):
            path, _ = element(world, token, name=f"{n}.{m}")
            for k in range(m):
                component(path, token, data={"of": f"{n}.{m}.{k}"})
    listed = server().get("/universes", token=token).json
    equal([[[(e["name"], [c["data"]["of"] for c in e["components"]]) for e in u["elements"]] for u in listed],
           [u["element_count"] for u in listed]],
          [[[(f"{n}.{m}", [f"{n}.{m}.{k}" for k in range(m)]) for m in range(3 - n)] for n in range(3)], [3, 2, 1]])
    for n, world in enumerate(worlds):
        equal(server().get(world, token=token).json, listed[n])
        equal(server().get(f"{world}/elements", token=token).json, listed[n]["elements"])
        equal(server().put(world, {"name": f"world {n}"}, token=token).json["elements"], listed[n]["elements"])


@test
def filters_and_pages():
    world = universe()
    names = [f"hero {i}" for i in range(4)] + ["100% Wool", "under_score", "back\\slash"]
    for name in names:
        element(world, name=name, element_type="Hero" if name[0] == "h" else "Thing", entity_subtype="character" if name[0] == "h" else None)
    listed = lambda **query: [e["name"] for e in server().get(f"{world}/elements", query=query).json]
    equal(listed(), names, "all, oldest first")
    equal(listed(limit=2, offset=3), names[3:5])
    equal(listed(limit=0), [])
    equal(listed(limit=1000000), names)
    equal(listed(search="HERO"), names[:4], "any case")
    for search, found in (("%", names[4:5]), ("_", names[5:6]), ("\\", names[6:7]), ("", names), ("' OR 1=1 --", [])):
        equal(listed(search=search), found, f"what {search!r} finds")
    equal(listed(element_type="Thing"), names[4:])
    equal(listed(element_type="thing"), [], "exact means exact")
    equal(listed(entity_subtype="character", limit=1, offset=1), names[1:2])
    for query in ({"limit": -1}, {"offset": -1}, {"limit": "many"}, {"entity_subtype": "dragon"}, {"cursor": "x"}, {"cursor": "MSwy"}):
        for path in (f"{world}/elements", "/universes", f"{element(world)[0]}/components"):
            if "entity_subtype" not in query or path.endswith("elements"):
                place = server().get(path, query=query, status=422).detail[0]["loc"]
                equal(place, ["query", next(iter(query))])
    server().get(f"/universes/{uuid.uuid4()}/elements", status=404)


def pages(path, token, **query):
    """Every page, following the links."""
    reply, found = server().get(path, token=token, query=query), []
    while True:
        found.append(reply.json)
        link = reply.headers.get("link")
        equal(bool(link), "x-next-cursor" in reply.headers, "link and cursor come together")
        if not link:
            return found
        where, relation = link.split("; ")
        equal(relation, 'rel="next"')
        has(where, f"cursor={reply.headers['x-next-cursor']}")
        reply = server().get(where[1:-1], token=token)


@test
def links_lead_through_lists():
    token = server().register("pager")
    worlds = [universe(token, name=f"a <b> & ü {n}") for n in range(7)]
    path, _ = element(worlds[0], token)
    for n in range(6):
        element(worlds[0], token, name=f"{n}")
        component(path, token, data={"n": n})
    for prefix in ("", "/api"):
        found = pages(f"{prefix}/universes", token, limit=3, search="A <b> & ü", offset=1)
        equal([len(page) for page in found], [3, 3])
        equal([u["id"] for page in found for u in page], [world.rsplit("/", 1)[1] for world in worlds[1:]])
        equal([len(page) for page in pages(prefix + worlds[0] + "/elements", token, limit=3)], [3, 3, 1])
        found = pages(f"{prefix}{path}/components", token, limit=2)
        equal([[c["data"]["n"] for c in page] for page in found], [[0, 1], [2, 3], [4, 5]])
    reply = server().get("/universes", token=token, query={"limit": 0})
    equal([reply.json, "link" in reply.headers], [[], False])


@test
def other_origins_may_read_where_the_list_goes_on():
    reply = server().get("/universes", headers={"Origin": "http://localhost:3000"})
    has(reply.headers["access-control-expose-headers"], "Link")


@test
def long_descriptions_make_short_pages():
    token = server().register("writer")
    made = [universe(token, name=str(n), description="\U0001f3ac" * 20000) for n in range(60)]
    found = pages("/universes", token, limit=1000)
    holds(len(found) > 1 and found[0], "80 kB times 60 are one page")
    equal(["/universes/" + u["id"] for page in found for u in page], made)


@test
def ten_thousand_elements():
    s = server()
    world = universe(name="crowded")
    s.stop()
    with sqlite3.connect(s.data / "umam.db") as database:
        database.executemany("INSERT INTO elements (id, universe_id, name, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
                             [(str(uuid.UUID(int=n)), world.rsplit("/", 1)[1], f"e{n}", 1000 + n // 10, 1) for n in range(10500)])
    database.close()
    exported = json.loads(run("export", world.rsplit("/", 1)[1], "--data", s.data).stdout)
    equal([exported["name"], exported["owner"], [e["name"] for e in exported["elements"]]],
          ["crowded", "admin", [f"e{n}" for n in range(10500)]], "what the command line writes")
    has(run("export", "--data", s.data).stdout, "crowded")
    has(run("export", str(uuid.uuid4()), "--data", s.data, code=5).stderr, "Universe not found")
    s.start()
    whole = s.get(world).json
    equal([whole["element_count"], len(whole["elements"])], [10500, 10000], "how many there are, and come along")
    equal(whole["elements"][-1]["name"], "e9999")
    names = [e["name"] for page in pages(f"{world}/elements", s.admin_token, limit=5000) for e in page]
    equal(names, [f"e{n}" for n in range(10500)], "all of them, ten at the same time each")
    began = time.monotonic()
    s.delete(world)
    holds(time.monotonic() - began < 30, "removing them takes for ever")
    equal(s.rows("SELECT COUNT(*) AS left FROM elements WHERE universe_id = ?", world.rsplit("/", 1)[1])[0]["left"], 0)


# ---- what goes with what ----

@test
def what_goes_with_what():
    world = universe()
    ada, made = element(world, name="Ada")
    ben, _ = element(world, name="Ben")
    relation = {"relations": [{"target_element_id": made["id"], "type": "knows", "description": "from school"}]}
    component(ada)
    part, _ = component(ben, type="RelationshipComponent", data=relation)
    server().delete(ada)
    equal(server().get(part).json["data"], relation, "what was said about somebody who is gone")
    equal(server().rows("SELECT COUNT(*) AS n FROM components WHERE element_id = ?", made["id"])[0]["n"], 0, "components left behind")
    clip = server().make("a short shot", universe_id=world.rsplit("/", 1)[1])
    equal(server().get(world).json["media_count"], 1)
    server().delete(world)
    server().get(part, status=404)
    equal(server().rows("SELECT COUNT(*) AS n FROM components WHERE id = ?", part.rsplit("/", 1)[1])[0]["n"], 0, "components left behind")
    equal(server().job(clip["id"])["universe_id"], None)


@test
def an_edit_of_something_older_is_refused():
    world = universe()
    path, _ = element(world)
    part, _ = component(path)
    for where, change in ((world, {"name": "x"}), (path, {"name": "x"}), (part, {"data": {"x": 1}})):
        read = server().get(where).json["updated_at"]
        newer = server().put(where, {**change, "updated_at": read}).json["updated_at"]
        reply = server().put(where, {**change, "updated_at": read}, status=412)
        equal(reply.json["code"], "changed")
        has(reply.detail, "read it again")
        equal(server().get(where).json["updated_at"], newer, "the time of the last change")
        server().put(where, {**change, "updated_at": None})
        equal(faults(server().put(where, {**change, "updated_at": "soon"}, status=422)), [("datetime_from_date_parsing", ["body", "updated_at"])])


@test
def edits_side_by_side_lose_nothing():
    world = universe()
    path, _ = element(world)
    counts = collections.Counter()

    def work(n):
        for m in range(10):
            component(path, data={"by": f"{n}.{m}"}) if n < 5 else element(world, name=f"{n}.{m}")
            field, value = (("name", f"{n}") if n % 2 else ("element_type", f"{n}"))
            server().put(path, {field: value})
            read = server().get(world).json["updated_at"]
            counts[server().put(world, {"description": f"{n}.{m}", "updated_at": read}, status=(200, 412)).status] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sum(counts.values()), 80, "edits answered")
    holds(counts[200] >= 10, "nobody got through")
    parts = server().get(path).json
    equal(sorted(part["data"]["by"] for part in parts["components"]), sorted(f"{n}.{m}" for n in range(5) for m in range(10)))
    equal([int(parts["name"]) % 2, int(parts["element_type"]) % 2], [1, 0], "fields that different people changed")
    equal(server().get(world).json["element_count"], 31)


main()
