/* The background scrub: originals are read again and held against their checksums, one after the other,
 * longest unseen first, a little every day. What comes of it is noted in the asset's row. */
#pragma once

#include "library/check.h"

struct scrub_watch {
    bool (*go_on)(void *with); /* false: stop, which is no error */
    void (*found)(void *with, const char *asset_id,
                  const char *fault); /* an original that is not what was stored */
    void *with;
};

/* Looks for `budget_us` at assets that were not looked at since `before`; the last one is read to its end.
 * `*spent_out` is what it took, more than the budget where a file was large; `*looked_out` how many there
 * were. */
bool scrub_run(struct library *lib, int64_t before, int64_t budget_us, const struct scrub_watch *watch,
               int64_t *spent_out, int64_t *looked_out, struct error *err) MUST_USE;
