#include "library/similar.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4, BLOCK_BITS = 16 };

static const char *const kind_names[] = { "exact", "near", NULL };

static const struct field query_fields[] = {
    INT(struct similar_query, limit, .min = 1, .max = 100, .initial = 20, .doc = "Assets at most."),
    INT(struct similar_query, distance, .max = SIMILAR_MAX, .initial = 7,
        .doc = "Of 64 bits, how many may differ."),
    { 0 },
};
const struct shape similar_query_shape = SHAPE("SimilarQuery", struct similar_query, query_fields);

static const struct field similar_fields[] = {
    INT(struct similar_asset, distance, .doc = "Of 64 bits, how many differ."),
    OBJECT(struct similar_asset, asset, struct found_asset, &found_asset_shape, .doc = "The asset."),
    { 0 },
};
const struct shape similar_asset_shape = SHAPE("SimilarAsset", struct similar_asset, similar_fields);

static const struct field duplicates_fields[] = {
    ENUM(struct duplicates_query, kind, kind_names, .initial_text = "exact",
         .doc =
             "exact: the same bytes; near: pictures and clips whose hashes differ in at most 3 of 64 bits."),
    INT(struct duplicates_query, limit, .min = 1, .max = 500, .initial = 100,
        .doc = "Groups on a page; near: assets compared for a page."),
    TEXT(struct duplicates_query, cursor, .nullable = true, .max = 100,
         .doc = "What the page before said in next_cursor."),
    { 0 },
};
const struct shape duplicates_query_shape =
    SHAPE("DuplicatesQuery", struct duplicates_query, duplicates_fields);

static const struct field group_fields[] = {
    TEXT(struct duplicates_group, checksum, .nullable = true, .doc = "SHA-256 of exact ones."),
    LIST(struct duplicates_group, assets, &found_asset_shape,
         .doc = "What is there several times, the oldest first."),
    { 0 },
};
static const struct shape group_shape = SHAPE("DuplicatesGroup", struct duplicates_group, group_fields);

static const struct field page_fields[] = {
    LIST(struct duplicates_page, groups, &group_shape, .doc = "What is there several times."),
    TEXT(struct duplicates_page, next_cursor, .nullable = true,
         .doc = "For the next page; null after the last."),
    { 0 },
};
const struct shape duplicates_page_shape = SHAPE("DuplicatesPage", struct duplicates_page, page_fields);

/* ---- hashes ---- */

struct hash_row {
    int64_t seq, phash;
};

static const struct field hash_fields[] = {
    INT(struct hash_row, seq, .doc = "Whose."),
    INT(struct hash_row, phash, .doc = "Hash."),
    { 0 },
};
static const struct shape hash_shape = SHAPE("HashRow", struct hash_row, hash_fields);

static int distance_of(int64_t a, int64_t b) { return __builtin_popcountll((uint64_t)a ^ (uint64_t)b); }

/* The values that differ from `block` in at most `flips` bits, 0 to 2, as a JSON array. */
static const char *values_near(struct arena *mem, int64_t block, int64_t flips)
{
    AUTO(buf) struct buf out = BUF(4096);
    buf_printf(&out, "[%d", (int)block);
    for (int a = 0; flips > 0 && a < BLOCK_BITS; a++) {
        buf_printf(&out, ",%d", (int)block ^ 1 << a);
        for (int b = 0; flips > 1 && b < a; b++) buf_printf(&out, ",%d", (int)block ^ 1 << a ^ 1 << b);
    }
    buf_char(&out, ']');
    return buf_copy(&out, mem);
}

