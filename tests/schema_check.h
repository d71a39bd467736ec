/* Holds JSON against the JSON Schema that our own API description uses: type, properties, required, enum,
 * items, $ref, anyOf, the bounds, and no members beyond those described. */
#pragma once

#include "base/json.h"

/* False with the place and the reason in `err`. `document` resolves $ref. */
bool schema_check(const struct json *document, const struct json *schema, const struct json *value,
                  struct error *err) MUST_USE;

/* A reply of the operation `method` `path` (as in the description: "/notes/{note_id}") with this status. A
 * JSON body must fit; a status the description does not name, or a body where none belongs, is a fault too.
 */
bool reply_check(const struct json *document, const char *method, const char *path, int status,
                 const char *body, size_t size_bytes, struct error *err) MUST_USE;
