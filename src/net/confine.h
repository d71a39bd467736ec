/* What the process that connects may do: resolve names and connect. It reads what name resolution needs and
 * nothing else, starts no program, listens nowhere, and is nobody. What fetches is confined further
 * (cell/sandbox.h). */
#pragma once

#include "base/error.h"

/* Confines the process, which must have one thread, for ever. A layer the kernel lacks is left out. */
bool confine_enter(struct error *err) MUST_USE;
