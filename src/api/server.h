/* The HTTP server: connections wait in the lobby until they have a request, then each has a thread with
 * blocking handlers. Limits on everything a client controls. */
#pragma once

#include "api/http.h"
#include "api/rate.h"

struct auth_rules {
    const char *secret;   /* HS256 key */
    bool disabled;        /* everyone is sub=dev, roles=[admin] */
    int64_t (*now)(void); /* NULL: time_now */
    /* May refuse a caller whose token is good (revoked, inactive) or refresh the roles. NULL admits all. */
    bool (*admit)(void *app, struct arena *mem, struct caller *caller, struct error *err);
    /* Who comes with this API key: sets subject, roles, key_id and scopes. NULL: there are no keys. */
    bool (*unlock)(void *app, struct arena *mem, const char *key, struct caller *caller, struct error *err);
    /* A number that changes whenever something may have changed that `admit` and `unlock` go by: while it
     * stays the same, they are asked once a second for each connection. NULL: they are asked every time. */
    uint64_t (*version)(void *app);
    /* Told how each request ended, CAUSE_NONE for well, before the reply is sent. NULL: nobody is. */
    void (*audit)(struct request *rq, enum cause cause);
};

/* Who calls too often is told to wait; see admission.c. */
struct rate_rules {
    struct rate *table;                  /* NULL: nobody is limited */
    struct rate_limit limits[RATE_NONE]; /* by class */
};

struct loads;

struct server_config {
    const char *host; /* NULL: 127.0.0.1 */
    int port;         /* 0 picks a free one */
    int listener;     /* a socket listening on that port already, taken over; 0: the server opens one */
    const struct route *const *tables;
    void *app;
    struct auth_rules auth;
    struct texts cors_origins;
    struct rate_rules rates;
    struct texts trusted_proxies; /* addresses whose X-Forwarded-For counts */
    const char *upload_dir;       /* where uploads wait; on the file system they will live on. NULL: /tmp */
    const char *title, *doc;      /* of the API description */
    int64_t file_max;             /* bytes of an upload; 0: 2 GiB */
    /* Asked as an upload comes in: whether the caller may have so many bytes more, and the disk can take what
     * all are still sending. NULL: there is always room. */
    bool (*room)(struct request *rq, int64_t own_bytes, int64_t all_bytes, struct error *err);
    size_t body_max;          /* bytes of a JSON body; 0: 1 MiB */
    unsigned connections_max; /* open ones; 0: 12 000, and no more than there are descriptors for */
    unsigned requests_max;    /* at once, each with a thread; 0: 1000 */
    unsigned address_max;     /* connections of one address; 0: no limit */
    unsigned idle_s;          /* a connection may rest, and a request head may take, this long; 0: 60 */
    unsigned heartbeat_ms;    /* of event streams; 0: 15 000 */
    unsigned grace_ms;        /* for requests under way when stopping; 0: 5 000 */
    bool log_requests;
    struct loads *loads; /* the server's own */
};

struct server;

/* Listens and serves in threads of its own. The config is copied; what it points to must outlive the server.
 */
bool server_start(const struct server_config *config, struct server **out, struct error *err) MUST_USE;

int server_port(const struct server *server);

/* Stops accepting, ends streams, lets requests under way finish, then closes all. NULL is fine. */
void server_stop(struct server *server);
