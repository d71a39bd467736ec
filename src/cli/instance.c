#include "cli/instance.h"

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "library/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *instance_database(struct arena *mem, const struct settings *settings)
{
    return arena_printf(mem, "%s/umam.db", settings->data_dir);
}

const char *instance_media(struct arena *mem, const struct settings *settings)
{
    return arena_printf(mem, "%s/media", settings->data_dir);
}

const char *instance_cache(struct arena *mem, const struct settings *settings)
{
    return arena_printf(mem, "%s/cache", settings->data_dir);
}

const char *instance_uploads(struct arena *mem, const struct settings *settings)
{
    return arena_printf(mem, "%s/uploads", settings->data_dir);
}

struct quota_rules instance_quota(const struct settings *settings)
{
    return (struct quota_rules){ .jobs = settings->quota_jobs,
                                 .universes = settings->quota_universes,
                                 .storage_bytes = settings->quota_storage_mb << 20,
                                 .disk_reserve_bytes = settings->disk_reserve_mb << 20 };
}

bool instance_settings(struct cli *cli, struct settings *out, struct error *err)
{
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), out, err))
        return false;
    if (!restore_settle(out->data_dir, err))
        return false; /* between the old and the new there is no database */
    return access(instance_database(cli->mem, out), F_OK) == 0 ||
           fail(err, CAUSE_NOT_FOUND, "there is no instance in '%s'; name the right folder with --data",
                out->data_dir);
}

/* The lock holds the number of the process. */
static bool fail_used(struct arena *mem, const char *database, const char *instead, struct error *err)
{
    const char *holder;
    struct error why;
    if (!file_read(mem, arena_printf(mem, "%s.lock", database), 64, &holder, NULL, &why)) holder = "?";
    return fail(err, CAUSE_CONFLICT,
                "the server (process %s) uses this data: stop it (Ctrl-C there), or use the API: %s",
                text_trim(mem, holder), instead);
}

bool instance_reach(struct arena *mem, const struct settings *settings, struct reach *out, struct error *err)
{
    struct reach reach = { 0 };
    struct error why;
    if (!restore_settle(settings->data_dir, err)) return false;
    if (!client_open(mem, settings, &reach.server, &why) &&
        !db_open(instance_database(mem, settings), &reach.db, err))
        return err->cause == CAUSE_CONFLICT ? fail(err, CAUSE_CONFLICT, "%s", why.text) : false;
    *out = reach;
    return true;
}

static bool download(const struct settings *settings, const char *path, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct client server;
    AUTO(fd) int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return fail_errno(err, errno, "the copy of the database could not be made");
    return client_open(&mem, settings, &server, err) &&
           client_download(&server, &mem, "POST", "/api/backup/database", file, err);
}

bool instance_copy_database(const struct settings *settings, struct db *db, const char *path,
                            struct error *err)
{
    return db ? db_backup(db, path, err) : download(settings, path, err);
}

bool instance_open(struct cli *cli, const char *instead, struct settings *settings_out, struct db **out,
                   struct error *err)
{
    struct reach reach;
    if (!instance_settings(cli, settings_out, err)) return false;
    const bool reached = instance_reach(cli->mem, settings_out, &reach, err);
    if (reached ? !reach.db : err->cause == CAUSE_CONFLICT)
        return fail_used(cli->mem, instance_database(cli->mem, settings_out), instead, err);
    if (reached) *out = reach.db;
    return reached;
}

bool instance_private(struct arena *mem, const struct settings *settings, struct error *err)
{
    const struct {
        const char *path, *command;
        mode_t others;
    } rows[] = { { settings->data_dir, "chmod o-rwx", 07 }, /* a group may be let in, for copies perhaps */
                 { arena_printf(mem, "%s/secret.key", settings->data_dir), "chmod 600", 077 } };
    struct stat info;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (stat(rows[i].path, &info) == 0 && info.st_mode & rows[i].others)
            return fail(err, CAUSE_INVALID, "others on this machine get at '%s' (mode %04o): %s '%s'",
                        rows[i].path, (unsigned)info.st_mode & 0777, rows[i].command, rows[i].path);
    return true;
}

bool instance_secret(struct arena *mem, const struct settings *settings, bool make, const char **out,
                     struct error *err)
{
    if (!text_empty(settings->jwt_secret)) {
        *out = settings->jwt_secret;
        return true;
    }
    const char *const path = arena_printf(mem, "%s/secret.key", settings->data_dir);
    struct error why;
    const char *kept;
    if (file_read(mem, path, 4096, &kept, NULL, &why)) {
        *out = text_trim(mem, kept);
        return strlen(*out) >= 16 ||
               fail(err, CAUSE_INVALID,
                    "the file secret.key in the data folder is damaged; remove it to make a new "
                    "one (everybody has to log in again)");
    }
    if (why.cause != CAUSE_NOT_FOUND) {
        *err = why;
        return false;
    }
    if (!make)
        return fail(err, CAUSE_NOT_FOUND,
                    "there is no instance in '%s'; start one with `umam serve --data %s`, or name "
                    "the right folder with --data",
                    settings->data_dir, settings->data_dir);
    unsigned char bytes[32];
    char hex[2 * sizeof bytes + 1];
    random_bytes(bytes, sizeof bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    *out = arena_text(mem, hex);
    return file_make_dirs(settings->data_dir, err) && file_write(path, hex, strlen(hex), 0600, err);
}
