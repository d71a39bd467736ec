#include "cli/local.h"

#include <math.h>

struct probe_options {
    const char *file;
    bool image;
};

static const struct field fields[] = {
    TEXT(struct probe_options, file, .required = true, .min = 1, .max = 4000, .doc = "File to look at."),
    BOOL(struct probe_options, image, .doc = "Decode it as a still picture."),
    { 0 },
};
static const struct shape shape = SHAPE("ProbeOptions", struct probe_options, fields);
static const char *const positionals[] = { "file", NULL };

static void show(const struct media_facts *facts)
{
    say("format    %s, %lld bytes", facts->format, (long long)facts->file_size);
    if (!isnan(facts->duration_s)) say(", %.3f s", facts->duration_s);
    if (facts->bit_rate != INT_NONE) say(", %.0f kbit/s", (double)facts->bit_rate / 1000);
    say("\n");
    if (facts->width != INT_NONE)
        say("picture   %lld x %lld", (long long)facts->width, (long long)facts->height);
    if (facts->video_codec)
        say(", %s %s", facts->video_codec, facts->pixel_format ? facts->pixel_format : "");
    if (!isnan(facts->fps)) say(", %g frames/s", facts->fps);
    if (facts->width != INT_NONE) say("\n");
    if (facts->audio_codec)
        say("sound     %s, %lld Hz, %lld channels\n", facts->audio_codec, (long long)facts->sample_rate,
            (long long)facts->channels);
}

static bool probe(struct worker *worker, const struct probe_options *options, int fd, struct arena *mem,
                  struct media_facts *facts, struct error *err)
{
    const struct worker_file files[] = { { "in", fd } };
    struct verify_in nothing_expected;
    shape_init(&verify_in_shape, &nothing_expected);
    const struct image_in picture = { .max_side = 256 };
    return options->image ? local_run(worker, TASK_IMAGE, &picture, files, 1, mem, facts, err)
                          : local_run(worker, TASK_PROBE, &nothing_expected, files, 1, mem, facts, err);
}

static bool run(struct cli *cli, struct error *err)
{
    const struct probe_options *const options = cli->own;
    AUTO(fd) int fd = -1;
    struct worker *worker = NULL;
    struct media_facts facts;
    if (!input_open(options->file, &fd, err) || !worker_open(NULL, &worker, err)) return false;
    const bool good = probe(worker, options, fd, cli->mem, &facts, err);
    worker_close(worker);
    if (!good) return false;
    if (cli->json)
        say_shape(&media_facts_shape, &facts);
    else
        show(&facts);
    return true;
}

const struct command command_probe = {
    .name = "probe",
    .summary = "tells what a media file is",
    .usage = "FILE [--image] [--json]",
    .text = "Looks at the content in the sandboxed worker; the name does not matter.\nexample: umam probe "
            "storm.mp4",
    .positionals = positionals,
    .shape = &shape,
    .run = run,
};
