/* Prompts: mood, platform, count and wishes from the first bytes, the rest is what a user wrote. */
#include "fuzz.h"

#include "agent/generation.h"
#include "agent/strategy.h"
#include "render/brief.h"

static const char *pick(const char *const *names, uint8_t at)
{
    size_t count = 0;
    while (names[count]) count++;
    return at % (count + 1) < count ? names[at % (count + 1)] : NULL;
}

static void check_brief(const char *prompt, const char *lighting)
{
    char words[200] = "";
    const struct light *const light = light_find(lighting);
    const struct brief brief = brief_read(prompt, light, 7);
    EXPECT(brief.subject < SUBJECT_COUNT && brief.hour != HOUR_ANY && brief.weather != WEATHER_ANY);
    EXPECT(brief.land && brief.seed == brief_read(prompt, light, 7).seed);
    brief_describe(&brief, words, sizeof words);
    EXPECT(strstr(words, brief.land->name) && strlen(words) < sizeof words - 1);
}

/* What is left of a prompt behind the original is the tail of an enriched one and nothing else. */
static bool only_ours(const char *tail)
{
    static const char *const ends[] = { " color grading", "trending, viral, catchy",
                                        "cinematic, professional, engaging",
                                        "aesthetic, stylish, beautiful" };
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (text_ends(tail, ends[i])) return strlen(tail) < 200;
    return !*tail;
}

/* A variation sent back as a prompt is itself again, and nothing the user wrote is lost. */
static void check_again(const struct strategy_in *in, const struct variation *v, struct arena *mem)
{
    const struct strategy_in ask = {
        v->prompt, in->mood, in->platform, in->aspect_ratio, 1, NULL, NULL, NULL
    };
    struct strategy again;
    struct error err;
    EXPECT(strategy_make(&ask, mem, &again, &err));
    const struct variation *const w = again.variations.items;
    EXPECT(text_is(w->prompt, v->prompt) && text_is(w->camera_movement, v->camera_movement));
    EXPECT(text_is(w->metadata->original_prompt, v->metadata->original_prompt));
    EXPECT(text_starts(v->prompt, v->metadata->original_prompt));
    EXPECT(text_starts(in->prompt, v->metadata->original_prompt));
    EXPECT(only_ours(in->prompt + strlen(v->metadata->original_prompt)));
}

static void check_variation(const struct strategy_in *in, const struct variation *v, struct arena *mem)
{
    const char *const original = v->metadata->original_prompt;
    EXPECT(!text_empty(text_trim(mem, original)) && text_valid_utf8(v->prompt, strlen(v->prompt)));
    EXPECT(text_find(strategy_camera_names, v->camera_movement) >= 0 && v->duration > 0);
    EXPECT(text_find(strategy_lighting_names, v->lighting) >= 0);
    EXPECT(text_find(strategy_grade_names, v->color_grade) >= 0);
    json_read(mem, shape_text(mem, &variation_shape, v));
    check_again(in, v, mem);
    check_brief(original, v->lighting);
}

FUZZ(mem, in)
{
    struct strategy_in ask = { .mood = input_byte(in) % 101 };
    ask.platform = pick(strategy_platform_names, input_byte(in));
    ask.num_variations = input_byte(in) % 8;
    ask.camera_movement = pick(strategy_camera_names, input_byte(in));
    ask.lighting = pick(strategy_lighting_names, input_byte(in));
    ask.prompt = input_rest(in, mem);
    struct strategy made;
    struct error err = { 0 };
    if (!text_valid_utf8(ask.prompt, strlen(ask.prompt))) return;
    if (!strategy_make(&ask, mem, &made, &err)) {
        EXPECT(err.cause == CAUSE_INVALID && text_empty(text_trim(mem, ask.prompt)));
        return;
    }
    EXPECT(made.mood_slider >= ask.mood && made.mood_slider <= 100);
    EXPECT(made.variations.count == (size_t)(ask.num_variations < 5 ? ask.num_variations : 5));
    json_read(mem, shape_text(mem, &strategy_shape, &made));
    for (size_t i = 0; i < made.variations.count; i++)
        check_variation(&ask, (const struct variation *)made.variations.items + i, mem);
}
