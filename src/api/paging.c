#include "api/paging.h"

#include <string.h>
#include <strings.h>

/* Text of the request into the <> of a link: what would end it goes as an escape. */
static void add_safely(struct buf *out, const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++)
        if (strchr("<>\"", text[i]))
            buf_printf(out, "%%%02X", text[i]);
        else
            buf_char(out, text[i]);
}

/* cursor and offset are about the page before. */
static bool is_place(const char *pair)
{
    return strncmp(pair, "cursor=", 7) == 0 || strncmp(pair, "offset=", 7) == 0;
}

void reply_next_page(const struct request *rq, struct reply *rp, const char *cursor)
{
    if (!cursor) return;
    AUTO(buf) struct buf link = BUF(32 << 10);
    buf_char(&link, '<');
    add_safely(&link, rq->path, strlen(rq->path));
    buf_char(&link, '?');
    for (const char *at = rq->query_string; *at;) {
        const size_t size = strcspn(at, "&");
        if (size && !is_place(at)) {
            add_safely(&link, at, size);
            buf_char(&link, '&');
        }
        at += size;
        if (*at) at++;
    }
    buf_printf(&link, "cursor=%s>; rel=\"next\"", cursor);
    reply_header(rp, "X-Next-Cursor", cursor);
    if (!link.full) reply_header(rp, "Link", buf_str(&link));
}
