/* Copies of a database in use. */
#pragma once

#include "store/sqlite.h"

/* A consistent copy in the new file `path`, on disk when this returns; it stands there whole or not at all.
 */
bool backup_make(struct sqlite *lite, const char *path, struct error *err) MUST_USE;
