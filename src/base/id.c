#include "base/id.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

void random_bytes(void *at, size_t size_bytes) { randombytes_buf(at, size_bytes); }

static struct id format(const uint8_t b[16])
{
    struct id id;
    snprintf(id.text, sizeof id.text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return id;
}

struct id id_new(void)
{
    uint8_t b[16];
    random_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    return format(b);
}

bool id_valid(const char *text)
{
    if (!text || strlen(text) != 36) return false;
    for (int i = 0; i < 36; i++) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !isdigit((unsigned char)text[i]) && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    }
    return true;
}

char *id_canonical(struct arena *mem, const char *text)
{
    if (strncasecmp(text, "urn:uuid:", 9) == 0) text += 9;
    const size_t size = strlen(text);
    const bool braced = size == 38 && text[0] == '{' && text[37] == '}';
    if (!braced && size != 36 && size != 32) return NULL;
    uint8_t bytes[16];
    int digits = 0;
    for (size_t i = braced; i < size - braced; i++) {
        const size_t at = i - braced;
        if (size != 32 && (at == 8 || at == 13 || at == 18 || at == 23)) {
            if (text[i] != '-') return NULL;
            continue;
        }
        const int c = tolower((unsigned char)text[i]);
        if (!isxdigit(c) || digits == 32) return NULL;
        const int value = isdigit(c) ? c - '0' : c - 'a' + 10;
        bytes[digits / 2] = (uint8_t)(digits % 2 ? bytes[digits / 2] << 4 | value : value);
        digits++;
    }
    return digits == 32 ? arena_text(mem, format(bytes).text) : NULL;
}
