#include "library/cache.h"
#include "base/text.h"
#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static struct error err;

struct place {
    char folder[64];
    struct cache *cache;
};

static void place_cleanup(struct place *place)
{
    char command[96];
    cache_close(place->cache);
    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", place->folder);
}

static bool place_open(struct place *place, int64_t max_bytes, int64_t reserve_bytes)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/umam-cache-XXXXXX");
    return mkdtemp(place->folder) && cache_open(place->folder, max_bytes, reserve_bytes, &place->cache, &err);
}

/* Counts how often it is asked, and writes this many blocks. */
struct work {
    int blocks, made;
    bool slow, fails;
};

static bool make(void *with, int fd, struct error *err_out)
{
    struct work *const work = with;
    char block[4096] = "block";
    __atomic_add_fetch(&work->made, 1, __ATOMIC_SEQ_CST);
    if (work->slow) usleep(200000);
    if (work->fails) return fail(err_out, CAUSE_BAD_MEDIA, "it cannot be made");
    for (int i = 0; i < work->blocks; i++)
        if (write(fd, block, sizeof block) != sizeof block) return false;
    return true;
}

static bool ask(struct place *place, const char *recipe, struct work *work)
{
    AUTO(arena) struct arena mem = { 0 };
    struct cache_file file;
    if (!cache_get(place->cache, &mem, recipe, make, work, &file, &err)) return false;
    AUTO(fd) int fd = file.fd;
    char first[6] = "";
    return file.size_bytes == work->blocks * 4096 && pread(fd, first, 5, 0) == 5 && text_is(first, "block");
}

TEST(an_entry_is_made_once)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 2 };
    CHECK_OK(place_open(&place, 1 << 20, 0));
    CHECK_OK(ask(&place, "a", &work));
    CHECK_OK(ask(&place, "a", &work));
    CHECK_INT(work.made, 1);
    CHECK_INT(cache_bytes(place.cache), 8192);
    CHECK_OK(ask(&place, "b", &work));
    CHECK_INT(work.made, 2);
}

struct caller {
    struct place *place;
    struct work *work;
    bool good;
};

static void *call(void *with)
{
    struct caller *const caller = with;
    caller->good = ask(caller->place, "same", caller->work);
    return NULL;
}

static int good_of_eight(struct place *place, struct work *work)
{
    struct caller callers[8];
    pthread_t threads[8];
    int good = 0;
    for (int i = 0; i < 8; i++) {
        callers[i] = (struct caller){ place, work, false };
        if (pthread_create(&threads[i], NULL, call, &callers[i]) != 0) abort();
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        good += callers[i].good;
    }
    return good;
}

TEST(who_asks_at_once_waits_for_the_same)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 1, .slow = true };
    CHECK_OK(place_open(&place, 1 << 20, 0));
    CHECK_INT(good_of_eight(&place, &work), 8);
    CHECK_INT(work.made, 1);
}

TEST(a_failure_is_told_and_not_kept)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 1, .fails = true };
    CHECK_OK(place_open(&place, 1 << 20, 0));
    CHECK(!ask(&place, "a", &work));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    CHECK_INT(cache_bytes(place.cache), 0);
    work.fails = false;
    CHECK_OK(ask(&place, "a", &work));
}

TEST(what_is_unused_longest_goes)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 4 };
    CHECK_OK(place_open(&place, 10 * 4096, 0));
    CHECK_OK(ask(&place, "a", &work));
    usleep(20000);
    CHECK_OK(ask(&place, "b", &work));
    usleep(20000);
    CHECK_OK(ask(&place, "a", &work));
    usleep(20000);
    CHECK_OK(ask(&place, "c", &work));
    CHECK_INT(work.made, 3);
    CHECK(cache_bytes(place.cache) <= 10 * 4096);
    CHECK_OK(ask(&place, "a", &work));
    CHECK_INT(work.made, 3);
    CHECK_OK(ask(&place, "b", &work));
    CHECK_INT(work.made, 4);
}

TEST(the_disk_keeps_its_reserve)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 1 };
    CHECK_OK(place_open(&place, 1 << 20, INT64_MAX / 4));
    CHECK_OK(ask(&place, "a", &work));
    CHECK_OK(ask(&place, "a", &work));
    CHECK_INT(work.made, 2);
    CHECK_INT(cache_bytes(place.cache), 0);
    CHECK(!cache_takes(place.cache, 1, &err));
    CHECK_INT(err.cause, CAUSE_NO_SPACE);
}

TEST(it_is_still_there_after_a_start)
{
    AUTO(place) struct place place = { 0 };
    struct work work = { .blocks = 1 };
    CHECK_OK(place_open(&place, 1 << 20, 0));
    CHECK_OK(cache_takes(place.cache, 1 << 20, &err));
    CHECK_OK(ask(&place, "a", &work));
    cache_close(place.cache);
    CHECK_OK(cache_open(place.folder, 1 << 20, 0, &place.cache, &err));
    CHECK_INT(cache_bytes(place.cache), 4096);
    CHECK_OK(ask(&place, "a", &work));
    CHECK_INT(work.made, 1);
}

TEST_MAIN
