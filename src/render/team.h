/* A few threads that share numbered pieces of work.
 *
 * team_run() calls piece(context, 0..count-1), each exactly once, on the caller and the team's threads, and
 * returns when all are done. Pieces must not touch each other's results: then the split changes no byte.
 * One caller at a time. */
#pragma once

#include "base/error.h"

struct team;

/* `threads` is 1..64 and counts the caller: 1 starts none. */
bool team_open(int threads, struct team **out, struct error *err) MUST_USE;
void team_close(struct team *team);

void team_run(struct team *team, void (*piece)(void *context, int index), void *context, int count);
