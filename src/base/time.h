/* Time: int64 microseconds. Wall-clock values are since 1970 UTC and called `..._at`; 0 means "not yet". */
#pragma once

#include "base/arena.h"

enum { MS = 1000, SECOND = 1000 * 1000 };

int64_t time_now(void);  /* wall clock */
int64_t time_mono(void); /* only ever forward; for durations */

#ifdef UMAM_TESTS
/* Puts the wall clock of this program forward, or back where negative. */
void time_shift(int64_t by_us);
#endif

/* The contract's form: ISO 8601 UTC without zone, microseconds only when they are not 0. NULL for 0. */
char *time_text(struct arena *mem, int64_t at) MUST_USE;

/* Reads `YYYY-MM-DD[(T| )HH:MM[:SS[.ffffff]][Z|+HH:MM]]`; offsets are converted to UTC. The start of 1970
 * reads as the microsecond after it, because 0 is no time. */
bool time_parse(const char *text, int64_t *out) MUST_USE;

void time_sleep(int64_t duration_us);
