/* The data folder of an instance: where things lie in it, and the secret that signs its tokens. */
#pragma once

#include "cli/cli.h"
#include "cli/client.h"
#include "library/library.h"
#include "library/settings.h"
#include "store/db.h"

const char *instance_database(struct arena *mem, const struct settings *settings);
/* What can be made again. */
const char *instance_cache(struct arena *mem, const struct settings *settings);
const char *instance_media(struct arena *mem, const struct settings *settings);
const char *instance_uploads(struct arena *mem, const struct settings *settings); /* unfinished ones */

/* What one person may have. */
struct quota_rules instance_quota(const struct settings *settings);

/* The settings that the options and the environment make; NOT_FOUND where no instance is in their data
 * folder. */
bool instance_settings(struct cli *cli, struct settings *out, struct error *err) MUST_USE;

/* Who has the data: a server, which is asked, or this process from now on. */
struct reach {
    struct client server;
    struct db *db; /* to be closed; NULL: the server has it */
};

/* Looks for the server first, which costs nothing; only where none answers the lock is waited for. CONFLICT
 * when the data is in use and nobody there can be asked. */
bool instance_reach(struct arena *mem, const struct settings *settings, struct reach *out,
                    struct error *err) MUST_USE;

/* A consistent copy of the database in the new file `path`, out of `db` or, for NULL, from the server that
 * has it. A command's token is good for a minute, so each copy is a visit of its own. */
bool instance_copy_database(const struct settings *settings, struct db *db, const char *path,
                            struct error *err) MUST_USE;

/* The database of the instance the options name, for commands that work while no server does. `instead` says
 * which routes of a running one do the same. */
bool instance_open(struct cli *cli, const char *instead, struct settings *settings_out, struct db **out,
                   struct error *err) MUST_USE;

/* INVALID with the command that helps when others on this machine get into the data folder or at the key in
 * it. What is not there yet is made for its owner alone. */
bool instance_private(struct arena *mem, const struct settings *settings, struct error *err) MUST_USE;

/* The setting JWT_SECRET, or the one kept in the data folder. With `make` a missing one is made, which only
 * the server does, holding the database; else NOT_FOUND. Never shown or logged. */
bool instance_secret(struct arena *mem, const struct settings *settings, bool make, const char **out,
                     struct error *err) MUST_USE;
