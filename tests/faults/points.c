#include "points.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const point_kind_names[POINT_KINDS] = { "open",    "create", "read",   "write",  "sync",
                                                    "name",    "size",   "lock",   "memory", "map",
                                                    "process", "thread", "socket", "sql" };
const char *const point_mode_names[POINT_MODES] = {
    "error", "full", "interrupt", "short", "readonly", "crash"
};

_Atomic int64_t points_clock_ahead_us;
atomic_bool points_hurry;
_Thread_local bool points_aside;

static struct point_plan plan;
static struct point_hit *_Atomic hit;

/* ---- who calls ---- */

struct range {
    uintptr_t from, to;
};

static struct range program, sqlite, sodium;

static int note_range(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)size;
    struct range range = { UINTPTR_MAX, 0 };
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                        to = from + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
        if (from < range.from) range.from = from;
        if (to > range.to) range.to = to;
    }
    if ((*(int *)count)++ == 0) program = range; /* the program comes first */
    if (strstr(info->dlpi_name, "libsqlite3")) sqlite = range;
    if (strstr(info->dlpi_name, "libsodium")) sodium = range;
    return 0;
}

static void note_ranges(void)
{
    int count = 0;
    dl_iterate_phdr(note_range, &count);
}

static bool within(const struct range *range, const void *at)
{
    return (uintptr_t)at >= range->from && (uintptr_t)at < range->to;
}

bool point_is_program(const void *caller)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, note_ranges);
    return within(&program, caller);
}

/* ---- the plan ---- */

void points_plan(const struct point_plan *wanted, struct point_hit *into)
{
    plan = *wanted;
    hit = into;
}

void points_rest(void) { hit = NULL; }

bool points_are_planned(void) { return hit != NULL; }

static void note(struct point_hit *at, enum point_kind kind, const char *call, const void *caller)
{
    at->kind = kind;
    snprintf(at->call, sizeof at->call, "%s", call);
    at->at = (uintptr_t)caller - (within(&program, caller) ? program.from : sqlite.from);
    at->struck = true;
}

static enum point_set set_of(enum point_kind kind, const char *call)
{
    return kind != POINT_MEMORY          ? POINT_CALLS
           : strncmp(call, "sqlite3", 7) ? POINT_MEMORY_OURS
                                         : POINT_MEMORY_SQLITE;
}

static bool in_mode(enum point_kind kind, bool may_interrupt)
{
    switch (plan.mode) {
    case POINT_FULL:
        return kind == POINT_WRITE || kind == POINT_SYNC || kind == POINT_NAME || kind == POINT_SIZE ||
               kind == POINT_CREATE || kind == POINT_SQL;
    case POINT_READONLY:
        return kind == POINT_WRITE || kind == POINT_NAME || kind == POINT_SIZE || kind == POINT_CREATE;
    case POINT_INTERRUPT:
        return may_interrupt;
    case POINT_SHORT:
        return kind == POINT_READ || kind == POINT_WRITE;
    default:
        return true;
    }
}

bool point_strikes(enum point_kind kind, const char *call, const void *caller, bool may_interrupt,
                   enum point_mode *mode)
{
    struct point_hit *const at = hit;
    if (!at || points_aside || plan.set != set_of(kind, call) || !in_mode(kind, may_interrupt)) return false;
    if (!point_is_program(caller) && !within(&sqlite, caller) &&
        !(kind == POINT_MAP && within(&sodium, caller)))
        return false;
    const int64_t pass = ++at->passes;
    const bool now = pass == plan.pass,
               later = plan.sticky && at->struck && (at->kind == kind || plan.mode == POINT_READONLY);
    if (!now && !later) return false;
    if (now) note(at, kind, call, caller);
    if (plan.mode == POINT_CRASH) _exit(POINT_CRASHED);
    *mode = plan.mode;
    return true;
}

/* ---- for a whole program ---- */

static struct point_hit ordered;

static bool obey(const char *line)
{
    char mode[16], more[16] = "";
    long long number;
    struct point_plan wanted = { 0 };
    if (sscanf(line, "plan %15s %lld %15s", mode, &number, more) >= 2) {
        while (wanted.mode < POINT_MODES && strcmp(point_mode_names[wanted.mode], mode) != 0) wanted.mode++;
        wanted.pass = number;
        wanted.sticky = strcmp(more, "sticky") == 0;
        ordered.passes = 0;
        ordered.struck = false;
        points_plan(&wanted, &ordered);
    } else if (strncmp(line, "rest", 4) == 0) {
        points_rest();
    } else if (sscanf(line, "clock %lld", &number) == 1) {
        points_clock_ahead_us += number * 1000000;
    } else {
        return false;
    }
    return true;
}

static void *obey_all(void *with)
{
    FILE *const orders = fopen(with, "r+"); /* so that it never ends */
    char line[128];
    points_aside = true;
    while (orders && fgets(line, sizeof line, orders)) {
        line[strcspn(line, "\n")] = '\0';
        const char *const struck = ordered.struck ? ordered.call : ""; /* of the plan before this order */
        fprintf(
            stderr,
            "{\"event\":\"fault order\",\"order\":\"%s\",\"good\":%s,\"passes\":%lld,\"struck\":\"%s\"}\n",
            line, obey(line) ? "true" : "false", (long long)ordered.passes, struck);
    }
    return NULL;
}

bool points_obey(const char *path)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    points_aside = true;
    const bool good = pthread_create(&thread, NULL, obey_all, (void *)(uintptr_t)path) == 0;
    points_aside = false;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good && pthread_detach(thread) == 0;
}
