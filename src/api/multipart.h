/* multipart/form-data (RFC 7578, RFC 2046) as it streams in: one file part named "file" goes to a descriptor,
 * small text fields into memory. Everything is bounded: the preamble, each header block, the number of parts,
 * all fields together and the file. The input may come in pieces of any size. */
#pragma once

#include "api/http.h"

struct multipart;

/* `content_type` is the request's. Bytes of the file go to `fd`, which stays the caller's. Fails with
 * BAD_REQUEST when there is no usable boundary. */
bool multipart_open(struct arena *mem, const char *content_type, int fd, int64_t file_max_bytes,
                    struct multipart **out, struct error *err) MUST_USE;

/* True for the content type this parser reads. */
bool multipart_is(const char *content_type);

/* Fails with BAD_REQUEST (malformed), TOO_LARGE (file or fields) or what writing gives; then feed no more. */
bool multipart_feed(struct multipart *mp, const char *bytes, size_t size_bytes, struct error *err) MUST_USE;

/* After the last piece. Fails when the closing boundary never came. */
bool multipart_end(struct multipart *mp, struct error *err) MUST_USE;

/* What came, once. `upload_out->fd` is -1 when there was no file part. */
void multipart_result(struct multipart *mp, struct upload *upload_out, struct pairs *fields_out);

/* Frees buffers; the results live on in the arena. NULL is fine. */
void multipart_close(struct multipart *mp);
