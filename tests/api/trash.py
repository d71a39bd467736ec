#!/usr/bin/env -S python3 -B
"""Quarantine: what is deleted is not served, comes back as it was, and goes for good only when nothing needs it."""
from harness import *


def picture(s, token="admin", side=8):
    body, headers = form(("file", "p.png", "image/png", png(side, side)))
    made = s.post("/media/upload", body=body, headers=headers, token=token).json
    eventually(lambda: asset(s, made["asset_id"])[0]["status"] == "ready", "the end of its analysis")
    return made


def asset(s, asset_id):
    return s.rows("SELECT * FROM media_assets WHERE id = ?", asset_id)


def purge(s, days=0):
    return s.post("/api/media/trash/purge", {"days": days}).json


def drop(s, asset_id, **options):
    return s.delete(f"/api/media/assets/{asset_id}", **options)


def change(s, sql, *values):
    with sqlite3.connect(s.data / "umam.db", timeout=PATIENCE) as database:
        database.execute(sql, values)
    database.close()


@test
def deleted_is_not_served_and_comes_back_as_it_was():
    s = server()
    made = picture(s)
    before, bytes_ = asset(s, made["asset_id"])[0], s.get(made["url"], token=None).body
    drop(s, made["asset_id"], query={"reason": "out of focus"})
    row = asset(s, made["asset_id"])[0]
    equal((row["trashed_by"], row["trash_reason"]), ("admin", "out of focus"))
    holds(abs(row["trashed_at"] / 1e6 - time.time()) < 60, "the time of the deletion")
    for url in (made["url"], made["thumbnail_url"]):
        s.get(url, token=None, status=404)
        s.get(url, status=404)
    s.get(f"/api/media/assets/{made['asset_id']}/picture", status=404)
    back = s.post(f"/api/media/assets/{made['asset_id']}/undo").json
    equal((back["trashed_at"], back["trashed_by"], back["trash_reason"]), (None, None, None))
    after = asset(s, made["asset_id"])[0]
    moving = ("updated_at",)
    equal({k: v for k, v in after.items() if k not in moving}, {k: v for k, v in before.items() if k not in moving})
    equal(s.get(made["url"], token=None).body, bytes_)


@test
def twice_is_once_and_the_first_reason_stays():
    s = server()
    made = picture(s)
    drop(s, made["asset_id"], query={"reason": "first"})
    first = asset(s, made["asset_id"])
    drop(s, made["asset_id"], query={"reason": "second"})
    equal(asset(s, made["asset_id"]), first)
    drop(s, str(uuid.uuid4()), status=404)
    drop(s, "no-id", status=404)
    drop(s, made["asset_id"], query={"reason": "x" * 501}, status=422)


@test
def a_picture_in_quarantine_is_no_reference():
    s = server()
    made = picture(s)
    drop(s, made["asset_id"])
    request = {"prompt": "x", "generation_type": "image_to_video", "reference_image_url": made["url"]}
    s.post("/api/video/generate", request, status=404)


@test
def many_are_all_or_none():
    s = server()
    made = [picture(s)["asset_id"] for _ in range(3)]
    s.post("/api/media/trash", {"asset_ids": [*made, str(uuid.uuid4())]}, status=404)
    equal([asset(s, each)[0]["trashed_at"] for each in made], [None] * 3)
    s.post("/api/media/trash", {"asset_ids": made, "reason": "spring cleaning"}, status=204)
    equal({asset(s, each)[0]["trash_reason"] for each in made}, {"spring cleaning"})
    s.post("/api/media/trash/undo", {"asset_ids": made}, status=204)
    equal([asset(s, each)[0]["trashed_at"] for each in made], [None] * 3)
    s.post("/api/media/trash", {"asset_ids": []}, status=422)
    s.post("/api/media/trash", {"asset_ids": [made[0]] * 1001}, status=422)


@test
def what_belongs_to_others_is_not_there():
    s = server()
    owner, other = s.register("owner"), s.register("other")
    made = picture(s, owner)
    drop(s, made["asset_id"], token=other, status=404)
    s.post("/api/media/trash", {"asset_ids": [made["asset_id"]]}, token=other, status=404)
    drop(s, made["asset_id"], token=owner)
    s.post(f"/api/media/assets/{made['asset_id']}/undo", token=other, status=404)
    s.post("/api/media/trash/purge", {"days": 0}, token=owner, status=403)
    acts = [entry["act"] for entry in s.get("/api/audit", query={"actor": "owner"}).json]
    has(acts, "asset.delete")


