#include "library/settings.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "library/role.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const algo_names[] = { "HS256", NULL };
static const char *const provider_names[] = { "local", "mock", NULL };
static const char *const registration_names[] = { "open", "closed", NULL };
static const char *const access_names[] = { "open", "signed", NULL };
static const char *const format_names[] = { "text", "json", NULL };

static const struct field settings_fields[] = {
    TEXT(struct settings, host, .min = 1, .max = 255, .initial_text = "127.0.0.1", .env = "UMAM_HOST",
         .doc = "Address to listen on; 0.0.0.0 for all."),
    INT(struct settings, port, .max = 65535, .initial = 8000, .env = "UMAM_PORT",
        .doc = "Port to listen on; 0 picks a free one."),
    TEXT(struct settings, data_dir, .min = 1, .max = 3000, .initial_text = "data", .env = "UMAM_DATA",
         .doc = "Folder of the database, the media and the generated secret."),
    TEXT(struct settings, jwt_secret, .nullable = true, .secret = true, .min = 16, .max = 4096,
         .env = "JWT_SECRET",
         .doc = "Key that signs tokens; generated and kept in the data folder when empty."),
    ENUM(struct settings, jwt_algo, algo_names, .initial_text = "HS256", .env = "JWT_ALGO",
         .doc = "Signature of tokens."),
    BOOL(struct settings, disable_auth, .env = "DISABLE_AUTH",
         .doc = "Everybody is an administrator called dev. Only for a machine nobody else can reach."),
    BOOL(struct settings, allow_dev_token, .env = "UMAM_ALLOW_DEV_TOKEN",
         .doc = "POST /auth/dev-token hands an administrator's token to anybody. Development only."),
    BOOL(
        struct settings, allow_test_users, .initial = true, .env = "ALLOW_TEST_USERS",
        .doc =
            "An administrator may make the test users with their well-known passwords; never in production."),
    INT(struct settings, token_hours, .min = 1, .max = 8760, .initial = 24, .env = "UMAM_TOKEN_HOURS",
        .doc = "How long a token from a login is good."),
    INT(struct settings, session_days, .min = 1, .max = 3650, .initial = 30, .env = "UMAM_SESSION_DAYS",
        .doc = "How long a login can be refreshed after its last refresh."),
    ENUM(struct settings, registration, registration_names, .initial_text = "open",
         .env = "UMAM_REGISTRATION",
         .doc = "open: anybody may make an account of his own; closed: only administrators make accounts."),
    TEXT(struct settings, register_roles, .max = 200, .initial_text = "viewer,creator",
         .env = "UMAM_REGISTER_ROLES",
         .doc = "Roles of an account that somebody made for himself, comma separated: viewer, creator."),
    TEXT(struct settings, admin_password, .nullable = true, .secret = true, .min = 8, .max = 256,
         .env = "UMAM_ADMIN_PASSWORD",
         .doc =
             "Password of the administrator that the first start makes; random and shown once when empty."),
    TEXT(struct settings, admin_password_file, .nullable = true, .max = 3000,
         .env = "UMAM_ADMIN_PASSWORD_FILE",
         .doc = "File that holds the password of the administrator that the first start makes."),
    INT(struct settings, audit_days, .max = 36500, .initial = 365, .env = "UMAM_AUDIT_DAYS",
        .doc = "How long the audit log is kept; 0 for ever."),
    INT(struct settings, trash_days, .min = 1, .max = 36500, .initial = 30, .env = "UMAM_TRASH_DAYS",
        .doc = "Days until a deleted asset that nothing refers to is removed for good; what cost money never "
               "is."),
    INT(struct settings, failed_days, .max = 36500, .env = "UMAM_FAILED_DAYS",
        .doc = "Days until an asset whose analysis failed is deleted (to quarantine), unless it cost money; "
               "0 for never."),
    INT(struct settings, scrub_minutes, .max = 1440, .initial = 15, .env = "UMAM_SCRUB_MINUTES",
        .doc = "Minutes a day for reading stored files again, to find those that changed on the disk; 0 for "
               "none."),
    TEXT(struct settings, cors_origins, .max = 4000,
         .initial_text = "http://localhost:3000,http://127.0.0.1:3000", .env = "CORS_ORIGINS",
         .doc = "Web origins that may call the API, comma separated."),
    TEXT(struct settings, trusted_proxies, .max = 4000, .initial_text = "", .env = "TRUSTED_PROXIES",
         .doc = "Addresses of proxies whose X-Forwarded-For tells who calls, comma separated."),
    INT(struct settings, connections_max, .min = 8, .max = 1000000, .initial = 12000,
        .env = "UMAM_CONNECTIONS_MAX", .doc = "Open connections; the longest silent one makes room."),
    INT(struct settings, connections_per_address, .max = 1000000, .initial = 256,
        .env = "UMAM_CONNECTIONS_PER_ADDRESS",
        .doc = "Open connections of one address (IPv6: of one /64 network) but TRUSTED_PROXIES; 0 for no "
               "limit."),
    INT(struct settings, requests_max, .min = 1, .max = 10000, .initial = 1000, .env = "UMAM_REQUESTS_MAX",
        .doc = "Requests, downloads and event streams at once; each has a thread."),
    INT(struct settings, idle_s, .min = 1, .max = 3600, .initial = 60, .env = "UMAM_IDLE_S",
        .doc = "Seconds a connection may rest, and a request head may take."),
    INT(struct settings, quota_jobs, .max = 1000000, .initial = 100, .env = "UMAM_QUOTA_JOBS",
        .doc = "Jobs one person may have under way; 0 for no limit."),
    INT(struct settings, quota_universes, .max = 1000000, .initial = 1000, .env = "UMAM_QUOTA_UNIVERSES",
        .doc = "Universes one person may have; 0 for no limit."),
    INT(struct settings, quota_storage_mb, .max = 1 << 30, .env = "UMAM_QUOTA_STORAGE_MB",
        .doc = "MiB of media and of what universes hold that one person may have; 0 for no limit."),
    INT(struct settings, disk_reserve_mb, .max = 1 << 30, .initial = 512, .env = "UMAM_DISK_RESERVE_MB",
        .doc = "MiB that stay free: with less on the disk of the media, whatever adds to it is refused."),
    BOOL(struct settings, rate_limit_enabled, .initial = true, .env = "RATE_LIMIT_ENABLED",
         .doc = "Whoever calls too often has to wait (429); administrators are exempt."),
    TEXT(struct settings, rate_default, .max = 32, .initial_text = "60/60", .env = "UMAM_RATE_DEFAULT",
         .doc = "Requests per seconds for one caller, count/seconds; 0 for no limit."),
    TEXT(struct settings, rate_auth, .max = 32, .initial_text = "5/60", .env = "UMAM_RATE_AUTH",
         .doc = "The same for logging in and registering, for one address."),
    TEXT(struct settings, rate_agents, .max = 32, .initial_text = "10/60", .env = "UMAM_RATE_AGENTS",
         .doc = "The same for strategies."),
    TEXT(struct settings, rate_generation, .max = 32, .initial_text = "5/300", .env = "UMAM_RATE_GENERATION",
         .doc = "The same for starting videos."),
    TEXT(struct settings, environment, .min = 1, .max = 64, .initial_text = "development",
         .env = "ENVIRONMENT",
         .doc = "development or production; production refuses DISABLE_AUTH, the dev token, and a data "
                "folder that "
                "others get into."),
    ENUM(struct settings, video_provider, provider_names, .initial_text = "local", .env = "VIDEO_PROVIDER",
         .doc = "Who makes a video when the request names nobody."),
    INT(struct settings, slots, .max = 64, .env = "UMAM_SLOTS",
        .doc = "Jobs at once; 0 is one per processor."),
    INT(struct settings, upload_max_mb, .min = 1, .max = 1024 * 1024, .initial = 2048,
        .env = "UMAM_UPLOAD_MAX_MB", .doc = "Largest upload in MiB."),
    INT(struct settings, cache_mb, .max = 1 << 30, .initial = 4096, .env = "UMAM_CACHE_MB",
        .doc =
            "MiB of what was made for pages and players and can be made again; what is unused longest goes."),
    ENUM(struct settings, media_access, access_names, .initial_text = "open", .env = "UMAM_MEDIA_ACCESS",
         .doc = "open: whoever knows a media address may use it; signed: it takes a token or a signed link."),
    TEXT(struct settings, upload_types, .max = 200,
         .initial_text = "image:512,video,audio,model:1024,text:64", .env = "UMAM_UPLOAD_TYPES",
         .doc = "What is taken in, each with the MiB that one may have: image, video, audio, model, text."),
    INT(struct settings, import_s, .min = 1, .max = 86400, .initial = 3600, .env = "UMAM_IMPORT_S",
        .doc = "Seconds that fetching a file by its address may take; it may be as large as an upload."),
    TEXT(struct settings, import_private, .max = 1000, .initial_text = "", .env = "UMAM_IMPORT_PRIVATE",
         .doc = "Addresses of private networks that files may be fetched from all the same, separated by "
                "commas: 192.168.1.5"),
    INT(struct settings, upload_hours, .min = 1, .max = 8760, .initial = 24, .env = "UMAM_UPLOAD_HOURS",
        .doc = "How long an upload that came in part waits for the rest."),
    TEXT(struct settings, worker_program, .nullable = true, .max = 3000, .env = "UMAM_WORKER",
         .doc = "Path of umam-media; empty is the one beside umam."),
    BOOL(struct settings, strict_sandbox, .env = "UMAM_STRICT_SANDBOX",
         .doc = "Refuse media work (503) while the kernel lacks a protection layer."),
    BOOL(struct settings, request_logging, .initial = true, .env = "REQUEST_LOGGING_ENABLED",
         .doc = "One log line per request."),
    ENUM(struct settings, log_level, log_level_names, .initial_text = "info", .env = "LOG_LEVEL",
         .doc = "Least level logged."),
    ENUM(struct settings, log_format, format_names, .initial_text = "text", .env = "LOG_FORMAT",
         .doc = "text or json."),
    { 0 },
};
const struct shape settings_shape = SHAPE("Settings", struct settings, settings_fields);

