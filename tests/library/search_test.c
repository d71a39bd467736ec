/* Finding assets: words, filters, orders, pages; the index follows every change. */
#include "base/text.h"
#include "base/time.h"
#include "library/asset_change.h"
#include "library/element.h"
#include "library/search.h"
#include "library/similar.h"
#include "place.h"

#include <math.h>

struct world {
    struct place place;
    struct arena mem;
};

static const struct actor mira = { .subject = "mira" }, boss = { .subject = "boss", .others = true };

static void world_cleanup(struct world *w)
{
    place_cleanup(&w->place);
    arena_clear(&w->mem);
}

static bool put_body(struct tx *tx, void *with, struct error *error) { return asset_put(tx, with, error); }

static struct asset draft(struct world *w, const char *title)
{
    struct asset asset = asset_new(&w->mem, "mira", "image", &(struct media_facts){ .duration_s = NAN });
    asset.title = title;
    asset.file_path = arena_printf(&w->mem, "images/%s.png", asset.id);
    return asset;
}

static bool put(struct world *w, const struct asset *asset)
{
    return db_write(w->place.lib.db, put_body, (void *)(uintptr_t)asset, &err);
}

static bool add(struct world *w, const char *title, struct asset *out)
{
    *out = draft(w, title);
    return put(w, out);
}

static struct assets_query query_of(const char *q)
{
    struct assets_query query;
    shape_init(&assets_query_shape, &query);
    query.q = q;
    return query;
}

/* The titles, or the fault. */
static const char *found(struct world *w, const struct actor *actor, const struct assets_query *query,
                         const char **next)
{
    struct assets_page page;
    AUTO(buf) struct buf out = BUF(1 << 20);
    if (!assets_search(&w->place.lib, &w->mem, actor, query, &page, &err)) return err.text;
    const struct found_asset *const rows = page.assets.items;
    for (size_t i = 0; i < page.assets.count; i++)
        buf_printf(&out, "%s%s", i ? " " : "", rows[i].title ? rows[i].title : "-");
    if (next) *next = page.next_cursor;
    return buf_copy(&out, &w->mem);
}

static const char *titles(struct world *w, const char *q)
{
    const struct assets_query query = query_of(q);
    return found(w, &mira, &query, NULL);
}

TEST(words_phrases_beginnings_and_without)
{
    AUTO(world) struct world w = { 0 };
    struct asset a;
    CHECK_OK(place_open(&w.place));
    a = draft(&w, "one");
    a.description = "The quick brown fox, café";
    CHECK_OK(put(&w, &a));
    a = draft(&w, "two");
    a.prompt = "a brown quick dog over mountains";
    a.tags = (struct texts){ (const char *[]){ "Wild Life", "b&w" }, 2 };
    CHECK_OK(put(&w, &a));
    CHECK_TEXT(titles(&w, NULL), "two one");
    CHECK_TEXT(titles(&w, "quick brown"), "two one");
    CHECK_TEXT(titles(&w, "\"quick brown\""), "one");
    CHECK_TEXT(titles(&w, "mount*"), "two");
    CHECK_TEXT(titles(&w, "mount"), "");
    CHECK_TEXT(titles(&w, "brown -fox"), "two");
    CHECK_TEXT(titles(&w, "-fox"), "two");
    CHECK_TEXT(titles(&w, "CAFE"), "one");
    CHECK_TEXT(titles(&w, "wild"), "two");
    CHECK_TEXT(titles(&w, "fox \xE2\x80\x94 quick & !!"), "one");
    CHECK_TEXT(titles(&w, "live"), ""); /* words of filters are no words of the asset */
}

enum { MANY = 300 };

static bool put_many_body(struct tx *tx, void *with, struct error *error)
{
    struct world *const w = with;
    AUTO(buf) struct buf text = BUF(8 << 10);
    for (int i = 0; !text.full; i++) buf_printf(&text, "word%d ", i);
    const char *const description = text_cut(&w->mem, buf_str(&text), (8 << 10) - 100);
    for (int i = 0; i < MANY; i++) {
        struct asset asset = draft(w, "many");
        asset.description = description;
        if (!asset_put(tx, &asset, error)) return false;
    }
    return true;
}

