/* What the handlers of the resources work with, and the list of their route tables. */
#pragma once

#include "agent/generation.h"
#include "agent/keeper.h"
#include "api/loads.h"
#include "api/openapi.h"
#include "api/throttle.h"
#include "library/settings.h"
#include "library/universe.h"
#include "library/user.h"
#include "work/worker.h"

struct app {
    const struct settings *settings;
    const char *secret; /* signs tokens */
    struct library lib;
    struct worker *worker, *net; /* umam-media; umam-net, NULL: nothing is fetched */
    struct generation generation;
    struct keeper *keeper;
    struct cache *cache; /* what can be made again */
    struct throttle throttle;
    bool offline; /* the kernel lets this process open no connections */
};

/* NULL-terminated. */
extern const struct route *const app_routes[];
extern const struct openapi_info app_info;

extern const struct route health_routes[], account_routes[], session_routes[], key_routes[], user_routes[],
    production_routes[], universe_routes[], element_routes[], upload_routes[], video_routes[], job_routes[],
    quota_routes[], storage_routes[], trash_routes[], audit_routes[], link_routes[], picture_routes[],
    asset_routes[], collection_routes[], asset_in_routes[], import_routes[], tus_routes[], playback_routes[],
    transcode_routes[], timeline_routes[];

/* The caller as the library knows people. */
struct actor request_actor(const struct request *rq);

/* The universe in the path, if the caller may touch it. */
bool request_universe(struct request *rq, struct universe *out, struct error *err);

/* Runs it in the worker while the caller waits, as one of LOAD_CHECKS, LOAD_VIEWS or LOAD_CONVERSIONS. Only a
 * few of each run at once, and fewer of one caller, so that the jobs of others keep their processors, and
 * whoever looks at things keeps nobody from sending some; waits its turn, and fails with TOO_MANY or
 * UNAVAILABLE when it does not come. */
bool request_run(struct request *rq, enum load load, const struct worker_call *call, void *out,
                 struct error *err) MUST_USE;

/* For server_config.room: quota and disk. */
bool upload_room(struct request *rq, int64_t own_bytes, int64_t all_bytes, struct error *err);

/* Only an administrator may go before everybody else: FORBIDDEN for a priority above 0. */
bool request_may_prioritise(const struct request *rq, int64_t priority, struct error *err);

/* For auth_rules.admit: an account that was switched off, a session that ended, or a token that was taken
 * back gets in no more. */
bool account_admit(void *app, struct arena *mem, struct caller *caller, struct error *err);

/* For auth_rules.version. */
uint64_t account_version(void *app);

/* For auth_rules.unlock. */
bool account_unlock(void *app, struct arena *mem, const char *key, struct caller *caller, struct error *err);

/* For auth_rules.audit: notes acts of the route table, and whoever was not let. */
void account_audit(struct request *rq, enum cause cause);

/* A token for this subject, good for settings.token_hours; `session_id` may be NULL. */
const char *account_token(const struct app *app, struct arena *mem, const char *subject,
                          const struct texts *roles, const char *session_id);
