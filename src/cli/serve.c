/* The server: everything opened in floor order, closed the other way round. */
#include "api/app.h"
#include "api/listener.h"
#include "api/server.h"
#include "base/file.h"
#include "base/log.h"
#include "base/offline.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/instance.h"
#include "cli/notify.h"
#include "library/cache.h"
#include "library/restore.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

struct instance {
    struct settings settings;
    struct app app;
    struct work *work;
    struct server *server;
    struct rate *rates;
    int listener, port;
    const char *first_password; /* of a new administrator; NULL when there was one */
};

/* On an empty database: with the password of the settings, or a random one that is shown once. */
static bool first_admin(struct instance *in, struct arena *mem, struct error *err)
{
    const char *given = in->settings.admin_password;
    int64_t users = 0;
    if (!db_count(in->app.lib.db, SQL_USER_COUNT, NO_ARGS, &users, err)) return false;
    if (!users && !given && in->settings.admin_password_file) {
        if (!file_read(mem, in->settings.admin_password_file, 4096, &given, NULL, err)) return false;
        given = text_trim(mem, given);
    }
    return user_first_admin(&in->app.lib, mem, given, &in->first_password, err);
}

/* Whoever gets at the signing key is an administrator. */
static bool check_private(const struct settings *settings, struct arena *mem, struct error *err)
{
    struct error why;
    if (instance_private(mem, settings, &why)) return true;
    if (text_is(settings->environment, "production")) {
        *err = why;
        return false;
    }
    log_warn("data folder open to others", LOG_TEXT("reason", why.text));
    return true;
}

static bool open_library(struct instance *in, struct arena *mem, struct error *err)
{
    struct app *const app = &in->app;
    app->lib.quota = instance_quota(&in->settings);
    return file_make_dirs(in->settings.data_dir, err) && check_private(&in->settings, mem, err) &&
           restore_settle(in->settings.data_dir, err) &&
           db_open(instance_database(mem, &in->settings), &app->lib.db, err) &&
           instance_secret(mem, &in->settings, true, &app->secret, err) &&
           (app->lib.audit.keep_days = in->settings.audit_days, true) &&
           blobs_open(instance_media(mem, &in->settings), &app->lib.blobs, err) &&
           blobs_recover(&app->lib.blobs, asset_file_known, &app->lib, err) &&
           cache_open(instance_cache(mem, &in->settings), in->settings.cache_mb << 20,
                      app->lib.quota.disk_reserve_bytes, &app->cache, err) &&
           arrivals_open(instance_uploads(mem, &in->settings), in->settings.upload_hours * 3600 * SECOND,
                         &app->lib.arrivals, err) &&
           first_admin(in, mem, err);
}

/* Says in the log what does not protect media work. */
static void check_layers(const struct settings *settings, struct worker *worker, const char *program)
{
    struct worker_layers layers;
    struct error err;
    if (!worker) return;
    if (!worker_ready(worker, &layers, &err)) { /* started again by the next task that needs it */
        log_error("program not ready", LOG_TEXT("program", program), LOG_TEXT("error", err.text));
        return;
    }
    const char *const missing = worker_layers_missing(&layers);
    if (missing)
        log_warn("sandbox incomplete", LOG_TEXT("program", program), LOG_TEXT("missing", missing),
                 LOG_INT("landlock", layers.landlock),
                 LOG_TEXT("media_work", settings->strict_sandbox ? "refused" : "goes on"));
}

static void check_all_layers(const struct settings *settings, const struct app *app)
{
    check_layers(settings, app->worker, "umam-media");
    check_layers(settings, app->net, "umam-net");
}

static bool open_work(struct instance *in, struct error *err)
{
    struct app *const app = &in->app;
    if (in->settings.strict_sandbox) worker_insist(app->worker);
    if (in->settings.strict_sandbox && app->net) worker_insist(app->net);
    app->generation = (struct generation){ .lib = &app->lib,
                                           .net = app->net,
                                           .default_provider = in->settings.video_provider };
    if (!filetype_rules_read(in->settings.upload_types, &app->generation.types, err)) return false;
    app->generation.imports = (struct import_rules){ .max_bytes = in->settings.upload_max_mb << 20,
                                                     .wait_s = in->settings.import_s };
    const struct work_config config = { .db = app->lib.db,
                                        .worker = app->worker,
                                        .kinds = generation_job_kinds,
                                        .app = &app->generation,
                                        .quota = &app->lib.quota,
                                        .slots = (int)in->settings.slots };
    return work_open(&config, &in->work, err);
}

