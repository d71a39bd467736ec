/* A stored file as a reply. First lines: its size, its date, the name to download it as; then request headers
 * as "Name: value". */
#include "fuzz.h"

#include "api/exchange.h"
#include "api/part_header.h"
#include "base/time.h"

#include <fcntl.h>
#include <unistd.h>

static void check_headers(const struct reply *rp)
{
    for (size_t i = 0; i < rp->headers.count; i++) EXPECT(!has_control(rp->headers.items[i].value));
}

static void check_status(const struct request *rq, const struct reply *rp, const struct reply_file *file)
{
    const bool asked = request_header(rq, "Range"), parts = pairs_find_header(&rp->headers, "Content-Range");
    const char *const none = request_header(rq, "If-None-Match");
    EXPECT(rp->status == 0 || rp->status == 200 || rp->status == 206 || rp->status == 304 ||
           rp->status == 412 || rp->status == 416);
    EXPECT(parts == ((rp->status == 206 && rp->kind != REPLY_PARTS) || rp->status == 416) &&
           (asked || !parts));
    if (rp->kind == REPLY_PARTS)
        EXPECT(asked && rp->status == 206 && rp->part_count > 2 && rp->length_bytes > 0);
    if (none && text_is(none, "*")) EXPECT(rp->status == 304 || rp->status == 412);
    if (rp->kind != REPLY_FILE) return;
    EXPECT(rp->offset_bytes >= 0 && rp->length_bytes > 0);
    EXPECT(rp->offset_bytes <= file->size_bytes - rp->length_bytes);
    EXPECT(rp->status == 206 || rp->length_bytes == file->size_bytes);
}

FUZZ(mem, in)
{
    struct reply_file file = { .type = "video/mp4", .etag = "0123abcd" };
    file.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    file.size_bytes = input_int(in, mem) & INT64_MAX;
    file.modified_at = (input_int(in, mem) & INT32_MAX) * SECOND;
    file.download_as = input_line(in, mem);
    struct request rq = { .mem = mem };
    struct reply rp;
    AUTO(buf) struct buf head = BUF(1 << 16);
    while (in->at < in->end) buf_printf(&head, "%s\r\n", input_line(in, mem));
    reply_init(&rp, mem);
    if (!part_headers_parse(mem, buf_str(&head), head.size, &rq.header_pairs)) rq.header_pairs.count = 0;
    reply_file(&rq, &rp, file);
    check_headers(&rp);
    check_status(&rq, &rp, &file);
    reply_clear(&rp);
}
