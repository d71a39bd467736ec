#include "library/cache.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "library/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { FOLDERS = 256, ROOM_TENTHS = 9 /* what is left after making room */ };

/* An entry under way, and afterwards until the last who waited has his copy. */
struct making {
    const char *key;
    bool over, good;
    int fd, users;
    struct error err;
    struct making *next;
};

struct cache {
    struct blobs blobs;
    int64_t max_bytes, reserve_bytes, bytes;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    struct making *making;
};

/* ---- what is on disk ---- */

struct entry {
    char name[80];
    int64_t bytes, used_ns;
};

struct entries {
    struct entry *items;
    size_t count;
};

static bool read_entry(const struct cache *cache, struct entry *entry)
{
    struct stat info;
    if (fstatat(cache->blobs.folder, entry->name, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
    entry->bytes = info.st_blocks * 512; /* as the disk counts */
    entry->used_ns = info.st_atim.tv_sec * 1000000000 + info.st_atim.tv_nsec;
    return true;
}

static void list_folder(const struct cache *cache, int number, struct entries *entries)
{
    char folder[4];
    snprintf(folder, sizeof folder, "%02x", (unsigned)number & 255);
    const int fd = openat(cache->blobs.folder, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const dir = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *file; dir && (file = readdir(dir));) {
        struct entry entry;
        if (file->d_name[0] == '.' || strlen(file->d_name) >= sizeof entry.name - 4) continue;
        snprintf(entry.name, sizeof entry.name, "%s/%s", folder, file->d_name);
        if (!read_entry(cache, &entry)) continue;
        if ((entries->count & (entries->count - 1)) == 0) {
            struct entry *const more =
                realloc(entries->items, (entries->count ? 2 * entries->count : 1) * sizeof *more);
            if (!more) break;
            entries->items = more;
        }
        entries->items[entries->count++] = entry;
    }
    if (dir) closedir(dir);
}

static int longest_unused_first(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    return (x->used_ns > y->used_ns) - (x->used_ns < y->used_ns);
}

/* Counts what there is, and when it is more than `limit` removes from it until it is `most`. */
static void make_room(struct cache *cache, int64_t limit, int64_t most)
{
    struct entries entries = { 0 };
    for (int i = 0; i < FOLDERS; i++) list_folder(cache, i, &entries);
    cache->bytes = 0;
    for (size_t i = 0; i < entries.count; i++) cache->bytes += entries.items[i].bytes;
    if (entries.count && cache->bytes > limit)
        qsort(entries.items, entries.count, sizeof *entries.items, longest_unused_first);
    if (cache->bytes > limit)
        for (size_t i = 0; i < entries.count && cache->bytes > most; i++)
            if (unlinkat(cache->blobs.folder, entries.items[i].name, 0) == 0)
                cache->bytes -= entries.items[i].bytes;
    free(entries.items);
}

static void keep_within(struct cache *cache)
{
    make_room(cache, cache->max_bytes, cache->max_bytes / 10 * ROOM_TENTHS);
}

/* What is missing on the disk to the reserve and `more_bytes`; nothing or less: it is there. */
static int64_t missing(const struct cache *cache, int64_t more_bytes)
{
    struct statvfs disk;
    if (!cache->reserve_bytes || fstatvfs(cache->blobs.folder, &disk) != 0) return 0;
    return cache->reserve_bytes + more_bytes - (int64_t)(disk.f_bavail * disk.f_frsize);
}

/* Whether the disk has the reserve and this much, after entries have gone for it if need be. */
static bool disk_takes(struct cache *cache, int64_t more_bytes)
{
    pthread_mutex_lock(&cache->lock);
    const int64_t lack = missing(cache, more_bytes);
    if (lack > 0 && lack <= cache->bytes) make_room(cache, cache->bytes - lack, cache->bytes - lack);
    pthread_mutex_unlock(&cache->lock);
    return lack <= 0 || missing(cache, more_bytes) <= 0;
}

bool cache_takes(struct cache *cache, int64_t bytes, struct error *err)
{
    return disk_takes(cache, bytes) ||
           fail(err, CAUSE_NO_SPACE,
                "the server's disk is nearly full, so a stream of this film cannot be made now");
}

/* What a crash left half named can be made again. */
static bool unknown(void *with, const char *name, bool *known_out, struct error *err)
{
    (void)with, (void)name, (void)err;
    *known_out = false;
    return true;
}

bool cache_open(const char *root, int64_t max_bytes, int64_t reserve_bytes, struct cache **out,
                struct error *err)
{
    struct cache *const cache = calloc(1, sizeof *cache);
    if (!cache) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory for the cache");
    cache->max_bytes = max_bytes;
    cache->reserve_bytes = reserve_bytes;
    cache->blobs.folder = -1;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->ended, NULL);
    if (!blobs_open(root, &cache->blobs, err) || !blobs_recover(&cache->blobs, unknown, NULL, err)) {
        cache_close(cache);
        return false;
    }
    keep_within(cache);
    *out = cache;
    return true;
}

void cache_close(struct cache *cache)
{
    if (!cache) return;
    blobs_close(&cache->blobs);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->ended);
    free(cache);
}