TEST(what_takes_long_to_index_is_found_a_little_later)
{
    AUTO(world) struct world w = { 0 };
    struct assets_page page = { 0 };
    struct assets_query query = query_of("many word1 word100");
    query.limit = 1000;
    CHECK_OK(place_open(&w.place));
    CHECK_OK(db_write(w.place.lib.db, put_many_body, &w, &err));
    for (int i = 0; i < 1000 && page.assets.count < MANY; i++) {
        AUTO(arena) struct arena mem = { 0 };
        CHECK_OK(assets_search(&w.place.lib, &mem, &mira, &query, &page, &err));
        time_sleep(10 * MS);
    }
    CHECK_INT(page.assets.count, MANY);
}

TEST(no_text_is_an_error)
{
    AUTO(world) struct world w = { 0 };
    struct asset a;
    CHECK_OK(place_open(&w.place));
    CHECK_OK(add(&w, "fox", &a));
    static const char *const bad[] = {
        "\"",      "\"\"",      "* *",         "-",           "--",
        "fox AND", "NEAR(",     "title:fox",   "fox OR",      "(fox",
        "fox)",    "^fox",      "{title}:fox", "a\"b\"c\"",   "\\",
        "%_",      "fox*bar*",  "-\"",         "\"fox\"*\"*", "facets:live",
        "';--",    "+fox",      "\x01 x",      "*",           "\xF0\x9F\xA6\x8A",
        "a:b:c",   "-\"fox\"*", "NOT"
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assets_page page;
        const struct assets_query query = query_of(bad[i]);
        CHECK_MSG(assets_search(&w.place.lib, &w.mem, &mira, &query, &page, &err), "'%s': %s", bad[i],
                  err.text);
    }
    CHECK_TEXT(titles(&w, "(fox)"), "fox");
    CHECK_TEXT(titles(&w, "facets:live"), "");
    AUTO(buf) struct buf many = BUF(10000);
    for (int i = 0; i <= 32; i++) buf_text(&many, "a ");
    const struct assets_query query = query_of(buf_str(&many));
    struct assets_page page;
    CHECK(!assets_search(&w.place.lib, &w.mem, &mira, &query, &page, &err));
    CHECK(err.cause == CAUSE_INVALID && text_is(err.field, "q"));
}

TEST(filters)
{
    AUTO(world) struct world w = { 0 };
    struct asset a;
    struct assets_query query;
    CHECK_OK(place_open(&w.place));
    a = draft(&w, "fox");
    a.tags = (struct texts){ (const char *[]){ "Red", "wild; \"x\"" }, 2 };
    a.duration = 5;
    a.width = 1920;
    a.mood = 70;
    a.provider = "um-am";
    a.created_at = 1000;
    CHECK_OK(put(&w, &a));
    a = draft(&w, "moss");
    a.asset_type = "video";
    a.tags = (struct texts){ (const char *[]){ "red" }, 1 };
    a.duration = 9.5;
    a.rating = 4;
    a.has_captions = true;
    a.status = "processing";
    a.created_at = 2000;
    CHECK_OK(put(&w, &a));
    a = draft(&w, "bob's");
    a.owner_id = "bob";
    CHECK_OK(put(&w, &a));
#define ONLY(member, value, expected)                                                                        \
    query = query_of(NULL);                                                                                  \
    query.member = (value);                                                                                  \
    CHECK_TEXT(found(&w, &mira, &query, NULL), expected)
    ONLY(type, "video", "moss");
    ONLY(tag, "RED", "moss fox");
    ONLY(tag, "red, Wild; \"x\"", "fox");
    ONLY(tag, "re", "");
    ONLY(provider, "um-am", "fox");
    ONLY(provider, "um", "");
    ONLY(status, "processing", "moss");
    ONLY(has_captions, "true", "moss");
    ONLY(has_captions, "false", "fox");
    ONLY(mood_min, 70, "fox");
    ONLY(mood_max, 69, "");
    ONLY(duration_min, 5.1, "moss");
    ONLY(duration_max, 5.1, "fox");
    ONLY(width_min, 1920, "fox");
    ONLY(width_min, 1921, "");
    ONLY(rating_min, 4, "moss");
    ONLY(created_from, 1001, "moss");
    ONLY(created_to, 1000, "fox");
    ONLY(trashed, "only", "");
    ONLY(universe_id, "\") OR (\"", "");
    query = query_of(NULL);
    CHECK_TEXT(found(&w, &boss, &query, NULL), "bob's moss fox");
}

