/* From libav's error numbers to the house's. */
#pragma once

#include "base/error.h"

/* Sets `err` and returns false. The disk's own failures (full, input/output error) and memory shortage keep
 * their cause whatever `cause` says; for everything else `cause` counts. libav's reason is appended to the
 * sentence. */
bool averror_fail(struct error *err, int code, enum cause cause, const char *format, ...) PRINTF(4, 5);
