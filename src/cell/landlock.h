/* Landlock with an empty rule set: every right the kernel knows is handled, and none is granted. */
#pragma once

#include "base/error.h"

/* The ABI version of the running kernel, 0 when Landlock is missing or switched off. */
int landlock_version(void);

/* Needs no_new_privs. Descriptors that are open already keep working. */
bool landlock_enter(int version, struct error *err) MUST_USE;
