#include "store/index.h"
#include "store/query.h"

bool index_catch_up(struct sqlite *lite, struct error *err)
{
    static const enum sql steps[] = {
        SQL_INDEX_ASSETS_FORGET, SQL_INDEX_ASSETS_LEARN, SQL_INDEX_ASSETS_DONE,
        SQL_INDEX_LINES_FORGET,  SQL_INDEX_LINES_LEARN,  SQL_INDEX_LINES_DONE,
    };
    int64_t waits;
    if (!query_count(lite, SQL_INDEX_WAITS, NO_ARGS, &waits, err)) return false;
    for (size_t i = 0; waits && i < COUNT_OF(steps); i++)
        if (!query_run(lite, steps[i], NO_ARGS, NULL, err)) return false;
    return true;
}
