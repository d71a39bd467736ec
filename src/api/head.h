/* Judges the head of a request by the bytes it came in.
 *
 * The HTTP library hands out names and values that it cut from its buffer, and is generous: it takes bare
 * line feeds and continued lines, and drops what follows a NUL. Another party may read such a head as a
 * different request. The pieces still lie where they arrived, so what is between them tells: one space in the
 * request line, a colon and white space in a header, CRLF behind each line, and nothing else. */
#pragma once

#include "api/http.h"

struct head {
    struct request *rq;               /* gets the headers */
    const char *start, *at;           /* first byte; where the next line must begin */
    int framings, hosts, credentials; /* how often each came */
    bool twisted;                     /* there is more than one way to read it */
};

/* The three parts of the request line, all in the buffer. `uri_size_bytes`: of `uri`, as it came. */
void head_begin(struct head *head, const char *method, const char *uri, size_t uri_size_bytes,
                const char *version);

/* Each header in the order they came. */
void head_take(struct head *head, const char *name, size_t name_size, const char *value, size_t value_size);

/* `size_bytes`: of the whole head with its empty line. `*declared_out`: the Content-Length, -1 for none. */
bool head_end(struct head *head, size_t size_bytes, int64_t *declared_out) MUST_USE;
