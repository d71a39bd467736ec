#!/usr/bin/env -S python3 -B
"""Streams for players: what playlists say, and that every segment of them can be decoded."""
import math

from harness import *


def media(*words):
    """A task of umam-media; its result."""
    done = subprocess.run([UMAM_MEDIA, "run", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE, env=clean_environment())
    results = [line for line in map(json.loads, done.stdout.splitlines()) if line["event"] == "result"]
    if not results:
        raise Failure(f"umam-media {' '.join(map(str, words))}: {done.stdout[-400:]}{done.stderr[-400:]}")
    return results[0]["output"]


def decoded(data):
    """Every picture of the file, decoded strictly: their number."""
    folder = new_folder()
    (folder / "in").write_bytes(data)
    return media("verify", '{"allow_black":true}', f"in={folder}/in", f"poster={folder}/poster")["frames"]


def asset_of(s, job):
    return s.rows("SELECT id FROM media_assets WHERE source_job_id = ?", job["id"])[0]["id"]


class Stream:
    """What a player reads: `files` are the renditions by name."""

    def __init__(self, s, url):
        self.s, self.base = s, url.rsplit("/", 1)[0]
        self.master = self.text(url)
        lines = self.master.splitlines()
        equal(lines[0], "#EXTM3U")
        self.variants = [(dict(re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', info)), at)
                         for info, at in zip(lines, lines[1:]) if info.startswith("#EXT-X-STREAM-INF:")]

    def text(self, url):
        reply = self.s.get(url, token=None)
        equal(reply.headers["content-type"], "application/vnd.apple.mpegurl")
        return reply.body.decode()

    def part(self, uri, range_):
        size, at = map(int, range_.split("@"))
        reply = self.s.get(f"{self.base}/{uri}", token=None, headers={"Range": f"bytes={at}-{at + size - 1}"}, status=206)
        equal(len(reply.body), size, "bytes of a segment")
        return at, reply.body

    def read(self, uri):
        """The description of a rendition, and (seconds, bytes) of each segment; checks what RFC 8216 asks for."""
        lines = self.text(f"{self.base}/{uri}").splitlines()
        equal([lines[0], lines[-1]], ["#EXTM3U", "#EXT-X-ENDLIST"])
        target = int(next(line for line in lines if line.startswith("#EXT-X-TARGETDURATION:")).split(":")[1])
        seconds = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
        holds(all(round(each) <= target for each in seconds), f"segments of {seconds} s where {target} were promised")
        uri_, _, range_ = re.fullmatch(r'#EXT-X-MAP:URI="([^"]+)"(,BYTERANGE="([^"]+)")?', next(x for x in lines if "EXT-X-MAP" in x)).groups()
        uris = [line for line in lines if not line.startswith("#")]
        if not range_:
            get = lambda at: self.s.get(f"{self.base}/{at}", token=None).body
            return get(uri_), list(zip(seconds, map(get, uris)))
        begin, head = self.part(uri_, range_)
        equal(begin, 0, "where the description begins")
        end, segments = len(head), []
        for each, at_uri, at_range in zip(seconds, uris, (line.removeprefix("#EXT-X-BYTERANGE:") for line in lines if "EXT-X-BYTERANGE" in line)):
            at, data = self.part(at_uri, at_range)
            equal(at, end, "where a segment begins")
            end += len(data)
            segments.append((each, data))
        equal(int(self.s.call("HEAD", f"{self.base}/{uri_}", token=None, status=200).headers["content-length"]), end, "bytes in all")
        return head, segments


def probed(data, kind, entries):
    """What ffprobe lists of each packet of the first stream of this kind."""
    (file := new_folder() / "in.mp4").write_bytes(data)
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", entries, "-of", "csv=p=0", file],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return [tuple(line.strip(",").split(",")) for line in out.splitlines() if line.strip(",")]


def check_rendition(stream, uri, frames, seconds):
    head, segments = stream.read(uri)
    alone = [decoded(head + re.sub(rb"(tfdt\x01\x00\x00\x00).{8}", lambda found: found[1] + bytes(8), data, flags=re.S)) for _, data in segments]
    equal(sum(alone), frames, "pictures of all segments, each decoded alone")
    equal(decoded(head + b"".join(data for _, data in segments)), frames, "pictures of all segments in a row")
    holds(abs(sum(each for each, _ in segments) - seconds) < 0.05, f"the segments last {[each for each, _ in segments]}")
    return segments


def check_says_what_it_is(stream, info, uri):
    """The line of the master playlist against what is in the segments."""
    head, segments = stream.read(uri)
    width, height = map(int, info["RESOLUTION"].split("x"))
    at = head.index(b"avcC") + 5
    has(info["CODECS"], f"avc1.{head[at:at + 3].hex()}")
    equal("mp4a" in info["CODECS"], b"mp4a" in head, "whether there is sound")
    data = head + b"".join(data for _, data in segments)
    found = [(*map(int, line[:2]), line[2]) for line in probed(data, "v", "stream=width,height,avg_frame_rate")][0]
    equal(found[:2], (width, height), "the size")
    up, down = map(int, found[2].split("/"))
    holds(abs(up / down - float(info["FRAME-RATE"])) < 0.01, f"the frame rate is {found[2]}, not {info['FRAME-RATE']}")
    for seconds, each in segments:
        holds(seconds < 3 or len(each) * 8 / seconds <= int(info["BANDWIDTH"]), f"a segment of {len(each)} bytes, {seconds} s: {info}")


def url(asset, file="master.m3u8"):
    return f"/api/media/assets/{asset}/hls/{file}"


@test
def a_clip_is_packed_anew():
    s = server()
    job = s.make(duration=13, fps=24)
    stream = Stream(s, url(asset_of(s, job)))
    equal([at for _, at in stream.variants], ["direct.m3u8"])
    info = stream.variants[0][0]
    equal(info["RESOLUTION"], f"{job['width']}x{job['height']}")
    holds(re.fullmatch(r'"avc1\.64[0-9a-f]{4}"', info["CODECS"]), f"the codecs are {info['CODECS']}")
    segments = check_rendition(stream, "direct.m3u8", 13 * 24, 13)
    equal([round(seconds, 3) for seconds, _ in segments], [6, 6, 1])
    source = s.get(job["video_url"], token=None).body
    holds(sum(len(data) for _, data in segments) < len(source) * 1.05, "the packets grew")
    equal(s.get(url(asset_of(s, job), "direct.mp4"), token=None).headers["content-type"], "video/mp4")


def film(*options):
    """A film made by ffmpeg; what it is, is in its name."""
    file = new_folder() / options[-1]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *options[:-1], str(file)], check=True, timeout=PATIENCE)
    return file


def stored(s, file, type_):
    body, headers = form(("file", file.name, type_, file.read_bytes()))
    asset = s.post("/media/upload", body=body, headers=headers).json["asset_id"]
    eventually(lambda: s.get(f"/api/media/assets/{asset}").json["status"] not in ("processing", "pending"), "the end of the analysis")
    return asset


@test
def pieces_are_made_when_they_are_asked_for_and_meet():
    s = server()
    source = film("-f", "lavfi", "-i", "testsrc2=s=854x480:r=24000/1001:d=13.5", "-f", "lavfi", "-i", "sine=f=1000:r=44100:d=13.5",
                  "-c:v", "mpeg4", "-q:v", "4", "-g", "100", "-c:a", "mp3", "film.avi")
    asset = stored(s, source, "video/x-msvideo")
    stream = Stream(s, url(asset))
    equal([at for _, at in stream.variants], ["360p.m3u8"], "renditions of a film with 480 lines")
    equal(stream.variants[0][0]["RESOLUTION"], "640x360")
    cached = lambda: len([each for each in (s.data / "cache").rglob("*") if each.is_file()])
    before = cached()
    seconds = [float(line[8:-1]) for line in stream.text(url(asset, "360p.m3u8")).splitlines() if line.startswith("#EXTINF:")]
    equal([round(each, 3) for each in seconds], [6.006, 6.006, 1.543])
    equal(cached(), before, "what a playlist made")
    late = [None] * 3
    def fetch(at): late[at] = s.get(url(asset, "360p-2.m4s"), token=None).body
    threads = [threading.Thread(target=fetch, args=(at,)) for at in range(3)]
    for each in threads: each.start()
    for each in threads: each.join()
    equal([len(set(late)), cached()], [1, before + 1], "the last piece, asked for by three at once: kinds, files")
    head, segments = stream.read("360p.m3u8")
    equal(segments[2][1], late[0], "the last piece later")
    equal(cached(), before + 4, "what is kept")
    data = head + b"".join(each for _, each in segments)
    frames = [int(each[0]) for each in probed(data, "v", "packet=pts")]
    equal(len(frames), 325, "pictures")
    equal({b - a for a, b in zip(frames, frames[1:])}, {frames[1] - frames[0]}, "steps between pictures")
    sound = [int(each[0]) for each in probed(data, "a", "packet=pts")]
    equal([sound[0], {b - a for a, b in zip(sound, sound[1:])}], [0, {1024}], "where sound begins, steps between its packets")
    holds(all(click < 16 for click in clicks(data)), f"the tone is broken: {clicks(data)}")
    check_says_what_it_is(stream, *stream.variants[0])
    for name in ("360p-3.m4s", "360p--1.m4s", "360p-.m4s", "360p-head.m4s", "360p-0.mp4", "360p.mp4", "360p-0x0.m4s", "direct-0.m4s"):
        s.call("GET", url(asset, name), token=None, status=404)


def clicks(data, hz=1000, rate=48000):
    """How far the samples of each tenth of a second are from a sine of this tone, but for the ends."""
    (file := new_folder() / "in.mp4").write_bytes(data)
    pcm = subprocess.run(["ffmpeg", "-v", "error", "-i", file, "-map", "0:a", "-ac", "1", "-f", "s16le", "-"], stdout=subprocess.PIPE, check=True).stdout
    wave = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    turn = 2 * math.cos(2 * math.pi * hz / rate)
    off = [abs(c - turn * b + a) for a, b, c in zip(wave, wave[1:], wave[2:])][rate // 2:-rate]
    return [round(max(off[at:at + rate // 10])) for at in range(0, len(off), rate // 10)]


@test
def a_large_film_comes_as_it_is_and_smaller():
    s = server()
    source = film("-f", "lavfi", "-i", "testsrc2=s=720x1280:r=30:d=7", "-f", "lavfi", "-i", "sine=f=1000:r=48000:d=7", "-c:v", "libx264",
                  "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "60", "-c:a", "aac", "film.mp4")
    stream = Stream(s, url(stored(s, source, "video/mp4")))
    equal([(at, info["RESOLUTION"]) for info, at in stream.variants], [("direct.m3u8", "720x1280"), ("360p.m3u8", "360x640")])
    check_rendition(stream, "direct.m3u8", 210, 7)
    for variant in stream.variants:
        check_says_what_it_is(stream, *variant)


@test
def sound_alone_is_a_stream():
    s = server()
    source = film("-f", "lavfi", "-i", "sine=f=1000:r=44100:d=8", "tone.mp3")
    stream = Stream(s, url(stored(s, source, "audio/mpeg")))
    (info, at), = stream.variants
    equal([at, info["CODECS"], "RESOLUTION" in info], ["audio.m3u8", '"mp4a.40.2"', False])
    head, segments = stream.read(at)
    data = head + b"".join(each for _, each in segments)
    sound = [int(each[0]) for each in probed(data, "a", "packet=pts")]
    equal([len(segments), sound[0], {b - a for a, b in zip(sound, sound[1:])}], [2, 0, {1024}])
    holds(all(click < 16 for click in clicks(data)), f"the tone is broken: {clicks(data)}")
    equal(s.get(f"{stream.base}/audio-head.mp4", token=None).headers["content-type"], "audio/mp4")


@test
def a_film_that_browsers_do_not_take_is_converted():
    s = server()
    job = s.make(duration=7, fps=24)
    file = s.media / job["video_url"].removeprefix("/media/")
    other = new_folder() / "other.webm"
    media("transcode", json.dumps({"container": "webm", "width": 1280, "height": 720, "bit_rate": 500000}), f"in={file}", f"out={other}")
    file.write_bytes(other.read_bytes())
    stream = Stream(s, url(asset_of(s, job)))
    equal([at for _, at in stream.variants], ["360p.m3u8"], "renditions of a film with 180 lines")
    equal(stream.variants[0][0]["RESOLUTION"], "320x180")
    segments = check_rendition(stream, "360p.m3u8", 7 * 24, 7)
    equal([round(seconds, 3) for seconds, _ in segments], [6, 1])


@test
def a_signature_reaches_every_segment():
    s = Server({"UMAM_MEDIA_ACCESS": "signed"})
    job = s.make()
    asset = asset_of(s, job)
    s.call("GET", url(asset), token=None, status=401)
    link = s.post(f"/api/media/assets/{asset}/sign", {"what": "hls"}).json["url"]
    stream = Stream(s, link)
    check_rendition(stream, stream.variants[0][1], 24, 1)
    s.call("GET", url(asset, "direct.mp4"), token=None, status=401)
    s.call("GET", url(asset, "direct.m3u8") + "?expires=99999999999&signature=0", token=None, status=403)
    s.get(url(asset))
    s.call("GET", url(asset), token=s.token("stranger", "creator"), status=404)
    s.post(f"/api/media/assets/{asset}/sign", {"what": "hls", "download": "x.mp4"}, status=422)
    s.stop()


@test
def a_signature_reaches_every_piece_and_nothing_else():
    s = Server({"UMAM_MEDIA_ACCESS": "signed"})
    source = film("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=7", "-c:v", "mpeg4", "film.avi")
    asset = stored(s, source, "video/x-msvideo")
    link = s.post(f"/api/media/assets/{asset}/sign", {"what": "hls"}).json["url"]
    stream = Stream(s, link)
    check_rendition(stream, stream.variants[0][1], 175, 7)
    signature = link.split("?")[1]
    path = s.rows("SELECT file_path FROM media_assets WHERE id = ?", asset)[0]["file_path"]
    other = stored(s, film("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1", "-c:v", "mpeg4", "other.avi"), "video/x-msvideo")
    for name in ("360p.m3u8", "360p-head.mp4", "360p-1.m4s"):
        s.call("GET", url(asset, name), token=None, status=401)
        s.call("GET", f"{url(other, name)}?{signature}", token=None, status=403)
    for elsewhere in (f"/api/media/assets/{asset}/picture", f"/media/{path}"):
        s.call("GET", f"{elsewhere}?{signature}", token=None, status=403)
    s.stop()


@test
def what_is_no_stream():
    s = server()
    job = s.make()
    asset = asset_of(s, job)
    for file in ("1080p.m3u8", "360p.m3u8", "audio.m3u8", "direct.mp3", "direct", "direct-head.mp4", ".m3u8", ".mp4", "x.mp4", "master.mp4", "..m3u8"):
        s.call("GET", url(asset, file), token=None, status=404)
    body, headers = form(("file", "p.png", "image/png", png(8, 8)))
    picture = s.post("/media/upload", body=body, headers=headers).json["asset_id"]
    has(s.call("GET", url(picture), token=None, status=404).detail, "only video and sound")
    s.call("GET", url(str(uuid.uuid4())), token=None, status=404)
    damaged = s.make()
    file = s.media / damaged["video_url"].removeprefix("/media/")
    file.write_bytes(file.read_bytes()[:700])
    reply = s.call("GET", url(asset_of(s, damaged)), token=None, status=(200, 422))
    for name in ("direct", "360p") if reply.status == 200 else ():
        s.call("GET", url(asset_of(s, damaged), f"{name}.m3u8"), token=None, status=(404, 422))


@test
def high_dynamic_range_is_brought_down():
    for transfer, luma in (("smpte2084", (195, 230)), ("arib-std-b67", (170, 205))):
        # 56 % of the signal: 170 nits in PQ, a bright grey; left as it is, it would be 139
        source = film("-f", "lavfi", "-i", "color=c=0x949494:s=320x180:r=25:d=1,format=gray10le,format=yuv420p10le", "-c:v", "libx265", "-preset",
                      "ultrafast", "-x265-params", f"log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc", "hdr.mp4")
        out = source.parent / "sdr.mp4"
        facts = media("transcode", '{"width":320,"height":180}', f"in={source}", f"out={out}")
        equal([facts["pixel_format"], facts["video_codec"]], ["yuv420p", "h264"])
        equal(probed(out.read_bytes(), "v", "stream=color_range,color_space,color_transfer,color_primaries"), [("tv", "bt709", "bt709", "bt709")])
        mean = media("verify", "{}", f"in={out}", f"poster={out.parent}/poster")["mean_luma"]
        mean = 16 + mean * 219 / 255
        holds(luma[0] < mean < luma[1], f"{transfer}: the grey becomes {mean}, not {luma}")


@test
def loudness_holds_where_peaks_are_held_back():
    # quiet but for a burst each second: a gain for the loudness would clip the bursts
    wave = "aevalsrc='sin(2*PI*300*t)*if(lt(mod(t,1),0.004),0.9,0.1)':s=48000:d=8"
    source = film("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-f", "lavfi", "-i", wave, "-c:v", "mpeg4", "-c:a", "pcm_s16le", "film.avi")
    out = source.parent / "out.mp4"
    media("transcode", '{"width":320,"height":180,"loudness":-14}', f"in={source}", f"out={out}")
    found = media("ingest", "{}", f"in={out}")
    holds(abs(found["loudness"] - -14) < 0.5, f"the loudness is {found['loudness']} LUFS")


# ---- films made here: black and silent but for a bright second with a tone ----

def avi(s, seconds=4, bright=(2, 3), fps=25, rate=44100, size=(320, 180), level=0.05):
    """Pictures as JPEG, sound as PCM."""
    jpeg = []
    for value in (0, 255):
        body, headers = form(("file", "p.png", "image/png", png(*size, lambda x, y: (value, value, value))))
        asset = s.post("/media/upload", body=body, headers=headers).json["asset_id"]
        jpeg.append(s.get(f"/api/media/assets/{asset}/picture", token=None).body)
    chunk = lambda kind, data: kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    list_ = lambda kind, *parts: chunk(b"LIST", kind + b"".join(parts))
    frames, step = seconds * fps, rate // fps
    movi = []
    for frame in range(frames):
        on = bright[0] * fps <= frame < bright[1] * fps
        wave = b"".join(struct.pack("<h", int(32767 * level * math.sin(2 * math.pi * 997 * t / rate)) if on else 0)
                        for t in range(frame * step, (frame + 1) * step))
        movi += [chunk(b"00dc", jpeg[on]), chunk(b"01wb", wave)]
    strh = lambda kind, codec, scale, rate_, length, sample: chunk(b"strh", struct.pack(
        "<4s4sIHHIIIIIIIIhhhh", kind, codec, 0, 0, 0, 0, scale, rate_, 0, length, 100000, 0xffffffff, sample, 0, 0, *size))
    header = list_(b"hdrl", chunk(b"avih", struct.pack("<14I", 1000000 // fps, 0, 0, 0x100, frames, 0, 2, 0, *size, 0, 0, 0, 0)),
                   list_(b"strl", strh(b"vids", b"MJPG", 1, fps, frames, 0), chunk(b"strf", struct.pack(
                       "<IiiHH4sIiiII", 40, *size, 1, 24, b"MJPG", size[0] * size[1] * 3, 0, 0, 0, 0))),
                   list_(b"strl", strh(b"auds", b"\1\0\0\0", 2, 2 * rate, frames * step, 2), chunk(b"strf", struct.pack(
                       "<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))))
    return chunk(b"RIFF", b"AVI " + header + list_(b"movi", *movi))


@test
def picture_and_sound_stay_together_and_get_their_loudness():
    folder = new_folder()
    (folder / "in.avi").write_bytes(avi(server()))
    for shape, container in (({"width": 180, "height": 320, "fit": "crop"}, "mp4"), ({"width": 320, "height": 320, "fit": "pad"}, "webm"),
                             ({"width": 640, "height": 640}, "hls")):
        out = folder / f"out.{container}"
        facts = media("transcode", json.dumps({**shape, "container": container, "loudness": -14}), f"in={folder}/in.avi", f"out={out}",
                      f"index={folder}/index")
        equal((facts["width"], facts["height"]), (shape["width"], shape["height"]) if "fit" in shape else (320, 180), "the size")
        holds(abs(facts["duration_s"] - 4) < 0.2, f"it lasts {facts['duration_s']} s")
        equal(decoded(out.read_bytes()), 100, "pictures")
        found = media("ingest", "{}", f"in={out}")
        holds(abs(found["loudness"] - -14) < 1, f"the loudness is {found['loudness']} LUFS")
        quiet = found["silence"]
        equal(len(quiet), 2, f"stretches of silence in {quiet}")
        for got, wanted in ((quiet[0]["end_s"], 2), (quiet[1]["start_s"], 3)):
            holds(abs(got - wanted) < 0.05, f"the sound changes at {got} s, not at {wanted} s")
        media("transcode", '{"width":320,"height":320,"duration_max_s":2.6}', f"in={out}", f"out={folder}/part.mp4")
        part = media("verify", '{"allow_black":true}', f"in={folder}/part.mp4", f"poster={folder}/poster")
        white = 252 * (180 / 320 if shape.get("fit") == "pad" else 1)
        late = 0.08 if container == "hls" else 0  # libav takes negative offsets for a delay, players do not
        bright_at = part["duration_s"] * (1 - part["mean_luma"] / white)
        holds(abs(bright_at - late - quiet[0]["end_s"]) < 0.05, f"picture at {bright_at} s, sound at {quiet[0]['end_s']} s")


main()
