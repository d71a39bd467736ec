/* What rows that people make have in common: ids of one's own, inserts that are refused, edits of what was
 * read. */
#pragma once

#include "base/id.h"
#include "base/shape.h"

#define UPDATED_AT_DOC "The updated_at you read: refused with 412 when it has changed since."

/* The id that was asked for, in its canonical form, or a new one. INVALID, field `id`, for what is no UUID.
 */
bool row_id(struct arena *mem, const char *given, const char **out, struct error *err) MUST_USE;

/* Why a row could not be inserted: its id is taken, or the row it belongs to, a `parent`, is gone. */
bool row_refused(const struct error *why, const char *what, const char *id, const char *parent,
                 struct error *err);

/* It is not as of the updated_at that came with the edit. */
bool row_changed(const char *what, struct error *err);

/* The `id` of each row as a JSON array. */
const char *row_ids(struct arena *mem, const struct list *rows, const struct shape *shape) MUST_USE;
