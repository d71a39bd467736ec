/* What a file is, by its content alone: libmagic's word on its first bytes, held against the list of what
 * this house takes. The name a file came with is never asked. media_open() must have been called. */
#pragma once

#include "base/error.h"

enum sniff_way {
    SNIFF_PICTURE, /* JPEG, PNG, WebP, GIF: media/image.h */
    SNIFF_FILM,    /* a container with video or sound: media/source.h */
    SNIFF_MODEL,   /* glTF or GLB */
    SNIFF_TEXT,    /* plain text, Markdown, captions */
};

/* Loads libmagic's database; once per process. */
bool sniff_open(struct error *err) MUST_USE;

/* Which way to go on with the file. UNSUPPORTED, with a sentence that says what it is, for everything else:
 * documents a browser would run (HTML, SVG), programs, archives. Whether the file is sound is seen later. */
bool sniff_file(int fd, enum sniff_way *out, struct error *err) MUST_USE;
