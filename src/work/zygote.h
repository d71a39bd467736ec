/* The zygote's life: umam-media or umam-net is started as one, says when it is ready and which layers protect
 * its children, and gets a successor when it is gone. What goes over its socket after that is its owner's
 * business.
 *
 * Every function but open and close is called with the lock held. Only waiting for a zygote to be ready gives
 * the lock up, so that whoever asks how things are never waits for a program that loads its libraries. */
#pragma once

#include "work/worker.h"

#include <pthread.h>

/* Which program, and what its faults are told as. */
struct zygote_program {
    const char *name;         /* beside the running program */
    const char *path;         /* another one of that name; NULL: none */
    const char *argument;     /* behind the word zygote; NULL: none */
    const char *called;       /* "media worker" */
    const char *switched_off; /* while a layer is missing: "media work is switched off" */
    bool once;                /* never started again: what starts later cannot connect (base/offline.h) */
};

struct zygote {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* it became ready or not */
    struct zygote_program which;
    char *program, *argument;
    pid_t pid;
    int control;        /* our end of its socket; -1: not running */
    int64_t generation; /* counts zygotes */
    bool insists;       /* on every layer */
    bool awaiting;      /* one thread waits for it to be ready, without the lock */
    struct worker_layers layers;
};

/* Starts the program without waiting for it. */
bool zygote_open(const struct zygote_program *which, struct zygote *out, struct error *err) MUST_USE;

/* It ends its children and itself. */
void zygote_close(struct zygote *zygote);

/* Ends it; zygote_need starts the next. */
void zygote_drop(struct zygote *zygote);

/* Whether its end of the socket is open. */
bool zygote_answers(const struct zygote *zygote);

/* Waits until it is ready. UNAVAILABLE when it does not start. */
bool zygote_await(struct zygote *zygote, struct error *err) MUST_USE;

/* UNAVAILABLE while a layer is missing that its owner insists on. */
bool zygote_suffices(const struct zygote *zygote, struct error *err) MUST_USE;

/* One that is running, ready and sufficient; a new one when the old one is gone. */
bool zygote_need(struct zygote *zygote, struct error *err) MUST_USE;
