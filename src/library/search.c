#include "library/search.h"

#include "library/search_marks.h"
#include "library/search_match.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CURSOR_BYTES = 3000, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

/* The orders, as the query names them. Those with a key are sorted or walked, in the order of the statements.
 */
enum sort { BY_CREATED, BY_TITLE, BY_DURATION, BY_SIZE, BY_RATING, BY_RELEVANCE };
static const char *const sorts[] = { "created", "title", "duration", "size", "rating", "relevance", NULL };

/* Where the words must stand, one try after the other by relevance; other orders take the last. */
static const char *const tiers[] = { "{title}", "{title tags element}", SEARCH_ANYWHERE };
enum { TIERS = COUNT_OF(tiers), ANYWHERE = TIERS - 1 };

/* One search on its way. */
struct search {
    struct library *lib;
    struct arena *mem;
    const struct actor *actor;
    const struct assets_query *query;
    struct search_words words;
    struct search_match match;
    enum search_by by; /* how its rows were found */
    enum sort sort;
    bool rising;
    size_t tier;           /* where the page begins */
    int64_t after_seq;     /* the row before the page */
    const char *after_key; /* its key, as text */
};

/* The match of a tier; without those that the tier before shows. */
static const char *match_of(struct search *s, size_t tier, enum search_by by)
{
    const bool tiered = s->sort == BY_RELEVANCE && s->words.all;
    return search_match_text(&s->match, s->mem, tiers[tier], tiered && tier ? tiers[tier - 1] : NULL, by);
}

/* ---- where the page begins ---- */

static const char *key_of(const struct search *s, const struct found_asset *row)
{
    switch (s->sort) {
    case BY_TITLE:
        return text_lower(s->mem, row->title ? row->title : "");
    case BY_DURATION:
        return isnan(row->duration) ? "-1" : arena_printf(s->mem, "%.17g", row->duration);
    case BY_SIZE:
        return arena_printf(s->mem, "%lld", row->file_size == INT_NONE ? -1 : (long long)row->file_size);
    case BY_RATING:
        return arena_printf(s->mem, "%lld", (long long)row->rating);
    case BY_CREATED:
    case BY_RELEVANCE:
        break;
    }
    return "";
}

/* Before every row. */
static void begin_at_start(struct search *s)
{
    s->after_seq = s->rising ? -1 : INT64_MAX;
    s->after_key = s->sort == BY_TITLE ? (s->rising ? "" : "\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF")
                   : s->rising         ? "-2"
                                       : "1e300";
}

/* order, tier, seq, key. */
static const char *cursor_of(const struct search *s, size_t tier, const struct found_asset *last)
{
    const char *const bytes = arena_printf(s->mem, "%d,%zu,%lld,%s", (int)s->sort * 2 + s->rising, tier,
                                           (long long)last->seq, key_of(s, last));
    const size_t size = strlen(bytes), room = sodium_base64_encoded_len(size, VARIANT);
    if (size > CURSOR_BYTES - 1) return NULL; /* no title is as long */
    return sodium_bin2base64(arena_alloc(s->mem, room), room, (const unsigned char *)bytes, size, VARIANT);
}

static bool read_cursor(struct search *s, struct error *err)
{
    char bytes[CURSOR_BYTES] = "";
    size_t size, tier = 0;
    int order = -1, read = 0;
    long long seq = 0;
    const char *const text = s->query->cursor;
    begin_at_start(s);
    if (text_empty(text)) return true;
    if (sodium_base642bin((unsigned char *)bytes, sizeof bytes - 1, text, strlen(text), NULL, &size, NULL,
                          VARIANT) != 0 ||
        !text_valid_utf8(bytes, size) || sscanf(bytes, "%d,%zu,%lld,%n", &order, &tier, &seq, &read) != 3 ||
        !read || order != (int)s->sort * 2 + s->rising || tier >= TIERS)
        return fail_field(
            err, CAUSE_INVALID, "cursor",
            "this is no cursor of this list in this order; take the one of the page before, or none");
    s->tier = tier;
    s->after_seq = seq;
    s->after_key = arena_text(s->mem, bytes + read);
    return true;
}

/* ---- the rows ---- */

/* Both bounds leave out what they name. */
static void bounds_of(const struct search *s, int64_t *above, int64_t *below)
{
    const bool by_seq = s->sort == BY_CREATED || s->sort == BY_RELEVANCE;
    const int64_t from = s->query->created_from, to = s->query->created_to;
    *above = from ? from - 1 : -1;
    *below = to && to < INT64_MAX ? to + 1 : INT64_MAX;
    if (by_seq && s->rising && s->after_seq > *above) *above = s->after_seq;
    if (by_seq && !s->rising && s->after_seq < *below) *below = s->after_seq;
}

