#include "cli/checkup.h"

#include "base/text.h"
#include "cli/instance.h"
#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- the data folder ---- */

static const char data[] = "data";

static void look_at_owner(const struct stat *info, struct findings *findings)
{
    const bool mine = info->st_uid == geteuid();
    finding_note(findings, mine ? FINDING_OK : FINDING_FAIL, data, "owner",
                 "run umam as the owner of the folder, or give it to the user who runs umam with chown",
                 "user %u%s", (unsigned)info->st_uid, mine ? "" : ", but this is another one");
}

static void look_at_mode(const char *name, const struct stat *info, const char *advice,
                         struct findings *findings)
{
    const unsigned mode = info->st_mode & 0777;
    const enum finding_state state = mode & 07 ? FINDING_FAIL : mode & 070 ? FINDING_WARN : FINDING_OK;
    finding_note(findings, state, data, name, advice, "mode %04o%s", mode,
                 mode & 07    ? ": everybody on this machine gets in"
                 : mode & 070 ? ": its group gets in"
                              : "");
}

static void look_at_secrets(const struct settings *settings, struct findings *findings)
{
    static const char *const names[] = { "secret.key", "umam.db" };
    static const char *const advice[] = {
        "chmod 600 it, and log everybody out by making a new one: remove it", "chmod 600 it"
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stat info;
        if (stat(arena_printf(findings->mem, "%s/%s", settings->data_dir, names[i]), &info) == 0)
            look_at_mode(names[i], &info, advice[i], findings);
    }
}

