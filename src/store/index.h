/* The full-text index: rows note that they changed (triggers of migration 0009), this indexes them anew. */
#pragma once

#include "store/sqlite.h"

/* Whether a change is not indexed yet. */
bool index_waits(struct sqlite *lite, bool *out, struct error *err) MUST_USE;

/* Within the transaction that changed the rows, before its commit: so the index is right whenever the rows
 * are, unless so much has changed that it would take long (a thousand assets with transcripts at once). Then
 * the rest stays noted, `*behind_out` is true, and further transactions go on with it, between those that
 * others wait for. */
bool index_catch_up(struct sqlite *lite, bool *behind_out, struct error *err) MUST_USE;
