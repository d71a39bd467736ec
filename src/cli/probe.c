#include "cli/local.h"

#include "base/file.h"
#include "cli/analysis_view.h"
#include "task/ingest.h"

#include <stdio.h>

struct probe_options {
    const char *file, *poster, *sprite, *peaks, *text;
    bool checksum;
};

static const struct field fields[] = {
    TEXT(struct probe_options, file, .required = true, .min = 1, .max = 4000, .doc = "File to look at."),
    TEXT(struct probe_options, poster, .nullable = true, .max = 4000, .doc = "Write its poster here (JPEG)."),
    TEXT(struct probe_options, sprite, .nullable = true, .max = 4000,
         .doc = "Write its sheet for scrubbing here (JPEG)."),
    TEXT(struct probe_options, peaks, .nullable = true, .max = 4000,
         .doc = "Write its waveform here (audiowaveform .dat)."),
    TEXT(struct probe_options, text, .nullable = true, .max = 4000,
         .doc = "Write its text here, captions as WebVTT."),
    BOOL(struct probe_options, checksum, .doc = "Also compute its SHA-256."),
    { 0 },
};
static const struct shape shape = SHAPE("ProbeOptions", struct probe_options, fields);
static const char *const positionals[] = { "file", NULL };

enum { MADE = 4 };

/* What is to be made from the file, beside the file itself. */
struct results {
    struct output made[MADE];
    struct worker_file files[MADE + 1];
    size_t count;
};

static void results_cleanup(struct results *results)
{
    for (size_t i = 0; i < results->count; i++) output_cleanup(&results->made[i]);
}

static bool add(struct results *results, const char *name, const char *path, struct arena *mem,
                struct error *err)
{
    struct output *const output = &results->made[results->count];
    if (!path) return true;
    if (!output_open(mem, path, output, err)) return false;
    results->files[++results->count] = (struct worker_file){ name, output->fd };
    return true;
}

static bool open_results(const struct probe_options *options, struct results *results, struct arena *mem,
                         struct error *err)
{
    return add(results, "poster", options->poster, mem, err) &&
           add(results, "sprite", options->sprite, mem, err) &&
           add(results, "peaks", options->peaks, mem, err) && add(results, "text", options->text, mem, err);
}

/* What does not apply to the file was left empty, and is not kept. */
static bool keep_results(struct results *results, struct error *err)
{
    for (size_t i = 0; i < results->count; i++) {
        struct output *const made = &results->made[i];
        int64_t size_bytes;
        if (!file_size(made->fd, &size_bytes, err)) return false;
        if (size_bytes && !output_keep(made, err)) return false;
        if (!size_bytes)
            fprintf(stderr, "there is no %s in it: '%s' is not written\n", results->files[i + 1].name,
                    made->path);
    }
    return true;
}

static bool run(struct cli *cli, struct error *err)
{
    const struct probe_options *const options = cli->own;
    const struct ingest_in in = { .checksum = options->checksum };
    AUTO(fd) int fd = -1;
    AUTO(results) struct results results = { 0 };
    struct worker *worker = NULL;
    struct media_analysis found;
    if (!input_open(options->file, &fd, err) || !open_results(options, &results, cli->mem, err) ||
        !worker_open(NULL, &worker, err))
        return false;
    results.files[0] = (struct worker_file){ "in", fd };
    const bool good =
        local_run(worker, TASK_INGEST, &in, results.files, results.count + 1, cli->mem, &found, err);
    worker_close(worker);
    if (!good || !keep_results(&results, err)) return false;
    if (cli->json)
        say_shape(&media_analysis_shape, &found);
    else
        analysis_show(&found, cli->mem);
    return true;
}

const struct command command_probe = {
    .name = "probe",
    .summary = "tells what a media file is",
    .usage = "FILE [--checksum] [--poster FILE] [--sprite FILE] [--peaks FILE] [--text FILE] [--json]",
    .text = "Looks at the content in the sandboxed worker; the name does not matter. Pictures, videos, "
            "sound, glTF models,\n"
            "texts and captions.\n"
            "example: umam probe storm.mp4 --poster storm.jpg",
    .positionals = positionals,
    .shape = &shape,
    .run = run,
};
