#!/usr/bin/env -S python3 -B
"""POST /api/video/strategy against the tables of the contract, worked out here a second time."""
from harness import *

CATEGORIES = {  # cameras, lighting, first keyword, grades
    "high_energy": (["fpv_drone", "crash_zoom_in", "whip_pan_right", "handheld_heavy", "bullet_time"],
                    ["high_contrast", "neon_glow", "strobe_effect", "harsh_shadows"], "dynamic",
                    ["vibrant", "saturated", "punchy"]),
    "luxury_reveal": (["dolly_slow", "crane_up", "pan_slow", "orbit_smooth", "push_in_elegant"],
                      ["golden_hour", "soft_key", "rim_lighting", "three_point"], "elegant",
                      ["cinematic", "warm_tones", "rich_colors"]),
    "intimate_story": (["static_focus", "handheld_subtle", "dolly_zoom", "slow_push", "rack_focus"],
                       ["natural", "warm_ambient", "soft_window", "candlelight"], "personal",
                       ["natural", "muted_tones", "soft_palette"]),
    "surreal_trip": (["bullet_time", "spiral_zoom", "through_object", "inverted_gravity", "fish_eye"],
                     ["neon_noir", "volumetric", "colored_gels", "mystical_glow"], "dreamlike",
                     ["experimental", "high_saturation", "split_toning"]),
}
PLATFORMS = {  # ratio, boost, duration, keywords
    "tiktok": ("9:16", 20, 15, "trending, viral, catchy"),
    "youtube": ("16:9", 0, 30, "cinematic, professional, engaging"),
    "instagram": ("4:5", 10, 15, "aesthetic, stylish, beautiful"),
    None: ("16:9", 0, 5, ""),
}


def category(mood):
    return ("high_energy" if mood >= 75 else "luxury_reveal" if mood >= 50 else "intimate_story" if mood >= 25
            else "surreal_trip")


def wanted(prompt, mood, platform, count):
    ratio, boost, duration, words = PLATFORMS[platform]
    mood = min(100, mood + boost)
    name = category(mood)
    cameras, lighting, keyword, grades = CATEGORIES[name]
    variations = []
    for i in range(min(count, 5)):
        text = (f"{prompt}, {keyword} atmosphere, {cameras[i]} camera movement, {lighting[0]} lighting, "
                f"{grades[0]} color grading") + (f", {words}" if words else "")
        variations.append({
            "id": f"variation_{i + 1}", "prompt": text, "enriched_prompt": text, "camera_movement": cameras[i],
            "aspect_ratio": ratio, "duration": duration, "mood_category": name, "lighting": lighting[i % 4],
            "color_grade": grades[i % 3], "color_grading": grades[i % 3],
            "metadata": {"original_prompt": prompt, "mood_slider": mood, "platform": platform}})
    return {"success": True, "mood_category": name, "mood_slider": mood, "platform": platform,
            "platform_optimized": platform is not None, "aspect_ratio": ratio, "variations": variations}


def ask(**body):
    return server().post("/api/video/strategy", {"prompt": "x", **body}).json


def compare(got, want):
    for name, value in want.items():
        if name != "variations":
            equal(got[name], value, name)
    equal(len(got["variations"]), len(want["variations"]), "the number of variations")
    for i, variation in enumerate(want["variations"]):
        for name, value in variation.items():
            equal(got["variations"][i][name], value, f"variation {i + 1}: {name}")
        holds(len(got["variations"][i]["rationale"].split()) >= 8, "the rationale is no sentence")
        holds(got["variations"][i]["pacing"], "there is no pacing")


@test
def every_edge_of_mood_on_every_platform():
    for platform in PLATFORMS:
        for mood in (0, 1, 24, 25, 26, 49, 50, 74, 75, 99, 100):
            compare(ask(prompt="two ships, at night", mood=mood, platform=platform),
                    wanted("two ships, at night", mood, platform, 3))


