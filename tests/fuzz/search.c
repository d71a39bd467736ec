/* A search over a small library. First lines: order, direction, tags, cursor; the rest is what was typed.
 * Every text is a search, its pages one by one hold what all of them hold at once, and what is shown as HTML
 * has no tags but the marks. */
#include "fuzz.h"

#include "library/search.h"

#include <unistd.h>

enum { ROWS = 12, TYPED_MAX_BYTES = 1000, PAGES_MAX = 2 * ROWS };

static const struct actor mira = { .subject = "mira" };
static const char *const sorts[] = { "created", "title", "duration", "size", "rating", "relevance" };
static struct library lib;
static char folder[] = "/tmp/umam-fuzz-XXXXXX";

static void end(void)
{
    char command[64];
    db_close(lib.db);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", folder);
}

static bool put(struct tx *tx, void *with, struct error *err)
{
    static const char *const titles[] = { "Red fox", "fox <b>&", "caf\xC3\xA9 live", NULL };
    static const char *const tags[] = { "red", "Wild life" };
    AUTO(arena) struct arena mem = { 0 };
    for (int i = 0; i < ROWS; i++) {
        struct asset asset = asset_new(&mem, "mira", "image", &(struct media_facts){ .duration_s = i % 5 });
        asset.title = titles[i % 4];
        asset.description = "The quick brown fox jumps over mountains and mountaineers";
        asset.prompt = i % 2 ? "a fox's \"den\", by night" : NULL;
        asset.tags = (struct texts){ (const char **)(uintptr_t)tags, (size_t)i % 3 };
        asset.rating = i % 3;
        asset.file_path = arena_printf(&mem, "images/%d.png", i);
        struct asset_line lines[] = { { 1, 2, "the fox says <i>" }, { 2, 3, "good morning" } };
        if (!asset_put(tx, &asset, err) ||
            (i % 4 == 0 && !asset_analysed(tx, &asset, &(struct list){ lines, 2 }, err)))
            return false;
    }
    return *(bool *)with = true;
}

static struct library *library(void)
{
    char path[sizeof folder + 16];
    struct error err;
    bool filled = false;
    int64_t waits = 1;
    if (lib.db) return &lib;
    EXPECT(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/umam.db", folder);
    EXPECT(db_open(path, &lib.db, &err) && db_write(lib.db, put, &filled, &err) && filled);
    while (waits) EXPECT(db_count(lib.db, SQL_INDEX_WAITS, NO_ARGS, &waits, &err));
    atexit(end);
    return &lib;
}

/* Marks, one after the other, and nothing else that looks like HTML. */
static void check_html(const char *html)
{
    bool open = false;
    for (const char *at = html; at && (at = strpbrk(at, "<>")); open = !open) {
        const char *const mark = open ? "</mark>" : "<mark>";
        EXPECT(text_starts(at, mark));
        at += strlen(mark);
    }
    EXPECT(!open);
}

static void check_row(const struct found_asset *row)
{
    const struct search_hit *const hits = row->hits.items;
    check_html(row->snippet);
    for (size_t i = 0; i < row->hits.count; i++) check_html(hits[i].line);
}

/* Page by page what `whole` shows. */
static void check_pages(struct arena *mem, struct assets_query query, const struct assets_page *whole)
{
    const struct found_asset *const rows = whole->assets.items;
    struct error err;
    size_t seen = 0;
    query.limit = 5;
    for (int pages = 0; pages < PAGES_MAX; pages++) {
        struct assets_page page;
        EXPECT(assets_search(library(), mem, &mira, &query, &page, &err));
        const struct found_asset *const shown = page.assets.items;
        for (size_t i = 0; i < page.assets.count; i++, seen++)
            EXPECT(seen < whole->assets.count && text_is(shown[i].id, rows[seen].id));
        query.cursor = page.next_cursor;
        if (!query.cursor) break;
    }
    EXPECT(!query.cursor && seen == whole->assets.count);
}

FUZZ(mem, in)
{
    struct assets_query query;
    struct assets_page whole;
    struct error err = { 0 };
    shape_init(&assets_query_shape, &query);
    query.sort = sorts[(size_t)(input_int(in, mem) & 0xFF) % COUNT_OF(sorts)];
    query.order = input_int(in, mem) & 1 ? "asc" : "desc";
    query.tag = input_line(in, mem);
    query.cursor = input_line(in, mem);
    query.q = input_rest(in, mem);
    if (strlen(query.q) > TYPED_MAX_BYTES || !text_valid_utf8(query.q, strlen(query.q)) ||
        strlen(query.tag) > TYPED_MAX_BYTES || !text_valid_utf8(query.tag, strlen(query.tag)))
        return;
    if (!assets_search(library(), mem, &mira, &query, &whole, &err)) {
        EXPECT(err.cause == CAUSE_INVALID && (text_is(err.field, "q") || text_is(err.field, "cursor")));
        return;
    }
    for (size_t i = 0; i < whole.assets.count; i++)
        check_row((const struct found_asset *)whole.assets.items + i);
    check_pages(mem, query, &whole);
}
