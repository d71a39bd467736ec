/* P8: a page of assets out of a million, against the same page out of ten thousand; the first one and one
 * from the middle.
 *
 *   bench-search [ROUNDS] [FEW] [MANY] [FOLDER-OF-MANY]
 *
 * Every asset has a title and a description of words that are as unevenly frequent as those of a language
 * (Zipf), tags, a universe, an owner; each search asks for 50 rows with snippets. "mira" owns nine of ten. A
 * folder that is named keeps its data for another run. Times are those of the clock and, last, of the
 * processor: only that is good on a busy machine. */
#include "base/time.h"
#include "library/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 20000, BATCH = 2000, ROUNDS_MAX = 2000, PAGE = 50 };

static const struct actor mira = { .subject = "mira" };
static uint64_t state = 88172645463325252u;

/* xorshift64 (Marsaglia 2003): the same data each time. */
static double chance(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

static int64_t below(int64_t n) { return (int64_t)(chance() * (double)n); }

/* Word number n of a language: syllables of its digits. Low numbers are frequent. */
static const char *word(struct arena *mem, int64_t n)
{
    static const char *const parts[] = { "ka", "mor", "li", "ten", "su", "ra", "vel", "on", "pri", "dal",
                                         "es", "qu", "hi", "bor", "um", "ja", "ne", "tra", "fo", "zi" };
    char text[64] = "";
    for (int64_t rest = n * 7919 % 160000 + 8000; rest; rest /= 20) strcat(text, parts[rest % 20]);
    return arena_text(mem, text);
}

static int64_t rank(void) { return (int64_t)pow(WORDS, chance()) - 1; }

static const char *words(struct arena *mem, int count)
{
    char text[1024] = "";
    for (int i = 0; i < count; i++) {
        if (i) strcat(text, " ");
        strcat(text, word(mem, rank()));
    }
    return arena_text(mem, text);
}

static const char *tag(struct arena *mem)
{
    return arena_printf(mem, "tag%lld", (long long)pow(300, chance()));
}

struct batch {
    int64_t first, count;
};

static struct asset asset_of(struct arena *mem, int64_t number)
{
    struct asset asset =
        asset_new(mem, chance() < 0.9 ? "mira" : "bob", asset_type_names[below(3)],
                  &(struct media_facts){ .duration_s = chance() * 600, .width = 1920, .height = 1080 });
    asset.file_path = arena_printf(mem, "images/%lld", (long long)number);
    asset.title = words(mem, 4);
    asset.description = words(mem, 15);
    asset.prompt = number % 3 ? NULL : words(mem, 12);
    asset.provider = asset.prompt ? "local" : NULL;
    asset.mood = below(101);
    asset.rating = below(6);
    asset.file_size = below(100000000);
    asset.tags = (struct texts){ arena_array(mem, 3, sizeof(char *)), 3 };
    for (int i = 0; i < 3; i++) asset.tags.items[i] = tag(mem);
    asset.created_at = 1600000000000000 + number * 60000000;
    return asset;
}

static bool put_batch(struct tx *tx, void *with, struct error *err)
{
    const struct batch *const batch = with;
    AUTO(arena) struct arena mem = { 0 };
    for (int64_t i = 0; i < batch->count; i++) {
        const struct asset asset = asset_of(&mem, batch->first + i);
        if (!asset_put(tx, &asset, err)) return false;
    }
    return true;
}

/* Until the index has what the rows have. */
static bool await_index(struct library *lib, struct error *err)
{
    for (int64_t waits = 1; waits; time_sleep(waits ? 10 * MS : 0))
        if (!db_count(lib->db, SQL_INDEX_WAITS, NO_ARGS, &waits, err)) return false;
    return true;
}

static bool fill(struct library *lib, int64_t rows, struct error *err)
{
    for (int64_t at = 0; at < rows; at += BATCH) {
        struct batch batch = { at, rows - at < BATCH ? rows - at : BATCH };
        if (!db_write(lib->db, put_batch, &batch, err) || !await_index(lib, err)) return false;
    }
    return true;
}

/* ---- what is asked ---- */

static struct assets_query query_new(void)
{
    struct assets_query query;
    shape_init(&assets_query_shape, &query);
    query.limit = PAGE;
    return query;
}

static void newest(struct arena *mem, struct assets_query *q)
{
    (void)mem;
    (void)q;
}
static void one_word(struct arena *mem, struct assets_query *q) { q->q = word(mem, rank()); }
static void two_words(struct arena *mem, struct assets_query *q)
{
    q->q = arena_printf(mem, "%s %s", word(mem, below(300)), word(mem, below(300)));
    q->type = "video";
}
static void beginning(struct arena *mem, struct assets_query *q)
{
    q->q = arena_printf(mem, "%.*s*", 3 + (int)below(3), word(mem, rank()));
}
static void filters(struct arena *mem, struct assets_query *q)
{
    q->type = "image";
    q->tag = arena_printf(mem, "%s,%s", tag(mem), tag(mem));
}
static void ranges(struct arena *mem, struct assets_query *q)
{
    q->tag = tag(mem);
    q->rating_min = 4;
    q->duration_max = 120;
}
static void relevant(struct arena *mem, struct assets_query *q)
{
    one_word(mem, q);
    q->sort = "relevance";
}
static void by_title(struct arena *mem, struct assets_query *q)
{
    (void)mem;
    q->sort = "title";
    q->order = "asc";
}
static void filtered_by_duration(struct arena *mem, struct assets_query *q)
{
    q->sort = "duration";
    q->tag = tag(mem);
}

static const struct kind {
    const char *name;
    void (*ask)(struct arena *mem, struct assets_query *q);
} kinds[] = {
    { "newest", newest },
    { "type and two tags", filters },
    { "tag, rating, duration", ranges },
    { "one word", one_word },
    { "two words, type", two_words },
    { "beginning*", beginning },
    { "word by relevance", relevant },
    { "by title", by_title },
    { "tag by duration", filtered_by_duration },
};

/* The cursor of a page from the middle of the matches, at most of 500 000 rows; NULL where there is one page
 * only. */
static const char *middle(struct library *lib, struct arena *mem, struct assets_query query, int64_t rows)
{
    struct assets_page page;
    struct error err;
    query.limit = 1;
    if (text_is(query.sort, "relevance")) query.sort = "created";
    for (query.offset = rows / 2; query.offset > PAGE; query.offset /= 4)
        if (assets_search(lib, mem, &mira, &query, &page, &err) && page.next_cursor) return page.next_cursor;
    return NULL;
}

struct timing {
    double p50_ms, p95_ms, used_p50_ms, used_p95_ms; /* by the clock; of the processor */
    int count;
};

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int64_t used_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (int64_t)at.tv_sec * SECOND + at.tv_nsec / 1000;
}

