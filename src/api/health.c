/* Root and health: whether it lives, whether it is ready, and what it consists of. */
#include "api/app.h"

#include "base/text.h"
#include "base/time.h"
#include "library/storage.h"

#include <sys/utsname.h>

static bool root(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rq;
    (void)err;
    struct json_out out = reply_json(rp);
    json_put_open(&out, '{');
    json_put_pair(&out, "message", "Welcome to the Unified Media Asset Manager API");
    json_put_pair(&out, "docs", "/docs");
    json_put_close(&out, '}');
    return true;
}

static bool live(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rq;
    (void)err;
    struct json_out out = reply_json(rp);
    json_put_raw(&out, "{\"status\":\"alive\"}");
    return true;
}

static bool database_works(struct app *app, struct error *err)
{
    int64_t users;
    return db_count(app->lib.db, SQL_USER_COUNT, NO_ARGS, &users, err);
}

static bool ready(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const bool good = database_works(app, err) && blobs_writable(&app->lib.blobs, err);
    struct json_out out = reply_json(rp);
    json_put_raw(&out, good ? "{\"status\":\"ready\"}" : "{\"status\":\"not_ready\"}");
    reply_status(rp, good ? 200 : 503);
    return true;
}

/* "name": {"status": "healthy"} or with the reason. */
static bool put_check(struct json_out *out, const char *name, bool good, const struct error *why)
{
    json_put_key(out, name);
    json_put_open(out, '{');
    json_put_pair(out, "status", good ? "healthy" : "unhealthy");
    if (!good) json_put_pair(out, "error", why->text);
    return good;
}

/* Its layers, and which of them this kernel lacks. */
static void put_sandbox(struct json_out *out, struct worker *worker)
{
    const struct worker_layers layers = worker_layers(worker);
    json_put_key(out, "sandbox");
    json_put_open(out, '{');
    json_put_key(out, "landlock_abi");
    json_put_int(out, layers.landlock);
    const struct {
        const char *name;
        bool on;
    } flags[] = { { "seccomp", layers.seccomp },
                  { "rlimits", layers.rlimits },
                  { "no_new_privs", layers.no_new_privs } };
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        json_put_key(out, flags[i].name);
        json_put_bool(out, flags[i].on);
    }
    json_put_pair(out, "missing", worker_layers_missing(&layers));
    json_put_close(out, '}');
}

/* A program that works for the server; NULL: there is none. */
static void put_program(struct json_out *out, const char *name, struct worker *worker, const char *gone)
{
    struct error why;
    fail(&why, CAUSE_UNAVAILABLE, "%s", gone);
    put_check(out, name, worker && worker_alive(worker) && worker_allowed(worker, &why), &why);
    if (worker) put_sandbox(out, worker);
    json_put_close(out, '}');
}

static void put_network(struct json_out *out, const struct app *app)
{
    json_put_key(out, "network");
    json_put_open(out, '{');
    json_put_pair(out, "outgoing", app->offline ? "impossible" : "possible");
    json_put_close(out, '}');
}

static void put_jobs(struct json_out *out, const struct app *app)
{
    const struct work_load load = work_load(app->generation.work);
    json_put_key(out, "jobs");
    json_put_open(out, '{');
    json_put_key(out, "running");
    json_put_int(out, load.running);
    json_put_key(out, "slots");
    json_put_int(out, load.slots);
    json_put_key(out, "paused");
    json_put_bool(out, load.paused);
    json_put_close(out, '}');
}

/* What the background scrub found: a reason to look, not to stop serving. */
static void put_storage(struct json_out *out, struct app *app, struct arena *mem)
{
    struct storage_scrub scrub = { 0 };
    struct error why = { 0 };
    const bool known = storage_scrub_get(&app->lib, mem, &scrub, &why);
    if (known && scrub.faults)
        fail(&why, CAUSE_BAD_MEDIA, "%lld stored files are not what they were; `umam check` tells which",
             (long long)scrub.faults);
    put_check(out, "storage", known && !scrub.faults, &why);
    json_put_key(out, "damaged");
    json_put_int(out, scrub.faults);
    json_put_pair(out, "last_scrub", time_text(mem, scrub.last_at));
    json_put_close(out, '}');
}

