#include "library/acquaintance.h"

#include "base/time.h"

static int64_t oldest(int64_t now) { return now - ACQUAINTANCE_DAYS * 86400 * (int64_t)SECOND; }

bool acquaintance_put(struct tx *tx, const char *user_id, const char *network, struct error *err)
{
    const int64_t now = time_now();
    return tx_run(tx, SQL_LOGIN_NETWORK_PUT,
                  ARGS(db_text("user_id", user_id), db_text("network", network), db_int("now", now)), NULL,
                  err) &&
           tx_run(tx, SQL_LOGIN_NETWORK_PRUNE,
                  ARGS(db_text("user_id", user_id), db_int("before", oldest(now)),
                       db_int("most", ACQUAINTANCES_MAX)),
                  NULL, err);
}

bool acquaintance_find(struct library *lib, const char *username, const char *network, bool *out,
                       struct error *err)
{
    int64_t count = 0;
    if (!db_count(lib->db, SQL_LOGIN_NETWORK_COUNT,
                  ARGS(db_text("username", username), db_text("network", network),
                       db_int("since", oldest(time_now()))),
                  &count, err))
        return false;
    *out = count > 0;
    return true;
}