/* ---- the file: NAME=value lines, # comments, optional quotes ---- */

struct entries {
    const char **names, **values;
    size_t count;
};

static char *unquote(struct arena *mem, char *value)
{
    const size_t size = strlen(value);
    const bool quoted = size >= 2 && (*value == '"' || *value == '\'') && value[size - 1] == *value;
    return quoted ? arena_text_n(mem, value + 1, size - 2) : value;
}

static bool parse_line(struct arena *mem, const char *line, struct entries *entries)
{
    char *const text = text_trim(mem, line);
    if (!*text || *text == '#') return true;
    char *const equals = strchr(text, '=');
    if (!equals) return false;
    *equals = '\0';
    entries->names[entries->count] = text_trim(mem, text_starts(text, "export ") ? text + 7 : text);
    entries->values[entries->count++] = unquote(mem, text_trim(mem, equals + 1));
    return true;
}

static bool read_file(struct arena *mem, const char *path, const struct json **out, struct error *err)
{
    const char *text;
    size_t most = 1;
    if (!file_read(mem, path, 1 << 20, &text, NULL, err)) return false;
    for (const char *at = text; *at; at++) most += *at == '\n';
    struct entries entries = { arena_array(mem, most, sizeof(char *)), arena_array(mem, most, sizeof(char *)),
                               0 };
    for (int line = 1; *text; line++) {
        const size_t size = strcspn(text, "\n");
        if (!parse_line(mem, arena_text_n(mem, text, size), &entries)) /* the line itself may hold a secret */
            return fail(err, CAUSE_INVALID, "line %d of the settings file '%s' has no '='", line, path);
        text += size + (text[size] == '\n');
    }
    *out = json_from_pairs(mem, entries.names, entries.values, entries.count);
    return true;
}