static struct db_value owner_value(const struct search *s)
{
    return db_text("owner_id", s->actor->others ? NULL : s->actor->subject);
}

/* Rows that lead, :limit of them at most, and how many of those the columns keep. */
static bool count_of(struct search *s, enum sql sql, const char *match, int64_t limit, int64_t *out,
                     struct error *err)
{
    int64_t above, below;
    bounds_of(s, &above, &below);
    const struct db_value values[] = { db_text("match", match), db_int("above", above),
                                       db_int("below", below), db_int("limit", limit), owner_value(s) };
    const size_t count = sql == SQL_ASSET_KEPT ? COUNT_OF(values) : COUNT_OF(values) - 1;
    return db_count(s->lib->db, sql, (struct db_args){ values, count, &assets_query_shape, s->query }, out,
                    err);
}

/* How a row that is walked is known to match: by its columns, among all matches, or by the index for each. */
enum way { COLUMNS, AMONG, EACH };

/* Which statement reads another order: few matches are sorted; else the index of the order is walked and each
 * row looked for among all matches, or, where they are many, asked about. */
static bool statement_of(struct search *s, const char *match, enum sql *out, enum way *way_out,
                         struct error *err)
{
    static const enum sql walks[][2] = {
        { SQL_ASSET_WALK_COLUMNS_OWNED_TITLE_ASC, SQL_ASSET_WALK_COLUMNS_ALL_TITLE_ASC },
        { SQL_ASSET_WALK_AMONG_OWNED_TITLE_ASC, SQL_ASSET_WALK_AMONG_ALL_TITLE_ASC },
        { SQL_ASSET_WALK_EACH_OWNED_TITLE_ASC, SQL_ASSET_WALK_EACH_ALL_TITLE_ASC },
    };
    const unsigned place = 2 * (s->sort - BY_TITLE) + (s->rising ? 0 : 1);
    int64_t count = SEARCH_MANY;
    if (!s->match.all && !count_of(s, SQL_ASSET_MATCHES, match, SEARCH_MANY, &count, err)) return false;
    const enum way way = count < SEARCH_MANY ? AMONG : s->match.plain ? COLUMNS : EACH;
    *way_out = way;
    *out = (count < SEARCH_FEW ? SQL_ASSET_SORT_TITLE_ASC : walks[way][s->actor->others]) + place;
    return true;
}

static bool read_keyed(struct search *s, int64_t limit, int64_t offset, struct list *out, struct error *err)
{
    const char *const match = match_of(s, ANYWHERE, BY_LEAD);
    int64_t above, below;
    enum sql sql;
    enum way way;
    if (!statement_of(s, match, &sql, &way, err)) return false;
    bounds_of(s, &above, &below);
    const struct db_value values[] = { db_int("above", above),
                                       db_int("below", below),
                                       db_int("limit", limit),
                                       db_int("offset", offset),
                                       owner_value(s),
                                       db_text("after_key", s->after_key),
                                       db_int("after_seq", s->after_seq),
                                       db_int("by_text", s->sort == BY_TITLE),
                                       db_text("match",
                                               way == EACH ? match_of(s, ANYWHERE, BY_ROW) : match) };
    const size_t count = way == COLUMNS ? COUNT_OF(values) - 1 : COUNT_OF(values);
    const struct db_args args = { values, count, &assets_query_shape, s->query };
    return db_list(s->lib->db, sql, args, s->mem, &found_row_shape, out, err);
}

static bool read_newest(struct search *s, const char *match, int64_t tries, int64_t limit, int64_t offset,
                        struct list *out, struct error *err)
{
    int64_t above, below;
    bounds_of(s, &above, &below);
    const struct db_value values[] = { db_text("match", match), db_int("above", above),
                                       db_int("below", below),  db_int("tries", tries),
                                       db_int("limit", limit),  db_int("offset", offset),
                                       owner_value(s) };
    const struct db_args args = { values, COUNT_OF(values), &assets_query_shape, s->query };
    return db_list(s->lib->db, s->rising ? SQL_ASSET_SEARCH_ASC : SQL_ASSET_SEARCH_DESC, args, s->mem,
                   &found_row_shape, out, err);
}

/* Along what leads; when that was no good for so many rows, by all that is in the index if it was the columns
 * that turned them away, and not ranges. */
