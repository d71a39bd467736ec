#include "library/quota.h"

#include "base/time.h"

#include <errno.h>
#include <math.h>
#include <sys/statvfs.h>

enum { ASK_AGAIN_S = 10 };

static const struct field quota_row_fields[] = {
    TEXT(struct quota, subject, .doc = "Whom it is about."),
    INT(struct quota, jobs, .nullable = true, .doc = "Jobs under way at most."),
    INT(struct quota, storage_mb, .nullable = true, .doc = "MiB stored at most."),
    TIME(struct quota, updated_at, .doc = "When it was set."),
    { 0 },
};
const struct shape quota_row_shape = SHAPE("QuotaRow", struct quota, quota_row_fields);

static const struct field state_fields[] = {
    TEXT(struct quota_state, subject, .doc = "Whose figures these are."),
    INT(struct quota_state, jobs, .doc = "Jobs that have not ended."),
    INT(struct quota_state, jobs_limit, .nullable = true, .doc = "How many there may be; null for no limit."),
    INT(struct quota_state, storage_bytes, .doc = "Bytes of media and of what universes hold."),
    INT(struct quota_state, storage_limit_bytes, .nullable = true,
        .doc = "How many there may be; null for no limit."),
    { 0 },
};
const struct shape quota_state_shape = SHAPE("Quota", struct quota_state, state_fields);

/* What holds for somebody; 0 is no limit. */
static struct quota_rules rules_of(const struct quota_rules *rules, const struct quota *row)
{
    struct quota_rules own = *rules;
    if (row->jobs != INT_NONE) own.jobs = row->jobs;
    if (row->storage_mb != INT_NONE) own.storage_bytes = row->storage_mb << 20;
    return own;
}

static bool find_rules(struct tx *tx, const struct quota_rules *rules, const char *owner,
                       struct quota_rules *out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct quota row = { .jobs = INT_NONE, .storage_mb = INT_NONE };
    bool found = false;
    if (!tx_find(tx, SQL_QUOTA_GET, ARGS(db_text("subject", owner)), &mem, &quota_row_shape, &row, &found,
                 err))
        return false;
    *out = rules_of(rules, &row);
    return true;
}

/* Rounded up: what does not fit never looks as if it did. */
static double mib(int64_t bytes) { return ceil((double)bytes / (1 << 20) * 10) / 10; }

static bool fits(int64_t used_bytes, int64_t more_bytes, int64_t limit_bytes, struct error *err)
{
    return used_bytes + more_bytes <= limit_bytes ||
           fail(err, CAUSE_TOO_LARGE,
                "your storage is full: this needs %.1f MiB; %.1f of your %.1f MiB are used; remove "
                "something, or ask "
                "for more",
                mib(more_bytes), mib(used_bytes), mib(limit_bytes));
}

static bool storage_fits(struct tx *tx, const struct quota_rules *own, const char *owner, int64_t more_bytes,
                         struct error *err)
{
    int64_t used = 0;
    if (!own->storage_bytes) return true;
    return tx_count(tx, SQL_QUOTA_BYTES_USED, ARGS(db_text("owner_id", owner)), &used, err) &&
           fits(used, more_bytes, own->storage_bytes, err);
}

bool quota_check_storage(struct tx *tx, const struct quota_rules *rules, const char *owner,
                         int64_t more_bytes, struct error *err)
{
    struct quota_rules own;
    return find_rules(tx, rules, owner, &own, err) && storage_fits(tx, &own, owner, more_bytes, err);
}

bool quota_check_job(struct tx *tx, const struct quota_rules *rules, const char *owner, struct error *err)
{
    struct quota_rules own;
    int64_t used = 0;
    if (!rules) return true;
    if (!find_rules(tx, rules, owner, &own, err) || !storage_fits(tx, &own, owner, 1, err)) return false;
    if (!own.jobs) return true;
    if (!tx_count(tx, SQL_QUOTA_JOBS_USED, ARGS(db_text("owner_id", owner)), &used, err)) return false;
    return used < own.jobs ||
           fail_for(err, CAUSE_TOO_MANY, ASK_AGAIN_S * SECOND,
                    "you have %lld jobs under way, and %lld is the most for one person; wait for one to end",
                    (long long)used, (long long)own.jobs);
}

bool quota_check_universe(struct tx *tx, const struct quota_rules *rules, const char *owner,
                          struct error *err)
{
    int64_t used = 0;
    if (!rules->universes) return true;
    if (!tx_count(tx, SQL_QUOTA_UNIVERSES_USED, ARGS(db_text("owner_id", owner)), &used, err)) return false;
    return used < rules->universes ||
           fail(err, CAUSE_CONFLICT,
                "you have %lld universes, and %lld is the most for one person; remove one first",
                (long long)used, (long long)rules->universes);
}