/* ---- putting the sources together ---- */

/* A secret that the service manager hands over as the file $CREDENTIALS_DIRECTORY/NAME; NULL when it does
 * not. */
static const char *credential(struct arena *mem, const struct field *field)
{
    const char *const folder = getenv("CREDENTIALS_DIRECTORY"), *text;
    struct error ignored;
    if (!field->secret || text_empty(folder)) return NULL;
    const char *const path = arena_printf(mem, "%s/%s", folder, field->env);
    return file_read(mem, path, 1 << 16, &text, NULL, &ignored) ? text_trim(mem, text) : NULL;
}

/* The value of one setting and where it came from; NULL when it is set nowhere. */
static const char *value_of(struct arena *mem, const struct field *field, const struct json *overrides,
                            const struct json *file, const char **source)
{
    const char *const sources[] = { "the command line", "the environment", "a credential",
                                    "the settings file" };
    const char *const values[] = { json_get_text(overrides, field->name, NULL),
                                   arena_text(mem, getenv(field->env)), credential(mem, field),
                                   json_get_text(file, field->env, NULL) };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        if (!values[i] || (!*values[i] && i > 0)) continue; /* set to nothing is not set */
        *source = sources[i];
        return values[i];
    }
    return NULL;
}

static bool take_setting(const struct field *field, const char *value, const char *source, struct arena *mem,
                         struct settings *out, struct error *err)
{
    const struct field one[] = { *field, { 0 } };
    const struct shape shape = SHAPE("Setting", struct settings, one);
    struct error fault;
    if (!text_valid_utf8(value, strlen(value)))
        return fail(err, CAUSE_INVALID, "the setting %s (%s) is not UTF-8 text", field->env, source);
    if (field->kind == FIELD_ENUM && text_find(field->names, value) < 0)
        value = text_lower(mem, value); /* INFO is info */
    if (field->names == log_level_names && text_is(value, "warning")) value = "warn";
    if (shape_take(&shape, json_from_pairs(mem, &field->name, &value, 1), mem, out, &fault)) return true;
    const char *const takes = field->secret ? NULL : field_takes(field, mem);
    if (!takes)
        return fail(err, CAUSE_INVALID, "the setting %s (%s) is not usable: %s", field->env, source,
                    fault.text);
    return fail(err, CAUSE_INVALID, "the setting %s (%s) is %s, not '%s'", field->env, source, takes,
                text_line(mem, text_cut(mem, value, 64)));
}