static bool read_tier(struct search *s, size_t tier, int64_t limit, int64_t offset, struct list *out,
                      struct error *err)
{
    const char *const match = match_of(s, tier, BY_LEAD);
    int64_t tried, kept;
    if (!s->match.common) return read_newest(s, match, INT64_MAX, limit, offset, out, err);
    if (!read_newest(s, match, SEARCH_TRIES, limit, offset, out, err)) return false;
    if ((int64_t)out->count == limit) return true;
    if (!count_of(s, SQL_ASSET_MATCHES, match, SEARCH_TRIES, &tried, err)) return false;
    if (tried < SEARCH_TRIES) return true;
    if (!count_of(s, SQL_ASSET_KEPT, match, SEARCH_TRIES, &kept, err)) return false;
    s->by = kept < SEARCH_TRIES / 8 ? BY_INDEX : BY_LEAD;
    return read_newest(s, match_of(s, tier, s->by), INT64_MAX, limit, offset, out, err);
}

static bool read_rows(struct search *s, size_t tier, int64_t limit, int64_t offset, struct list *out,
                      struct error *err)
{
    return s->sort == BY_CREATED || s->sort == BY_RELEVANCE ? read_tier(s, tier, limit, offset, out, err)
                                                            : read_keyed(s, limit, offset, out, err);
}

static void append(struct search *s, struct list *to, const struct list *more)
{
    struct found_asset *const all = arena_array(s->mem, to->count + more->count, sizeof *all);
    if (to->count) memcpy(all, to->items, to->count * sizeof *all);
    if (more->count) memcpy(all + to->count, more->items, more->count * sizeof *all);
    *to = (struct list){ all, to->count + more->count };
}

/* Tier after tier until the page is full; other orders have one. */
static bool fill_page(struct search *s, struct assets_page *page, struct error *err)
{
    const bool tiered = s->sort == BY_RELEVANCE && s->words.all;
    const int64_t rows = page_rows(s->query->limit);
    if (!tiered) s->tier = ANYWHERE;
    size_t last_tier = s->tier;
    for (size_t tier = s->tier; tier < TIERS && (int64_t)page->assets.count < rows; tier++) {
        struct list more;
        if (!read_rows(s, tier, rows - (int64_t)page->assets.count, tiered ? 0 : s->query->offset, &more,
                       err))
            return false;
        if (more.count && (int64_t)page->assets.count < rows - 1) last_tier = tier;
        append(s, &page->assets, &more);
        begin_at_start(s);
    }
    if (!page_cut(&page->assets, s->query->limit) || !page->assets.count) return true;
    const struct found_asset *const shown = page->assets.items;
    page->next_cursor = cursor_of(s, last_tier, &shown[page->assets.count - 1]);
    return true;
}

/* Many matches are counted by the index: there it costs less to see which they are. */
static bool count_facets(struct search *s, struct assets_page *page, struct error *err)
{
    if (!s->query->facets) return true;
    int64_t count;
    struct search all = *s;
    all.sort = BY_CREATED;
    begin_at_start(&all);
    const char *const match = match_of(&all, ANYWHERE, BY_LEAD);
    if (!count_of(&all, SQL_ASSET_MATCHES, match, SEARCH_COUNTED, &count, err)) return false;
    int64_t above, below;
    bounds_of(&all, &above, &below);
    const struct db_value values[] = {
        db_text("match", count < SEARCH_COUNTED ? match : match_of(&all, ANYWHERE, BY_INDEX)),
        db_int("above", above), db_int("below", below), db_int("limit", SEARCH_COUNTED), owner_value(s)
    };
    const struct db_args args = { values, COUNT_OF(values), &assets_query_shape, s->query };
    return db_list(s->lib->db, SQL_ASSET_FACETS, args, s->mem, &facet_count_shape, &page->facets, err);
}

bool assets_search(struct library *lib, struct arena *mem, const struct actor *actor,
                   const struct assets_query *query, struct assets_page *out, struct error *err)
{
    struct search s = { .lib = lib, .mem = mem, .actor = actor, .query = query };
    struct assets_page page = { 0 };
    s.sort = (enum sort)text_find(sorts, query->sort);
    s.rising = text_is(query->order, "asc") && s.sort != BY_RELEVANCE;
    if (s.sort == BY_RELEVANCE && query->offset)
        return fail_field(err, CAUSE_INVALID, "offset", "pages by relevance go by cursor, not by offset");
    if (!search_words_read(lib, mem, query->q, &s.words, err)) return false;
    search_match_read(mem, actor, query, &s.words, &s.match);
    if (!read_cursor(&s, err) || !fill_page(&s, &page, err) || !count_facets(&s, &page, err)) return false;
    const bool met = s.sort == BY_CREATED && s.by == BY_LEAD;
    if (s.words.all && !search_marks_add(lib, mem, &s.words, met ? match_of(&s, ANYWHERE, BY_LEAD) : NULL,
                                         &page.assets, err))
        return false;
    *out = page;
    return true;
}
