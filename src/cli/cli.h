/* The program `umam`: one file and one row per command. */
#pragma once

#include "base/shape.h"

/* What a command gets. */
struct cli {
    struct arena *mem;
    const struct json *options; /* everything given, as an object of texts; names with underscores */
    const void *own;            /* struct of the command's shape */
    bool json;                  /* --json: machine-readable output */
};

struct command {
    const char *name, *summary;
    const char *usage;              /* what stands after the name: "PROMPT [options]" */
    const char *text;               /* explains and shows an example */
    const char *const *positionals; /* names of fields that need no --name; NULL-terminated */
    const struct shape *shape;      /* own options; NULL for none */
    bool takes_settings;            /* every setting is an option too */
    bool (*run)(struct cli *cli, struct error *err);
};

extern const struct command command_serve, command_render, command_strategy, command_probe, command_migrate,
    command_jobs, command_quota, command_user, command_key, command_token, command_export, command_openapi,
    command_assets, command_routes, command_settings, command_doctor, command_check, command_backup,
    command_browse, command_restore, command_import, command_trash, command_audit, command_version;

/* Reads the words after the command's name. INVALID names the option and what it takes. */
bool options_parse(const struct command *command, int count, char **words, struct arena *mem, struct cli *out,
                   struct error *err) MUST_USE;
void options_help(const struct command *command, struct buf *out);

/* Prints to standard output. */
void say(const char *format, ...) PRINTF(1, 2);
void say_shape(const struct shape *shape, const void *object); /* one JSON object and a newline */

/* A progress bar on standard error, drawn only on a terminal. Pass to worker_call.progress with a `struct
 * bar`. */
struct bar {
    int64_t began, drawn;
    bool shown;
};
void bar_draw(void *with, double progress, const char *stage, double eta_s);
void bar_end(struct bar *bar);
