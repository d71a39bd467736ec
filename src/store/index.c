#include "store/index.h"

#include "base/time.h"
#include "store/query.h"

enum { LONG_US = 50 * MS };

/* What a step takes: one asset, whose transcript may be long; short lines by the hundred. */
enum { ASSETS = 1, LINES = 500 };

static const struct step {
    enum sql forget, learn, done;
    int most;
} steps[] = {
    { SQL_INDEX_ASSETS_FORGET, SQL_INDEX_ASSETS_LEARN, SQL_INDEX_ASSETS_DONE, ASSETS },
    { SQL_INDEX_LINES_FORGET, SQL_INDEX_LINES_LEARN, SQL_INDEX_LINES_DONE, LINES },
};

static bool take_step(struct sqlite *lite, const struct step *step, struct error *err)
{
    const struct db_args most = ARGS(db_int("most", step->most));
    return query_run(lite, step->forget, most, NULL, err) && query_run(lite, step->learn, most, NULL, err) &&
           query_run(lite, step->done, most, NULL, err);
}

bool index_waits(struct sqlite *lite, bool *out, struct error *err)
{
    int64_t waits;
    if (!query_count(lite, SQL_INDEX_WAITS, NO_ARGS, &waits, err)) return false;
    *out = waits;
    return true;
}

bool index_catch_up(struct sqlite *lite, bool *behind_out, struct error *err)
{
    const int64_t began = time_mono();
    bool waits;
    do {
        if (!index_waits(lite, &waits, err)) return false;
        for (size_t i = 0; waits && i < COUNT_OF(steps); i++)
            if (!take_step(lite, &steps[i], err)) return false;
    } while (waits && time_mono() - began < LONG_US);
    *behind_out = waits;
    return true;
}
