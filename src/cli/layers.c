#include "cli/layers.h"

#include "base/text.h"
#include "cli/process.h"
#include "task/attack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- Landlock by version ---- */

static const struct {
    int64_t since;
    const char *what;
} landlock_parts[] = {
    { 1, "files" }, { 2, "moving files" }, { 3, "truncating" },
    { 4, "TCP" },   { 5, "devices" },      { 6, "signals and abstract sockets" },
};

static const char *parts(struct arena *mem, int64_t version, bool covered)
{
    AUTO(buf) struct buf text = BUF(512);
    for (size_t i = 0; i < COUNT_OF(landlock_parts); i++)
        if ((landlock_parts[i].since <= version) == covered)
            buf_printf(&text, "%s%s", text.size ? ", " : "", landlock_parts[i].what);
    return arena_text(mem, buf_str(&text));
}

static void look_at_landlock(const char *group, const struct worker_layers *layers, struct findings *findings)
{
    const char *const lacks = parts(findings->mem, layers->landlock, false);
    if (!layers->landlock)
        finding_note(findings, FINDING_FAIL, group, "landlock",
                     "use Linux 5.13 or newer with landlock in the list lsm= of its command line", "missing");
    else
        finding_note(findings, FINDING_OK, group, "landlock", NULL, "version %lld: %s%s%s%s",
                     (long long)layers->landlock, parts(findings->mem, layers->landlock, true),
                     *lacks ? "; left to seccomp: " : "", lacks, "");
}

/* ---- a child at rest ---- */

/* The child under the glass. */
struct specimen {
    const char *group; /* of findings */
    struct worker *worker;
    const struct worker_layers *layers;
    struct findings *findings;
    int cancel; /* an eventfd */
    bool seen;
};

/* A line of /proc/PID/status that has to read so. */
static void expect_line(struct specimen *specimen, pid_t child, const char *name, const char *line,
                        const char *wanted, const char *good, const char *bad, const char *advice)
{
    const char *const is = process_line(specimen->findings->mem, child, "status", line);
    const bool as_wanted = text_is(is, wanted);
    finding_note(specimen->findings, as_wanted ? FINDING_OK : FINDING_FAIL, specimen->group, name, advice,
                 "%s", as_wanted ? good : bad);
}

static void look_at_user(struct specimen *specimen, pid_t child)
{
    const char *const uid = process_line(specimen->findings->mem, child, "status", "Uid");
    const bool root = !uid || atoi(uid) == 0;
    finding_note(specimen->findings, root ? FINDING_WARN : FINDING_OK, specimen->group, "user",
                 "run umam as a user of its own: root is not held to the number of threads",
                 root ? "root, without its powers" : "number %d", uid ? atoi(uid) : 0);
}

static long long limit_of(struct specimen *specimen, pid_t child, const char *name)
{
    const char *const line = process_line(specimen->findings->mem, child, "limits", name);
    return line && *line >= '0' && *line <= '9' ? strtoll(line, NULL, 10) : -1;
}

static void look_at_limits(struct specimen *specimen, pid_t child)
{
    const long long cpu_s = limit_of(specimen, child, "Max cpu time");
    const long long file = limit_of(specimen, child, "Max file size");
    const long long files = limit_of(specimen, child, "Max open files");
    const long long tasks = limit_of(specimen, child, "Max processes");
    const long long memory = limit_of(specimen, child, "Max address space");
    const bool held = cpu_s > 0 && file > 0 && files > 0 && tasks > 0;
    finding_note(specimen->findings, held ? FINDING_OK : FINDING_FAIL, specimen->group, "limits",
                 "resource limits cannot be missing on Linux: look for another program that changes them",
                 "processor %lld s, file %lld MiB, %lld descriptors, %lld threads", cpu_s, file >> 20, files,
                 tasks);
    finding_note(specimen->findings, memory > 0 ? FINDING_OK : FINDING_WARN, specimen->group, "memory limit",
                 "a build with AddressSanitizer is for tests; build with `make build`",
                 memory > 0 ? "%lld MiB" : "none: built with AddressSanitizer", memory >> 20);
}

/* What is not dumpable belongs to root in /proc. */
static void look_at_secrecy(struct specimen *specimen, pid_t child)
{
    struct stat info;
    const bool secret = stat(arena_printf(specimen->findings->mem, "/proc/%d/mem", (int)child), &info) == 0 &&
                        info.st_uid == 0;
    finding_note(specimen->findings, secret ? FINDING_OK : FINDING_FAIL, specimen->group, "not dumpable",
                 "report this: a child of the worker makes itself undumpable", "%s",
                 secret ? "its memory is closed to other processes" : "others may look into its memory");
}

