/* One umam for each database: an advisory lock on the file `<database>.lock`, held until the descriptor
 * closes. */
#pragma once

#include "base/error.h"

/* Fails with CAUSE_CONFLICT, naming the process, when another umam holds it. */
bool lock_take(const char *database_path, int *fd_out, struct error *err) MUST_USE;
