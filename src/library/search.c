#include "library/search.h"

#include "base/id.h"
#include "library/search_marks.h"
#include "library/search_words.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CURSOR_BYTES = 3000, MATCH_MAX_BYTES = 256 << 10, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

/* The orders, as the query names them. Those with a key are sorted or walked, in the order of the statements.
 */
enum sort { BY_CREATED, BY_TITLE, BY_DURATION, BY_SIZE, BY_RATING, BY_RELEVANCE };
static const char *const sorts[] = { "created", "title", "duration", "size", "rating", "relevance", NULL };

/* Where the words must stand, one try after the other by relevance; other orders take the last. */
static const char *const tiers[] = { "{title}", "{title tags element}",
                                     "{title description tags prompt transcript element}" };
enum { TIERS = COUNT_OF(tiers), ANYWHERE = TIERS - 1 };

/* One search on its way. */
struct search {
    struct library *lib;
    struct arena *mem;
    const struct actor *actor;
    const struct assets_query *query;
    struct search_words words;
    const char *rare, *common; /* filters as words of the index, joined by AND; NULL: none */
    bool plain;                /* nothing is asked for but an order, and ranges */
    enum sort sort;
    bool rising;
    size_t tier;           /* where the page begins */
    int64_t after_seq;     /* the row before the page */
    const char *after_key; /* its key, as text */
};

/* ---- what must match ---- */

/* A term, joined by AND to what is there. */
static void add_term(struct buf *out, const char *term)
{
    buf_printf(out, "%s%s", out->size ? " AND " : "", term);
}

static void add_facet(struct search *s, struct buf *out, char letter, const char *value)
{
    if (!text_empty(value))
        add_term(out, arena_printf(s->mem, "\"%s\"", search_facet(s->mem, letter, value)));
}

/* What is no id is nothing's id: it is looked for as it is. */
static void add_id(struct search *s, struct buf *out, char letter, const char *id)
{
    const char *const canonical = id ? id_canonical(s->mem, id) : NULL;
    add_facet(s, out, letter, canonical ? canonical : id);
}

/* The filters that leave few. */
static const char *rare_of(struct search *s)
{
    const struct assets_query *const q = s->query;
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    add_id(s, &out, 'u', q->universe_id);
    add_id(s, &out, 'e', q->element_id);
    add_facet(s, &out, 'p', q->provider);
    add_facet(s, &out, 'c', q->camera);
    const struct texts tags = text_split(s->mem, q->tag ? q->tag : "", ',');
    for (size_t i = 0; i < tags.count; i++) add_facet(s, &out, 'g', text_lower(s->mem, tags.items[i]));
    return out.size ? buf_copy(&out, s->mem) : NULL;
}

/* Those that may leave most. */
static const char *common_of(struct search *s)
{
    const struct assets_query *const q = s->query;
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    if (!s->actor->others) add_facet(s, &out, 'o', s->actor->subject);
    if (q->type) add_term(&out, arena_printf(s->mem, "y%s", q->type));
    if (q->status) add_term(&out, arena_printf(s->mem, "s%s", q->status));
    if (text_is(q->has_captions, "true")) add_term(&out, "captions");
    return out.size ? buf_copy(&out, s->mem) : NULL;
}

/* What must not match, joined by OR; that of the tier before where there is one: nothing is shown twice. */
static const char *unwanted_of(struct search *s, size_t tier)
{
    const struct assets_query *const q = s->query;
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    buf_printf(&out, "(facets : %s)", text_is(q->trashed, "any")    ? "nothing"
                                      : text_is(q->trashed, "only") ? "live"
                                                                    : "trash");
    if (text_is(q->has_captions, "false")) buf_text(&out, " OR (facets : captions)");
    if (s->words.none) buf_printf(&out, " OR (%s : (%s))", tiers[ANYWHERE], s->words.none);
    if (s->sort == BY_RELEVANCE && s->words.all && tier)
        buf_printf(&out, " OR (%s : (%s))", tiers[tier - 1], s->words.all);
    return buf_copy(&out, s->mem);
}

/* ((words AND rare filters) NOT what is unwanted) AND common filters. The index walks the terms of one AND in
 * step, so that a common one costs as much as it is common; NOT keeps those apart, and they are only asked
 * about what the rare ones left. */
