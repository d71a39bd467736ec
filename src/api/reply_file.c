/* Files as replies: conditions, ranges, attachment names (RFC 9110 sections 13 and 14, RFC 6266, RFC 8187).
 */
#include "api/exchange.h"
#include "api/range.h"

#include "base/time.h"

#include <ctype.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *http_date(struct arena *mem, int64_t at)
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

static void send_empty(struct reply *rp, int status)
{
    reply_bytes(rp, NULL, "", 0);
    rp->status = status;
}

static void send_part(struct reply *rp, const struct reply_file *file, int64_t first, int64_t last)
{
    rp->status = 206;
    rp->offset_bytes = first;
    rp->length_bytes = last - first + 1;
    reply_header(rp, "Content-Range",
                 arena_printf(rp->mem, "bytes %lld-%lld/%lld", (long long)first, (long long)last,
                              (long long)file->size_bytes));
}

void reply_file(const struct request *rq, struct reply *rp, struct reply_file file)
{
    int64_t first = 0, last = 0;
    add_headers(rp, &file);
    const int status = check_conditions(rq, &file);
    const char *const header = range_still_good(rq, &file) ? request_header(rq, "Range") : NULL;
    const enum range_result range = range_parse(header, file.size_bytes, &first, &last);
    if (status != 200 || range == RANGE_BEYOND || file.size_bytes == 0) {
        close(file.fd);
        const bool beyond = status == 200 && range == RANGE_BEYOND;
        send_empty(rp, beyond ? 416 : status);
        if (status == 200 && !beyond) rp->type = file.type;
        if (beyond)
            reply_header(rp, "Content-Range",
                         arena_printf(rp->mem, "bytes */%lld", (long long)file.size_bytes));
        return;
    }
    reply_bytes(rp, file.type, "", 0);
    rp->kind = REPLY_FILE;
    rp->fd = file.fd;
    rp->length_bytes = file.size_bytes;
    if (range == RANGE_PART) send_part(rp, &file, first, last);
}