/* Every hash within the distance, and some beyond. */
static bool list_near(struct library *lib, struct arena *mem, const struct actor *actor, int64_t phash,
                      int64_t distance, struct list *out, struct error *err)
{
    static const char *const names[BLOCKS] = { "block_0", "block_1", "block_2", "block_3" };
    struct db_value values[BLOCKS + 2] = { db_text("owner_id", actor->others ? NULL : actor->subject),
                                           db_int("limit", SIMILAR_ROWS_MAX) };
    for (int i = 0; i < BLOCKS; i++)
        values[2 + i] =
            db_text(names[i], values_near(mem, (int64_t)((uint64_t)phash >> BLOCK_BITS * i & 0xFFFF),
                                          distance / BLOCKS));
    const struct db_args args = { .values = values, .count = COUNT_OF(values) };
    return db_list(lib->db, SQL_ASSET_HASHES_NEAR, args, mem, &hash_shape, out, err);
}

/* The assets with these numbers, the oldest first. */
static bool list_by_seq(struct library *lib, struct arena *mem, const struct hash_row *rows, size_t count,
                        struct list *out, struct error *err)
{
    AUTO(buf) struct buf seqs = BUF(1 << 20);
    buf_char(&seqs, '[');
    for (size_t i = 0; i < count; i++) buf_printf(&seqs, "%s%lld", i ? "," : "", (long long)rows[i].seq);
    buf_char(&seqs, ']');
    return db_list(lib->db, SQL_ASSET_BY_SEQS, ARGS(db_text("seqs", buf_str(&seqs))), mem, &found_row_shape,
                   out, err);
}

/* ---- similar to one ---- */

/* Nearest first, then newest: the hash becomes the distance. */
static int nearer(const void *a, const void *b)
{
    const struct hash_row *const x = a, *const y = b;
    return x->phash != y->phash ? (x->phash > y->phash) - (x->phash < y->phash)
                                : (x->seq < y->seq) - (x->seq > y->seq);
}

static void fill_similar(struct arena *mem, const struct hash_row *near, size_t count,
                         const struct list *found, struct list *out)
{
    struct similar_asset *const all = arena_array(mem, count, sizeof *all);
    const struct found_asset *const assets = found->items;
    size_t filled = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < found->count; k++)
            if (assets[k].seq == near[i].seq)
                all[filled++] = (struct similar_asset){ near[i].phash, &assets[k] };
    *out = (struct list){ all, filled };
}

bool asset_similar(struct library *lib, struct arena *mem, const struct actor *actor, const char *id,
                   const struct similar_query *query, struct list *out, struct error *err)
{
    struct asset asset;
    struct list rows, found;
    int64_t seq;
    if (!asset_get(lib, mem, actor, id, &asset, err)) return false;
    if (asset.phash == INT_NONE)
        return fail(err, CAUSE_CONFLICT,
                    "this asset has no perceptual hash: only pictures and clips that were analysed have one");
    if (!db_count(lib->db, SQL_ASSET_SEQ, ARGS(db_text("id", asset.id)), &seq, err) ||
        !list_near(lib, mem, actor, asset.phash, query->distance, &rows, err))
        return false;
    struct hash_row *const near = rows.items;
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        const int64_t distance = distance_of(asset.phash, near[i].phash);
        if (distance <= query->distance && near[i].seq != seq)
            near[count++] = (struct hash_row){ near[i].seq, distance };
    }
    if (count) qsort(near, count, sizeof *near, nearer);
    if (count > (size_t)query->limit) count = (size_t)query->limit;
    if (!list_by_seq(lib, mem, near, count, &found, err)) return false;
    fill_similar(mem, near, count, &found, out);
    return true;
}

/* ---- duplicates ---- */

/* Of a group as many are shown as anybody looks at; of assets that each ask for what is near them, a page has
 * few. */
enum { GROUP_MAX = 100, NEAR_ROWS_MAX = 50 };

struct checksum_row {
    const char *checksum;
};

static const struct field checksum_fields[] = { TEXT(struct checksum_row, checksum, .doc = "SHA-256."),
                                                { 0 } };
static const struct shape checksum_shape = SHAPE("ChecksumRow", struct checksum_row, checksum_fields);