static bool disk_takes(const struct library *lib, int64_t more_bytes, struct error *err)
{
    struct statvfs disk;
    if (!lib->quota.disk_reserve_bytes) return true;
    if (fstatvfs(lib->blobs.folder, &disk) != 0)
        return fail_errno(err, errno, "the room on the disk cannot be told");
    const int64_t left = (int64_t)(disk.f_bavail * disk.f_frsize) - more_bytes;
    return left >= lib->quota.disk_reserve_bytes ||
           fail(err, CAUSE_NO_SPACE,
                "the server's disk is nearly full (%lld MiB left), so nothing new is taken in",
                (long long)(left < 0 ? 0 : left >> 20));
}

bool quota_check_disk(const struct library *lib, struct error *err) { return disk_takes(lib, 0, err); }

static int64_t limit_or_none(int64_t limit) { return limit ? limit : INT_NONE; }

bool quota_get(struct library *lib, struct arena *mem, const char *subject, struct quota_state *out,
               struct error *err)
{
    bool found = false;
    struct quota row = { .jobs = INT_NONE, .storage_mb = INT_NONE };
    struct quota_state state = { .subject = subject };
    if (!db_find(lib->db, SQL_QUOTA_GET, ARGS(db_text("subject", subject)), mem, &quota_row_shape, &row,
                 &found, err) ||
        !db_count(lib->db, SQL_QUOTA_JOBS_USED, ARGS(db_text("owner_id", subject)), &state.jobs, err) ||
        !db_count(lib->db, SQL_QUOTA_BYTES_USED, ARGS(db_text("owner_id", subject)), &state.storage_bytes,
                  err))
        return false;
    const struct quota_rules own = rules_of(&lib->quota, &row);
    state.jobs_limit = limit_or_none(own.jobs);
    state.storage_limit_bytes = limit_or_none(own.storage_bytes);
    *out = state;
    return true;
}

bool quota_check_room(struct library *lib, struct arena *mem, const char *owner, int64_t own_bytes,
                      int64_t all_bytes, struct error *err)
{
    struct quota_state state;
    const int64_t own = own_bytes + arrivals_of(&lib->arrivals, owner),
                  all = all_bytes + arrivals_missing(&lib->arrivals);
    return quota_get(lib, mem, owner, &state, err) &&
           (state.storage_limit_bytes == INT_NONE ||
            fits(state.storage_bytes, own, state.storage_limit_bytes, err)) &&
           disk_takes(lib, all, err);
}

static bool known(int64_t count, const char *subject, struct error *err)
{
    return count ||
           fail(err, CAUSE_NOT_FOUND,
                "no such user: there is no account '%.64s', and nothing belongs to that name", subject);
}

bool quota_known(struct library *lib, const char *subject, struct error *err)
{
    int64_t count = 0;
    return db_count(lib->db, SQL_QUOTA_KNOWS, ARGS(db_text("subject", subject)), &count, err) &&
           known(count, subject, err);
}

/* ---- changing ---- */

static bool change_body(struct tx *tx, void *with, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct quota *const change = with;
    struct quota row = { .jobs = INT_NONE, .storage_mb = INT_NONE };
    const struct db_args subject = ARGS(db_text("subject", change->subject));
    bool found = false;
    int64_t count = 0;
    if (!tx_find(tx, SQL_QUOTA_GET, subject, &mem, &quota_row_shape, &row, &found, err) ||
        !tx_count(tx, SQL_QUOTA_KNOWS, subject, &count, err) || !known(count, change->subject, err))
        return false;
    row.subject = change->subject;
    row.updated_at = time_now();
    if (change->jobs != QUOTA_SAME) row.jobs = change->jobs;
    if (change->storage_mb != QUOTA_SAME) row.storage_mb = change->storage_mb;
    if (row.jobs == INT_NONE && row.storage_mb == INT_NONE)
        return tx_run(tx, SQL_QUOTA_DROP, subject, NULL, err);
    return tx_run(tx, SQL_QUOTA_PUT, ARGS_OF(&quota_row_shape, &row), NULL, err);
}

bool quota_change(struct library *lib, const char *subject, int64_t jobs, int64_t storage_mb,
                  struct error *err)
{
    struct quota change = { .subject = subject, .jobs = jobs, .storage_mb = storage_mb };
    return db_write(lib->db, change_body, &change, err);
}

bool quota_list(struct library *lib, struct arena *mem, struct list *out, struct error *err)
{
    return db_list(lib->db, SQL_QUOTA_LIST, NO_ARGS, mem, &quota_row_shape, out, err);
}
