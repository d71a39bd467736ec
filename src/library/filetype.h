/* What a file is by its first bytes, which types are taken in, and how large one may be. The name of a file
 * says nothing.
 *
 * This only compares signatures, to choose a folder and an ending and to refuse what is not wanted before it
 * costs anything; whether the file is sound is the sandboxed worker's business. Markup (HTML, SVG, XML) has
 * no row and is refused: a browser would run it in the name of our origin. */
#pragma once

#include "base/error.h"

enum { FILETYPE_HEAD_BYTES = 4096 };

struct filetype {
    const char *mime, *extension;
    const char *kind; /* an asset type: video, audio, image, model, text */
};

/* NULL for what is none of the types. The head is the file's first FILETYPE_HEAD_BYTES, or all of it. */
const struct filetype *filetype_of(const char *head, size_t size_bytes);

/* The type of a file by the ending we gave it; NULL for any other name. */
const struct filetype *filetype_by_name(const char *name);

/* Where originals of an asset type lie: "images". */
const char *filetype_folder(const char *kind);

enum { FILETYPE_KINDS = 5 };

/* Which types are taken in: for each asset type (in the order of asset_type_names) how many bytes at most, 0
 * for none. */
struct filetype_rules {
    int64_t max_bytes[FILETYPE_KINDS];
};

/* Reads "image:512,video,text:16": asset types, each with the MiB that one may have; without a number, any.
 */
bool filetype_rules_read(const char *text, struct filetype_rules *out, struct error *err) MUST_USE;

/* The type of the file behind `fd` where the rules take it in. UNSUPPORTED for what is not accepted,
 * TOO_LARGE, and INVALID (field `file`) for an empty one. */
bool filetype_admit(const struct filetype_rules *rules, int fd, int64_t size_bytes,
                    const struct filetype **out, struct error *err) MUST_USE;
