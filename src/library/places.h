/* The exchange at the heart of a restore: what lies in a folder within the data folder against what lies in
 * that itself. A journal in `.restore` makes it one step: once it is there, the exchange is gone through to
 * its end, by this program or by the next. The lock of the database is the caller's. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

/* "<data>/.restore" */
const char *places_work(struct arena *mem, const char *data) MUST_USE;

/* `fresh`: the folder of what is new, from `data` on. `point_out`: the folder in `data` that holds what was
 * there; NULL when nothing was. On failure all is as it was. */
bool places_exchange(struct arena *mem, const char *data, const char *fresh, const char **point_out,
                     struct error *err) MUST_USE;

/* Whether an exchange was begun and has not ended. */
bool places_begun(struct arena *mem, const char *data);
bool places_settle(struct arena *mem, const char *data, struct error *err) MUST_USE;

/* The newest restore point, or the one of this name; NULL when there is none. */
const char *places_newest_point(struct arena *mem, const char *data, const char *name) MUST_USE;
