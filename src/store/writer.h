/* The one thread that writes. Everything that waits is run in one transaction, each body in its own
 * savepoint, and all are answered when the commit is on disk: the more callers wait, the more one sync to
 * disk is worth. */
#pragma once

#include "store/db.h"
#include "store/sqlite.h"

#include <pthread.h>
#include <stdatomic.h>

struct tx {
    struct sqlite *lite;
};

typedef bool tx_body(struct tx *tx, void *with, struct error *err);

struct write_request;

struct writer {
    struct sqlite *lite; /* used by the thread alone */
    pthread_t thread;
    _Atomic uint64_t version; /* groups that came to their end, lost ones included */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t work;
    struct write_request *first, **last;
    bool stopping;
    int64_t writes, commits;
    int posted; /* requests that nobody waits for */
};

/* Starts the thread; it owns the connection from now on. The struct stays where it is. */
bool writer_start(struct writer *writer, struct sqlite *lite, struct error *err) MUST_USE;

/* Runs `body` on the thread and waits until it is committed or failed. */
bool writer_do(struct writer *writer, tx_body *body, void *with, struct error *err) MUST_USE;

/* The same without waiting. `with` ends with `release`, after the commit or the failure. False, and nothing
 * is released, when too much waits already. */
bool writer_post(struct writer *writer, tx_body *body, void *with, void (*release)(void *with)) MUST_USE;

/* Finishes what waits, ends the thread and closes the connection. */
void writer_stop(struct writer *writer);
