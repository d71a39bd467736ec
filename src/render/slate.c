#include "render/slate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { GLYPH_WIDE = 5, GLYPH_HIGH = 7, ADVANCE = 6 };

/* Seven rows of five bits, highest bit left. */
static const struct glyph {
    char sign;
    uint8_t rows[GLYPH_HIGH];
} glyphs[] = {
    { '0', { 14, 17, 19, 21, 25, 17, 14 } }, { '1', { 4, 12, 4, 4, 4, 4, 14 } },
    { '2', { 14, 17, 1, 6, 8, 16, 31 } },    { '3', { 14, 17, 1, 6, 1, 17, 14 } },
    { '4', { 2, 6, 10, 18, 31, 2, 2 } },     { '5', { 31, 16, 30, 1, 1, 17, 14 } },
    { '6', { 6, 8, 16, 30, 17, 17, 14 } },   { '7', { 31, 1, 2, 4, 8, 8, 8 } },
    { '8', { 14, 17, 17, 14, 17, 17, 14 } }, { '9', { 14, 17, 17, 15, 1, 2, 12 } },
    { 'A', { 14, 17, 17, 31, 17, 17, 17 } }, { 'B', { 30, 17, 17, 30, 17, 17, 30 } },
    { 'C', { 14, 17, 16, 16, 16, 17, 14 } }, { 'D', { 30, 17, 17, 17, 17, 17, 30 } },
    { 'E', { 31, 16, 16, 30, 16, 16, 31 } }, { 'F', { 31, 16, 16, 30, 16, 16, 16 } },
    { 'G', { 14, 17, 16, 23, 17, 17, 14 } }, { 'H', { 17, 17, 17, 31, 17, 17, 17 } },
    { 'I', { 14, 4, 4, 4, 4, 4, 14 } },      { 'J', { 7, 2, 2, 2, 2, 18, 12 } },
    { 'K', { 17, 18, 20, 24, 20, 18, 17 } }, { 'L', { 16, 16, 16, 16, 16, 16, 31 } },
    { 'M', { 17, 27, 21, 21, 17, 17, 17 } }, { 'N', { 17, 25, 21, 19, 17, 17, 17 } },
    { 'O', { 14, 17, 17, 17, 17, 17, 14 } }, { 'P', { 30, 17, 17, 30, 16, 16, 16 } },
    { 'Q', { 14, 17, 17, 17, 21, 18, 13 } }, { 'R', { 30, 17, 17, 30, 20, 18, 17 } },
    { 'S', { 15, 16, 16, 14, 1, 1, 30 } },   { 'T', { 31, 4, 4, 4, 4, 4, 4 } },
    { 'U', { 17, 17, 17, 17, 17, 17, 14 } }, { 'V', { 17, 17, 17, 17, 10, 10, 4 } },
    { 'W', { 17, 17, 17, 21, 21, 27, 17 } }, { 'X', { 17, 17, 10, 4, 10, 17, 17 } },
    { 'Y', { 17, 17, 10, 4, 4, 4, 4 } },     { 'Z', { 31, 1, 2, 4, 8, 16, 31 } },
    { ':', { 0, 4, 0, 0, 0, 4, 0 } },        { '.', { 0, 0, 0, 0, 0, 4, 4 } },
    { '-', { 0, 0, 0, 14, 0, 0, 0 } },       { ',', { 0, 0, 0, 0, 4, 4, 8 } },
    { '\'', { 4, 4, 8, 0, 0, 0, 0 } },       { '/', { 1, 2, 2, 4, 8, 8, 16 } },
};

static const uint8_t *glyph_of(char sign)
{
    for (size_t i = 0; i < COUNT_OF(glyphs); i++)
        if (glyphs[i].sign == sign) return glyphs[i].rows;
    return NULL;
}

void slate_set(struct slate *slate, const char *shot, const char *camera, const char *mood)
{
    snprintf(slate->text, sizeof slate->text, "%.48s / %s%s%s", shot, camera, mood[0] ? " / " : "", mood);
    for (char *at = slate->text; *at; at++) {
        const char upper = (char)toupper((unsigned char)*at);
        *at = glyph_of(upper) ? upper : ' ';
    }
}

static void block(const struct planes *out, int x, int y, int size)
{
    for (int j = 0; j < size; j++) memset(out->y + (y + j) * out->y_stride + x, 225, (size_t)size);
}

static void write_text(const struct planes *out, const char *text, int x, int y, int size, int width)
{
    for (; *text && x + GLYPH_WIDE * size <= width; text++, x += ADVANCE * size) {
        const uint8_t *rows = glyph_of(*text);
        for (int j = 0; rows && j < GLYPH_HIGH; j++)
            for (int i = 0; i < GLYPH_WIDE; i++)
                if (rows[j] >> (GLYPH_WIDE - 1 - i) & 1) block(out, x + i * size, y + j * size, size);
    }
}

/* A dark grey strip under the text keeps it readable on any picture. */
static void strip(const struct planes *out, int top, int bottom, int width)
{
    for (int y = top; y < bottom; y++) {
        uint8_t *row = out->y + y * out->y_stride;
        for (int x = 0; x < width; x++) row[x] = (uint8_t)(16 + (row[x] - 16) / 4);
    }
    for (int y = top / 2; y < bottom / 2; y++) {
        memset(out->u + y * out->uv_stride, 128, (size_t)(width / 2));
        memset(out->v + y * out->uv_stride, 128, (size_t)(width / 2));
    }
}

void slate_draw(const struct slate *slate, int64_t frame, int fps, int width, int height,
                const struct planes *out)
{
    char code[40];
    const int second = (int)(frame / fps);
    snprintf(code, sizeof code, "%02d:%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60,
             (int)(frame % fps));
    const int code_signs = (int)strlen(code), size = (width < height ? width : height) / 360 + (width >= 320);
    const int margin = 4 * size, code_x = width - margin - code_signs * ADVANCE * size;
    const int top = (height - (GLYPH_HIGH + 6) * size) & ~1;
    if (size < 1 || code_x < margin || top < height / 2) return;
    strip(out, top, height, width);
    write_text(out, slate->text, margin, top + 3 * size, size, code_x - margin);
    write_text(out, code, code_x, top + 3 * size, size, width);
}
