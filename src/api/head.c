#include "api/head.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A token of RFC 9110 section 5.6.2: no white space before the colon. */
static bool is_token(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("!#$%&'*+-.^_`|~", name[i])) return false;
    return size > 0 && memchr(name, 0, size) == NULL;
}

/* A field value of RFC 9110 section 5.5: no control characters but the tab. */
static bool is_value(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)value[i] < 0x20 && value[i] != '\t') || value[i] == 0x7f) return false;
    return true;
}

/* The library writes NUL over the CR and the LF behind a piece; a NUL that came with something else behind it
 * does not end a line. */
static bool line_ends(const char *at) { return !at[0] && !at[1]; }

void head_begin(struct head *head, const char *method, const char *uri, size_t uri_size_bytes,
                const char *version)
{
    head->start = method;
    head->twisted |= !is_token(method, strlen(method)) || uri != method + strlen(method) + 1 ||
                     version != uri + uri_size_bytes + 1 || !line_ends(version + strlen(version));
    head->at = version + strlen(version) + 2;
}

/* The name stands where the line before ended, its value behind a colon and white space. The library writes
 * NUL over the colon and the end of a line. */
static bool in_place(const struct head *head, const char *name, size_t name_size, const char *value)
{
    if (name != head->at || value <= name + name_size) return false;
    for (const char *at = name + name_size + 1; at < value; at++)
        if (*at != ' ' && *at != '\t') return false;
    return true;
}

void head_take(struct head *head, const char *name, size_t name_size, const char *value, size_t value_size)
{
    const bool encodes = strcasecmp(name, "Transfer-Encoding") == 0;
    head->framings += encodes || strcasecmp(name, "Content-Length") == 0;
    head->hosts += strcasecmp(name, "Host") == 0;
    head->credentials += strcasecmp(name, "Authorization") == 0;
    head->twisted |= !is_token(name, name_size) || !is_value(value, value_size) ||
                     !in_place(head, name, name_size, value) || !line_ends(value + value_size) ||
                     (encodes && strcasecmp(value, "chunked") != 0);
    head->at = value + value_size + 2;
    if (text_valid_utf8(value, value_size)) pairs_add(&head->rq->header_pairs, head->rq->mem, name, value);
}

bool head_end(struct head *head, size_t size_bytes, int64_t *declared_out)
{
    const char *const length = request_header(head->rq, "Content-Length");
    *declared_out = -1;
    if (head->twisted || head->at + 2 != head->start + size_bytes) return false;
    if (head->framings > 1 || head->hosts > 1 || head->credentials > 1) return false;
    return !length || (isdigit((unsigned char)length[0]) && text_to_int(length, declared_out));
}
