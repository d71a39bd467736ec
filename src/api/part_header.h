/* The header block of one part of a multipart body. */
#pragma once

#include "api/http.h"

/* Splits "Name: value" lines, the last one ended by CRLF too. False for anything RFC 7578 would not send:
 * folded lines, bare line ends, control characters, too many lines. */
bool part_headers_parse(struct arena *mem, const char *block, size_t size_bytes, struct pairs *out) MUST_USE;

/* A parameter of a header such as `form-data; name="file"; filename="a.png"`; NULL when absent or malformed.
 */
char *header_parameter(struct arena *mem, const char *value, const char *name) MUST_USE;

/* What is left of a name that somebody gave a file: the last path component, without control characters, of a
 * sane length; "" when that is nothing. */
char *bare_filename(struct arena *mem, const char *text) MUST_USE;

/* The bare filename of a Content-Disposition, the extended form first. NULL when there is none. */
char *part_filename(struct arena *mem, const char *disposition) MUST_USE;