static const char *match_of(struct search *s, size_t tier)
{
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    const char *const unwanted = unwanted_of(s, tier);
    if (s->words.all) add_term(&out, arena_printf(s->mem, "(%s : (%s))", tiers[tier], s->words.all));
    if (s->rare) add_term(&out, arena_printf(s->mem, "(facets : (%s))", s->rare));
    if (!out.size)
        return arena_printf(s->mem, "(facets : (%s)) NOT (%s)", s->common ? s->common : "live OR trash",
                            unwanted);
    return arena_printf(s->mem, "((%s) NOT (%s))%s%s%s", buf_str(&out), unwanted,
                        s->common ? " AND (facets : (" : "", s->common ? s->common : "",
                        s->common ? "))" : "");
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

/* Which statement reads the order: by its index when there are many matches. */
static bool statement_of(struct search *s, const char *match, enum sql *out, bool *keyed, bool *walks,
                         struct error *err)
{
    const int way = s->rising ? 0 : 1;
    int64_t few = 0;
    *walks = false;
    *keyed = s->sort != BY_CREATED && s->sort != BY_RELEVANCE;
    *out = s->rising ? SQL_ASSET_SEARCH_ASC : SQL_ASSET_SEARCH_DESC;
    if (!*keyed) return true;
    if (s->plain)
        few = SEARCH_FEW;
    else if (!db_count(s->lib->db, SQL_ASSET_MATCHES,
                       ARGS(db_text("match", match), db_int("limit", SEARCH_FEW)), &few, err))
        return false;
    const int place = 2 * (int)(s->sort - BY_TITLE) + way;
    *walks = few >= SEARCH_FEW;
    *out = !*walks             ? SQL_ASSET_SORT_TITLE_ASC + place
           : s->actor->others ? SQL_ASSET_WALK_ALL_TITLE_ASC + place
                              : SQL_ASSET_WALK_OWNED_TITLE_ASC + place;
    return true;
}

static bool read_rows(struct search *s, size_t tier, int64_t limit, int64_t offset, struct list *out,
                      struct error *err)
{
    const char *const match = match_of(s, tier);
    int64_t above, below;
    enum sql sql;
    bool keyed, walks;
    if (!statement_of(s, match, &sql, &keyed, &walks, err)) return false;
    bounds_of(s, &above, &below);
    struct db_value values[10] = { db_text("match", match), db_int("above", above), db_int("below", below),
                                  db_int("limit", limit), db_int("offset", offset) };
    size_t count = 5;
    if (keyed) {
        values[count++] = db_text("after_key", s->after_key);
        values[count++] = db_int("after_seq", s->after_seq);
        values[count++] = db_int("by_text", s->sort == BY_TITLE);
    }
    if (walks) {
        values[count++] = db_text("owner_id", s->actor->others ? NULL : s->actor->subject);
        values[count++] = db_int("plain", s->plain);
    }
    const struct db_args args = { values, count, &assets_query_shape, s->query };
    return db_list(s->lib->db, sql, args, s->mem, &found_row_shape, out, err);
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

static bool count_facets(struct search *s, struct assets_page *page, struct error *err)
{
    if (!s->query->facets) return true;
    int64_t above, below;
    struct search all = *s;
    begin_at_start(&all);
    bounds_of(&all, &above, &below);
    all.sort = BY_CREATED;
    const struct db_value values[] = { db_text("match", match_of(&all, ANYWHERE)), db_int("above", above),
                                       db_int("below", below), db_int("limit", SEARCH_COUNTED) };
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
    if (!search_words_read(mem, query->q, &s.words, err)) return false;
    s.rare = rare_of(&s);
    s.common = common_of(&s);
    s.plain = !s.rare && !s.words.all && !s.words.none && !query->type && !query->status &&
              !query->has_captions && text_is(query->trashed, "no");
    if (!read_cursor(&s, err) || !fill_page(&s, &page, err) || !count_facets(&s, &page, err) ||
        (s.words.all &&
         !search_marks_add(lib, mem, &s.words, s.sort == BY_CREATED ? match_of(&s, ANYWHERE) : NULL,
                           &page.assets, err)))
        return false;
    *out = page;
    return true;
}