static const char *default_file(void)
{
    const char *const named = getenv("UMAM_CONFIG");
    if (!text_empty(named)) return named;
    return access(".env", R_OK) == 0 ? ".env" : NULL;
}

static bool check_register_roles(const struct settings *settings, struct arena *mem, struct error *err)
{
    const struct texts roles = text_split(mem, settings->register_roles, ',');
    struct error why;
    if (!roles_check(&roles, &why))
        return fail(err, CAUSE_INVALID, "the setting UMAM_REGISTER_ROLES is not usable: %s", why.text);
    if (roles_permit(&roles) & ~(unsigned)(MAY_READ | MAY_CREATE))
        return fail(
            err, CAUSE_INVALID,
            "UMAM_REGISTER_ROLES=%s would let anybody reach what belongs to others; leave it at viewer "
            "or viewer,creator",
            settings->register_roles);
    return true;
}

static bool check_together(const struct settings *settings, struct arena *mem, struct error *err)
{
    if (!check_register_roles(settings, mem, err)) return false;
    if (!text_is(settings->environment, "production")) return true;
    if (settings->disable_auth || settings->allow_dev_token)
        return fail(err, CAUSE_INVALID,
                    "ENVIRONMENT=production refuses DISABLE_AUTH and UMAM_ALLOW_DEV_TOKEN; remove them");
    return true;
}

bool settings_load(struct arena *mem, const struct json *overrides, const char *file, struct settings *out,
                   struct error *err)
{
    const struct json *entries = NULL;
    const char *const path = file ? file : default_file();
    if (path && !read_file(mem, path, &entries, err)) return false;
    shape_init(&settings_shape, out);
    for (const struct field *field = settings_fields; field->name; field++) {
        const char *source = NULL;
        const char *const value = value_of(mem, field, overrides, entries, &source);
        if (value && !take_setting(field, value, source, mem, out, err)) return false;
    }
    return check_together(out, mem, err);
}

void settings_forget_secrets(void)
{
    for (const struct field *field = settings_fields; field->name; field++) {
        char *const value = field->secret ? getenv(field->env) : NULL;
        if (!value) continue;
        explicit_bzero(value, strlen(value)); /* /proc shows the bytes, whether the name is set or not */
        unsetenv(field->env);
    }
}

void settings_example(struct buf *out)
{
    buf_text(
        out,
        "# Settings of UMAM. Copy to .env (or name another file in UMAM_CONFIG) and change what you need.\n"
        "# The command line wins over the environment, the environment over this file.\n");
    for (const struct field *field = settings_fields; field->name; field++) {
        buf_printf(out, "\n# %s\n", field->doc);
        if (field->kind == FIELD_INT)
            buf_printf(out, "#%s=%lld\n", field->env, (long long)field->initial);
        else if (field->kind == FIELD_BOOL)
            buf_printf(out, "#%s=%s\n", field->env, field->initial ? "true" : "false");
        else
            buf_printf(out, "#%s=%s\n", field->env, field->initial_text ? field->initial_text : "");
    }
}