/* Every order in both directions, page after page, shows each row once and agrees with the next. */
TEST(orders_and_pages)
{
    static const char *const orders[] = { "created", "title", "duration", "size", "rating", "relevance" };
    AUTO(world) struct world w = { 0 };
    CHECK_OK(place_open(&w.place));
    for (int i = 0; i < 40; i++) {
        struct asset a = draft(&w, i % 5 ? arena_printf(&w.mem, "%c%d", "aB"[i % 2], i * 7 % 40) : NULL);
        a.description = "fox";
        a.duration = i % 3 ? (double)(i % 4) : (double)NAN;
        a.file_size = i * 11 % 16;
        a.rating = i % 6;
        a.created_at = 1000; /* all at once */
        if (i % 9 == 0) a.title = arena_printf(&w.mem, "fox%d fox", i);
        CHECK_OK(put(&w, &a));
    }
    for (size_t i = 0; i < COUNT_OF(orders) * 4; i++) {
        struct assets_query all = query_of(i / 2 % 2 ? "fox" : NULL);
        all.sort = orders[i / 4];
        all.order = i % 2 ? "asc" : "desc";
        const char *const whole = found(&w, &mira, &all, NULL);
        CHECK_MSG(text_length(whole) > 80, "%s", whole);
        AUTO(buf) struct buf pages = BUF(10000);
        struct assets_query page = all;
        int count = 0;
        for (page.limit = 7; count < 10; count++) {
            const char *next;
            buf_printf(&pages, "%s%s", count ? " " : "", found(&w, &mira, &page, &next));
            page.cursor = next;
            if (!next) break;
        }
        CHECK_TEXT(buf_str(&pages), whole);
        CHECK_INT(count, 5);
        all.sort = text_is(all.sort, "title") ? "size" : "title";
        all.cursor = page.cursor = NULL;
        page.limit = 7;
        (void)found(&w, &mira, &page, &all.cursor);
        struct assets_page none;
        CHECK(!assets_search(&w.place.lib, &w.mem, &mira, &all, &none, &err)); /* a cursor of another order */
        CHECK_TEXT(err.field, "cursor");
    }
    struct assets_query best = query_of("fox");
    best.sort = "relevance";
    best.limit = 5;
    CHECK_TEXT(found(&w, &mira, &best, NULL), "fox36 fox fox27 fox fox18 fox fox9 fox fox0 fox");
}

static bool line_body(struct tx *tx, void *with, struct error *error)
{
    struct asset_line lines[] = { { 1.5, 2, "good morning <b>" }, { 61, 62, "the fox says" } };
    return asset_analysed(tx, with, &(struct list){ lines, 2 }, error);
}

