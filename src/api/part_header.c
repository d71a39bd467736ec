#include "api/part_header.h"

#include "api/router.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LINES_MAX = 32, FILENAME_MAX_BYTES = 255 };

static bool token_char(char c) { return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c)); }

static bool parse_line(struct arena *mem, const char *line, size_t size_bytes, struct pairs *out)
{
    size_t name = 0;
    while (name < size_bytes && token_char(line[name])) name++;
    if (!name || name == size_bytes || line[name] != ':') return false;
    const char *const at = line + name + 1;
    const size_t size = size_bytes - name - 1;
    if (!text_plain(at, size) || !text_valid_utf8(at, size)) return false;
    pairs_add(out, mem, arena_text_n(mem, line, name), text_trim(mem, arena_text_n(mem, at, size)));
    return true;
}

bool part_headers_parse(struct arena *mem, const char *block, size_t size_bytes, struct pairs *out)
{
    while (size_bytes) {
        const char *const end = memmem(block, size_bytes, "\r\n", 2);
        if (!end || out->count == LINES_MAX || !parse_line(mem, block, (size_t)(end - block), out))
            return false;
        size_bytes -= (size_t)(end + 2 - block);
        block = end + 2;
    }
    return true;
}

/* `"quoted"` or token at *at, moved past; NULL when malformed. */
static char *read_value(struct arena *mem, const char **at)
{
    const char *from = *at;
    if (*from != '"') {
        while (token_char(**at)) (*at)++;
        return *at == from ? NULL : arena_text_n(mem, from, (size_t)(*at - from));
    }
    char *const text = arena_alloc(mem, strlen(from));
    size_t length = 0;
    for (from++; *from && *from != '"'; from++) {
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\')) from++;
        text[length++] = *from;
    }
    if (*from != '"') return NULL;
    *at = from + 1;
    return text;
}

char *header_parameter(struct arena *mem, const char *value, const char *name)
{
    for (const char *at = value + strcspn(value, ";"); *at == ';';) {
        at += 1 + strspn(at + 1, " \t");
        const char *const from = at;
        while (token_char(*at)) at++;
        const size_t size = (size_t)(at - from);
        if (!size || *at++ != '=') return NULL;
        char *const found = read_value(mem, &at);
        if (!found) return NULL;
        if (strlen(name) == size && strncasecmp(from, name, size) == 0) return found;
        at += strspn(at, " \t");
    }
    return NULL;
}

/* UTF-8''percent-encoded (RFC 8187); NULL for other encodings. */
static char *extended_value(struct arena *mem, const char *text)
{
    if (!text || strncasecmp(text, "UTF-8'", 6) != 0) return NULL;
    const char *const second = strchr(text + 6, '\'');
    return second ? url_decode(mem, second + 1, strlen(second + 1), false) : NULL;
}

char *bare_filename(struct arena *mem, const char *text)
{
    char *name = arena_text(mem, text);
    for (char *at = name; *at; at++)
        if (*at == '/' || *at == '\\') name = at + 1;
    char *to = name;
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at >= 0x20 && *at != 0x7f) *to++ = *at;
    *to = '\0';
    if (to - name > FILENAME_MAX_BYTES) {
        for (to = name + FILENAME_MAX_BYTES; (*to & 0xc0) == 0x80;) to--; /* never inside a code point */
        *to = '\0';
    }
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ? arena_text(mem, "") : name;
}

char *part_filename(struct arena *mem, const char *disposition)
{
    const char *name = extended_value(mem, header_parameter(mem, disposition, "filename*"));
    if (!name) name = header_parameter(mem, disposition, "filename");
    return name ? bare_filename(mem, name) : NULL;
}