static struct timing measure(struct library *lib, const struct kind *kind, bool deep, int rounds,
                             int64_t rows)
{
    static double ms[ROUNDS_MAX], used[ROUNDS_MAX];
    int count = 0;
    for (int i = 0; i < rounds; i++) {
        AUTO(arena) struct arena mem = { 0 };
        struct assets_query query = query_new();
        struct assets_page page;
        struct error err;
        kind->ask(&mem, &query);
        if (deep && text_is(query.sort, "relevance"))
            break; /* its pages go on where one ended: nothing to jump to */
        query.cursor = deep ? middle(lib, &mem, query, rows) : NULL;
        if (deep && !query.cursor) continue;
        const int64_t began = time_mono(), used_began = used_us();
        if (!assets_search(lib, &mem, &mira, &query, &page, &err)) {
            fprintf(stderr, "%s: %s\n", kind->name, err.text);
            exit(1);
        }
        used[count] = (double)(used_us() - used_began) / 1000;
        ms[count++] = (double)(time_mono() - began) / 1000;
    }
    if (!count) return (struct timing){ 0 };
    qsort(ms, (size_t)count, sizeof *ms, by_value);
    qsort(used, (size_t)count, sizeof *used, by_value);
    return (struct timing){ ms[count / 2], ms[count * 95 / 100], used[count / 2], used[count * 95 / 100],
                            count };
}

static bool open_library(struct library *lib, const char *folder, int64_t rows, struct error *err)
{
    char path[512];
    snprintf(path, sizeof path, "%s/umam.db", folder);
    const bool filled = access(path, F_OK) == 0;
    const int64_t began = time_mono();
    if (!db_open(path, &lib->db, err)) return false;
    if (filled) return true;
    if (!fill(lib, rows, err)) return false;
    printf("%lld assets stored and indexed in %.1f s\n", (long long)rows,
           (double)(time_mono() - began) / SECOND);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 200;
    const int64_t sizes[] = { argc > 2 ? atoll(argv[2]) : 10000, argc > 3 ? atoll(argv[3]) : 1000000 };
    struct library libs[2] = { 0 };
    char folders[2][64] = { "/tmp/umam-bench-XXXXXX", "/tmp/umam-bench-XXXXXX" };
    const char *const kept[2] = { NULL, argc > 4 ? argv[4] : NULL };
    struct error err = { 0 };
    if (rounds < 1 || rounds > ROUNDS_MAX) return 2;
    for (int i = 0; i < 2; i++)
        if ((!kept[i] && !mkdtemp(folders[i])) ||
            !open_library(&libs[i], kept[i] ? kept[i] : folders[i], sizes[i], &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    printf("\n| search | page | few: p50 | p95 | many: p50 | p95 | processor, few: p50 | p95 | many: p50 | "
           "p95 | growth | searches |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (int deep = 0; deep < 2; deep++) {
            struct timing t[2];
            for (int i = 0; i < 2; i++)
                t[i] = measure(&libs[i], &kinds[k], deep, deep ? (rounds + 9) / 10 : rounds, sizes[i]);
            if (t[1].count)
                printf("| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.1f | %d |\n",
                       kinds[k].name, deep ? "middle" : "first", t[0].p50_ms, t[0].p95_ms, t[1].p50_ms,
                       t[1].p95_ms, t[0].used_p50_ms, t[0].used_p95_ms, t[1].used_p50_ms, t[1].used_p95_ms,
                       t[1].used_p50_ms / t[0].used_p50_ms, t[1].count);
            fflush(stdout);
        }
    for (int i = 0; i < 2; i++) {
        char command[128];
        db_close(libs[i].db);
        if (kept[i]) continue;
        snprintf(command, sizeof command, "rm -rf %s", folders[i]);
        if (system(command) != 0) fprintf(stderr, "%s stays behind\n", folders[i]);
    }
    return 0;
}
