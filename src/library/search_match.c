#include "library/search_match.h"

#include "base/buf.h"
#include "base/id.h"

enum { MATCH_MAX_BYTES = 256 << 10 };

/* A term, joined by AND to what is there. */
static void add_term(struct buf *out, const char *term)
{
    buf_printf(out, "%s%s", out->size ? " AND " : "", term);
}

static void add_facet(struct arena *mem, struct buf *out, char letter, const char *value)
{
    if (!text_empty(value)) add_term(out, arena_printf(mem, "\"%s\"", search_facet(mem, letter, value)));
}

/* What is no id is nothing's id: it is looked for as it is. */
static void add_id(struct arena *mem, struct buf *out, char letter, const char *id)
{
    const char *const canonical = id ? id_canonical(mem, id) : NULL;
    add_facet(mem, out, letter, canonical ? canonical : id);
}

static const char *kept(const struct buf *out, struct arena *mem)
{
    return out->size ? buf_copy(out, mem) : NULL;
}

/* The filters that leave few. */
static const char *rare_of(struct arena *mem, const struct assets_query *q)
{
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    add_id(mem, &out, 'u', q->universe_id);
    add_id(mem, &out, 'e', q->element_id);
    add_facet(mem, &out, 'p', q->provider);
    add_facet(mem, &out, 'c', q->camera);
    const struct texts tags = text_split(mem, q->tag ? q->tag : "", ',');
    for (size_t i = 0; i < tags.count; i++) add_facet(mem, &out, 'g', text_lower(mem, tags.items[i]));
    if (text_is(q->trashed, "only")) add_term(&out, "trash");
    return kept(&out, mem);
}

/* Those that may leave most. */
static const char *kinds_of(struct arena *mem, const struct assets_query *q)
{
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    if (q->type) add_term(&out, arena_printf(mem, "y%s", q->type));
    if (q->status) add_term(&out, arena_printf(mem, "s%s", q->status));
    if (text_is(q->has_captions, "true")) add_term(&out, "captions");
    return kept(&out, mem);
}

static const char *owner_of(struct arena *mem, const struct actor *actor)
{
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    if (!actor->others) add_facet(mem, &out, 'o', actor->subject);
    return kept(&out, mem);
}

static const char *without_of(struct arena *mem, const struct assets_query *q)
{
    const bool silent = text_is(q->has_captions, "false");
    return arena_printf(mem, "(facets : (%s%s))",
                        text_is(q->trashed, "any")    ? "nothing"
                        : text_is(q->trashed, "only") ? "live"
                                                      : "trash",
                        silent ? " OR captions" : "");
}

static const char *both(struct arena *mem, const char *a, const char *b)
{
    return a && b ? arena_printf(mem, "%s AND %s", a, b) : a ? a : b;
}

void search_match_read(struct arena *mem, const struct actor *actor, const struct assets_query *query,
                       const struct search_words *words, struct search_match *out)
{
    const char *const rare = rare_of(mem, query), *const kinds = kinds_of(mem, query),
                      *const owner = owner_of(mem, actor);
    *out = (struct search_match){ words, .without = without_of(mem, query), .leads = words->all || rare };
    out->filters = out->leads ? rare : kinds ? kinds : owner ? owner : "live OR trash";
    out->common = out->leads ? both(mem, owner, kinds) : kinds ? owner : NULL;
    out->plain = !out->leads && !words->none && text_is(query->trashed, "no");
    out->all = out->plain && !kinds && !query->has_captions;
}

/* ((words AND filters) NOT what is unwanted) AND common filters. The index walks the terms of one AND in
 * step, so that a common one costs as much as it is common; NOT keeps those apart, and they are only asked
 * about what the rare ones left. */
const char *search_match_text(const struct search_match *match, struct arena *mem, const char *columns,
                              const char *not_in, enum search_by by)
{
    const struct search_words *const words = match->words;
    AUTO(buf) struct buf out = BUF(MATCH_MAX_BYTES);
    if (words->all) add_term(&out, arena_printf(mem, "(%s : (%s))", columns, words->all));
    if (match->filters) add_term(&out, arena_printf(mem, "(facets : (%s))", match->filters));
    const char *const none =
        words->none ? arena_printf(mem, "(%s : (%s))", SEARCH_ANYWHERE, words->none) : NULL;
    if (by == BY_ROW)
        return none ? arena_printf(mem, "(%s) NOT %s", buf_str(&out), none) : buf_copy(&out, mem);
    AUTO(buf) struct buf text = BUF(MATCH_MAX_BYTES);
    buf_printf(&text, "((%s) NOT (%s%s%s", buf_str(&out), match->without, none ? " OR " : "",
               none ? none : "");
    if (not_in) buf_printf(&text, " OR (%s : (%s))", not_in, words->all);
    buf_text(&text, "))");
    if (by == BY_INDEX && match->common) buf_printf(&text, " AND (facets : (%s))", match->common);
    return buf_copy(&text, mem);
}