@test
def a_purge_takes_what_is_due_with_its_files():
    s = Server()
    kept, gone = picture(s), picture(s, side=9)
    drop(s, gone["asset_id"])
    equal(purge(s, 1)["purged"], 0, "what was purged before its time")
    done = purge(s)
    equal((done["purged"], done["kept"], done["purged_bytes"]), (1, 0, gone["file_size"]))
    equal(asset(s, gone["asset_id"]), [])
    equal([name for name in s.stored() if kept["asset_id"] not in name], [], "files of others")
    holds({kept[url].removeprefix("/media/") for url in ("url", "thumbnail_url")} <= set(s.stored()), "a file of what stays is gone")
    s.post(f"/api/media/assets/{gone['asset_id']}/undo", status=404)
    equal([entry["target"] for entry in s.get("/api/audit", query={"act": "asset.purge"}).json], [gone["asset_id"]])
    equal(run("check", "--data", s.data).returncode, 0)


@test
def the_server_purges_by_itself():
    s = Server({"UMAM_TRASH_DAYS": "2"})
    young, old = picture(s), picture(s, side=9)
    s.post("/api/media/trash", {"asset_ids": [young["asset_id"], old["asset_id"]]}, status=204)
    change(s, "UPDATE media_assets SET trashed_at = trashed_at - 2 * 86400 * 1000000 WHERE id = ?", old["asset_id"])
    s.stop()
    s.start()
    s.await_log("purged", assets=1)
    equal((len(asset(s, young["asset_id"])), asset(s, old["asset_id"])), (1, []))


@test
def what_something_needs_stays():
    s = Server()
    world = s.post("/universes", {"name": "a coast"}, status=201).json["id"]
    thing = s.post(f"/universes/{world}/elements", {"name": "x"}, status=201).json["id"]
    by_id, by_url, reference, paid, local, collected = (picture(s, side=8 + i) for i in range(6))
    components = f"/universes/{world}/elements/{thing}/components"
    for data in ({"asset": by_id["asset_id"]}, {"src": by_url["url"]}):
        s.post(components, {"type": "ImageComponent", "data": data}, status=201)
    s.done(s.generate(generation_type="image_to_video", reference_image_url=reference["url"])["job_id"])
    clip = s.make("a clip")
    change(s, "UPDATE media_assets SET source_type = 'generated', provider = 'ltx' WHERE id = ?", paid["asset_id"])
    change(s, "UPDATE media_assets SET source_type = 'generated', provider = 'mock' WHERE id = ?", local["asset_id"])
    change(s, "INSERT INTO collections (id, owner_id, name, created_at, updated_at) VALUES ('c', 'admin', 'c', 1, 1)")
    change(s, "INSERT INTO collection_assets (collection_id, asset_id, position) VALUES ('c', ?, 1)", collected["asset_id"])
    clip_asset = s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", clip["id"])[0]["id"]
    wanted = {by_id["asset_id"]: "a component names it", by_url["asset_id"]: "a component names it",
              reference["asset_id"]: "a video was made with it", paid["asset_id"]: "made by a provider that was paid",
              collected["asset_id"]: "it is in a collection", clip_asset: "it is the result of a video job"}
    s.post("/api/media/trash", {"asset_ids": [*wanted, local["asset_id"]]}, status=204)
    before = s.stored()
    done = purge(s)
    equal({held["id"]: held["why"] for held in done["held"]}, wanted)
    equal((done["purged"], done["kept"], asset(s, local["asset_id"])), (1, 6, []))
    equal(set(before) - set(s.stored()), {name for name in before if local["asset_id"] in name}, "the files that went")
    s.get(f"/api/video/jobs/{clip['id']}/download", status=404)
    s.post("/api/media/trash/undo", {"asset_ids": list(wanted)}, status=204)
    s.get(f"/api/video/jobs/{clip['id']}/download")


@test
def a_deleted_job_leaves_its_clip_in_quarantine():
    s = Server()
    kept, paid = s.make("a coast"), s.make("a storm")
    change(s, "UPDATE media_assets SET provider = 'ltx' WHERE source_job_id = ?", paid["id"])
    clip = lambda job: s.rows("SELECT * FROM media_assets WHERE source_job_id = ?", job["id"])[0]
    files = [job[url].removeprefix("/media/") for job in (kept, paid) for url in ("video_url", "thumbnail_url")]
    before, bytes_ = clip(kept), s.get(kept["video_url"], token=None).body
    s.delete(f"/api/video/jobs/{kept['id']}", query={"reason": "too dark"})
    s.delete(f"/api/video/jobs/{paid['id']}")
    equal([(clip(job)["trashed_by"], clip(job)["trash_reason"]) for job in (kept, paid)],
          [("admin", "too dark"), ("admin", "its video job was deleted")])
    s.get(kept["video_url"], token=None, status=404)
    equal(json.loads(run("check", "--data", s.data, "--json").stdout)["faults"], [])
    s.post(f"/api/media/assets/{before['id']}/undo")
    equal({**clip(kept), "updated_at": 0}, {**before, "updated_at": 0})
    equal(s.get(kept["video_url"], token=None).body, bytes_)
    drop(s, before["id"])
    done = purge(s)
    equal((done["purged"], [held["id"] for held in done["held"]]), (1, [clip(paid)["id"]]), "what money was paid for stays")
    equal([name in s.stored() for name in files], [False, False, True, True])


