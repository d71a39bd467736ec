/* What a handler sees of HTTP: the row that leads to it, the request, the reply. No HTTP library shows
 * through.
 *
 * A route is a row of a table that ends with { 0 }. By the time its handler runs the caller is known, and the
 * body, the query and the path parameters are validated structs. The handler answers by a reply_...() call
 * and returns true, or sets `err` and returns false; the causes table turns that into a status and a body.
 *
 *   static bool note_create(struct request *rq, struct reply *rp, struct error *err)
 *   {
 *       const struct note_in *const in = rq->in;
 *       struct note note;
 *       if (!note_add(rq->app, rq->mem, rq->caller.subject, in->title, &note, err)) return false;
 *       reply_object(rp, &note_shape, &note);
 *       return true;
 *   }
 *   const struct route note_routes[] = {
 *       { METHOD_POST, "/notes", note_create, .body = BODY_JSON, .in = &note_in_shape, .out = &note_shape,
 *         .status = 201, .tag = "notes", .doc = "Writes a note." },
 *       { 0 },
 *   };
 */
#pragma once

#include "base/hash.h"
#include "base/shape.h"
#include "library/role.h"

struct request;
struct reply;
struct recent;
struct server_config;

enum method {
    METHOD_GET,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT
};

/* Names of the methods, NULL-terminated, in the order of the enum. */
extern const char *const method_names[];

/* Who may call. The zero value is the careful one: a row that says nothing asks GET for the permission to
 * read and every other method for the one to create. */
enum need {
    NEED_DEFAULT,
    NEED_READ,
    NEED_CREATE,
    NEED_ADMIN,
    NEED_KNOWN, /* anybody who is known: for one's own account */
    NEED_NOTHING
};

/* Names of the needs, NULL-terminated, in the order of the enum. */
extern const char *const need_names[];

/* How often somebody may call; the numbers are settings. The zero value is the careful one. */
enum rate_class { RATE_DEFAULT, RATE_AUTH, RATE_AGENTS, RATE_GENERATION, RATE_NONE };

enum body {
    BODY_NONE,
    BODY_JSON,
    BODY_FILE, /* multipart/form-data with one file part named "file" */
    BODY_RAW,  /* the body is a file; query and parameters are validated before any of it is read */
};

struct route {
    enum method method;
    const char *path; /* "/notes/{note_id}"; a last segment "{path*}" takes all that follows */
    bool (*handle)(struct request *rq, struct reply *rp, struct error *err);
    const char *also_under; /* "/api": "/api/notes/{note_id}" leads here too; not in the API description */
    enum need needs;
    enum rate_class rate;
    enum body body;
    const struct shape *in;     /* the JSON body, or the text fields of a form */
    const struct shape *query;  /* the query string */
    const struct shape *params; /* path parameters, where free text will not do; format "uuid" is checked */
    const struct shape *out;    /* the JSON reply */
    bool list;                  /* the reply is an array of `out` */
    bool large;                 /* the reply may take megabytes: only a few of them are made at once */
    int status;                 /* of success; 0 is 200 */
    int other_status;           /* that comes with the same body, as 503 of a health check; 0: none */
    size_t body_max;            /* bytes; 0 takes the server's limit */
    const char *out_type;       /* of a reply that is not JSON: "video/mp4", "text/event-stream" */
    const char *tag, *doc;      /* for the API description */
    bool hidden;                /* not in the API description */
    const char *act;            /* name in the audit log; NULL: only refusals are noted, as "denied" */
    bool optional_login;        /* NEED_NOTHING: a good credential that comes along tells who calls */
    /* BODY_RAW: called when the head is there, to refuse the body before it comes or to say where it goes:
     * then upload.fd, max_bytes, hash and `reserved` are set. Otherwise it goes into a file without a name.
     */
    bool (*open)(struct request *rq, struct reply *rp, struct error *err);
    bool by_key;                /* an API key may, though it writes and needs NEED_ADMIN or NEED_KNOWN */
};

struct pair {
    const char *name, *value;
};

struct pairs {
    struct pair *items;
    size_t count, room;
};

/* What the row comes down to: never NEED_DEFAULT. */
enum need route_needs(const struct route *route);

/* The permission its caller must have; 0 where being known, or nothing at all, is enough. */
unsigned route_permission(const struct route *route);

/* Whether an API key will do. Without `by_key` what makes or changes accounts, keys and sessions takes a
 * login: a key that got out must not make itself at home. */
bool route_takes_key(const struct route *route);

void pairs_add(struct pairs *pairs, struct arena *mem, const char *name, const char *value);

/* The first value under exactly this name; NULL when absent. */
const char *pairs_find(const struct pairs *pairs, const char *name);

/* The same for header names, where case does not matter. */
const char *pairs_find_header(const struct pairs *pairs, const char *name);

