/* A whole server without HTTP: the rooms from store to agent, opened as `umam serve` does it. */
#pragma once

#include "agent/generation.h"

struct world {
    char data[256];
    struct library lib;
    struct worker *worker;
    struct work *work;
    struct generation gen;
};

extern const char *world_worker_program; /* what runs tasks */
extern const struct actor world_actor;   /* who acts: an administrator */

/* Database, media folder, first account; with `jobs` the worker and the queue as well. After a failure
 * everything is closed. */
bool world_open(struct world *world, const char *data, bool jobs, struct error *err);
void world_close(struct world *world);

/* Starts a one-second clip. The mock provider makes it, "local" never ends by itself. */
bool world_start_job(struct world *world, const char *provider, struct error *err);

/* Waits until the queue is empty, while the clock runs ahead so that pauses pass. Fails after a
 * while. */
bool world_await_jobs(struct world *world, struct error *err);

/* Waits until the stub has the job. */
bool world_await_running(struct world *world, struct error *err);

/* Stores 3000 bytes as a picture with a thumbnail, as an upload does. */
bool world_upload(struct world *world, struct error *err);

/* Takes 3000 bytes in, the same each time, and waits until they are looked at. */
bool world_take(struct world *world, struct error *err);
