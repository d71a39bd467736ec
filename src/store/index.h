/* The full-text index: rows note that they changed (triggers of migration 0009), this indexes them anew. */
#pragma once

#include "store/sqlite.h"

/* Within the transaction that changed the rows, before its commit: the index is right whenever the rows are.
 */
bool index_catch_up(struct sqlite *lite, struct error *err) MUST_USE;
