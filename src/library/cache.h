/* Files that can be made again at any time: resized pictures, what players get.
 *
 * An entry is known by a text that says what it is made of and how; its name is the hash of that. It is whole
 * or absent (library/blob.h). All together stay within a number of bytes: then the ones that were not used
 * for longest go. Whoever asks for what another is just making waits for it and gets the same, or the same
 * error. Files that somebody still reads live until he is done. Nothing of it is in the database, and the
 * folder may be emptied while no server runs. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

struct cache;

/* `reserve_bytes` stay free on the cache's disk: where an entry would take from them, others make room, and
 * when that is not enough it is handed out without being kept. */
bool cache_open(const char *root, int64_t max_bytes, int64_t reserve_bytes, struct cache **out,
                struct error *err) MUST_USE;
void cache_close(struct cache *cache); /* nobody may use it any more; NULL is fine */

struct cache_file {
    int fd; /* for reading, by pread or sendfile: others may have the same file offset. The caller closes it.
             */
    int64_t size_bytes;
    const char *key; /* 64 hexadecimal digits */
};

/* Writes the entry into an empty file. */
typedef bool cache_make(void *with, int fd, struct error *err);

/* The entry of this recipe, made now when it is not there. */
bool cache_get(struct cache *cache, struct arena *mem, const char *recipe, cache_make *make, void *with,
               struct cache_file *out, struct error *err) MUST_USE;

/* NO_SPACE when something as large as this could not be made without taking from the reserve, however much
 * room the entries make. */
bool cache_takes(struct cache *cache, int64_t bytes, struct error *err) MUST_USE;

/* What all entries take on disk. */
int64_t cache_bytes(struct cache *cache);
