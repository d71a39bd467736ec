/* One error idiom for the whole house.
 *
 * A fallible function returns bool and takes `struct error *err` last: true means done and outputs set, false
 * means `err` is set and outputs are untouched, so calls chain with `&&`. The struct lives on the caller's
 * stack. `text` is a whole sentence fit for the user: it names the thing and what to do, and holds no paths,
 * SQL or addresses. Library code returns errors and logs nothing; the top logs once.
 *
 * The causes table below is the only place that maps a cause to an HTTP status, an exit code and whether
 * trying the same thing again can help. */
#pragma once

#include "base/scope.h"

#include <stdarg.h>

/* name, code on the wire, HTTP status, process exit code, worth retrying */
#define CAUSES(X)                                                                                            \
    X(NONE, "none", 200, 0, false)                                                                           \
    X(INVALID, "invalid", 422, 2, false)                 /* a field is out of its range */                   \
    X(BAD_REQUEST, "bad_request", 400, 2, false)         /* the request as such makes no sense */            \
    X(BAD_MEDIA, "bad_media", 422, 3, false)             /* a media file that cannot be used */              \
    X(UNAUTHENTICATED, "unauthenticated", 401, 4, false) /* who are you? */                                  \
    X(FORBIDDEN, "forbidden", 403, 4, false)             /* known, and not allowed */                        \
    X(NOT_FOUND, "not_found", 404, 5, false)                                                                 \
    X(METHOD, "method_not_allowed", 405, 2, false)                                                           \
    X(CONFLICT, "conflict", 409, 6, false) /* the state does not allow it now */                             \
    X(CHANGED, "changed", 412, 6, false)   /* it is not what it was when the caller read it */               \
    X(TOO_LARGE, "too_large", 413, 2, false)                                                                 \
    X(UNSUPPORTED, "unsupported_media_type", 415, 3, false)                                                  \
    X(CHECKSUM, "checksum_mismatch", 460, 8,                                                                 \
      true) /* what came is not what was sent; the status is that of tus */                                  \
    X(RANGE, "range_not_satisfiable", 416, 2, false)                                                         \
    X(TOO_MANY, "too_many_requests", 429, 7, true)                                                           \
    X(INTERNAL, "internal", 500, 1, false) /* our defect */                                                  \
    X(IO, "io", 500, 8, true)              /* the disk or a pipe failed */                                   \
    X(NO_SPACE, "no_space", 507, 8, true)                                                                    \
    X(UNAVAILABLE, "unavailable", 503, 8, true) /* a part is down; later it may be up */                     \
    X(TIMEOUT, "timeout", 504, 9, true)         /* took longer than it may */                                \
    X(CRASHED, "worker_crashed", 500, 9, true)  /* the sandboxed child died */                               \
    X(INTERRUPTED, "interrupted", 503, 9, true) /* we stopped in the middle */                               \
    X(ABANDONED, "abandoned", 503, 9, true)     /* what ran it died, perhaps not by it */                    \
    X(CANCELLED, "cancelled", 409, 10, false)   /* somebody asked for it */

enum cause {
#define X(name, code, status, exit_code, retry) CAUSE_##name,
    CAUSES(X)
#undef X
        CAUSE_COUNT
};

struct error {
    enum cause cause;
    char field[64];    /* which input field, "" when none */
    char text[448];    /* a sentence for the user */
    int retry_after_s; /* when trying again can help; 0: nobody knows */
};

/* Sets `err` (which may be NULL) and returns false, so that `return fail(err, ...)` reads as one thought. */
bool fail(struct error *err, enum cause cause, const char *format, ...) PRINTF(3, 4);
bool fail_field(struct error *err, enum cause cause, const char *field, const char *format, ...) PRINTF(4, 5);

/* fail() with the time to wait, rounded up to whole seconds. */
bool fail_for(struct error *err, enum cause cause, int64_t wait_us, const char *format, ...) PRINTF(4, 5);

/* fail() for a system call: appends the reason for `errnum` and picks NO_SPACE for a full disk or quota,
 * UNAVAILABLE for a disk that is read-only and for a system that has no memory, descriptors or processes
 * left. */
bool fail_errno(struct error *err, int errnum, const char *format, ...) PRINTF(3, 4);

const char *cause_code(enum cause cause);
enum cause cause_by_code(const char *code); /* CAUSE_INTERNAL for an unknown code */
int cause_http_status(enum cause cause);
int cause_exit_code(enum cause cause);
bool cause_worth_retrying(enum cause cause);
