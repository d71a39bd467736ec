/* Renders a shot to a file: the strategy, the local renderer, the check, no server. */
#include "agent/generation.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/local.h"
#include "task/format.h"

struct render_options {
    const char *prompt;
    int64_t mood, duration, fps, seed;
    const char *platform, *aspect_ratio, *size, *camera_movement, *lighting, *color_grade, *image, *output;
    bool contact_sheet;
};

static const struct field fields[] = {
    TEXT(struct render_options, prompt, .required = true, .min = 1, .max = 4000,
         .doc = "What the shot shows."),
    TEXT(struct render_options, output, .min = 1, .max = 4000, .nullable = true,
         .doc = "File to write; umam.mp4, or cameras.png for a contact sheet."),
    INT(struct render_options, mood, .max = 100, .initial = 50, .doc = "0 surreal .. 100 high energy."),
    ENUM(struct render_options, platform, strategy_platform_names, .nullable = true,
         .doc = "Target platform."),
    ENUM(struct render_options, aspect_ratio, format_ratio_names, .nullable = true, .doc = "Picture format."),
    INT(struct render_options, duration, .min = 1, .max = 60, .initial = 5, .doc = "Length in seconds."),
    INT(struct render_options, fps, .min = 24, .max = 60, .initial = 30,
        .doc = "Frames per second: 24, 25, 30 or 60."),
    ENUM(struct render_options, size, generation_size_names, .initial_text = "standard",
         .doc = "Short side 540, 1080 or 2160."),
    INT(struct render_options, seed, .nullable = true, .max = INT32_MAX,
        .doc = "Same words and seed, same file."),
    ENUM(struct render_options, camera_movement, strategy_camera_names, .nullable = true,
         .doc = "Camera, not the strategy's."),
    ENUM(struct render_options, lighting, strategy_lighting_names, .nullable = true,
         .doc = "Light, not the strategy's."),
    ENUM(struct render_options, color_grade, strategy_grade_names, .nullable = true,
         .doc = "Grade, not the strategy's."),
    TEXT(struct render_options, image, .nullable = true, .max = 4000,
         .doc = "Move through this picture instead of a world."),
    BOOL(struct render_options, contact_sheet,
         .doc = "One PNG with all cameras of the mood's category instead."),
    { 0 },
};
static const struct shape shape = SHAPE("RenderOptions", struct render_options, fields);
static const char *const positionals[] = { "prompt", NULL };

struct render_report {
    const struct variation *strategy;
    const char *drawn, *output;
    const struct media_facts *facts;
    double render_s;
};

static const struct field report_fields[] = {
    OBJECT(struct render_report, strategy, struct variation, &variation_shape, .doc = "What was decided."),
    TEXT(struct render_report, drawn, .nullable = true, .doc = "What the words were taken for."),
    TEXT(struct render_report, output, .doc = "The file."),
    OBJECT(struct render_report, facts, struct media_facts, &media_facts_shape, .doc = "What it is."),
    REAL(struct render_report, render_s, .doc = "Seconds it took."),
    { 0 },
};
static const struct shape report_shape = SHAPE("RenderReport", struct render_report, report_fields);

struct sheet_report {
    const char *output;
    int64_t frames;
};

static const struct field sheet_report_fields[] = {
    TEXT(struct sheet_report, output, .doc = "The picture."),
    INT(struct sheet_report, frames, .doc = "Moments in it."),
    { 0 },
};
static const struct shape sheet_report_shape = SHAPE("SheetReport", struct sheet_report, sheet_report_fields);

static const char *output_name(const struct render_options *o)
{
    return o->output ? o->output : o->contact_sheet ? "cameras.png" : "umam.mp4";
}

static bool plan(const struct render_options *o, struct arena *mem, struct shot_plan *out, struct error *err)
{
    struct generate_in in;
    shape_init(&generate_in_shape, &in);
    in.prompt = o->prompt;
    in.mood = o->mood;
    in.platform = o->platform;
    in.aspect_ratio = o->aspect_ratio;
    in.duration = o->duration;
    in.fps = o->fps;
    in.seed = o->seed;
    in.size = o->size;
    in.camera_movement = o->camera_movement;
    in.lighting = o->lighting;
    in.color_grade = o->color_grade;
    return generation_plan(&in, "local", mem, out, err);
}