TEST(the_index_follows_every_change)
{
    AUTO(world) struct world w = { 0 };
    struct universe universe;
    struct element element;
    struct asset a, got;
    CHECK_OK(place_open(&w.place));
    CHECK_OK(universe_create(&w.place.lib, &w.mem, &mira, &(struct universe_in){ NULL, "Sea", "" }, &universe,
                             &err));
    CHECK_OK(element_create(&w.place.lib, &w.mem, &universe,
                            &(struct element_in){ .name = "Captain Ada", .element_type = "x" }, &element,
                            &err));
    CHECK_OK(add(&w, "clip", &a));
    struct asset_change change = {
        .title = "boat", .element_id = element.id, .rating = INT_NONE, .keeps_tags = true
    };
    CHECK_OK(asset_update(&w.place.lib, &w.mem, &mira, a.id, &change, &got, &err));
    CHECK(text_is(got.universe_id, universe.id) && got.rating == 0);
    CHECK_TEXT(titles(&w, "captain boat"), "boat");
    CHECK_TEXT(titles(&w, "clip"), "");
    CHECK_OK(element_update(&w.place.lib, &w.mem, &universe, element.id,
                            &(struct element_change){ .name = "Pirate", .keeps_subtype = true }, &element,
                            &err));
    CHECK_TEXT(titles(&w, "captain"), "");
    CHECK_TEXT(titles(&w, "pirate"), "boat");
    struct assets_query in_sea = query_of(NULL);
    in_sea.universe_id = universe.id;
    CHECK_TEXT(found(&w, &mira, &in_sea, NULL), "boat");
    CHECK_OK(universe_drop(&w.place.lib, &w.mem, &mira, universe.id, &err));
    CHECK_TEXT(found(&w, &mira, &in_sea, NULL), "");
    CHECK_TEXT(titles(&w, "pirate"), "");
    CHECK_TEXT(titles(&w, "boat"), "boat");
    CHECK_OK(db_write(w.place.lib.db, line_body, &a, &err));
    CHECK_OK(db_write(w.place.lib.db, line_body, &a, &err)); /* in the place of the former ones */
    struct assets_page page;
    const struct assets_query said = query_of("fox good");
    CHECK_OK(assets_search(&w.place.lib, &w.mem, &mira, &said, &page, &err));
    CHECK_INT(page.assets.count, 1);
    const struct found_asset *const row = page.assets.items;
    const struct search_hit *const hits = row->hits.items;
    CHECK_INT(row->hits.count, 2);
    CHECK(hits[0].at_s == 1.5 && hits[1].at_s == 61);
    CHECK_TEXT(hits[0].line, "<mark>good</mark> morning &lt;b&gt;");
    CHECK_TEXT(row->snippet, hits[0].line);
    CHECK_OK(db_run(w.place.lib.db, SQL_MEDIA_ASSET_DELETE, ARGS(db_text("id", a.id)), NULL, &err));
    CHECK_TEXT(titles(&w, "fox"), "");
    int64_t left;
    CHECK_OK(db_count(w.place.lib.db, SQL_INDEX_WAITS, NO_ARGS, &left, &err));
    CHECK_INT(left, 0);
}

TEST(facets_count_the_matches)
{
    AUTO(world) struct world w = { 0 };
    struct assets_page page;
    CHECK_OK(place_open(&w.place));
    for (int i = 0; i < 5; i++) {
        struct asset a = draft(&w, i < 3 ? "fox" : "moss");
        a.tags = (struct texts){ (const char *[]){ "red", i ? "b" : "c" }, 2 };
        CHECK_OK(put(&w, &a));
    }
    struct assets_query query = query_of("fox");
    query.facets = true;
    query.limit = 1;
    CHECK_OK(assets_search(&w.place.lib, &w.mem, &mira, &query, &page, &err));
    AUTO(buf) struct buf out = BUF(1000);
    const struct facet_count *const rows = page.facets.items;
    for (size_t i = 0; i < page.facets.count; i++)
        buf_printf(&out, "%s=%s:%d ", rows[i].facet, rows[i].value, (int)rows[i].count);
    CHECK_TEXT(buf_str(&out), "total=:3 type=image:3 status=ready:3 tag=red:3 tag=b:2 tag=c:1 ");
}

TEST(a_bulk_change_answers_for_each)
{
    AUTO(world) struct world w = { 0 };
    struct asset a, b, other;
    struct list results;
    CHECK_OK(place_open(&w.place));
    CHECK_OK(add(&w, "a", &a) && add(&w, "b", &b));
    other = draft(&w, "o");
    other.owner_id = "bob";
    CHECK_OK(put(&w, &other));
    struct assets_bulk bulk = { .ids = { (const char *[]){ a.id, other.id, "x", b.id }, 4 },
                                .tags_add = { (const char *[]){ " new " }, 1 },
                                .change = { .rating = 3, .keeps_tags = true, .keeps_place = true } };
    CHECK_OK(asset_update_all(&w.place.lib, &w.mem, &mira, &bulk, &results, &err));
    const struct bulk_result *const row = results.items;
    CHECK(row[0].done && !row[1].done && !row[2].done && row[3].done);
    CHECK_TEXT(row[1].error, "Asset not found");
    struct assets_query query = query_of("new");
    query.rating_min = 3;
    CHECK_TEXT(found(&w, &boss, &query, NULL), "b a");
    bulk.tags_remove = bulk.tags_add;
    bulk.tags_add.count = 0;
    CHECK_OK(asset_update_all(&w.place.lib, &w.mem, &mira, &bulk, &results, &err));
    CHECK_TEXT(found(&w, &boss, &query, NULL), "");
}

