/* Everything an operator can set: one row per setting with its default, its environment name and a sentence.
 * The command line wins over the environment, the environment over a credential (a file in
 * $CREDENTIALS_DIRECTORY, for secrets), that over the settings file, the file over the default. */
#pragma once

#include "base/shape.h"

struct settings {
    const char *host;
    int64_t port;
    const char *data_dir;
    const char *jwt_secret, *jwt_algo;
    bool disable_auth, allow_dev_token, allow_test_users;
    int64_t token_hours, session_days;
    const char *registration, *register_roles;
    const char *admin_password, *admin_password_file;
    int64_t audit_days, trash_days, failed_days, scrub_minutes;
    const char *cors_origins, *trusted_proxies;
    int64_t connections_max, connections_per_address, requests_max, idle_s;
    int64_t quota_jobs, quota_universes, quota_storage_mb, disk_reserve_mb;
    bool rate_limit_enabled;
    const char *rate_default, *rate_auth, *rate_agents, *rate_generation; /* "count/seconds" */
    const char *environment;
    const char *video_provider;
    int64_t slots;
    int64_t upload_max_mb, upload_hours, cache_mb, import_s;
    const char *import_private;
    const char *media_access;
    const char *upload_types;
    const char *worker_program;
    bool strict_sandbox;
    bool request_logging;
    const char *log_level, *log_format;
};

extern const struct shape settings_shape;

/* Reads the settings. `overrides` (may be NULL) is an object of setting names, from the command line. `file`
 * NULL: $UMAM_CONFIG, or `.env` in the working folder when it is there. Fails with INVALID naming setting and
 * source. */
bool settings_load(struct arena *mem, const struct json *overrides, const char *file, struct settings *out,
                   struct error *err) MUST_USE;

/* Wipes the secret settings out of this process' environment, once they were read: neither a program it
 * starts nor /proc tells them. Call it while there is one thread. */
void settings_forget_secrets(void);

/* The documented example file: every setting with its default. */
void settings_example(struct buf *out);
