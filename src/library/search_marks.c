#include "library/search_marks.h"

#include <string.h>

enum { LINES_MAX = 1000, MATCH_MAX_BYTES = 256 << 10 };

struct snippets {
    int64_t seq;
    const char *description, *prompt, *title, *tags, *element;
};

static const struct field snippets_fields[] = {
    INT(struct snippets, seq, .doc = "Whose."),
    TEXT(struct snippets, description, .nullable = true, .doc = "Part of it."),
    TEXT(struct snippets, prompt, .nullable = true, .doc = "Part of it."),
    TEXT(struct snippets, title, .nullable = true, .doc = "Part of it."),
    TEXT(struct snippets, tags, .nullable = true, .doc = "Part of them."),
    TEXT(struct snippets, element, .nullable = true, .doc = "Part of its name."),
    { 0 },
};
static const struct shape snippets_shape = SHAPE("Snippets", struct snippets, snippets_fields);

static const struct field hit_fields[] = {
    TEXT(struct search_hit, asset_id, .doc = "Whose."),
    REAL(struct search_hit, at_s, .nullable = true, .doc = "Second."),
    TEXT(struct search_hit, line, .doc = "The line."),
    { 0 },
};
static const struct shape hit_row_shape = SHAPE("HitRow", struct search_hit, hit_fields);

/* The database's marks, two control characters, as HTML; everything else is text. */
static const char *html_of(struct arena *mem, const char *text)
{
    static const char *const escapes[256] = {
        ['&'] = "&amp;",  ['<'] = "&lt;",      ['>'] = "&gt;",      ['"'] = "&quot;",
        ['\''] = "&#39;", ['\x02'] = "<mark>", ['\x03'] = "</mark>"
    };
    AUTO(buf) struct buf out = BUF(1 << 20);
    for (const char *at = text; *at; at++)
        if (escapes[(unsigned char)*at])
            buf_text(&out, escapes[(unsigned char)*at]);
        else
            buf_char(&out, *at);
    return buf_copy(&out, mem);
}

static struct found_asset *by_seq(const struct list *assets, int64_t seq)
{
    struct found_asset *const all = assets->items;
    for (size_t i = 0; i < assets->count; i++)
        if (all[i].seq == seq) return &all[i];
    return NULL;
}

static bool add_snippets(struct library *lib, struct arena *mem, const char *match, bool walk,
                         struct list *assets, struct error *err)
{
    const struct found_asset *const all = assets->items;
    int64_t first = INT64_MAX, last = 0;
    AUTO(buf) struct buf seqs = BUF(64 << 10);
    for (size_t i = 0; i < assets->count; i++) {
        buf_printf(&seqs, "%c%lld", i ? ',' : '[', (long long)all[i].seq);
        first = all[i].seq < first ? all[i].seq : first;
        last = all[i].seq > last ? all[i].seq : last;
    }
    buf_char(&seqs, ']');
    struct list rows;
    if (!db_list(lib->db, walk ? SQL_ASSET_SNIPPETS_WALK : SQL_ASSET_SNIPPETS_EACH,
                 ARGS(db_text("seqs", buf_str(&seqs)), db_int("first", first), db_int("last", last),
                      db_text("match", match)),
                 mem, &snippets_shape, &rows, err))
        return false;
    const struct snippets *const found = rows.items;
    for (size_t i = 0; i < rows.count; i++) {
        const struct snippets *const row = &found[i];
        const char *const places[] = { row->description, row->prompt, row->title, row->tags, row->element };
        struct found_asset *const asset = by_seq(assets, row->seq);
        for (size_t k = 0; asset && !asset->snippet && k < COUNT_OF(places); k++)
            if (places[k] && strchr(places[k], '\x02')) asset->snippet = html_of(mem, places[k]);
    }
    return true;
}

/* Ids are words of that index without their hyphens. */
static const char *lines_match(struct arena *mem, const char *any, const struct list *assets)
{
    const struct found_asset *const all = assets->items;
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    buf_printf(&out, "line : (%s) AND asset_id : (", any);
    for (size_t i = 0; i < assets->count; i++) {
        buf_text(&out, i ? " OR " : "");
        for (const char *at = all[i].id; *at; at++)
            if (*at != '-') buf_char(&out, *at);
    }
    buf_char(&out, ')');
    return buf_copy(&out, mem);
}

static void add_hit(struct arena *mem, struct list *assets, struct search_hit hit)
{
    struct found_asset *const all = assets->items;
    hit.line = html_of(mem, hit.line);
    for (size_t i = 0; i < assets->count; i++) {
        if (!text_is(all[i].id, hit.asset_id) || all[i].hits.count == SEARCH_HITS_MAX) continue;
        if (!all[i].hits.items) all[i].hits.items = arena_array(mem, SEARCH_HITS_MAX, sizeof hit);
        ((struct search_hit *)all[i].hits.items)[all[i].hits.count++] = hit;
        if (!all[i].snippet) all[i].snippet = hit.line;
    }
}

bool search_marks_add(struct library *lib, struct arena *mem, const struct search_words *words,
                      const char *match, struct list *assets, struct error *err)
{
    struct list rows;
    if (!assets->count) return true;
    if (!add_snippets(lib, mem, match ? match : words->all, match || words->gathers, assets, err) ||
        !db_list(lib->db, SQL_ASSET_HITS,
                 ARGS(db_text("match", lines_match(mem, words->any, assets)), db_int("limit", LINES_MAX)),
                 mem, &hit_row_shape, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) add_hit(mem, assets, ((const struct search_hit *)rows.items)[i]);
    return true;
}
