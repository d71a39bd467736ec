/* A pool of reading connections: it grows while they are all in use, up to READERS_MAX, then callers wait. */
#pragma once

#include "store/sqlite.h"

#include <pthread.h>

enum { READERS_MAX = 64 };

struct readers {
    const char *path; /* of the database; the caller's */
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    struct sqlite *idle;
    int count; /* idle and in use */
};

void readers_init(struct readers *readers, const char *path);

/* One connection for this thread, until readers_put. */
bool readers_take(struct readers *readers, struct sqlite **out, struct error *err) MUST_USE;
void readers_put(struct readers *readers, struct sqlite *lite);

/* Closes them all; none may be in use. */
void readers_clear(struct readers *readers);
