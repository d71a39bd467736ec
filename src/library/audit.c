#include "library/audit.h"

#include "base/id.h"
#include "base/time.h"
#include "library/library.h"
#include "library/page.h"

#include <stdio.h>

static const int64_t minute_us = 60 * (int64_t)SECOND, day_us = 86400 * (int64_t)SECOND;

static const char *const outcome_names[] = { "done", "refused", NULL };

static const struct field audit_entry_fields[] = {
    TEXT(struct audit_entry, id, .format = "uuid", .doc = "UUID."),
    TIME(struct audit_entry, created_at, .doc = "When it happened."),
    TEXT(struct audit_entry, actor, .doc = "Who; empty when nobody knows."),
    TEXT(struct audit_entry, remote, .doc = "Address it came from; local for the command line."),
    TEXT(struct audit_entry, act,
         .doc = "What was done, such as login or universe.delete; denied for any other route."),
    TEXT(struct audit_entry, target, .doc = "What it was done to, or why a login was refused."),
    ENUM(struct audit_entry, outcome, outcome_names, .doc = "done or refused."),
    INT(struct audit_entry, times, .doc = "How often; refusals that repeat within a minute are counted."),
    { 0 },
};
const struct shape audit_entry_shape = SHAPE("AuditEntry", struct audit_entry, audit_entry_fields);

static const struct field audit_query_fields[] = {
    INT(struct audit_query, limit, .min = 1, .max = 1000000, .initial = 100,
        .doc = "Page length; 1000 at most."),
    TEXT(struct audit_query, cursor, .nullable = true, .max = 100,
         .doc = "Where the page begins: what the page before said in X-Next-Cursor."),
    TEXT(struct audit_query, actor, .nullable = true, .max = 200, .doc = "Only what this name did."),
    TEXT(struct audit_query, act, .nullable = true, .max = 64, .doc = "Only this act."),
    TIME(struct audit_query, since, .nullable = true, .doc = "Nothing before this."),
    TIME(struct audit_query, until, .nullable = true, .doc = "Nothing after this."),
    { 0 },
};
const struct shape audit_query_shape = SHAPE("AuditQuery", struct audit_query, audit_query_fields);

/* ---- refusals ---- */

static void cut(char out[AUDIT_TEXT_MAX + 1], const char *text)
{
    AUTO(arena) struct arena mem = { 0 };
    snprintf(out, AUDIT_TEXT_MAX + 1, "%s", text_cut(&mem, text ? text : "", AUDIT_TEXT_MAX));
}

static void post(struct library *lib, const struct refusal *refusal, int64_t times)
{
    db_post(lib->db, SQL_AUDIT_INSERT,
            ARGS(db_text("id", id_new().text), db_int("created_at", time_now()),
                 db_text("actor", refusal->actor), db_text("remote", refusal->remote),
                 db_text("act", refusal->act), db_text("target", refusal->target),
                 db_text("outcome", "refused"), db_int("times", times)));
}

/* What was only counted becomes rows; the next minute begins. With the mutex held. */
static void end_minute(struct library *lib, int64_t now)
{
    struct audit_desk *const desk = &lib->audit;
    static const struct refusal others = { .act = "refusals", .target = "of more kinds than are listed" };
    for (int i = 0; i < desk->count; i++)
        if (desk->refusals[i].again) post(lib, &desk->refusals[i], desk->refusals[i].again);
    if (desk->beyond) post(lib, &others, desk->beyond);
    desk->count = 0;
    desk->beyond = 0;
    desk->began_at = now;
}

static struct refusal *same(struct audit_desk *desk, const struct refusal *as)
{
    for (int i = 0; i < desk->count; i++) {
        struct refusal *const r = &desk->refusals[i];
        if (text_is(r->actor, as->actor) && text_is(r->remote, as->remote) && text_is(r->act, as->act) &&
            text_is(r->target, as->target))
            return r;
    }
    return NULL;
}

static void put_refusal(struct library *lib, const struct refusal *refusal)
{
    struct audit_desk *const desk = &lib->audit;
    const int64_t now = time_mono();
    pthread_mutex_lock(&desk->mutex);
    if (now - desk->began_at >= minute_us) end_minute(lib, now);
    struct refusal *const known = same(desk, refusal);
    if (known) {
        known->again++;
    } else if (desk->count < AUDIT_KINDS_MAX) {
        desk->refusals[desk->count++] = *refusal;
        post(lib, refusal, 1);
    } else {
        desk->beyond++;
    }
    pthread_mutex_unlock(&desk->mutex);
}

void audit_flush(struct library *lib)
{
    pthread_mutex_lock(&lib->audit.mutex);
    end_minute(lib, time_mono());
    pthread_mutex_unlock(&lib->audit.mutex);
}

/* ---- put, list ---- */

/* Once a day. */
static void prune(struct library *lib, int64_t now)
{
    struct audit_desk *const desk = &lib->audit;
    pthread_mutex_lock(&desk->mutex);
    const bool due = desk->keep_days && now - desk->pruned_at >= day_us;
    if (due) desk->pruned_at = now;
    pthread_mutex_unlock(&desk->mutex);
    if (due) db_post(lib->db, SQL_AUDIT_PRUNE, ARGS(db_int("before", now - desk->keep_days * day_us)));
}

bool audit_put(struct library *lib, const struct audit_note *note, struct error *err)
{
    struct refusal cuts = { .again = 0 };
    const int64_t now = time_now();
    cut(cuts.actor, note->actor);
    cut(cuts.remote, note->remote);
    cut(cuts.act, note->act);
    cut(cuts.target, note->target);
    prune(lib, now);
    if (note->refused) {
        put_refusal(lib, &cuts);
        return true;
    }
    return db_run(lib->db, SQL_AUDIT_INSERT,
                  ARGS(db_text("id", id_new().text), db_int("created_at", now), db_text("actor", cuts.actor),
                       db_text("remote", cuts.remote), db_text("act", cuts.act),
                       db_text("target", cuts.target), db_text("outcome", "done"), db_int("times", 1)),
                  NULL, err);
}

static bool wait_body(struct tx *tx, void *with, struct error *err)
{
    (void)tx;
    (void)with;
    (void)err;
    return true;
}

bool audit_list(struct library *lib, struct arena *mem, const struct audit_query *query, struct list *out,
                const char **next_out, struct error *err)
{
    struct cursor before;
    if (!cursor_read(mem, query->cursor, &before, err)) return false;
    if (before.at < 0) before = (struct cursor){ INT64_MAX, "" };
    audit_flush(lib);
    if (!db_write(lib->db, wait_body, NULL, err) || /* what was posted is written before this */
        !db_list(lib->db, SQL_AUDIT_LIST,
                 ARGS(db_text("actor", query->actor), db_text("act", query->act),
                      db_int("since", query->since), db_int("until", query->until ? query->until : INT64_MAX),
                      db_int("before_at", before.at), db_text("before_id", before.id),
                      db_int("limit", page_rows(query->limit))),
                 mem, &audit_entry_shape, out, err))
        return false;
    *next_out = page_cut(out, query->limit) ? page_next(mem, out, &audit_entry_shape) : NULL;
    return true;
}