/* Files that get their name when they are whole. */
static void look_at_files(const char *folder, struct findings *findings)
{
    const char *const name = arena_printf(findings->mem, "%s/.umam-doctor-%d", folder, (int)getpid());
    AUTO(fd) int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const bool nameless = file >= 0,
               refused = !nameless && (errno == EACCES || errno == EROFS || errno == EPERM);
    const bool linked = nameless && linkat(AT_FDCWD, arena_printf(findings->mem, "/proc/self/fd/%d", file),
                                           AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
    if (linked) unlink(name);
    if (refused)
        finding_note(findings, FINDING_FAIL, data, "file system",
                     "check the owner and whether it is mounted read-only", "nothing can be written");
    else
        finding_note(
            findings, linked ? FINDING_OK : FINDING_WARN, data, "file system",
            "ext4, XFS or btrfs spare a copy of each file and leave nothing behind after a power cut", "%s",
            linked     ? "files get their names when they are whole"
            : nameless ? "no hard links: each file is copied once more"
                       : "no nameless files: what is unfinished is removed at the next start");
}

/* At the reserve nothing new is taken in. */
static void look_at_space(const struct settings *settings, struct findings *findings)
{
    enum { TIGHT_MB = 5 * 1024, FEW_FILES = 10000 };
    struct statvfs disk;
    if (statvfs(settings->data_dir, &disk) != 0) return;
    const int64_t free_mb = (int64_t)((unsigned long long)disk.f_bavail * disk.f_frsize >> 20);
    const bool full = free_mb < settings->disk_reserve_mb;
    const bool tight = free_mb < settings->disk_reserve_mb + TIGHT_MB;
    const bool few = disk.f_files > 0 && disk.f_favail < FEW_FILES;
    finding_note(findings,
                 full           ? FINDING_FAIL
                 : tight || few ? FINDING_WARN
                                : FINDING_OK,
                 data, "free space", "make room, or move the folder to a larger disk",
                 "%.1f GiB%s, of which %lld MiB stay free%s", (double)free_mb / 1024,
                 few ? " and few more files" : "", (long long)settings->disk_reserve_mb,
                 full ? ": nothing new is taken in" : "");
}

static void look_at_database(const struct settings *settings, struct findings *findings)
{
    const char *const path = instance_database(findings->mem, settings);
    struct list list;
    struct error err;
    if (access(path, F_OK) != 0) {
        finding_note(findings, FINDING_WARN, data, "database", "`umam serve` makes it", "none yet");
        return;
    }
    if (!migrate_status(path, findings->mem, &list, &err)) {
        finding_note(findings, FINDING_FAIL, data, "database",
                     "stop the server and put a backup in its place", "%s", err.text);
        return;
    }
    const struct migration_status *const rows = list.items;
    size_t pending = 0;
    for (size_t i = 0; i < list.count; i++) pending += rows[i].pending;
    finding_note(findings, pending ? FINDING_WARN : FINDING_OK, data, "database",
                 "`umam serve` brings it up to date by itself, after a copy",
                 pending ? "schema version %zu, %zu behind this program" : "schema version %zu",
                 list.count - pending, pending);
}

void checkup_data(const struct settings *settings, struct findings *findings)
{
    struct stat info;
    const bool found = stat(settings->data_dir, &info) == 0, none = !found && errno == ENOENT;
    if (!found || !S_ISDIR(info.st_mode)) {
        finding_note(
            findings, none ? FINDING_WARN : FINDING_FAIL, data, "folder",
            none ? "`umam serve` makes it; name another one with --data" : "name another one with --data",
            none ? "'%s' does not exist yet" : "'%s' is no folder that can be used", settings->data_dir);
        return;
    }
    finding_note(findings, FINDING_OK, data, "folder", NULL, "%s", settings->data_dir);
    look_at_owner(&info, findings);
    look_at_mode("access", &info, "chmod 700 the folder", findings);
    look_at_secrets(settings, findings);
    look_at_files(settings->data_dir, findings);
    look_at_space(settings, findings);
    look_at_database(settings, findings);
}

/* ---- settings ---- */

/* True when others than this machine can connect. */
static bool is_reachable(const struct settings *s)
{
    return !text_starts(s->host, "127.") && !text_is(s->host, "localhost") && !text_is(s->host, "::1");
}

/* A key somebody could guess: few different characters, or a word of examples. */
static bool has_weak_secret(const struct settings *s)
{
    static const char *const examples[] = { "secret", "password", "change", "example", "default", "123456" };
    AUTO(arena) struct arena mem = { 0 };
    bool seen[256] = { false };
    int different = 0;
    if (text_empty(s->jwt_secret)) return false;
    for (const char *at = s->jwt_secret; *at; at++) {
        different += !seen[(unsigned char)*at];
        seen[(unsigned char)*at] = true;
    }
    const char *const lower = text_lower(&mem, s->jwt_secret);
    for (size_t i = 0; i < COUNT_OF(examples); i++)
        if (strstr(lower, examples[i])) return true;
    return different < 10;
}

static bool has_no_auth(const struct settings *s) { return s->disable_auth; }
static bool has_dev_token(const struct settings *s) { return s->allow_dev_token; }
static bool is_development(const struct settings *s) { return !text_is(s->environment, "production"); }
static bool is_lax(const struct settings *s) { return !s->strict_sandbox; }
static bool has_no_rates(const struct settings *s) { return !s->rate_limit_enabled; }
static bool takes_all_origins(const struct settings *s) { return strchr(s->cors_origins, '*') != NULL; }
static bool registers_anybody(const struct settings *s) { return text_is(s->registration, "open"); }

/* What is wrong, how bad that is on this machine alone and for others, what it looks like, what to do. */
static const struct {
    const char *name;
    bool (*wrong)(const struct settings *s);
    enum finding_state alone, reachable;
    const char *good, *bad, *advice;
} rules[] = {
    { "network", is_reachable, FINDING_OK, FINDING_WARN, "this machine only",
      "others can connect, without TLS", "put a TLS proxy in front and listen on 127.0.0.1" },
    { "accounts", has_no_auth, FINDING_WARN, FINDING_FAIL, "needed",
      "DISABLE_AUTH: everybody is an administrator", "remove DISABLE_AUTH" },
    { "dev token", has_dev_token, FINDING_WARN, FINDING_FAIL, "off",
      "UMAM_ALLOW_DEV_TOKEN hands an administrator's token to anybody", "remove UMAM_ALLOW_DEV_TOKEN" },
    { "signing key", has_weak_secret, FINDING_FAIL, FINDING_FAIL, "cannot be guessed",
      "JWT_SECRET can be guessed", "remove it: umam makes one and keeps it in the data folder" },
    { "environment", is_development, FINDING_OK, FINDING_WARN, "production", "not production",
      "set ENVIRONMENT=production, which refuses what is for development" },
    { "strict sandbox", is_lax, FINDING_OK, FINDING_WARN, "on: no media work without every layer",
      "off: media work goes on where the kernel lacks a layer", "set UMAM_STRICT_SANDBOX=true" },
    { "rate limits", has_no_rates, FINDING_WARN, FINDING_FAIL, "on", "off",
      "remove RATE_LIMIT_ENABLED=false" },
    { "registration", registers_anybody, FINDING_OK, FINDING_WARN, "by administrators",
      "anybody may make an account of his own", "set UMAM_REGISTRATION=closed unless that is wanted" },
    { "web origins", takes_all_origins, FINDING_WARN, FINDING_FAIL, "listed",
      "CORS_ORIGINS names all of them", "list the origins of your own pages" },
};

void checkup_settings(const struct settings *settings, struct findings *findings)
{
    const bool reachable = is_reachable(settings);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const bool wrong = rules[i].wrong(settings);
        const enum finding_state state = !wrong      ? FINDING_OK
                                         : reachable ? rules[i].reachable
                                                     : rules[i].alone;
        finding_note(findings, state, "settings", rules[i].name, rules[i].advice, "%s",
                     wrong ? rules[i].bad : rules[i].good);
    }
}
