/* Files as replies: conditions, ranges, attachment names (RFC 9110 sections 13 and 14, RFC 6266, RFC 8187).
 */
#include "api/exchange.h"
#include "api/range.h"

#include "base/id.h"
#include "base/time.h"

#include <ctype.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *http_date(struct arena *mem, int64_t at)
{
    char text[40];
    struct tm tm;
    const time_t seconds = (time_t)(at / SECOND);
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return arena_text(mem, text);
}

/* Seconds; -1 for anything but the one date form that is still sent. */
static int64_t http_date_parse(const char *text)
{
    struct tm tm = { 0 };
    const char *const end = text ? strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
    return end && !*end ? (int64_t)timegm(&tm) : -1;
}

/* Does a list of tags such as `"a", W/"b"` or `*` name this one? Weak comparison unless `strong`. */
static bool etag_listed(const char *list, const char *etag, bool strong)
{
    if (!etag) return false;
    const size_t size = strlen(etag);
    for (const char *at = list; *at;) {
        at += strspn(at, " \t,");
        if (*at == '*') return true;
        const bool weak = strncmp(at, "W/", 2) == 0;
        if (weak) at += 2;
        if (*at != '"') return false;
        const char *const end = strchr(++at, '"');
        if (!end) return false;
        if ((size_t)(end - at) == size && memcmp(at, etag, size) == 0 && !(strong && weak)) return true;
        at = end + 1;
    }
    return false;
}

/* 200 to go on, 304 or 412 when a condition settles it. */
static int check_conditions(const struct request *rq, const struct reply_file *file)
{
    const int64_t modified_s = file->modified_at / SECOND;
    const char *const match = request_header(rq, "If-Match");
    if (match && !etag_listed(match, file->etag, true)) return 412;
    const int64_t unless_s = match ? -1 : http_date_parse(request_header(rq, "If-Unmodified-Since"));
    if (unless_s >= 0 && file->modified_at && modified_s > unless_s) return 412;
    const char *const none = request_header(rq, "If-None-Match");
    if (none) return etag_listed(none, file->etag, false) ? 304 : 200;
    const int64_t since_s = http_date_parse(request_header(rq, "If-Modified-Since"));
    return since_s >= 0 && file->modified_at && modified_s <= since_s ? 304 : 200;
}

/* A range counts only while the file is still the one the client has a part of. */
static bool range_still_good(const struct request *rq, const struct reply_file *file)
{
    const char *const condition = request_header(rq, "If-Range");
    if (!condition) return true;
    if (condition[0] == '"') return etag_listed(condition, file->etag, true);
    return file->modified_at && http_date_parse(condition) == file->modified_at / SECOND;
}

/* attachment; filename="plain"; filename*=UTF-8''percent-encoded */
static void add_disposition(struct reply *rp, const char *name)
{
    AUTO(buf) struct buf text = BUF(4096);
    buf_text(&text, "attachment; filename=\"");
    for (const char *at = name; *at; at++) {
        const bool plain = isalnum((unsigned char)*at) || strchr(" -_.()[]+,=@", *at);
        if (plain || ((unsigned char)*at & 0xc0) != 0x80) buf_char(&text, plain ? *at : '_');
    }
    buf_text(&text, "\"; filename*=UTF-8''");
    for (const char *at = name; *at; at++)
        if (isalnum((unsigned char)*at) || strchr("-_.~", *at))
            buf_char(&text, *at);
        else
            buf_printf(&text, "%%%02X", (unsigned char)*at);
    reply_header(rp, "Content-Disposition", text.full ? "attachment" : buf_str(&text));
}

static void add_headers(struct reply *rp, const struct reply_file *file)
{
    reply_header(rp, "Accept-Ranges", "bytes");
    /* players and pictures of other origins may use it, and a browser may show it on its own; it runs nothing
     */
    reply_header(rp, "Cross-Origin-Resource-Policy", "cross-origin");
    reply_header(rp, "Content-Security-Policy",
                 "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
                 "frame-ancestors 'none'");
    if (file->etag) reply_header(rp, "ETag", arena_printf(rp->mem, "\"%s\"", file->etag));
    if (file->modified_at) reply_header(rp, "Last-Modified", http_date(rp->mem, file->modified_at));
    if (file->cache) reply_header(rp, "Cache-Control", file->cache);
    if (file->download_as) add_disposition(rp, file->download_as);
}

