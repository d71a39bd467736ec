/* Pages of a search while rows come and go, and the ways a search is answered: which one is taken must not
 * show. */
#include "library/search.h"
#include "place.h"

enum { ROWS = 48, PAGE = 5, PAGES_MAX = 200 };

struct world {
    struct place place;
    struct arena mem;
    int count; /* assets so far; number n has the title "tN ..." */
};

static const struct actor mira = { .subject = "mira" };

static void world_cleanup(struct world *w)
{
    place_cleanup(&w->place);
    arena_clear(&w->mem);
}

/* Tags say which share of the rows has them: half, tenth, two; every fourth is a stranger's, every thirteenth
 * in quarantine. */
static bool put_next(struct tx *tx, void *with, struct error *error)
{
    static const char *const tags[] = { "all", "half", "tenth", "two" };
    struct world *const w = with;
    const int n = w->count++;
    const size_t count = n == 8 || n == 16 ? 4 : n % 8 == 0 ? 3 : n % 2 == 0 ? 2 : 1;
    struct asset a = asset_new(&w->mem, n % 4 == 3 ? "bob" : "mira", n % 3 ? "image" : "video",
                               &(struct media_facts){ .duration_s = n * 7 % 11 });
    a.title = arena_printf(&w->mem, "%s t%d", n % 5 ? "moss" : "photographs", n);
    a.description = n % 2 ? "a photographer" : "photography";
    a.tags = (struct texts){ (const char **)(uintptr_t)tags, count };
    a.file_size = n * 5 % 13;
    a.rating = n % 6;
    if (n % 13 == 12) a.trashed_at = 1;
    a.file_path = arena_printf(&w->mem, "images/%s.png", a.id);
    return asset_put(tx, &a, error);
}

static bool put_first(struct tx *tx, void *with, struct error *error)
{
    struct world *const w = with;
    while (w->count < ROWS)
        if (!put_next(tx, w, error)) return false;
    return true;
}

static bool put_strangers(struct tx *tx, void *with, struct error *error)
{
    struct world *const w = with;
    for (int i = 0; i < 4 * SEARCH_TRIES; i++) {
        struct asset a = asset_new(&w->mem, "eve", "image", &(struct media_facts){ .duration_s = 1 });
        a.title = "moss";
        a.file_path = arena_printf(&w->mem, "images/%s.png", a.id);
        if (!asset_put(tx, &a, error)) return false;
    }
    return true;
}

/* Writes, and waits for the index, which takes its time over many rows. */
static bool write_all(struct world *w, bool (*body)(struct tx *, void *, struct error *))
{
    int64_t waits = 1;
    if (!db_write(w->place.lib.db, body, w, &err)) return false;
    while (waits) {
        if (!db_count(w->place.lib.db, SQL_INDEX_WAITS, NO_ARGS, &waits, &err)) return false;
        if (waits) usleep(1000);
    }
    return true;
}

static bool world_open(struct world *w) { return place_open(&w->place) && write_all(w, put_first); }

static const struct ask {
    const char *q, *tag, *type;
} asks[] = {
    { NULL, NULL, NULL },
    { NULL, NULL, "video" },
    { NULL, "half", NULL },
    { NULL, "tenth", "image" },
    { NULL, "two", NULL },
    { "photograph*", NULL, NULL },
    { "photograph*", "half", "image" },
    { "moss -t3", "all", NULL },
    { "t8", NULL, NULL },
    { "photogra* photographe*", NULL, "video" },
};

/* What the rows themselves say. */
static bool fits(int n, const struct ask *ask)
{
    const char *const q = ask->q ? ask->q : "", *const tag = ask->tag ? ask->tag : "all";
    if (n % 4 == 3 || n % 13 == 12 || (ask->type && (n % 3 == 0) != text_is(ask->type, "video")))
        return false;
    if (text_is(q, "t8") && n != 8) return false;
    if (text_starts(q, "moss") && (n % 5 == 0 || n == 3)) return false;
    if (text_ends(q, "photographe*") && n % 2 == 0) return false;
    return text_is(tag, "all") || (text_is(tag, "half") && n % 2 == 0) ||
           (text_is(tag, "tenth") && n % 8 == 0) || (text_is(tag, "two") && (n == 8 || n == 16));
}

