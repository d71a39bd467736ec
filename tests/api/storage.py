#!/usr/bin/env -S python3 -B
"""The background scrub finds what changed on the disk, GET /api/storage tells what is stored, a universe holds no more than it
may, and what failed long ago is deleted unless it cost money."""
from harness import *


def picture(s, side=8, token="admin"):
    body, headers = form(("file", "p.png", "image/png", png(side, side)))
    return s.post("/media/upload", body=body, headers=headers, token=token).json


def change(s, sql, *values):
    with sqlite3.connect(s.data / "umam.db", timeout=PATIENCE) as database:
        database.execute(sql, values)
    database.close()


def again(s):
    """The keeper looks at the start of the server."""
    s.stop()
    mark = len(s.log)
    s.start()
    return mark


def path_of(s, made):
    return s.media / made["url"].removeprefix("/media/")


@test
def the_scrub_finds_what_changed_on_the_disk_and_says_so():
    s = Server()
    good, bad, gone = (picture(s, 8 + i) for i in range(3))
    equal(s.get("/health").json["checks"]["storage"]["status"], "healthy")
    bytes_ = bytearray(path_of(s, bad).read_bytes())
    bytes_[-20] ^= 1
    path_of(s, bad).write_bytes(bytes_)
    path_of(s, gone).unlink()
    mark = again(s)
    s.await_log("scrubbed", since=mark, assets=3)
    told = {entry["asset"]: entry["fault"] for entry in s.events(mark) if entry["event"] == "stored file damaged"}
    equal(told, {bad["asset_id"]: "changed", gone["asset_id"]: "missing"})
    health = s.get("/health").json
    equal((health["status"], health["checks"]["storage"]["status"], health["checks"]["storage"]["damaged"]),
          ("healthy", "unhealthy", 2))
    holds("storage" not in s.get("/health", token=None).json["checks"], "/health tells strangers about stored files")
    scrub = s.get("/api/storage").json["scrub"]
    equal((scrub["faults"], scrub["never"]), (2, 0))
    rows = s.rows("SELECT id, scrubbed_at, scrub_fault FROM media_assets")
    equal({row["id"]: row["scrub_fault"] for row in rows},
          {good["asset_id"]: None, bad["asset_id"]: "changed", gone["asset_id"]: "missing"})
    bytes_[-20] ^= 1
    path_of(s, bad).write_bytes(bytes_)
    change(s, "UPDATE media_assets SET scrubbed_at = 1 WHERE id = ?", bad["asset_id"])
    s.await_log("scrubbed", since=again(s), assets=1)  # the others were looked at this week
    equal(s.get("/api/storage").json["scrub"]["faults"], 1, "faults after one was mended")


@test
def without_minutes_there_is_no_scrub():
    s = Server({"UMAM_SCRUB_MINUTES": "0"})
    made = picture(s)
    change(s, "UPDATE media_assets SET trashed_at = 1 WHERE id = ?", made["asset_id"])
    eventually(lambda: not s.rows("SELECT id FROM jobs WHERE finished_at IS NULL"), "the end of all jobs")
    s.await_log("purged", since=again(s), patience=20)
    made = picture(s)
    again(s)
    s.stop()
    equal(s.rows("SELECT scrubbed_at FROM media_assets"), [{"scrubbed_at": None}])


@test
def what_is_stored_is_told_by_type_owner_and_universe():
    s = Server()
    world = s.post("/universes", {"name": "a coast"}, status=201).json["id"]
    token = s.register("mira")
    first, second, third = picture(s, 8), picture(s, 9, token), picture(s, 10, token)
    s.make("a clip", universe_id=world)
    clip = s.rows("SELECT file_size FROM media_assets WHERE asset_type = 'video'")[0]["file_size"]
    s.delete(f"/api/media/assets/{third['asset_id']}")
    told = s.get("/api/storage").json
    by_key = lambda name: {each["key"]: (each["assets"], each["bytes"]) for each in told[name]}
    equal(by_key("types"), {"image": (2, first["file_size"] + second["file_size"]), "video": (1, clip)})
    equal(by_key("owners"), {"admin": (2, first["file_size"] + clip), "mira": (2, second["file_size"] + third["file_size"])})
    equal(by_key("universes"), {world: (1, clip)})
    equal((told["trashed"], told["trashed_bytes"]), (1, third["file_size"]))
    holds(0 < told["free_bytes"] <= told["disk_bytes"], "the room on the disk")
    s.get("/api/storage", token=token, status=403)


