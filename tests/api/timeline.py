#!/usr/bin/env -S python3 -B
"""What players show along their timeline: the sheet for scrubbing as WebVTT, the waveform as JSON."""
import functools

from harness import *


def seconds(moment):
    hours, minutes, rest = moment.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


@functools.cache
def film(s):
    """An asset of 25 s with sound."""
    file = new_folder() / "film.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=25", "-f", "lavfi", "-i",
                    "sine=f=1000:r=48000:d=25", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", file], check=True, timeout=PATIENCE)
    made = s.put("/api/media/assets/raw/film.mp4", body=file.read_bytes(), status=201).json["id"]
    s.looked_at()
    return made


def derivative(s, asset, kind):
    return next(each for each in s.get(f"/api/media/assets/{asset}").json["derivatives"] if each["kind"] == kind)


@test
def every_tile_of_the_sheet_is_a_cue():
    s = server()
    asset = film(s)
    reply = s.get(f"/api/media/assets/{asset}/sprite.vtt", token=None)
    equal(reply.headers["content-type"], "text/vtt")
    head, *cues = reply.body.decode().rstrip("\n").split("\n\n")
    equal(head, "WEBVTT")
    layout = s.get(f"/api/media/assets/{asset}").json["analysis"]["sprite"]
    equal(len(cues), layout["tiles"])
    sheet = derivative(s, asset, "sprite")["url"]
    (file := new_folder() / "sheet.jpg").write_bytes(s.get(sheet, token=None).body)
    size = json.loads(run("probe", "--json", file).stdout)
    end, places = 0, []
    for cue in cues:
        times, payload = cue.split("\n")
        begin, until = map(seconds, times.split(" --> "))
        equal(begin, end, "where a cue begins")
        url, place = payload.split("#xywh=")
        equal(url, sheet)
        x, y, width, height = map(int, place.split(","))
        holds(x + width <= size["width"] and y + height <= size["height"], f"{place} lies outside of the sheet")
        places.append((y, x))
        end = until
    holds(abs(end - 25) < 0.1, f"the last cue ends at {end}")
    equal(places, sorted(set(places)), "tiles")


@test
def the_waveform_is_the_binary_one_in_json():
    s = server()
    asset = film(s)
    got = s.get(f"/api/media/assets/{asset}/peaks.json", token=None).json
    binary = s.get(derivative(s, asset, "peaks")["url"], token=None).body
    version, flags, rate, step, length, channels = struct.unpack("<6I", binary[:24])
    equal({**got, "data": None}, {"version": version, "channels": channels, "sample_rate": rate, "samples_per_pixel": step, "bits": 8,
                                  "length": length, "data": None})
    equal(got["data"], list(struct.unpack(f"<{2 * length}b", binary[24:])))
    holds(max(got["data"]) > 5 and min(got["data"]) < -5, "there is no sound in it")


@test
def what_is_not_there_is_not_found():
    s = server()
    text = s.put("/api/media/assets/raw/a.txt", body=b"words\n", status=201).json["id"]
    s.looked_at()
    has(s.get(f"/api/media/assets/{text}/sprite.vtt", status=404).detail, "no sprite")
    has(s.get(f"/api/media/assets/{text}/peaks.json", status=404).detail, "no peaks")


@test
def a_link_for_pictures_opens_both_and_the_sheet():
    s = Server({"UMAM_MEDIA_ACCESS": "signed"})
    asset = film(s)
    path = f"/api/media/assets/{asset}"
    for name in ("sprite.vtt", "peaks.json"):
        s.get(f"{path}/{name}", token=None, status=401)
        s.get(f"{path}/{name}", token=s.register("for-" + name.replace(".", "-")), status=404)
    link = s.post(f"{path}/sign", {"what": "picture"}).json["url"].split("?")[1]
    holds(s.get(f"{path}/peaks.json?{link}", token=None).json["data"], "the waveform is empty")
    sheet = re.search(r"\n(/media/\S+)#xywh=0,0,", s.get(f"{path}/sprite.vtt?{link}", token=None).body.decode())[1]
    equal(s.get(sheet, token=None).headers["content-type"], "image/jpeg")
    s.get(sheet.split("?")[0], token=None, status=401)
    s.get(f"{path}/sprite.vtt?{link[:-1]}{'0' if link[-1] != '0' else '1'}", token=None, status=403)


main()
