#include "api/multipart.h"

#include "api/part_header.h"
#include "api/sink.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BOUNDARY_MAX = 70,
    HEADERS_MAX = 8 << 10,
    FIELDS_MAX = 64 << 10,
    PREAMBLE_MAX = 8 << 10,
    EPILOGUE_MAX = 8 << 10,
    PARTS_MAX = 64,
};

enum state { IN_PREAMBLE, AFTER_BOUNDARY, IN_HEADERS, IN_DATA, IN_EPILOGUE };

enum target { TO_NOWHERE, TO_FILE, TO_FIELD };

struct multipart {
    struct arena *mem;
    enum state state;
    enum target target;
    char delimiter[BOUNDARY_MAX + 5]; /* CR LF - - boundary: CR occurs nowhere else in it */
    size_t delimiter_size, matched;
    char head[HEADERS_MAX]; /* a header block, or the rest of a boundary line */
    size_t head_size;
    int parts;
    int64_t preamble_bytes, epilogue_bytes;
    const char *field_name;
    struct buf field;
    size_t fields_bytes;
    struct pairs fields;
    struct sink sink;
    bool has_file;
    struct upload upload;
};

static bool malformed(struct error *err, const char *why)
{
    return fail(err, CAUSE_BAD_REQUEST, "the multipart body is malformed: %s", why);
}

bool multipart_is(const char *content_type)
{
    static const char name[] = "multipart/form-data";
    if (!content_type || strncasecmp(content_type, name, sizeof name - 1) != 0) return false;
    return !content_type[sizeof name - 1] || strchr("; \t", content_type[sizeof name - 1]);
}

static bool boundary_usable(const char *boundary)
{
    if (text_empty(boundary) || strlen(boundary) > BOUNDARY_MAX || text_ends(boundary, " ")) return false;
    for (const char *at = boundary; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e) return false;
    return true;
}

bool multipart_open(struct arena *mem, const char *content_type, int fd, int64_t file_max_bytes,
                    struct multipart **out, struct error *err)
{
    const char *const boundary = header_parameter(mem, content_type, "boundary");
    if (!boundary_usable(boundary)) return malformed(err, "the content type names no usable boundary");
    struct multipart *const mp = calloc(1, sizeof *mp);
    if (!mp) return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to take a file right now");
    if (!sink_open(fd, file_max_bytes, HASH_SHA256, &mp->sink, err)) {
        free(mp);
        return false;
    }
    mp->mem = mem;
    mp->upload.fd = -1;
    mp->delimiter_size = 4 + strlen(boundary);
    memcpy(mp->delimiter, "\r\n--", 4);
    memcpy(mp->delimiter + 4, boundary, strlen(boundary));
    mp->matched = 2; /* the first boundary may stand at the very start, without a line before it */
    *out = mp;
    return true;
}

void multipart_close(struct multipart *mp)
{
    if (!mp) return;
    buf_cleanup(&mp->field);
    sink_cleanup(&mp->sink);
    free(mp);
}

/* ---- data ---- */

static bool put_data(struct multipart *mp, const char *bytes, size_t size_bytes, struct error *err)
{
    if (mp->target == TO_FILE) return sink_add(&mp->sink, bytes, size_bytes, err);
    if (mp->state == IN_PREAMBLE) {
        mp->preamble_bytes += (int64_t)size_bytes;
        return mp->preamble_bytes <= PREAMBLE_MAX || malformed(err, "the first boundary does not come");
    }
    mp->fields_bytes += size_bytes;
    if (mp->fields_bytes > FIELDS_MAX)
        return fail(err, CAUSE_TOO_LARGE, "the form fields are larger than %d bytes together", FIELDS_MAX);
    buf_add(&mp->field, bytes, size_bytes);
    return true;
}

static bool end_part(struct multipart *mp, struct error *err)
{
    if (mp->target == TO_FILE && !sink_flush(&mp->sink, err)) return false;
    if (mp->target == TO_FIELD) {
        if (!text_valid_utf8(buf_str(&mp->field), mp->field.size))
            return malformed(err, "a field is not UTF-8 text");
        pairs_add(&mp->fields, mp->mem, mp->field_name,
                  arena_text_n(mp->mem, buf_str(&mp->field), mp->field.size));
    }
    mp->target = TO_NOWHERE;
    return true;
}

/* ---- headers ---- */

static bool begin_file(struct multipart *mp, struct pairs headers, char *filename, struct error *err)
{
    if (mp->has_file) return malformed(err, "there is more than one file");
    const char *const type = pairs_find_header(&headers, "Content-Type");
    mp->has_file = true;
    mp->target = TO_FILE;
    mp->upload = (struct upload){
        .fd = mp->sink.fd, .filename = filename, .type = type ? type : "", .headers = headers
    };
    return true;
}

