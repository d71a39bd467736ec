/* Whether this machine and this instance are fit for work from strangers. */
#include "cli/checkup.h"
#include "cli/cli.h"
#include "cli/layers.h"
#include "cli/siege.h"
#include "library/settings.h"
#include "task/attack.h"

struct doctor_options {
    bool sandbox;
    const char *attacks;
};

static const struct field fields[] = {
    BOOL(struct doctor_options, sandbox,
         .doc = "Attack the sandbox from inside, with every attack there is."),
    TEXT(struct doctor_options, attacks, .max = 4000, .initial_text = "",
         .doc = "With --sandbox: only these, by the names of --json, comma separated."),
    { 0 },
};
static const struct shape shape = SHAPE("DoctorOptions", struct doctor_options, fields);

static bool besiege(struct worker *worker, const char *attacks, struct findings *findings, struct error *err)
{
    const struct texts only = text_split(findings->mem, attacks, ',');
    findings->width = 62;
    if (!findings->quiet)
        say("%zu attacks from inside a media task; each line ends with what stopped it, and how\n",
            only.count ? only.count : (size_t)ATTACK_COUNT);
    return siege_run(worker, &only, findings, err);
}

static void examine(struct worker *worker, const struct error *no_worker, const struct settings *settings,
                    struct findings *findings)
{
    findings->width = 15;
    layers_look(worker, no_worker, findings);
    checkup_data(settings, findings);
    checkup_settings(settings, findings);
}

/* The last line, and the exit status. */
static bool conclude(const struct cli *cli, const struct findings *findings, struct error *err)
{
    const size_t bad = findings->states[FINDING_FAIL], warned = findings->states[FINDING_WARN];
    if (cli->json)
        findings_print_json(findings);
    else
        say("\n%zu ok, %zu to think about, %zu to mend\n", findings->states[FINDING_OK], warned, bad);
    return !bad || fail(err, CAUSE_UNAVAILABLE, "%zu of %zu findings are failures", bad, findings->count);
}

static bool run(struct cli *cli, struct error *err)
{
    const struct doctor_options *const options = cli->own;
    struct settings settings;
    struct worker *worker = NULL;
    struct findings findings = { .mem = cli->mem, .quiet = cli->json };
    struct error no_worker = { 0 };
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err))
        return false;
    bool done = worker_open(settings.worker_program, &worker, &no_worker);
    if (options->sandbox) {
        done = done && besiege(worker, options->attacks, &findings, &no_worker);
        *err = no_worker;
    } else {
        examine(worker, &no_worker, &settings, &findings);
        done = true;
    }
    worker_close(worker);
    return done && conclude(cli, &findings, err);
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "looks whether all is safe and well here",
    .usage = "[--sandbox] [options]",
    .text = "Shows the protection layers around media work, the data folder and dangerous settings, and says "
            "what to do.\n"
            "With --sandbox it attacks the sandbox from inside and shows each denial.\n"
            "Exit status 0 when nothing has to be mended. Works while the server runs.",
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
