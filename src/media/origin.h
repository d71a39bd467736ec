/* Where a file says it comes from: the IPTC digital source type of an XMP packet
 * (cv.iptc.org/newscodes/digitalsourcetype), a C2PA manifest, the notes image generators leave in PNG files.
 *
 * All of them stand in plain bytes in every container, so the beginning and the end of the file are searched,
 * whatever it is. A manifest is only noted: the file is kept as it is, and whether the signature holds is not
 * asked. */
#pragma once

#include "base/arena.h"
#include "task/ingest.h"

enum { ORIGIN_SEARCHED_BYTES = 2 * 1000 * 1000 /* at each end */ };

/* NULL in `out` when it says nothing. */
bool origin_find(int fd, struct arena *mem, const struct ingest_origin **out, struct error *err) MUST_USE;
