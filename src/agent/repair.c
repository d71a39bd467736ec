#include "agent/repair.h"

#include "agent/ingest.h"
#include "base/text.h"
#include "base/time.h"

struct repair {
    struct generation *gen;
    const struct check_fault *fault;
    bool queued;
};

/* Rows forget the picture that is not there, the job of the first look makes way for another. */
static bool start_over(struct tx *tx, struct arena *mem, const struct repair *repair,
                       const struct asset *asset, struct error *err)
{
    const struct queue_order order = { .id = asset->id,
                                       .kind = ingest_job_kind.name,
                                       .owner_id = asset->owner_id };
    const struct db_args id = ARGS(db_text("id", asset->id)),
                         url = ARGS(db_text("url", media_url(mem, repair->fault->name)));
    return tx_run(tx, SQL_REPAIR_THUMBNAIL, url, NULL, err) &&
           tx_run(tx, SQL_REPAIR_POSTER, url, NULL, err) && tx_run(tx, SQL_JOB_DELETE, id, NULL, err) &&
           tx_run(tx, SQL_INGEST_AGAIN, ARGS(db_text("id", asset->id), db_int("now", time_now())), NULL,
                  err) &&
           work_put(repair->gen->work, tx, &order, err);
}

static bool repair_body(struct tx *tx, void *with, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct repair *const repair = with;
    struct asset asset;
    bool found;
    int64_t open = 0;
    if (!asset_find(tx, &mem, repair->fault->asset_id, &asset, &found, err) ||
        !tx_count(tx, SQL_REPAIR_OPEN, ARGS(db_text("id", repair->fault->asset_id)), &open, err))
        return false;
    repair->queued = found && !open;
    return !repair->queued || start_over(tx, &mem, repair, &asset, err);
}

/* An original that is not well makes no good copy. */
static bool is_repairable(const struct check_report *report, const struct check_fault *fault)
{
    const struct check_fault *const faults = report->faults.items;
    const char *const derived = check_kind_names[CHECK_DERIVATIVE];
    if (!fault->asset_id || !text_is(fault->kind, derived)) return false;
    for (size_t i = 0; i < report->faults.count; i++)
        if (text_is(faults[i].asset_id, fault->asset_id) && !text_is(faults[i].kind, derived)) return false;
    return true;
}

bool repair_derivatives(struct generation *gen, struct check_report *report, struct error *err)
{
    const struct check_fault *const faults = report->faults.items;
    for (size_t i = 0; i < report->faults.count; i++) {
        struct repair repair = { gen, &faults[i], false };
        if (!is_repairable(report, &faults[i])) continue;
        if (!db_write(gen->lib->db, repair_body, &repair, err)) return false;
        report->repairs += repair.queued;
    }
    if (report->repairs) work_wake(gen->work);
    return true;
}
