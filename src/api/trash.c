/* Deleting assets and bringing them back. */
#include "api/app.h"

#include "base/time.h"
#include "library/trash.h"

static const int64_t day_us = 24 * 3600 * (int64_t)SECOND;

static struct texts one(const struct request *rq, const char **room)
{
    *room = request_param(rq, "asset_id");
    return (struct texts){ room, 1 };
}

static bool drop(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const struct trash_query *const query = rq->query;
    const struct actor actor = request_actor(rq);
    const char *room;
    const struct texts ids = one(rq, &room);
    return trash_put(&app->lib, &actor, &ids, query->reason, err);
}

static bool undo(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    const char *room;
    const struct texts ids = one(rq, &room);
    struct asset asset;
    if (!trash_undo(&app->lib, &actor, &ids, err) ||
        !asset_get(&app->lib, rq->mem, &actor, room, &asset, err))
        return false;
    reply_object(rp, &asset_shape, &asset);
    return true;
}

struct many_in {
    struct texts asset_ids;
    const char *reason;
};

static const struct field many_fields[] = {
    TEXTS(struct many_in, asset_ids, .required = true, .min = 1, .max = TRASH_IDS_MAX,
          .doc = "Ids of assets."),
    TEXT(struct many_in, reason, .nullable = true, .max = TRASH_REASON_MAX,
         .doc = "Why, for those who find them."),
    { 0 },
};
static const struct shape many_shape = SHAPE("TrashRequest", struct many_in, many_fields);

static bool drop_many(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const struct many_in *const in = rq->in;
    const struct actor actor = request_actor(rq);
    return trash_put(&app->lib, &actor, &in->asset_ids, in->reason, err);
}

static bool undo_many(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rp;
    struct app *const app = rq->app;
    const struct many_in *const in = rq->in;
    const struct actor actor = request_actor(rq);
    return trash_undo(&app->lib, &actor, &in->asset_ids, err);
}

struct purge_in {
    int64_t days;
};

static const struct field purge_fields[] = {
    INT(struct purge_in, days, .nullable = true, .max = 36500,
        .doc = "What has been in quarantine for so many days; null: as UMAM_TRASH_DAYS says."),
    { 0 },
};
static const struct shape purge_shape = SHAPE("PurgeRequest", struct purge_in, purge_fields);

static bool purge(struct request *rq, struct reply *rp, struct error *err)
{
    struct app *const app = rq->app;
    const struct purge_in *const in = rq->in;
    const int64_t days = in->days == INT_NONE ? app->settings->trash_days : in->days;
    struct trash_purge report;
    if (!trash_purge(&app->lib, rq->mem, time_now() - days * day_us, rq->caller.subject, NULL, NULL, &report,
                     err))
        return false;
    reply_object(rp, &trash_purge_shape, &report);
    return true;
}

#define ASSET "/api/media/assets/{asset_id}"

const struct route trash_routes[] = {
    { METHOD_DELETE, ASSET, drop, .query = &trash_query_shape, .status = 204, .act = "asset.delete",
      .tag = "library",
      .doc = "Moves an asset to quarantine: it is neither served nor listed any more, and can be brought "
             "back for a while." },
    { METHOD_POST, ASSET "/undo", undo, .out = &asset_shape, .act = "asset.undo", .tag = "library",
      .doc = "Brings it back as it was." },
    { METHOD_POST, "/api/media/trash", drop_many, .body = BODY_JSON, .in = &many_shape, .status = 204,
      .act = "asset.delete", .tag = "library", .doc = "Moves up to 1000 assets to quarantine, all or none." },
    { METHOD_POST, "/api/media/trash/undo", undo_many, .body = BODY_JSON, .in = &many_shape, .status = 204,
      .act = "asset.undo", .tag = "library", .doc = "Brings up to 1000 of them back, all or none." },
    { METHOD_POST, "/api/media/trash/purge", purge, .needs = NEED_ADMIN, .by_key = true, .body = BODY_JSON,
      .in = &purge_shape, .out = &trash_purge_shape, .act = "trash.purge", .tag = "library",
      .doc = "Removes for good what has been in quarantine long enough, is not referred to and cost no "
             "money; the "
             "server does the same by itself." },
    { 0 },
};