/* `all`: also what would help a stranger to find out how well this server is protected and how busy it is. */
static bool put_checks(struct json_out *out, struct app *app, struct arena *mem, bool all)
{
    struct error err = { 0 };
    json_put_key(out, "checks");
    json_put_open(out, '{');
    bool good = put_check(out, "database", database_works(app, &err), &err);
    json_put_pair(out, "type", "sqlite");
    json_put_close(out, '}');
    const bool writable = blobs_writable(&app->lib.blobs, &err);
    good &= writable;
    if (all) {
        put_check(out, "media", writable, &err);
        json_put_close(out, '}');
        put_storage(out, app, mem);
        put_network(out, app);
        put_program(out, "worker", app->worker, /* started again by itself: not a reason to be unhealthy */
                    "the media worker is not running; it is started again with the next job");
        put_program(out, "fetcher", app->net, "nothing is fetched until the server is restarted");
        put_jobs(out, app);
    }
    json_put_key(out, "providers");
    json_put_raw(out, "{\"configured\":[\"local\",\"mock\"],\"not_configured\":[]}");
    json_put_close(out, '}');
    return good;
}

static bool health(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct app *const app = rq->app;
    struct utsname host;
    uname(&host);
    struct json_out out = reply_json(rp);
    AUTO(buf) struct buf checks = BUF(8192);
    struct json_out inner = { .buf = &checks };
    const bool good = put_checks(&inner, app, rq->mem, rq->caller.may & MAY_ADMIN);
    json_put_open(&out, '{');
    json_put_pair(&out, "status", good ? "healthy" : "unhealthy");
    json_put_pair(&out, "timestamp", arena_printf(rq->mem, "%sZ", time_text(rq->mem, time_now())));
    json_put_pair(&out, "version", UMAM_VERSION);
    json_put_pair(&out, "environment", app->settings->environment);
    json_put_raw(&out, buf_str(&checks));
    json_put_key(&out, "system");
    json_put_open(&out, '{');
    json_put_pair(&out, "platform", host.sysname);
    json_put_pair(&out, "architecture", host.machine);
    json_put_close(&out, '}');
    json_put_close(&out, '}');
    reply_status(rp, good ? 200 : 503);
    return true;
}

struct status_out {
    const char *status;
};

static const struct field status_fields[] = {
    TEXT(struct status_out, status, .doc = "alive, ready or not_ready."),
    { 0 },
};
static const struct shape status_shape = SHAPE("Status", struct status_out, status_fields);

struct root_out {
    const char *message, *docs;
};

static const struct field root_fields[] = {
    TEXT(struct root_out, message, .doc = "A welcome."),
    TEXT(struct root_out, docs, .doc = "Where the API is described."),
    { 0 },
};
static const struct shape root_shape = SHAPE("Root", struct root_out, root_fields);

struct health_out {
    const char *status, *timestamp, *version, *environment;
    const struct json *checks, *system;
};

static const struct field health_fields[] = {
    TEXT(struct health_out, status, .doc = "healthy or unhealthy; unhealthy answers 503."),
    TEXT(struct health_out, timestamp, .doc = "Now, UTC."),
    TEXT(struct health_out, version, .doc = "Version of UMAM."),
    TEXT(struct health_out, environment, .doc = "The setting ENVIRONMENT."),
    JSON(struct health_out, checks,
         .doc = "Database and providers; for administrators also media folder, stored files, network, worker "
                "and fetcher with their sandboxes, jobs."),
    JSON(struct health_out, system, .doc = "Platform and architecture."),
    { 0 },
};
static const struct shape health_shape = SHAPE("Health", struct health_out, health_fields);

const struct route health_routes[] = {
    { METHOD_GET, "/", root, .needs = NEED_NOTHING, .rate = RATE_NONE, .out = &root_shape, .tag = "health",
      .doc = "Says hello." },
    { METHOD_GET, "/health", health, .needs = NEED_NOTHING, .optional_login = true, .rate = RATE_NONE,
      .out = &health_shape, .other_status = 503, .tag = "health",
      .doc = "Tells how it is, and an administrator how every part is." },
    { METHOD_GET, "/health/live", live, .needs = NEED_NOTHING, .rate = RATE_NONE, .out = &status_shape,
      .tag = "health", .doc = "Answers while the process lives." },
    { METHOD_GET, "/health/ready", ready, .needs = NEED_NOTHING, .rate = RATE_NONE, .out = &status_shape,
      .other_status = 503, .tag = "health", .doc = "200 when requests can be served, else 503." },
    { 0 },
};