@test
def a_job_that_works_for_it_keeps_it():
    s = Server()
    made = picture(s)
    s.post("/api/jobs/pause")
    job = s.generate(generation_type="image_to_video", reference_image_url=made["url"])["job_id"]
    change(s, "UPDATE jobs SET input = ? WHERE id = ?", json.dumps({"asset": made["asset_id"]}), job)
    drop(s, made["asset_id"])
    equal(purge(s)["held"], [{"id": made["asset_id"], "why": "a job works for it"}])


@test
def undo_and_purge_at_once_never_lose_half():
    s = Server()
    made = [picture(s, side=8 + i)["asset_id"] for i in range(24)]
    s.post("/api/media/trash", {"asset_ids": made}, status=204)
    undone = []

    def undo():
        for each in reversed(made):
            if s.call("POST", f"/api/media/assets/{each}/undo").status == 200:
                undone.append(each)

    thread = threading.Thread(target=undo)
    thread.start()
    done = purge(s)
    thread.join()
    left = {row["id"] for row in s.rows("SELECT id FROM media_assets WHERE trashed_at IS NULL")}
    equal(left, set(undone), "what was brought back")
    equal(done["purged"] + len(left), len(made))
    equal(json.loads(run("check", "--data", s.data, "--json").stdout)["faults"], [])


@test
def the_command_does_the_same_beside_a_server_and_without_one():
    s = Server()
    made = [picture(s, side=8 + i)["asset_id"] for i in range(2)]

    def trash(*words, code=0):
        done = run("trash", *words, "--data", s.data, "--json", env=s.env, code=code)
        return json.loads(done.stdout) if done.stdout else None

    for running in (True, False):
        equal(trash("list")["assets"], [])
        trash("put", ",".join(made), "--reason", "a test")
        equal({each["id"] for each in trash("list")["assets"]}, set(made))
        equal({(row["trashed_by"], row["trash_reason"]) for row in s.rows("SELECT * FROM media_assets")}, {("(umam)", "a test")})
        equal(trash("purge")["purged"], 0)
        said = run("trash", "purge", "--data", s.data, env=s.env).stdout
        has(said, f"{len(made)} in quarantine; they go 30 days after they were deleted")
        trash("undo", made[0])
        equal([each["id"] for each in trash("list")["assets"]], [made[1]])
        equal(trash("purge", "--days", "0")["purged"], 1)
        made = [made[0]]
        if running:
            made.append(picture(s, side=20)["asset_id"])
            s.stop()
    trash("put", code=2)
    trash("undo", str(uuid.uuid4()), code=5)


@test
def lists_leave_it_out_unless_asked():
    s = Server()
    made = [picture(s, side=8 + i)["asset_id"] for i in range(2)]
    drop(s, made[0])
    listed = lambda **query: {each["id"] for each in s.get("/api/media/assets", query=query).json["assets"]}
    equal((listed(), listed(trashed="only"), listed(trashed="any")), ({made[1]}, {made[0]}, set(made)))


@test
def a_kill_while_deleting_and_purging_leaves_no_faults():
    s = Server()
    for _ in range(8):
        made = [picture(s, side=8 + i)["asset_id"] for i in range(6)]
        s.post("/api/media/trash", {"asset_ids": made}, status=204)
        thread = threading.Thread(target=quietly, args=(s, made))
        thread.start()
        time.sleep(0.003 * len(s.log) % 0.04)
        s.kill()
        thread.join()
        faults = json.loads(run("check", "--data", s.data, "--json").stdout)
        equal(faults["faults"], [], "faults after a kill")
        s.start()
    equal(json.loads(run("check", "--data", s.data, "--json").stdout)["unfinished"], 0)


def quietly(s, made):
    try:
        s.send("POST", f"/api/media/assets/{made[0]}/undo", headers={"Authorization": f"Bearer {s.admin_token}"})
        s.send("POST", "/api/media/trash/purge", json.dumps({"days": 0}),
               {"Authorization": f"Bearer {s.admin_token}", "Content-Type": "application/json"})
    except (OSError, http.client.HTTPException):
        pass


main()
