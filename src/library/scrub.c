#include "library/scrub.h"

#include "base/time.h"
#include "library/stock.h"

enum { PAGE = 20 };

struct scrub {
    struct library *lib;
    const struct scrub_watch *watch;
    int64_t began, budget_us, looked;
};

static bool go_on(void *with, double progress, const char *stage)
{
    (void)progress;
    (void)stage;
    const struct scrub *const scrub = with;
    return scrub->watch->go_on(scrub->watch->with);
}

static bool look_at(struct scrub *scrub, const struct stock_item *item, struct error *err)
{
    const struct check_watch watch = { go_on, scrub };
    enum check_kind kind;
    int64_t noted = 0;
    if (!check_one(scrub->lib, &watch, item, &kind, err)) return false;
    const char *const fault = kind == CHECK_KINDS ? NULL : check_kind_names[kind];
    if (!db_run(scrub->lib->db, SQL_SCRUB_NOTE,
                ARGS(db_int("now", time_now()), db_text("fault", fault), db_text("id", item->id),
                     db_text("name", item->name), db_text("checksum", item->checksum)),
                &noted, err))
        return false;
    scrub->looked++;
    if (noted && fault) scrub->watch->found(scrub->watch->with, item->id, fault);
    return true;
}

static bool has_time(const struct scrub *scrub) { return time_mono() - scrub->began < scrub->budget_us; }

static bool look_at_page(struct scrub *scrub, int64_t before, bool *more_out, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list page;
    if (!db_list(scrub->lib->db, SQL_SCRUB_NEXT, ARGS(db_int("before", before), db_int("limit", PAGE)), &mem,
                 &stock_item_shape, &page, err))
        return false;
    *more_out = page.count == PAGE;
    struct stock_item *const items = page.items;
    for (size_t i = 0; i < page.count && has_time(scrub); i++) {
        items[i].original = true;
        if (!look_at(scrub, &items[i], err)) return false;
    }
    return true;
}

bool scrub_run(struct library *lib, int64_t before, int64_t budget_us, const struct scrub_watch *watch,
               int64_t *spent_out, int64_t *looked_out, struct error *err)
{
    struct scrub scrub = { .lib = lib, .watch = watch, .began = time_mono(), .budget_us = budget_us };
    struct error why = { 0 };
    for (bool more = true; more && has_time(&scrub);)
        if (!look_at_page(&scrub, before, &more, &why)) break;
    *spent_out = time_mono() - scrub.began;
    *looked_out = scrub.looked;
    return why.cause == CAUSE_NONE || why.cause == CAUSE_INTERRUPTED || fail(err, why.cause, "%s", why.text);
}