struct caller {
    bool known;          /* a valid token came along, or authentication is switched off */
    const char *subject; /* "" when the token names none */
    struct texts roles;
    const char *session_id; /* of the login the token came from; NULL: from none */
    int64_t issued_at;      /* of the token; 0: not stated */
    int64_t expires_at;     /* of the token or the key; 0: never */
    const char *key_id;     /* of the API key that came instead of a token; NULL: none */
    unsigned scopes;        /* what that key allows at most, a set of enum permission */
    unsigned may;           /* permissions, a set of enum permission */
    bool ended;             /* refused because its session ended or it was taken back */
    const char *credential; /* the token or key itself: secret; NULL when authentication is switched off */
};

/* Reads a credential again, for a reply that takes long: who that is now, and what he still may.
 * UNAUTHENTICATED when it is not good any more; `out` then says whose it was. */
bool identity_renew(const struct server_config *config, struct arena *mem, const char *credential,
                    struct caller *out, struct error *err) MUST_USE;

/* Who came over a connection last. NULL is fine. */
void recent_free(struct recent *recent);

/* A file that came in. It has no name on disk: linkat(2) it into place, or let it vanish. */
struct upload {
    int fd; /* readable and writable, at offset 0; closed after the request unless taken with fd_take */
    int64_t size_bytes, max_bytes;
    bool reserved; /* the room it takes counts already */
    enum hash_kind hash;
    struct digest digest; /* of what came */
    const char *filename; /* last path component, printable; "" when none. Never a path to write to. */
    const char *type;     /* what the client claims, "" when nothing */
    struct pairs headers; /* of the part */
};

struct request {
    enum method method; /* HEAD arrives as METHOD_GET with `head` set */
    bool head;
    const char *path;         /* as sent, without the query */
    const char *query_string; /* as sent, "" when none */
    const struct route *route;
    struct pairs param_pairs, query_pairs, header_pairs; /* decoded, valid UTF-8 */
    const void *in, *query, *params; /* structs of the route's shapes; NULL without a shape */
    const struct json *json;         /* the body as it came; NULL when there is none */
    struct upload upload;            /* BODY_FILE, BODY_RAW */
    void *opened;                    /* what the route's `open` left for its handler */
    struct caller caller;
    const char *acted_by, *acted_on; /* for the audit log, when caller and path do not say it */
    const char *id;     /* X-Request-Id: the client's when it is sane */
    const char *remote; /* address of the client; a trusted proxy's word for it, or the peer's */
    struct arena *mem;  /* freed when the reply is sent */
    struct recent **recent; /* the connection's; NULL: nobody is remembered */
    void *app;
    const struct server_config *config;
};

/* A path parameter of the route. The name is one of the row's, so it is never NULL. */
const char *request_param(const struct request *rq, const char *name);

/* NULL when absent. */
const char *request_query(const struct request *rq, const char *name);
const char *request_header(const struct request *rq, const char *name);

/* What stands for the client when callers are counted by address: an IPv6 address is its first 64 bits. */
const char *request_network(const struct request *rq);

/* ---- replies ---- */

/* A reply keeps the last body it was given; headers and status stay also when the handler fails. */
void reply_status(struct reply *rp, int status);
void reply_header(struct reply *rp, const char *name, const char *value);

void reply_object(struct reply *rp, const struct shape *shape, const void *object);
void reply_list(struct reply *rp, const struct shape *shape, const struct list *list);

/* A writer for JSON that has no shape; it goes straight onto the reply. */
struct json_out reply_json(struct reply *rp);

/* A body of any type. The bytes are copied. */
void reply_bytes(struct reply *rp, const char *type, const void *bytes, size_t size_bytes);
void reply_text(struct reply *rp, const char *type, const char *text);

/* A time as HTTP headers have it. */
const char *http_date(struct arena *mem, int64_t at) MUST_USE;

void reply_redirect(struct reply *rp, int status, const char *location);

struct reply_file {
    int fd; /* taken over in any case */
    int64_t size_bytes;
    int64_t modified_at;     /* 0: no Last-Modified */
    const char *type;        /* Content-Type */
    const char *etag;        /* strong, without quotes, e.g. the content hash; NULL for none */
    const char *cache;       /* Cache-Control; NULL for none */
    const char *download_as; /* makes it an attachment of this name */
};

/* Sends a file by sendfile(2) and settles everything RFC 9110 says about it: conditional requests (304, 412),
 * If-Range, byte ranges (206, 416; several of them as multipart/byteranges). */
void reply_file(const struct request *rq, struct reply *rp, struct reply_file file);

/* A reply without an end in sight. `next` waits at most `wait_ms` for something to say, appends it to `out`
 * and returns true; false ends the stream after what it appended. Event streams get a comment every 15 s so
 * that dead clients are noticed. `release` (may be NULL) runs once, whatever happens. */
typedef bool stream_next(void *with, struct buf *out, int wait_ms);
typedef void stream_release(void *with);
void reply_stream(struct reply *rp, const char *type, stream_next *next, void *with, stream_release *release);

/* One server-sent event. `event` and `id` may be NULL; `data` may have several lines. */
void sse_put(struct buf *out, const char *event, const char *id, const char *data);