static bool add_hash(struct world *w, const char *title, uint64_t hash, const char *checksum)
{
    struct asset a = draft(w, title);
    a.phash = (int64_t)hash;
    a.checksum = checksum;
    return put(w, &a);
}

/* Each distance up to the greatest is found, wherever the bits are, and none beyond what was asked for. */
TEST(what_is_alike_is_found_by_its_hash)
{
    static const uint64_t seed = 0xF0E1D2C3B4A59687;
    AUTO(world) struct world w = { 0 };
    struct asset a;
    struct list near;
    CHECK_OK(place_open(&w.place));
    a = draft(&w, "first");
    a.phash = (int64_t)seed;
    CHECK_OK(put(&w, &a));
    for (int bits = 1; bits <= 14; bits++) {
        uint64_t hash = seed;
        for (int i = 0; i < bits; i++)
            hash ^= 1ULL << (i * 16 + i / 4 + bits) % 64; /* spread over all blocks */
        CHECK_OK(add_hash(&w, arena_printf(&w.mem, "d%d", bits), hash, NULL));
        CHECK_OK(add_hash(&w, "far", ~hash, NULL));
    }
    for (int64_t distance = 0; distance <= SIMILAR_MAX; distance++) {
        const struct similar_query query = { 100, distance };
        CHECK_OK(asset_similar(&w.place.lib, &w.mem, &mira, a.id, &query, &near, &err));
        const struct similar_asset *const rows = near.items;
        CHECK_INT(near.count, distance);
        for (size_t i = 0; i < near.count; i++) {
            CHECK_INT(rows[i].distance, i + 1);
            CHECK_TEXT(rows[i].asset->title, arena_printf(&w.mem, "d%zu", i + 1));
        }
    }
    CHECK(!asset_similar(&w.place.lib, &w.mem, &(struct actor){ .subject = "bob" }, a.id,
                         &(struct similar_query){ 9, 9 }, &near, &err));
    CHECK_INT(err.cause, CAUSE_NOT_FOUND);
}

static const char *duplicates(struct world *w, const char *kind, const char *cursor, const char **next)
{
    struct duplicates_page page;
    AUTO(buf) struct buf out = BUF(1000);
    const struct duplicates_query query = { kind, 2, cursor };
    if (!asset_duplicates(&w->place.lib, &w->mem, &mira, &query, &page, &err)) return err.text;
    const struct duplicates_group *const groups = page.groups.items;
    for (size_t i = 0; i < page.groups.count; i++) {
        const struct found_asset *const rows = groups[i].assets.items;
        for (size_t k = 0; k < groups[i].assets.count; k++)
            buf_printf(&out, "%s%s", k ? "=" : " ", rows[k].title);
    }
    *next = page.next_cursor;
    return buf_copy(&out, &w->mem);
}

TEST(duplicates_are_told)
{
    AUTO(world) struct world w = { 0 };
    const char *next;
    CHECK_OK(place_open(&w.place));
    CHECK_OK(add_hash(&w, "a", 7, "x") && add_hash(&w, "b", 0xFFFF0000, "y") && add_hash(&w, "c", 1, "x"));
    CHECK_OK(add_hash(&w, "d", 0xFFFF0000FFFF, "z") && add_hash(&w, "e", 0xFFFE0000, "y") &&
             add_hash(&w, "f", 15, "x"));
    struct asset other = draft(&w, "bob's");
    other.owner_id = "bob";
    other.checksum = "z";
    other.phash = 0xFFFF0000FFFF;
    CHECK_OK(put(&w, &other));
    CHECK_TEXT(duplicates(&w, "exact", NULL, &next), " a=c=f b=e");
    CHECK(!next);
    CHECK_TEXT(duplicates(&w, "near", NULL, &next), " a=c=f b=e");
    CHECK_TEXT(duplicates(&w, "near", next, &next), "");
    CHECK(next);
    CHECK_TEXT(duplicates(&w, "near", next, &next), "");
    CHECK(!next);
    (void)duplicates(&w, "near", "x", &next);
    CHECK_TEXT(err.field, "cursor");
}

TEST_MAIN