static const char *content_range(struct arena *mem, const struct range *range, int64_t size_bytes)
{
    return arena_printf(mem, "bytes %lld-%lld/%lld", (long long)range->first, (long long)range->last,
                        (long long)size_bytes);
}

static void send_part(struct reply *rp, const struct reply_file *file, const struct range *range)
{
    rp->status = 206;
    rp->offset_bytes = range->first;
    rp->length_bytes = range->last - range->first + 1;
    reply_header(rp, "Content-Range", content_range(rp->mem, range, file->size_bytes));
}

/* multipart/byteranges of RFC 9110 section 14.6. */
static void send_parts(struct reply *rp, const struct reply_file *file, const struct ranges *ranges)
{
    const struct id boundary_id = id_new();
    const char *const boundary = boundary_id.text;
    rp->status = 206;
    rp->kind = REPLY_PARTS;
    rp->type = arena_printf(rp->mem, "multipart/byteranges; boundary=%s", boundary);
    rp->part_count = ranges->count + 1;
    rp->parts = arena_array(rp->mem, rp->part_count, sizeof *rp->parts);
    rp->length_bytes = 0;
    for (size_t i = 0; i < rp->part_count; i++) {
        struct reply_part *const part = &rp->parts[i];
        const struct range *const range = i < ranges->count ? &ranges->items[i] : NULL;
        part->head = range
                         ? arena_printf(rp->mem, "\r\n--%s\r\nContent-Type: %s\r\nContent-Range: %s\r\n\r\n",
                                        boundary, file->type, content_range(rp->mem, range, file->size_bytes))
                         : arena_printf(rp->mem, "\r\n--%s--\r\n", boundary);
        part->offset_bytes = range ? range->first : 0;
        part->length_bytes = range ? range->last - range->first + 1 : 0;
        rp->length_bytes += (int64_t)strlen(part->head) + part->length_bytes;
    }
}

ssize_t reply_parts_read(const struct reply *rp, int64_t at, char *out, size_t size_bytes)
{
    for (const struct reply_part *part = rp->parts; part < rp->parts + rp->part_count; part++) {
        const int64_t head_bytes = (int64_t)strlen(part->head), left = head_bytes + part->length_bytes - at;
        if (left <= 0) {
            at -= head_bytes + part->length_bytes;
            continue;
        }
        const int64_t here = at < head_bytes ? head_bytes - at : left;
        const size_t size = here < (int64_t)size_bytes ? (size_t)here : size_bytes;
        if (at >= head_bytes) {
            const ssize_t got = pread(rp->fd, out, size, part->offset_bytes + at - head_bytes);
            return got > 0 ? got : -1;
        }
        memcpy(out, part->head + at, size);
        return (ssize_t)size;
    }
    return -1;
}

/* A reply without bytes: a condition settled it, nothing of the range exists, or the file is empty. */
static void send_nothing(struct reply *rp, const struct reply_file *file, int status)
{
    reply_bytes(rp, status == 200 ? file->type : NULL, "", 0);
    rp->status = status;
    if (status == 416)
        reply_header(rp, "Content-Range", arena_printf(rp->mem, "bytes */%lld", (long long)file->size_bytes));
}

void reply_file(const struct request *rq, struct reply *rp, struct reply_file file)
{
    struct ranges ranges = { .count = 0 };
    add_headers(rp, &file);
    int status = check_conditions(rq, &file);
    const char *const header = range_still_good(rq, &file) ? request_header(rq, "Range") : NULL;
    const enum range_result range = range_parse(header, file.size_bytes, &ranges);
    if (status == 200 && range == RANGE_BEYOND) status = 416;
    if (status != 200 || file.size_bytes == 0) {
        close(file.fd);
        send_nothing(rp, &file, status);
        return;
    }
    reply_bytes(rp, file.type, "", 0);
    rp->kind = REPLY_FILE;
    rp->fd = file.fd;
    rp->length_bytes = file.size_bytes;
    if (ranges.count == 1) send_part(rp, &file, &ranges.items[0]);
    if (ranges.count > 1) send_parts(rp, &file, &ranges);
}
