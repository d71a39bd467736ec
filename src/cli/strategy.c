#include "agent/strategy.h"
#include "base/text.h"
#include "cli/cli.h"
#include "task/format.h"

struct strategy_options {
    const char *prompt;
    int64_t mood, variations;
    const char *platform, *aspect_ratio;
};

static const struct field fields[] = {
    TEXT(struct strategy_options, prompt, .required = true, .min = 1, .max = 4000,
         .doc = "What the shot shows."),
    INT(struct strategy_options, mood, .max = 100, .initial = 50, .doc = "0 surreal .. 100 high energy."),
    ENUM(struct strategy_options, platform, strategy_platform_names, .nullable = true,
         .doc = "Target platform."),
    ENUM(struct strategy_options, aspect_ratio, format_ratio_names, .nullable = true,
         .doc = "Picture format."),
    INT(struct strategy_options, variations, .min = 1, .max = 5, .initial = 3, .doc = "How many."),
    { 0 },
};
static const struct shape shape = SHAPE("StrategyOptions", struct strategy_options, fields);
static const char *const positionals[] = { "prompt", NULL };

static bool run(struct cli *cli, struct error *err)
{
    const struct strategy_options *const options = cli->own;
    const struct strategy_in in = { options->prompt, options->mood, options->platform, options->aspect_ratio,
                                    options->variations };
    struct strategy made;
    if (!strategy_make(&in, cli->mem, &made, err)) return false;
    if (cli->json) {
        say_shape(&strategy_shape, &made);
        return true;
    }
    say("mood %lld, %s, %s, confidence %.2f\npacing %s\n\n", (long long)made.mood_slider, made.mood_category,
        made.aspect_ratio, made.confidence, made.pacing);
    say("%-2s %-17s %-15s %-16s\n", "", "camera", "light", "grade");
    const struct variation *const variations = made.variations.items;
    for (size_t i = 0; i < made.variations.count; i++)
        say("%zu  %-17s %-15s %-16s\n   %s\n", i + 1, variations[i].camera_movement, variations[i].lighting,
            variations[i].color_grade, variations[i].rationale);
    say("\n%s\n", made.enriched_prompt);
    return true;
}

const struct command command_strategy = {
    .name = "strategy",
    .summary = "turns a prompt and a mood into camera, light, grade and format",
    .usage = "PROMPT [options]",
    .text = "example: umam strategy \"a lighthouse in a storm\" --mood 12 --platform youtube",
    .positionals = positionals,
    .shape = &shape,
    .run = run,
};