static int number_of(const struct found_asset *row) { return atoi(strrchr(row->title, 't') + 1); }

/* Page after page, each time with a row more: those that were there are each shown once, no row twice, and
 * the newcomers fit too. */
static void check_pages(struct world *w, struct assets_query query, const struct ask *ask, bool grows)
{
    int seen[ROWS * 40] = { 0 };
    const int before = w->count;
    for (int pages = 0; pages < PAGES_MAX; pages++) {
        struct assets_page page;
        CHECK_OK(assets_search(&w->place.lib, &w->mem, &mira, &query, &page, &err));
        const struct found_asset *const rows = page.assets.items;
        for (size_t i = 0; i < page.assets.count; i++) {
            const int n = number_of(&rows[i]);
            CHECK_MSG(fits(n, ask), "%d does not fit %s %s", n, ask->q, ask->tag);
            seen[n]++;
        }
        query.cursor = page.next_cursor;
        if (!query.cursor) break;
        if (grows && w->count < before + 1) CHECK_OK(write_all(w, put_next));
    }
    CHECK(!query.cursor);
    for (int n = 0; n < w->count; n++) {
        const int most = fits(n, ask), least = n < before ? most : 0;
        CHECK_MSG(seen[n] >= least && seen[n] <= most, "%d was shown %d times by %s %s in the order of %s %s",
                  n, seen[n], ask->q ? ask->q : "-", ask->tag ? ask->tag : "-", query.sort, query.order);
    }
}

TEST(pages_are_whole_while_rows_come_in)
{
    static const char *const sorts[] = { "created", "title", "duration", "size", "rating", "relevance" };
    AUTO(world) struct world w = { 0 };
    CHECK_OK(world_open(&w));
    for (size_t i = 0; i < COUNT_OF(sorts) * COUNT_OF(asks) * 2; i++) {
        const struct ask *const ask = &asks[i / 2 % COUNT_OF(asks)];
        struct assets_query query;
        shape_init(&assets_query_shape, &query);
        query.q = ask->q;
        query.tag = ask->tag;
        query.type = ask->type;
        query.sort = sorts[i / 2 / COUNT_OF(asks)];
        query.order = i % 2 ? "asc" : "desc";
        query.limit = PAGE;
        check_pages(&w, query, ask, false);
        query.limit = PAGE + w.count / 16;
        check_pages(&w, query, ask, true);
    }
}

/* A stranger's many rows in front of a few of mine are no end of mine. */
TEST(few_rows_behind_many_of_others)
{
    AUTO(world) struct world w = { 0 };
    CHECK_OK(world_open(&w));
    CHECK_OK(write_all(&w, put_strangers));
    struct assets_query query;
    shape_init(&assets_query_shape, &query);
    query.limit = PAGE;
    query.q = "moss";
    check_pages(&w, query, &(struct ask){ "moss", NULL, NULL }, false);
    query.q = "moss*";
    query.sort = "title";
    check_pages(&w, query, &(struct ask){ "moss", NULL, NULL }, false);
}

TEST(long_beginnings_are_beginnings)
{
    AUTO(world) struct world w = { 0 };
    static const struct {
        const char *q;
        int64_t count;
    } rows[] = {
        { "photograph*", 33 },    { "PHOTOGRAPHE*", 11 }, { "photographx*", 0 },        { "-photograph*", 0 },
        { "\"a photogr\"*", 11 }, { "photographs*", 7 },  { "photogr\xC3\xA0ph*", 33 },
    };
    CHECK_OK(world_open(&w));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assets_query query;
        struct assets_page page;
        shape_init(&assets_query_shape, &query);
        query.q = rows[i].q;
        CHECK_OK(assets_search(&w.place.lib, &w.mem, &mira, &query, &page, &err));
        CHECK_MSG((int64_t)page.assets.count == rows[i].count, "%s: %zu", rows[i].q, page.assets.count);
        const struct found_asset *const found = page.assets.items;
        for (size_t k = 0; k < page.assets.count; k++)
            CHECK_MSG(strstr(found[k].snippet ? found[k].snippet : "", "<mark>"), "%s: %s", rows[i].q,
                      found[k].title);
    }
}

TEST_MAIN
