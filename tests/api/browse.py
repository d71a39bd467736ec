#!/usr/bin/env -S python3 -B
"""`umam browse`: folders with names for people, whatever those names are."""
from harness import *

HOSTILE = ["..", "/etc/passwd", "a\tb\x1bc", "CON", "com1.txt", "x" * 200, "fox 🦊", "Coast", "coast", " . ", "a<b>:\"|?*\\c", ".hidden"]


def picture(s, title, **fields):
    body, headers = form(("file", "p.png", "image/png", png(8, 8)))
    asset_id = s.post("/media/upload", body=body, headers=headers).json["asset_id"]
    s.looked_at()
    s.call("PATCH", f"/api/media/assets/{asset_id}", {"title": title, **fields}, status=200)
    return asset_id


def browse(s, folder, *words, code=0):
    done = run("browse", folder, "--data", s.data, "--json", *words, env=s.env, code=code)
    return json.loads(done.stdout) if code == 0 else done.stderr


def tree(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_symlink() or path.is_file()}


@test
def the_tree_follows_the_library():
    s, folder = Server(), new_folder() / "tree"
    world = s.post("/universes", {"name": "A coast"}, status=201).json["id"]
    element = s.post(f"/universes/{world}/elements", {"name": "Lighthouse"}, status=201).json["id"]
    at, loose = picture(s, "Dawn", element_id=element), picture(s, "Loose")
    names = {f"A coast/Lighthouse/Dawn [{at[-8:]}].png": at, f"no universe/image/Loose [{loose[-8:]}].png": loose}
    for running in (True, False):
        equal(browse(s, folder), {"links": 2, "left_out": 0})
        equal(set(tree(folder)), set(names))
        for name, path in tree(folder).items():
            row = s.rows("SELECT checksum FROM media_assets WHERE id = ?", names[name])[0]
            equal(hashlib.sha256(path.read_bytes()).hexdigest(), row["checksum"], "the bytes behind a name")
        if running:
            s.stop()
    s.start()
    own = folder / "no universe" / "image" / "notes.txt"
    own.write_text("mine")
    (folder / "A coast" / "elsewhere").symlink_to("/etc/hostname")
    s.delete(f"/api/media/assets/{loose}")
    s.call("PATCH", f"/api/media/assets/{at}", {"title": "Dusk"}, status=200)
    equal(browse(s, folder), {"links": 1, "left_out": 0})
    equal(set(tree(folder)), {f"A coast/Lighthouse/Dusk [{at[-8:]}].png", "no universe/image/notes.txt", "A coast/elsewhere"})
    equal(browse(s, folder, "--universe", str(uuid.uuid4())), {"links": 0, "left_out": 0})
    equal(set(tree(folder)), {"no universe/image/notes.txt", "A coast/elsewhere"})
    holds(not (folder / "A coast" / "Lighthouse").exists(), "an empty folder stays")
    equal(json.loads(run("check", "--data", s.data, "--json").stdout)["faults"], [])
    equal([name for name in os.listdir(s.data) if "browse" in name], [], "what the copy of the database left")


@test
def names_are_harmless_everywhere():
    s, folder = Server(), new_folder() / "tree"
    worlds = [s.post("/universes", {"name": name}, status=201).json["id"] for name in HOSTILE]
    made = [picture(s, title, universe_id=world) for title, world in zip(HOSTILE, worlds)]
    equal(browse(s, folder), {"links": len(HOSTILE), "left_out": 0})
    found = tree(folder)
    equal({name[-13:-5] for name in found}, {each[-8:] for each in made})
    for name in found:
        for part in name.split("/"):
            equal(re.findall(r'[\x00-\x1f\x7f<>:"|?*\\]', part), [], f"what no name may hold, in {part!r}")
            holds(part.strip(". ") == part and len(part.encode()) <= 255, f"{part!r} is no name for every disk")
            holds(not re.fullmatch(r"(?i)(con|com1)(\..*)?", part), f"{part!r} is a device")
        equal(len(name.split("/")), 3, "folders")
    equal(sorted(os.listdir(folder.parent)), ["tree"])


@test
def what_stands_in_the_way_stays():
    s, folder = Server(), new_folder() / "tree"
    asset_id = picture(s, "Dawn")
    outside = new_folder() / "outside"
    outside.mkdir()
    folder.mkdir()
    (folder / "no universe").symlink_to(outside)
    equal(browse(s, folder), {"links": 0, "left_out": 1})
    equal(os.listdir(outside), [], "what was written through a link")
    (folder / "no universe").unlink()
    name = folder / "no universe" / "image" / f"Dawn [{asset_id[-8:]}].png"
    name.parent.mkdir(parents=True)
    name.write_text("mine")
    equal(browse(s, folder), {"links": 0, "left_out": 1})
    equal(name.read_text(), "mine")
    has(browse(s, folder, "--universe", "none", code=2), "whole ID")


main()
