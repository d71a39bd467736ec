/* What umam-net may do: talk to the network and write into the files it is handed. It reads what name
 * resolution and certificates need and nothing else, starts no program, and is nobody. */
#pragma once

#include "base/error.h"

/* Confines the process, which must have one thread, for ever. A layer the kernel lacks is left out. */
bool confine_enter(struct error *err) MUST_USE;
