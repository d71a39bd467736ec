/* Starting a program of ours with exactly the descriptors it may have. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Runs `path` with `argv`, descriptor `inherit` as number 3, standard input from /dev/null, output and
 * error shared, every other descriptor closed, in a session of its own. Of the environment it gets the few
 * variables that spawn.c lists. `pid_out` is the caller's to wait
 * for. */
bool spawn(const char *path, char *const argv[], int inherit, pid_t *pid_out, struct error *err) MUST_USE;

/* The path of a program that stands beside the running one. */
bool spawn_sibling_path(const char *name, char *out, size_t size_bytes, struct error *err) MUST_USE;