static void look_at_filter(struct specimen *specimen, pid_t child)
{
    const bool on = specimen->layers->seccomp &&
                    text_is(process_line(specimen->findings->mem, child, "status", "Seccomp"), "2");
    const bool tcp = specimen->layers->landlock >= 4;
    finding_note(specimen->findings, on ? FINDING_OK : FINDING_FAIL, specimen->group, "seccomp",
                 "use a kernel with CONFIG_SECCOMP_FILTER, and a container that leaves it alone", "%s",
                 on ? "a list of system calls; all others fail, those of attacks end the process"
                    : "missing");
    finding_note(specimen->findings,
                 on    ? FINDING_OK
                 : tcp ? FINDING_WARN
                       : FINDING_FAIL,
                 specimen->group, "network",
                 "without seccomp there is at most Landlock against TCP, and nothing against the rest", "%s",
                 on    ? "no sockets can be made"
                 : tcp ? "TCP is closed, the rest is open"
                       : "open");
}

/* Standard input, output and error, the channel, and a socket to the helper. */
static void look_at_descriptors(struct specimen *specimen, pid_t child)
{
    const int handed = specimen->layers->helper ? 5 : 4, count = process_descriptors(child);
    if (count < 0)
        finding_note(specimen->findings, FINDING_OK, specimen->group, "descriptors", NULL,
                     "hidden, as they should be; `umam doctor --sandbox` counts them from inside");
    else
        finding_note(specimen->findings, count == handed ? FINDING_OK : FINDING_FAIL, specimen->group,
                     "descriptors", "report this: a child keeps what it was not handed",
                     "%d open: the channel to the server%s and three that lead nowhere", count,
                     specimen->layers->helper ? ", one to the helper" : "");
}

static void look(void *with, double progress, const char *stage, double eta_s)
{
    (void)progress, (void)stage, (void)eta_s;
    struct specimen *const specimen = with;
    const pid_t child = process_child(worker_pid(specimen->worker));
    if (!specimen->seen && child > 0) {
        specimen->seen = true;
        look_at_user(specimen, child);
        look_at_limits(specimen, child);
        expect_line(specimen, child, "capabilities", "CapEff", "0000000000000000", "none", "some are left",
                    "report this: a child of the worker drops them all");
        expect_line(specimen, child, "no_new_privs", "NoNewPrivs", "1", "on", "off",
                    "use Linux 3.5 or newer");
        look_at_secrecy(specimen, child);
        look_at_landlock(specimen->group, specimen->layers, specimen->findings);
        look_at_filter(specimen, child);
        look_at_descriptors(specimen, child);
    }
    if (write(specimen->cancel, &(uint64_t){ 1 }, sizeof(uint64_t)) < 0)
        return; /* it ends by its clock then */
}

static void look_at_child(const char *group, struct worker *worker, const struct worker_layers *layers,
                          struct findings *findings)
{
    AUTO(fd) int cancel = eventfd(0, EFD_CLOEXEC);
    struct specimen specimen = { group, worker, layers, findings, cancel, false };
    const struct attack_in rest = {
        .attack = "sleep_for_ever", .server_pid = getpid(), .worker_pid = worker_pid(worker), .secret = ""
    };
    const struct worker_call call = {
        .kind = TASK_ATTACK, .in = &rest, .cancel_fd = cancel, .progress = look, .with = &specimen
    };
    struct attack_out out;
    struct error err;
    if (!worker_run(worker, &call, findings->mem, &out, &err) && specimen.seen) return; /* cancelled */
    finding_note(findings, FINDING_FAIL, group, "child",
                 "`umam-media --help` shows whether the program can start, `umam doctor --sandbox` more",
                 "a child of the worker could not be looked at: %s", err.text);
}

/* ---- all of it ---- */

static void look_at_program(const char *group, const char *name, const struct worker_layers *layers,
                            struct findings *findings)
{
    const bool same = text_is(layers->version, UMAM_VERSION);
    finding_note(findings, same ? FINDING_OK : FINDING_FAIL, group, "worker program",
                 "install umam, umam-media and umam-net of the same version side by side", "%s %s%s", name,
                 *layers->version ? layers->version : "without a version",
                 same ? "" : ", but umam is " UMAM_VERSION);
}

void layers_look(const char *name, struct worker *worker, const struct error *why, struct findings *findings)
{
    const char *const group = arena_printf(findings->mem, "sandbox of %s", name);
    struct worker_layers layers;
    struct error err = { 0 };
    struct utsname host;
    uname(&host);
    finding_note(findings, FINDING_OK, group, "kernel", NULL, "%s %s %s", host.sysname, host.release,
                 host.machine);
    if (worker && worker_ready(worker, &layers, &err)) {
        look_at_program(group, name, &layers, findings);
        look_at_child(group, worker, &layers, findings);
        return;
    }
    finding_note(findings, FINDING_FAIL, group, "worker program",
                 "install umam, umam-media and umam-net side by side", "%s", worker ? err.text : why->text);
}