static bool begin_part(struct multipart *mp, struct error *err)
{
    struct pairs headers = { 0 };
    if (++mp->parts > PARTS_MAX) return malformed(err, "there are too many parts");
    if (!part_headers_parse(mp->mem, mp->head, mp->head_size - 2, &headers))
        return malformed(err, "a part has unreadable headers");
    const char *const disposition = pairs_find_header(&headers, "Content-Disposition");
    if (!disposition || strncasecmp(disposition, "form-data", 9) != 0)
        return malformed(err, "a part is no form-data");
    const char *const name = header_parameter(mp->mem, disposition, "name");
    if (!name) return malformed(err, "a part has no name");
    char *const filename = part_filename(mp->mem, disposition);
    mp->state = IN_DATA;
    if (filename && text_is(name, "file")) return begin_file(mp, headers, filename, err);
    if (filename) return malformed(err, "only a part named 'file' may be a file");
    mp->target = TO_FIELD;
    mp->field_name = name;
    buf_cleanup(&mp->field);
    mp->field = BUF(FIELDS_MAX);
    return true;
}

/* ---- the machine; each step eats at least one byte ---- */

/* Data up to the next delimiter. Only CR can begin one, so a failed match needs no looking back. */
static bool eat_data(struct multipart *mp, const char **at, const char *end, struct error *err)
{
    if (mp->matched == 0) {
        const char *const cr = memchr(*at, '\r', (size_t)(end - *at));
        const char *const from = *at;
        *at = cr ? cr + 1 : end;
        mp->matched = cr ? 1 : 0;
        return cr == from || put_data(mp, from, (size_t)((cr ? cr : end) - from), err);
    }
    if (**at != mp->delimiter[mp->matched]) {
        const size_t held = mp->matched;
        mp->matched = 0;
        return put_data(mp, mp->delimiter, held, err);
    }
    (*at)++;
    if (++mp->matched < mp->delimiter_size) return true;
    if (mp->state == IN_DATA && !end_part(mp, err)) return false;
    mp->state = AFTER_BOUNDARY;
    mp->head_size = mp->matched = 0;
    return true;
}

/* What stands behind a boundary: "--" ends the body, white space and CRLF begin a part. */
static bool eat_boundary_line(struct multipart *mp, const char **at, struct error *err)
{
    const char c = *(*at)++;
    if (mp->head_size == 0 && (c == ' ' || c == '\t')) {
        mp->preamble_bytes++;
        return mp->preamble_bytes <= PREAMBLE_MAX || malformed(err, "a boundary line is too long");
    }
    mp->head[mp->head_size++] = c;
    if (mp->head_size < 2) return c == '-' || c == '\r' || malformed(err, "a boundary line goes on");
    const bool last = memcmp(mp->head, "--", 2) == 0;
    if (!last && memcmp(mp->head, "\r\n", 2) != 0) return malformed(err, "a boundary line goes on");
    mp->state = last ? IN_EPILOGUE : IN_HEADERS;
    mp->head_size = 0;
    return true;
}

static bool eat_headers(struct multipart *mp, const char **at, struct error *err)
{
    if (mp->head_size == HEADERS_MAX) return malformed(err, "the headers of a part are too long");
    mp->head[mp->head_size++] = *(*at)++;
    const size_t size = mp->head_size;
    if (size == 2 && memcmp(mp->head, "\r\n", 2) == 0) return malformed(err, "a part has no headers");
    if (size < 4 || memcmp(mp->head + size - 4, "\r\n\r\n", 4) != 0) return true;
    return begin_part(mp, err);
}

bool multipart_feed(struct multipart *mp, const char *bytes, size_t size_bytes, struct error *err)
{
    const char *const end = bytes + size_bytes;
    bool good = true;
    while (good && bytes < end) {
        switch (mp->state) {
        case IN_PREAMBLE:
        case IN_DATA:
            good = eat_data(mp, &bytes, end, err);
            break;
        case AFTER_BOUNDARY:
            good = eat_boundary_line(mp, &bytes, err);
            break;
        case IN_HEADERS:
            good = eat_headers(mp, &bytes, err);
            break;
        case IN_EPILOGUE:
            mp->epilogue_bytes += end - bytes;
            bytes = end;
            good = mp->epilogue_bytes <= EPILOGUE_MAX || malformed(err, "it goes on after its last boundary");
            break;
        }
    }
    return good;
}

bool multipart_end(struct multipart *mp, struct error *err)
{
    return mp->state == IN_EPILOGUE || malformed(err, "it ends before its last boundary");
}

void multipart_result(struct multipart *mp, struct upload *upload_out, struct pairs *fields_out)
{
    *upload_out = mp->upload;
    upload_out->size_bytes = mp->sink.size_bytes;
    if (mp->has_file) upload_out->digest = hasher_digest(&mp->sink.hasher);
    *fields_out = mp->fields;
}
