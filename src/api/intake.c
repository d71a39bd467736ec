/* A file as it comes in, in a form or as the whole body.
 *
 * What is on its way counts, or many at once would fill a disk that had room for each. It counts as its
 * sender's until the request is answered, which is a moment longer than until its row counts; and as the
 * disk's until it is written, because then the disk counts it itself. Without a declared length, what has
 * come counts. */
#include "api/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { STEP_BYTES = 4 << 20 }; /* between two looks at whether there still is room */

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static bool temporary_file(const char *folder, int *out, struct error *err)
{
    const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(err, errno, "the upload cannot be stored");
    *out = fd;
    return true;
}

/* Makes the hold this large; its limits are quota and disk. */
static void count(struct exchange *ex, enum load load, const char *who, int64_t bytes)
{
    struct hold *const hold = &ex->holds[load];
    if (bytes > hold->amount)
        loads_add(ex->config->loads, load, who, bytes - hold->amount, hold);
    else
        loads_lower(ex->config->loads, load, bytes, hold);
}

/* The form around the file is not counted, so a file that just fits is not refused. What goes where the route
 * says has its room already, unless others fill the disk meanwhile. What is refused counts no more. */
static bool judge(struct exchange *ex, struct error *err)
{
    struct loads *const loads = ex->config->loads;
    const bool form = ex->rq.route->body == BODY_FILE, counted = ex->rq.upload.reserved;
    const char *const who = admission_who(&ex->rq);
    const int64_t whole = larger(ex->declared_bytes, ex->received_bytes) - (form ? INTAKE_FORM_BYTES : 0);
    const int64_t bytes = counted ? 0 : larger(whole, 0);
    ex->judged_bytes = ex->received_bytes;
    count(ex, LOAD_UPLOADS, who, bytes);
    count(ex, LOAD_DISK, NULL, larger(bytes - ex->received_bytes, 0));
    if (!ex->config->room || ex->config->room(&ex->rq, loads_sum(loads, LOAD_UPLOADS, who),
                                              loads_sum(loads, LOAD_DISK, NULL), err))
        return true;
    count(ex, LOAD_UPLOADS, who, 0);
    count(ex, LOAD_DISK, NULL, 0);
    return false;
}

static bool begin_form(struct exchange *ex, int64_t max_bytes, struct error *err)
{
    struct request *const rq = &ex->rq;
    const char *const type = request_header(rq, "Content-Type");
    if (!multipart_is(type)) return true; /* then there is no file part, and validation says so */
    return judge(ex, err) && temporary_file(ex->config->upload_dir, &rq->upload.fd, err) &&
           multipart_open(rq->mem, type, rq->upload.fd, max_bytes, &ex->multipart, err);
}

/* The route may have said where it goes. */
static bool begin_raw(struct exchange *ex, int64_t max_bytes, struct error *err)
{
    struct request *const rq = &ex->rq;
    struct upload *const upload = &rq->upload;
    upload->max_bytes = max_bytes;
    if ((rq->route->open && !rq->route->open(rq, &ex->rp, err)) || !judge(ex, err)) return false;
    if (upload->fd < 0 && !temporary_file(ex->config->upload_dir, &upload->fd, err)) return false;
    return sink_open(upload->fd, upload->max_bytes, upload->hash, &ex->sink, err);
}

bool intake_begin(struct exchange *ex, int64_t declared_bytes, int64_t max_bytes, struct error *err)
{
    ex->declared_bytes = declared_bytes;
    return ex->rq.route->body == BODY_RAW ? begin_raw(ex, max_bytes, err) : begin_form(ex, max_bytes, err);
}

bool intake_going_on(const struct exchange *ex) { return ex->multipart || ex->sink.held; }

bool intake_feed(struct exchange *ex, const char *bytes, size_t size_bytes, struct error *err)
{
    if (ex->received_bytes - ex->judged_bytes >= STEP_BYTES && !judge(ex, err)) return false;
    return ex->multipart ? multipart_feed(ex->multipart, bytes, size_bytes, err)
                         : sink_add(&ex->sink, bytes, size_bytes, err);
}

static bool end_form(struct exchange *ex, struct pairs *fields, struct error *err)
{
    struct upload upload;
    if (!multipart_end(ex->multipart, err)) return false;
    multipart_result(ex->multipart, &upload, fields);
    if (upload.fd < 0) fd_cleanup(&ex->rq.upload.fd); /* no file part came */
    ex->rq.upload = upload;
    return true;
}

static bool end_raw(struct exchange *ex, struct error *err)
{
    struct upload *const upload = &ex->rq.upload;
    if (!sink_flush(&ex->sink, err)) return false;
    upload->size_bytes = ex->sink.size_bytes;
    upload->digest = hasher_digest(&ex->sink.hasher);
    return true;
}

bool intake_end(struct exchange *ex, struct pairs *fields, struct error *err)
{
    if (ex->multipart ? !end_form(ex, fields, err) : !end_raw(ex, err)) return false;
    if (ex->rq.upload.fd >= 0) lseek(ex->rq.upload.fd, 0, SEEK_SET);
    count(ex, LOAD_DISK, NULL, 0);
    return true;
}

/* What came of a body that broke off is kept where the route said where it goes. */
void intake_forget(struct exchange *ex)
{
    struct error ignored;
    if (ex->sink.held && ex->rq.upload.reserved && !sink_flush(&ex->sink, &ignored)) ex->sink.held_size = 0;
    multipart_close(ex->multipart);
    ex->multipart = NULL;
    sink_cleanup(&ex->sink);
    fd_cleanup(&ex->rq.upload.fd);
    ex->rq.upload.fd = -1;
}
