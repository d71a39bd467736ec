/* Text is NUL-terminated UTF-8 owned by an arena or a literal; NULL is "no text". */
#pragma once

#include "base/arena.h"

/* Equality that accepts NULL on either side (NULL equals only NULL). */
bool text_is(const char *a, const char *b);
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* True when `text` is NULL or "". */
bool text_empty(const char *text);

/* True when the bytes are well-formed UTF-8 (no overlong forms, no surrogates) without NUL bytes. */
bool text_valid_utf8(const char *text, size_t size_bytes);

/* Unicode code points in well-formed UTF-8. */
size_t text_length(const char *text);

/* How many bytes the first `count` of them take, or all where there are fewer. */
size_t text_head_bytes(const char *text, size_t count);

/* True when no byte is a control character (C0 or DEL) other than the tab. */
bool text_plain(const char *text, size_t size_bytes);

/* A copy in one line that moves no cursor: a space for each control character (C0, DEL, C1), line ends among
 * them. */
char *text_line(struct arena *mem, const char *text) MUST_USE;

/* ASCII lower case copy; other bytes unchanged. */
char *text_lower(struct arena *mem, const char *text) MUST_USE;

/* Copy without leading and trailing white space. */
char *text_trim(struct arena *mem, const char *text) MUST_USE;

/* A copy of at most `max_bytes`, cut between code points. */
char *text_cut(struct arena *mem, const char *text, size_t max_bytes) MUST_USE;

/* Position of `name` in a NULL-terminated table, -1 when absent. */
int text_find(const char *const *names, const char *name);

/* "a, b, c" of a NULL-terminated table; `quote` surrounds each name ("" for none). */
char *text_join(struct arena *mem, const char *const *names, const char *quote, const char *between) MUST_USE;

/* Whole-string number parsers: false when anything but one number in range is there. */
bool text_to_int(const char *text, int64_t *out) MUST_USE;
bool text_to_real(const char *text, double *out) MUST_USE;

struct texts {
    const char **items;
    size_t count;
};

/* Parts between separators, trimmed, empty ones dropped. */
struct texts text_split(struct arena *mem, const char *text, char separator) MUST_USE;
