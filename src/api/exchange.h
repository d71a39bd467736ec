/* One request and its reply on the way through the server: begin when the head is there, feed for each piece
 * of the body, answer at its end. Knows nothing of the HTTP library; server.c drives it. */
#pragma once

#include "api/loads.h"
#include "api/multipart.h"
#include "api/router.h"
#include "api/server.h"
#include "api/sink.h"
#include "api/stream.h"

enum reply_kind { REPLY_BYTES, REPLY_FILE, REPLY_PARTS, REPLY_STREAM };

/* A piece of a file with the text before it. */
struct reply_part {
    const char *head;
    int64_t offset_bytes, length_bytes;
};

struct reply {
    struct arena *mem;
    int status; /* 0: the route's */
    enum reply_kind kind;
    const char *type; /* NULL: no Content-Type */
    struct pairs headers;
    struct buf body;                    /* REPLY_BYTES */
    int fd;                             /* REPLY_FILE and REPLY_PARTS, -1 otherwise */
    int64_t offset_bytes, length_bytes; /* REPLY_FILE; of REPLY_PARTS the length of all */
    struct reply_part *parts;           /* REPLY_PARTS: the last one is only a text */
    size_t part_count;
    struct stream stream;               /* REPLY_STREAM */
};

struct exchange {
    const struct server_config *config;
    const struct router *router;
    struct arena mem;
    struct request rq;
    struct reply rp;
    const char *method_name;
    const char *uri; /* as sent, with the query; where the HTTP library keeps it */
    size_t uri_size_bytes;
    bool uri_plain;       /* no space and no control character: a bare CR may end the line for others */
    bool begun, settled;  /* settled: the reply stands, the rest of the body is only drained */
    struct error refusal; /* of the caller; told after malformed JSON is ruled out */
    struct buf body;      /* BODY_JSON */
    struct multipart *multipart; /* BODY_FILE */
    struct sink sink;            /* BODY_RAW; of a form it is the parser's */
    int64_t received_bytes, drained_bytes;
    int64_t declared_bytes,
        judged_bytes;   /* of a file: its length, -1 for none; how much had come at the last look */
    int64_t started_at; /* monotonic */
    char remote[64];
    struct hold holds[LOAD_COUNT];
    int references;
};

struct exchange *exchange_new(const struct server_config *config, const struct router *router,
                              const char *uri) MUST_USE;

/* The last one frees. */
void exchange_unref(struct exchange *ex);

/* The head is complete: headers, method and remote are set. `declared_bytes` is the Content-Length, -1 for
 * none. */
void exchange_begin(struct exchange *ex, int64_t declared_bytes);

/* A piece of the body. False when draining it has gone on long enough: send the reply and close. */
bool exchange_feed(struct exchange *ex, const char *bytes, size_t size_bytes) MUST_USE;

/* The request is complete: runs the handler. After this the reply is ready to send. */
void exchange_answer(struct exchange *ex);

/* Ends the exchange with this error, before or instead of the handler. */
void exchange_refuse(struct exchange *ex, const struct error *err);

/* Adds the headers that every reply has. Once, before sending. */
void exchange_finish(struct exchange *ex);

/* The reply is handed over and needs the request no more: everything else that the request took goes. */
void exchange_forget(struct exchange *ex);

/* ---- parts of it, one file each ---- */

/* intake.c: a file, in a form or by itself, as it comes in: into a file without a name, on the file system it
 * is going to stay on. From its first byte it counts as its sender's, and as the disk's. What was begun is
 * fed, then ended. */
enum { INTAKE_FORM_BYTES = 1 << 20 }; /* at most for boundaries, headers, fields */
bool intake_begin(struct exchange *ex, int64_t declared_bytes, int64_t max_bytes, struct error *err) MUST_USE;
bool intake_feed(struct exchange *ex, const char *bytes, size_t size_bytes, struct error *err) MUST_USE;
bool intake_end(struct exchange *ex, struct pairs *fields, struct error *err) MUST_USE;
bool intake_going_on(const struct exchange *ex);
void intake_forget(struct exchange *ex);

/* request.c: decodes the query; reads body, query and path into the route's structs. All faults end up in
 * `issues`; false with `err` for a request that is no request at all. */
bool request_decode_query(struct request *rq, struct error *err) MUST_USE;
bool request_parse_body(struct request *rq, const struct buf *body, struct issues *issues) MUST_USE;
/* `fields` are those of a form. */
void request_validate(struct request *rq, const struct pairs *fields, struct issues *issues);

/* identity.c: who calls, and whether the route lets them. */
bool identity_check(struct request *rq, struct error *err) MUST_USE;

/* admission.c: the client's address when trusted proxies stand between; TOO_MANY for a caller who asks too
 * often. */
const char *admission_remote(const struct request *rq);
/* Whom what is under way counts for: the network, NULL for a trusted proxy that names nobody; the caller. */
const char *admission_network(const struct request *rq);
const char *admission_who(const struct request *rq);
bool admission_check(const struct request *rq, struct reply *rp, struct error *err) MUST_USE;

/* cors.c: true when the request was a preflight and is answered. */
bool cors_answer_preflight(const struct request *rq, const char *method_name, struct reply *rp);
void cors_add_headers(const struct request *rq, struct reply *rp);

/* reply_file.c: the bytes of REPLY_PARTS from `at` on into `out`, as many as one step gives; -1 when the file
 * does not give what it promised. */
ssize_t reply_parts_read(const struct reply *rp, int64_t at, char *out, size_t size_bytes);

/* reply.c */
void reply_init(struct reply *rp, struct arena *mem);
void reply_clear(struct reply *rp);
void reply_error(struct reply *rp, const struct request *rq, const struct error *err);
void reply_issues(struct reply *rp, const struct issues *issues);