@test
def every_number_of_variations():
    for count in (0, 1, 2, 3, 4, 5, 6, 100):
        got = ask(mood=60, num_variations=count)
        compare(got, wanted("x", 60, "youtube", count))
        equal(got["confidence"], 0.9 if count < 3 else 1, f"the confidence of {count}")
    got = ask(num_variations=0)
    equal([got["enriched_prompt"], got["rationale"]], [None, None], "the first of no variations")


@test
def defaults():
    compare(ask(), wanted("x", 50, "youtube", 3))
    compare(ask(platform=None), wanted("x", 50, None, 3))


@test
def the_first_variation_is_repeated_on_top():
    got = ask(mood=0)
    equal(got["mood_category"], "surreal_trip", "the category of mood 0")
    first = got["variations"][0]
    for name in ("enriched_prompt", "rationale", "pacing", "color_grading"):
        equal(got[name], first[name], name)


@test
def the_rationale_names_what_was_chosen():
    got = ask(mood=60, platform="tiktok")
    text = got["rationale"]
    for word in ("60", "80", "tiktok", "high_energy", "9:16", "high_contrast", "vibrant"):
        has(text, word)


@test
def a_ratio_of_ones_own_wins():
    got = ask(platform="tiktok", aspect_ratio="1:1")
    equal([got["aspect_ratio"], got["variations"][2]["aspect_ratio"]], ["1:1", "1:1"])


@test
def an_enriched_prompt_is_not_enriched_twice():
    for platform in PLATFORMS:
        for i in (0, 3):
            text = ask(prompt="rain, and a red door", mood=30, platform=platform, num_variations=5)["variations"][i]["prompt"]
            again = ask(prompt=text, mood=30, platform=platform)["variations"]
            equal(again[0]["prompt"], text, "the prompt sent back")
            equal(again[0]["camera_movement"], CATEGORIES[again[0]["mood_category"]][0][i], "the camera of the prompt sent back")
            equal(again[0]["metadata"]["original_prompt"], "rain, and a red door", "the original prompt")
            equal(again[1]["prompt"].count("camera movement"), 1, "cameras in the second variation")
            has(again[1]["prompt"], "rain, and a red door, ")


@test
def numbers_as_the_contract_reads_them():
    for mood in (60, 60.0, "60", 6e1):
        compare(ask(mood=mood), wanted("x", 60, "youtube", 3))
    equal(ask(mood=True)["mood_slider"], 1)
    equal(ask(nonsense=1)["mood_slider"], 50, "the mood beside an unknown field")


@test
def any_text_is_a_prompt():
    for prompt in ("日本の灯台 🎬", "a \"quoted\" \\ one", "x" * 3900, "new\nline", "<b>", "ⵣ" * 900, ", , ,", "%s %n {0}"):
        equal(ask(prompt=prompt)["variations"][0]["metadata"]["original_prompt"], prompt, "the original prompt")


@test
def what_cannot_be_asked():
    cases = {"prompt": ["", "   ", "x" * 4001, None, 5, ["x"]], "mood": [-1, 101, 10 ** 18, 50.5, "high", None, [50]],
             "platform": ["vimeo", "TikTok", "", 5], "aspect_ratio": ["16:10", "16/9", "", 1.78],
             "num_variations": [-1, 101, "three", None, 2.5]}
    for field, values in cases.items():
        for value in values:
            fault = server().post("/api/video/strategy", {"prompt": "x", field: value}, status=422).detail[0]
            equal(fault["loc"], ["body", field], f"the place of {field}={value!r}")
    server().post("/api/video/strategy", {"prompt": "x", "mood": 10 ** 30}, status=422)
    faults = server().post("/api/video/strategy", {"mood": -1, "platform": "x", "num_variations": -1}, status=422).detail
    equal([fault["loc"][1] for fault in faults], ["prompt", "mood", "platform", "num_variations"], "all faults at once")


@test
def nothing_is_stored():
    equal(server().rows("SELECT COUNT(*) AS n FROM video_jobs")[0]["n"], 0, "jobs")
    equal(server().stored(), [], "the media folder")


main()