/* Every connection is a descriptor, and every request may need two more. What the system does not give cannot
 * be promised. */
static unsigned connections_max(const struct settings *settings)
{
    struct rlimit limit;
    const rlim_t others = 512 + 2 * (rlim_t)settings->requests_max;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return (unsigned)settings->connections_max;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= others + (rlim_t)settings->connections_max)
        return (unsigned)settings->connections_max;
    const rlim_t left = limit.rlim_cur > others + 64 ? limit.rlim_cur - others : 64;
    log_warn("few descriptors", LOG_INT("limit", limit.rlim_cur), LOG_INT("connections", left));
    return (unsigned)left;
}

static bool open_rates(struct instance *in, struct rate_rules *out, struct error *err)
{
    const struct settings *const s = &in->settings;
    const struct {
        const char *env, *text;
    } rows[] = { [RATE_DEFAULT] = { "UMAM_RATE_DEFAULT", s->rate_default },
                 [RATE_AUTH] = { "UMAM_RATE_AUTH", s->rate_auth },
                 [RATE_AGENTS] = { "UMAM_RATE_AGENTS", s->rate_agents },
                 [RATE_GENERATION] = { "UMAM_RATE_GENERATION", s->rate_generation } };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!rate_limit_parse(rows[i].text, &out->limits[i]))
            return fail(err, CAUSE_INVALID, "the setting %s is count/seconds such as 60/60, not '%s'",
                        rows[i].env, rows[i].text);
    if (!s->rate_limit_enabled) return true;
    if (!rate_open(&in->rates, err)) return false;
    out->table = in->rates;
    return true;
}

static bool open_server(struct instance *in, struct arena *mem, struct error *err)
{
    const struct settings *const settings = &in->settings;
    struct rate_rules rates = { 0 };
    if (!open_rates(in, &rates, err)) return false;
    const struct server_config config = {
        .port = in->port,
        .listener = fd_take(&in->listener),
        .tables = app_routes,
        .app = &in->app,
        .auth = { .secret = in->app.secret,
                  .disabled = settings->disable_auth,
                  .admit = account_admit,
                  .unlock = account_unlock,
                  .version = account_version,
                  .audit = account_audit },
        .cors_origins = text_split(mem, settings->cors_origins, ','),
        .rates = rates,
        .room = upload_room,
        .connections_max = connections_max(settings),
        .requests_max = (unsigned)settings->requests_max,
        .address_max = (unsigned)settings->connections_per_address,
        .idle_s = (unsigned)settings->idle_s,
        .trusted_proxies = text_split(mem, settings->trusted_proxies, ','),
        .upload_dir = in->app.lib.blobs.root,
        .title = app_info.title,
        .doc = app_info.doc,
        .file_max = settings->upload_max_mb << 20,
        .log_requests = settings->request_logging,
    };
    return server_start(&config, &in->server, err);
}

/* Before the server gives up connecting: what it starts later may not either. */
static void open_net(struct instance *in)
{
    struct error why;
    if (!worker_open_net(in->settings.import_private, &in->app.net, &why))
        log_warn("no files are fetched", LOG_TEXT("reason", why.text));
}

/* Opens the port, and after that neither the server nor the worker can open a connection to anybody. */
static bool open_port(struct instance *in, struct error *err)
{
    struct error why;
    if (!listener_open(in->settings.host, (int)in->settings.port, &in->listener, &in->port, err))
        return false;
    in->app.offline = offline_enter(&why);
    if (!in->app.offline) log_warn("outgoing connections are possible", LOG_TEXT("reason", why.text));
    return true;
}

static void close_all(struct instance *in)
{
    fd_cleanup(&in->listener);
    server_stop(in->server);
    rate_close(in->rates);
    throttle_close(&in->app.throttle);
    keeper_close(in->app.keeper);
    work_close(in->work);
    worker_close(in->app.worker);
    worker_close(in->app.net);
    cache_close(in->app.cache);
    blobs_close(&in->app.lib.blobs);
    arrivals_close(&in->app.lib.arrivals);
    if (in->app.lib.db) audit_flush(&in->app.lib);
    db_close(in->app.lib.db);
}