int64_t cache_bytes(struct cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    const int64_t bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}

/* ---- entries ---- */

static bool open_entry(struct cache *cache, const char *name, int *fd_out)
{
    struct blob_file file;
    struct error ignored;
    const struct timespec used_now[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_OMIT } };
    if (!blob_open(&cache->blobs, name, &file, &ignored)) return false;
    futimens(file.fd, used_now); /* also where the file system notes no reading */
    *fd_out = file.fd;
    return true;
}

/* Gives the file its name. A cache that cannot keep it (no room for files this large, the disk is full) hands
 * it out all the same. */
static void keep(struct cache *cache, const char *name, int fd)
{
    const struct blob file = { name, fd };
    struct stat info;
    struct error ignored;
    if (fstat(fd, &info) != 0 || info.st_blocks * 512 > cache->max_bytes || !disk_takes(cache, 0)) return;
    if (!blob_keep(&cache->blobs, &file, 1, &ignored)) return;
    blob_settle(&cache->blobs, &file, 1, true);
    pthread_mutex_lock(&cache->lock);
    cache->bytes += info.st_blocks * 512;
    if (cache->bytes > cache->max_bytes) keep_within(cache);
    pthread_mutex_unlock(&cache->lock);
}

static bool make_entry(struct cache *cache, const char *name, cache_make *make, void *with, int *fd_out,
                       struct error *err)
{
    AUTO(fd) int fd = -1;
    if (!blob_draft(&cache->blobs, &fd, err) || !make(with, fd, err)) return false;
    keep(cache, name, fd);
    *fd_out = fd_take(&fd);
    return true;
}

/* Under the lock: the work on this key that is not over; NULL when there is none. */
static struct making *find(const struct cache *cache, const char *key)
{
    struct making *at = cache->making;
    while (at && (at->over || !text_is(at->key, key))) at = at->next;
    return at;
}

/* Under the lock. */
static void leave(struct cache *cache, struct making *making)
{
    struct making **at = &cache->making;
    if (--making->users) return;
    while (*at != making) at = &(*at)->next;
    *at = making->next;
    fd_cleanup(&making->fd);
    free(making);
}

/* Under the lock: waits for the other's work to end. */
static bool wait_for(struct cache *cache, struct making *making, int *fd_out, struct error *err)
{
    making->users++;
    while (!making->over) pthread_cond_wait(&cache->ended, &cache->lock);
    const bool good = making->good;
    if (good)
        *fd_out = fcntl(making->fd, F_DUPFD_CLOEXEC, 0);
    else
        *err = making->err;
    leave(cache, making);
    return good &&
           (*fd_out >= 0 || fail(err, CAUSE_UNAVAILABLE, "too many files are open; ask again in a moment"));
}

/* Under the lock, which it lets go while it works. */
static bool make_for_all(struct cache *cache, const char *key, const char *name, cache_make *make, void *with,
                         int *fd_out, struct error *err)
{
    struct making *const making = calloc(1, sizeof *making);
    if (!making) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory; ask again in a moment");
    *making = (struct making){ .key = key, .fd = -1, .users = 1, .next = cache->making };
    cache->making = making;
    pthread_mutex_unlock(&cache->lock);
    /* it may have come between the first look and the lock */
    const bool good = open_entry(cache, name, fd_out) || make_entry(cache, name, make, with, fd_out, err);
    pthread_mutex_lock(&cache->lock);
    making->over = true;
    making->good = good;
    if (good && making->users > 1) making->fd = fcntl(*fd_out, F_DUPFD_CLOEXEC, 0);
    if (!good) making->err = *err;
    pthread_cond_broadcast(&cache->ended);
    leave(cache, making);
    return good;
}

bool cache_get(struct cache *cache, struct arena *mem, const char *recipe, cache_make *make, void *with,
               struct cache_file *out, struct error *err)
{
    const struct digest digest = hash_bytes(recipe, strlen(recipe));
    const char *const name = arena_printf(mem, "%.2s/%s", digest.hex, digest.hex);
    AUTO(fd) int fd = -1;
    if (!open_entry(cache, name, &fd)) {
        pthread_mutex_lock(&cache->lock);
        struct making *const other = find(cache, digest.hex);
        const bool good = other ? wait_for(cache, other, &fd, err)
                                : make_for_all(cache, digest.hex, name, make, with, &fd, err);
        pthread_mutex_unlock(&cache->lock);
        if (!good) return false;
    }
    int64_t size_bytes;
    if (!file_size(fd, &size_bytes, err)) return false;
    *out = (struct cache_file){ fd_take(&fd), size_bytes, arena_text(mem, digest.hex) };
    return true;
}
