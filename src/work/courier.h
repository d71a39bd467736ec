/* The server's end of umam-net, the only program of ours that calls other machines. It is started before the
 * server gives up connecting anywhere (base/offline.h), and cannot be started again by it: its parent process
 * does nothing but fork, so that what a hostile sender breaks is one child. Any number of threads may fetch
 * at once. */
#pragma once

#include "task/fetch.h"

struct courier;

/* Starts the program (NULL: umam-net beside the running program). */
bool courier_open(const char *program, struct courier **out, struct error *err) MUST_USE;
void courier_close(struct courier *courier); /* ends what is under way; accepts NULL */

/* UNAVAILABLE when nothing is fetched: there is no such program (NULL), or it is gone. */
bool courier_check(const struct courier *courier, struct error *err) MUST_USE;

struct courier_call {
    const struct fetch_in *in;
    int fd;        /* empty, seekable; stays the caller's */
    int cancel_fd; /* readable = stop; -1: cannot be cancelled */
    void (*progress)(void *with, int64_t bytes, int64_t total); /* total 0: unknown */
    void *with;
};

/* Texts of `out` lie in `mem`. Fails as fetch_file (net/fetch.h) does, with UNAVAILABLE when the program is
 * gone and CRASHED when the child died; what is in the file then is worthless. */
bool courier_fetch(struct courier *courier, const struct courier_call *call, struct arena *mem,
                   struct fetch_out *out, struct error *err) MUST_USE;