static bool exact(struct library *lib, struct arena *mem, const struct actor *actor,
                  const struct duplicates_query *query, struct duplicates_page *page, struct error *err)
{
    struct list rows;
    const char *const owner = actor->others ? NULL : actor->subject;
    if (!db_list(lib->db, SQL_ASSET_CHECKSUMS_TWICE,
                 ARGS(db_text("owner_id", owner), db_text("after", query->cursor ? query->cursor : ""),
                      db_int("limit", page_rows(query->limit))),
                 mem, &checksum_shape, &rows, err))
        return false;
    const bool more = page_cut(&rows, query->limit);
    const struct checksum_row *const checksums = rows.items;
    struct duplicates_group *const groups = arena_array(mem, rows.count, sizeof *groups);
    for (size_t i = 0; i < rows.count; i++) {
        groups[i].checksum = checksums[i].checksum;
        if (!db_list(lib->db, SQL_ASSET_BY_CHECKSUM,
                     ARGS(db_text("owner_id", owner), db_text("checksum", checksums[i].checksum),
                          db_int("limit", GROUP_MAX)),
                     mem, &found_row_shape, &groups[i].assets, err))
            return false;
    }
    *page =
        (struct duplicates_page){ { groups, rows.count }, more ? checksums[rows.count - 1].checksum : NULL };
    return true;
}

/* Those near the hash of `first`, itself among them; none when an older one is near: then that one has the
 * group. */
static bool group_of(struct library *lib, struct arena *mem, const struct actor *actor,
                     const struct hash_row *first, struct duplicates_group *out, struct error *err)
{
    AUTO(arena) struct arena scratch = { 0 }; /* thousands of hashes for each asset of a page */
    struct list rows;
    *out = (struct duplicates_group){ 0 };
    if (!list_near(lib, &scratch, actor, first->phash, DUPLICATE_MAX, &rows, err)) return false;
    struct hash_row *const near = rows.items;
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (distance_of(first->phash, near[i].phash) > DUPLICATE_MAX) continue;
        if (near[i].seq < first->seq) return true;
        near[count++] = near[i];
    }
    return count < 2 || list_by_seq(lib, mem, near, count < GROUP_MAX ? count : GROUP_MAX, &out->assets, err);
}

static bool near(struct library *lib, struct arena *mem, const struct actor *actor,
                 const struct duplicates_query *query, struct duplicates_page *page, struct error *err)
{
    const int64_t limit = query->limit < NEAR_ROWS_MAX ? query->limit : NEAR_ROWS_MAX;
    int64_t after = -1;
    struct list rows;
    if (!text_empty(query->cursor) && !text_to_int(query->cursor, &after))
        return fail_field(err, CAUSE_INVALID, "cursor",
                          "this is no cursor of this list; take the one of the page before");
    if (!db_list(lib->db, SQL_ASSET_HASHES,
                 ARGS(db_text("owner_id", actor->others ? NULL : actor->subject), db_int("after", after),
                      db_int("limit", page_rows(limit))),
                 mem, &hash_shape, &rows, err))
        return false;
    const bool more = page_cut(&rows, limit);
    const struct hash_row *const all = rows.items;
    struct duplicates_group *const groups = arena_array(mem, rows.count, sizeof *groups);
    size_t count = 0;
    for (size_t i = 0; i < rows.count; i++) {
        if (!group_of(lib, mem, actor, &all[i], &groups[count], err)) return false;
        count += groups[count].assets.count > 0;
    }
    const char *const next = more ? arena_printf(mem, "%lld", (long long)all[rows.count - 1].seq) : NULL;
    *page = (struct duplicates_page){ { groups, count }, next };
    return true;
}

bool asset_duplicates(struct library *lib, struct arena *mem, const struct actor *actor,
                      const struct duplicates_query *query, struct duplicates_page *out, struct error *err)
{
    return (text_is(query->kind, "near") ? near : exact)(lib, mem, actor, query, out, err);
}
