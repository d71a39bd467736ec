/* The header block of one part of a multipart body. */
#pragma once

#include "api/http.h"

/* Splits "Name: value" lines, the last one ended by CRLF too. False for anything RFC 7578 would not send:
 * folded lines, bare line ends, control characters, too many lines. */
bool part_headers_parse(struct arena *mem, const char *block, size_t size_bytes, struct pairs *out) MUST_USE;

/* A parameter of a header such as `form-data; name="file"; filename="a.png"`; NULL when absent or malformed.
 */
char *header_parameter(struct arena *mem, const char *value, const char *name) MUST_USE;

/* The filename of a Content-Disposition: the extended form first, last path component only, control
 * characters gone. NULL when there is none. */
char *part_filename(struct arena *mem, const char *disposition) MUST_USE;
