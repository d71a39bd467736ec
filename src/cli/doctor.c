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

/* The programs that touch what strangers send. */
struct patients {
    struct worker *media, *net;
    struct error no_media, no_net; /* why there is none */
};

static void patients_cleanup(struct patients *patients)
{
    worker_close(patients->media);
    worker_close(patients->net);
}

/* The net as strict as it can be: no private address is allowed, so that every attack on one is one. */
static struct patients call_in(const struct settings *settings)
{
    struct patients patients = { 0 };
    if (!worker_open(settings->worker_program, &patients.media, &patients.no_media)) patients.media = NULL;
    if (!worker_open_net("", &patients.net, &patients.no_net)) patients.net = NULL;
    return patients;
}

static bool besiege(const struct patients *patients, const char *attacks, struct findings *findings,
                    struct error *err)
{
    const struct texts only = text_split(findings->mem, attacks, ',');
    findings->width = 62;
    *err = patients->media ? patients->no_net : patients->no_media;
    if (!patients->media || !patients->net) return false;
    if (!findings->quiet)
        say("%zu attacks from inside a media task and from inside one that fetches; each line ends with what "
            "stopped it, and how\n",
            only.count ? only.count : (size_t)ATTACK_COUNT);
    return siege_run(patients->media, &only, findings, err) && siege_run(patients->net, &only, findings, err);
}

static void examine(const struct patients *patients, const struct settings *settings,
                    struct findings *findings)
{
    findings->width = 15;
    layers_look("umam-media", patients->media, &patients->no_media, findings);
    layers_look("umam-net", patients->net, &patients->no_net, findings);
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
    struct findings findings = { .mem = cli->mem, .quiet = cli->json };
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &settings, err))
        return false;
    AUTO(patients) struct patients patients = call_in(&settings);
    if (!options->sandbox) examine(&patients, &settings, &findings);
    return (!options->sandbox || besiege(&patients, options->attacks, &findings, err)) &&
           conclude(cli, &findings, err);
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "looks whether all is safe and well here",
    .usage = "[--sandbox] [options]",
    .text = "Shows the protection layers around media work and fetching, the data folder and dangerous "
            "settings, and says "
            "what to do.\n"
            "With --sandbox it attacks both sandboxes from inside and shows each denial.\n"
            "Exit status 0 when nothing has to be mended. Works while the server runs.",
    .shape = &shape,
    .takes_settings = true,
    .run = run,
};