static void greet(const struct instance *in, struct arena *mem)
{
    const struct settings *const s = &in->settings;
    const char *const data = text_is(s->data_dir, "data") ? "" : arena_printf(mem, " --data %s", s->data_dir);
    const char *const host = text_is(s->host, "0.0.0.0") || text_is(s->host, "::") ? "127.0.0.1" : s->host;
    const char *const base = arena_printf(mem, "http://%s:%d", host, server_port(in->server));
    char program[4096];
    const ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    program[size > 0 ? size : 0] = '\0';
    say("\nUMAM %s is ready at %s  (API description: %s/docs)\n", UMAM_VERSION, base, base);
    if (in->first_password)
        say("\nAn administrator was made. This is the only time the password is shown:\n\n"
            "    user admin   password %s\n",
            in->first_password);
    say("\nLog in:    curl -s %s/auth/login -H 'Content-Type: application/json' \\\n"
        "             -d '{\"username\":\"admin\",\"password\":\"%s\"}'\n"
        "\nMake a video (the token is minted from the data folder, no login needed):\n\n"
        "curl -s %s/api/video/generate -H \"Authorization: Bearer $(%s token%s)\" "
        "-H 'Content-Type: application/json' -d '{\"prompt\":\"a lighthouse at sunset\",\"mood\":60}'\n\n"
        "See how far it is, then play the file in %s/media/videos:\n\n"
        "curl -s %s/api/video/jobs -H \"Authorization: Bearer $(%s token%s)\"\n\nCtrl-C stops the "
        "server.\n\n",
        base, in->first_password ? in->first_password : "...", base, size > 0 ? program : "umam", data,
        s->data_dir, base, size > 0 ? program : "umam", data);
}

/* The same for programs, in one line. */
static void say_ready(const struct instance *in)
{
    AUTO(buf) struct buf text = BUF(4096);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_key(&out, "ready");
    json_put_bool(&out, true);
    json_put_key(&out, "port");
    json_put_int(&out, server_port(in->server));
    if (in->first_password) json_put_pair(&out, "admin_password", in->first_password);
    json_put_close(&out, '}');
    say("%s\n", buf_str(&text));
}

/* Until SIGINT or SIGTERM, which all threads have blocked. */
static void wait_for_stop(const sigset_t *stop)
{
    int signal = 0;
    while (sigwait(stop, &signal) == EINTR) continue;
    log_info("stopping", LOG_TEXT("signal", signal == SIGINT ? "SIGINT" : "SIGTERM"));
}

static bool run(struct cli *cli, struct error *err)
{
    struct instance in = { .listener = -1,
                           .app = { .lib = { .blobs = { .folder = -1 }, .arrivals = { .folder = -1 } } } };
    in.app.settings = &in.settings;
    if (!settings_load(cli->mem, cli->options, json_get_text(cli->options, "config", NULL), &in.settings,
                       err))
        return false;
    settings_forget_secrets();
    log_setup((enum log_level)text_find(log_level_names, in.settings.log_level),
              text_is(in.settings.log_format, "json"));
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    /* the worker loads its libraries while the rest opens */
    open_net(&in);
    bool good = open_port(&in, err) && worker_open(in.settings.worker_program, &in.app.worker, err) &&
                open_library(&in, cli->mem, err) && open_work(&in, err);
    in.app.generation.work = in.work;
    good =
        good && keeper_open(&(struct keeper_config){ &in.app.lib, &in.app.generation, in.settings.trash_days,
                                                     in.settings.failed_days, in.settings.scrub_minutes },
                            &in.app.keeper, err);
    if (good && in.settings.strict_sandbox)
        check_all_layers(&in.settings, &in.app); /* before the first request */
    good = good && throttle_open(&in.app.throttle, err) && open_server(&in, cli->mem, err) &&
           client_leave_address(cli->mem, &in.settings, server_port(in.server), err);
    if (good) {
        if (cli->json)
            say_ready(&in);
        else
            greet(&in, cli->mem);
        notify("READY=1");
        if (!in.settings.strict_sandbox) check_all_layers(&in.settings, &in.app);
        wait_for_stop(&stop);
        notify("STOPPING=1");
    }
    if (!good && in.first_password) /* shown once, also when the start failed after it was made */
        say("An administrator was made: user admin, password %s\n", in.first_password);
    if (in.server) client_remove_address(cli->mem, &in.settings);
    close_all(&in);
    if (good) log_info("stopped");
    return good;
}

const struct command command_serve = {
    .name = "serve",
    .summary = "runs the server",
    .usage = "[--host H] [--port N] [--data DIR] [options]",
    .text = "Everything it keeps lies in the data folder; two servers need two folders.\n"
            "example: umam serve --port 8000 --data ./data",
    .takes_settings = true,
    .run = run,
};
