/* Structs and rows: a statement's parameters from arguments, a row's columns into a struct, both by name.
 *
 * How a field is stored: text and words as text, numbers as numbers, booleans as 0 or 1, times as
 * microseconds, JSON, DATA, TEXTS, SHAPE and LIST as JSON text. What is absent (base/shape.h) is NULL, except
 * that an empty TEXTS or LIST which is not nullable is []. A NULL column makes the field absent. */
#pragma once

#include "store/db.h"
#include "store/sqlite.h"

/* Texts stay where they are until the statement is reset; `scratch` must live as long. */
bool row_bind(struct sqlite *lite, struct prepared *stmt, struct db_args args, struct arena *scratch,
              struct error *err) MUST_USE;

/* The row the statement stands on, as a struct; texts are copied into `mem`. */
bool row_read(struct prepared *stmt, struct arena *mem, const struct shape *shape, void *out,
              struct error *err) MUST_USE;