static void show_plan(const struct shot_plan *p)
{
    const struct variation *const v = &p->variation;
    say("category  %-16s camera  %s\nlight     %-16s grade   %s\npicture   %lld x %lld, %lld frames/s, %g s, "
        "seed %lld\n%s\n",
        v->mood_category, v->camera_movement, v->lighting, v->color_grade, (long long)p->render.width,
        (long long)p->render.height, (long long)p->render.fps, p->render.duration_s,
        (long long)p->render.seed, v->rationale);
}

/* Renders and checks into an open file. */
static bool make(struct worker *worker, const struct shot_plan *p, const char *image, int out,
                 struct arena *mem, struct media_facts *facts, struct render_out *rendered, double *render_s,
                 struct error *err)
{
    AUTO(fd) int reference = -1;
    if (image && !input_open(image, &reference, err)) return false;
    const struct worker_file files[] = { { "out", out }, { "reference", reference } };
    const struct worker_file made[] = { { "in", out } };
    const struct verify_in expected = { p->render.duration_s, p->render.width, p->render.height,
                                        p->render.fps, false };
    const int64_t began = time_mono();
    if (!local_run(worker, TASK_RENDER, &p->render, files, image ? 2 : 1, mem, rendered, err)) return false;
    *render_s = (double)(time_mono() - began) / SECOND;
    return local_run(worker, TASK_VERIFY, &expected, made, 1, mem, facts, err);
}

static bool render(struct cli *cli, struct worker *worker, const struct shot_plan *p, struct error *err)
{
    const struct render_options *const o = cli->own;
    AUTO(output) struct output out = { .fd = -1 };
    struct media_facts facts;
    struct render_out rendered;
    double render_s;
    if (!cli->json) show_plan(p);
    if (!output_open(cli->mem, output_name(o), &out, err) ||
        !make(worker, p, o->image, out.fd, cli->mem, &facts, &rendered, &render_s, err) ||
        !output_keep(&out, err))
        return false;
    if (cli->json)
        say_shape(&report_shape,
                  &(struct render_report){ &p->variation, rendered.scene, output_name(o), &facts, render_s });
    else
        say("drawn     %s\n\n%s: %lld frames of %s, %.2f s, %.1f MB, made in %.1f s (%.1f times real time)\n",
            rendered.scene, output_name(o), (long long)facts.frames, facts.video_codec, facts.duration_s,
            (double)facts.file_size / 1e6, render_s, facts.duration_s / render_s);
    return true;
}

static bool contact_sheet(struct cli *cli, struct worker *worker, const struct shot_plan *p,
                          struct error *err)
{
    const struct render_options *const o = cli->own;
    AUTO(output) struct output out = { .fd = -1 };
    struct render_out made;
    if (!output_open(cli->mem, output_name(o), &out, err)) return false;
    const struct worker_file files[] = { { "out", out.fd } };
    struct render_in sheet = p->render;
    sheet.camera_movement =
        o->camera_movement ? o->camera_movement : strategy_cameras(sheet.mood_category, cli->mem);
    sheet.slate = true;
    if (!local_run(worker, TASK_CONTACT_SHEET, &sheet, files, 1, cli->mem, &made, err) ||
        !output_keep(&out, err))
        return false;
    if (cli->json)
        say_shape(&sheet_report_shape, &(struct sheet_report){ output_name(o), made.frames });
    else
        say("%s: every camera of %s, from start to end of the move\n", output_name(o),
            p->variation.mood_category);
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct render_options *const o = cli->own;
    struct shot_plan p;
    struct worker *worker = NULL;
    if (o->contact_sheet && o->image)
        return fail(err, CAUSE_INVALID, "a contact sheet shows cameras in a world; leave --image out");
    if (!plan(o, cli->mem, &p, err) || !worker_open(NULL, &worker, err)) return false;
    const bool good = o->contact_sheet ? contact_sheet(cli, worker, &p, err) : render(cli, worker, &p, err);
    worker_close(worker);
    return good;
}

const struct command command_render = {
    .name = "render",
    .summary = "makes the clip of a prompt and a mood, here and now",
    .usage = "PROMPT [options]",
    .text = "example: umam render \"a lighthouse in a storm\" --mood 12 -o storm.mp4\n"
            "         umam render \"a lighthouse in a storm\" --mood 60 --contact-sheet -o cameras.png",
    .positionals = positionals,
    .shape = &shape,
    .run = run,
};