@test
def a_universe_holds_no_more_than_it_may():
    s = Server()
    world = s.post("/universes", {"name": "a coast"}, status=201).json["id"]
    s.make("a clip", universe_id=world)
    s.looked_at()
    change(s, "UPDATE media_assets SET file_size = 1048576 WHERE universe_id = ?", world)
    s.put(f"/api/storage/universes/{world}", {"storage_mb": 1})
    equal(s.get("/api/storage").json["universes"][0]["limit_bytes"], 1 << 20)
    before = s.stored()
    failed = s.done(s.generate(universe_id=world)["job_id"], status="failed")
    has(failed["error_message"], "the universe is full")
    equal(s.stored(), before, "files of what did not fit")
    s.put(f"/api/storage/universes/{world}", {"storage_mb": None})
    s.make("a clip", universe_id=world)
    s.put(f"/api/storage/universes/{uuid.uuid4()}", {"storage_mb": 1}, status=404)
    s.put("/api/storage/universes/none", {"storage_mb": 1}, status=404)
    s.put(f"/api/storage/universes/{world}", {"storage_mb": -1}, status=422)


@test
def what_is_moved_needs_room_where_it_comes_to():
    s = Server()
    world, other = (s.post("/universes", {"name": name}, status=201).json["id"] for name in ("a coast", "a hill"))
    element = s.post(f"/universes/{world}/elements", {"name": "x"}, status=201).json["id"]
    first, second, third = (picture(s, 8 + i)["asset_id"] for i in range(3))
    s.looked_at()  # the analysis says what the size is, too
    change(s, "UPDATE media_assets SET file_size = 600000")
    s.put(f"/api/storage/universes/{world}", {"storage_mb": 1})
    where = lambda: [row["universe_id"] for row in s.rows("SELECT universe_id FROM media_assets ORDER BY seq")]
    results = s.post("/api/media/assets/bulk", {"ids": [first, second], "change": {"universe_id": world}}).json
    equal([each["done"] for each in results], [True, False])
    has(results[1]["error"], "the universe is full")
    for place in ({"universe_id": world}, {"element_id": element}):
        has(s.call("PATCH", f"/api/media/assets/{third}", place, status=413).detail, "the universe is full")
    equal(where(), [world, None, None])
    s.call("PATCH", f"/api/media/assets/{first}", {"universe_id": world, "title": "stays where it is"})
    s.call("PATCH", f"/api/media/assets/{third}", {"universe_id": other})
    s.call("PATCH", f"/api/media/assets/{first}", {"universe_id": None})
    s.call("PATCH", f"/api/media/assets/{third}", {"element_id": element})
    equal(where(), [None, None, world])


@test
def what_failed_long_ago_is_deleted_unless_it_cost_money():
    s = Server({"UMAM_FAILED_DAYS": "3"})
    old, young, paid, fine = (picture(s, 8 + i)["asset_id"] for i in range(4))
    long_ago = int((time.time() - 4 * 86400) * 1e6)
    for each in (old, paid):
        change(s, "UPDATE media_assets SET status = 'failed', updated_at = ? WHERE id = ?", long_ago, each)
    change(s, "UPDATE media_assets SET status = 'failed' WHERE id = ?", young)
    change(s, "UPDATE media_assets SET updated_at = ? WHERE id = ?", long_ago, fine)
    change(s, "UPDATE media_assets SET source_type = 'generated', provider = 'ltx' WHERE id = ?", paid)
    s.await_log("failed assets to quarantine", since=again(s), assets=1)
    trashed = s.rows("SELECT id, trashed_by, trash_reason FROM media_assets WHERE trashed_at IS NOT NULL")
    equal([(row["id"], row["trashed_by"]) for row in trashed], [(old, "(keeper)")])
    has(trashed[0]["trash_reason"], "UMAM_FAILED_DAYS")
    s.post(f"/api/media/assets/{old}/undo")


main()
