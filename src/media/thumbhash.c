#include "media/thumbhash.h"

#include <math.h>
#include <sodium.h>

enum { SIDE_MAX = 100, TERMS_MAX = 7 * 7, HASH_MAX = 5 + (3 * TERMS_MAX + 1) / 2 };

/* A small copy in the format's own colours: brightness, yellow to blue, red to green. */
struct small {
    int width, height;
    float *plane[3];
};

/* What is kept of a plane: its mean, the size of its waves, and the waves as shares of that. */
struct waves {
    float mean, scale;
    float terms[TERMS_MAX];
    int count;
};

static void mean_color(const struct image *image, const struct small *small, int x, int y, float out[3])
{
    const int left = x * image->width / small->width, right = (x + 1) * image->width / small->width;
    const int top = y * image->height / small->height, bottom = (y + 1) * image->height / small->height;
    int64_t sum[3] = { 0 }, count = 0;
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++, count++)
            for (int c = 0; c < 3; c++)
                sum[c] += image->rgb[3 * ((ptrdiff_t)row * image->width + column) + c];
    for (int c = 0; c < 3; c++) out[c] = (float)sum[c] / (255.0f * (float)count);
}

static void shrink(const struct image *image, struct arena *mem, struct small *out)
{
    const int longest = image->width > image->height ? image->width : image->height;
    const double scale = longest > SIDE_MAX ? (double)SIDE_MAX / longest : 1;
    out->width = (int)fmax(1, image->width * scale);
    out->height = (int)fmax(1, image->height * scale);
    for (int p = 0; p < 3; p++)
        out->plane[p] = arena_array(mem, (size_t)out->width * (size_t)out->height, sizeof(float));
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++) {
            float rgb[3];
            const int at = y * out->width + x;
            mean_color(image, out, x, y, rgb);
            out->plane[0][at] = (rgb[0] + rgb[1] + rgb[2]) / 3;
            out->plane[1][at] = (rgb[0] + rgb[1]) / 2 - rgb[2];
            out->plane[2][at] = rgb[0] - rgb[1];
        }
}

static float wave(const struct small *small, const float *plane, int across, int down)
{
    float row[SIDE_MAX], sum = 0;
    for (int x = 0; x < small->width; x++)
        row[x] = cosf((float)M_PI / (float)small->width * (float)across * ((float)x + 0.5f));
    for (int y = 0; y < small->height; y++) {
        const float factor = cosf((float)M_PI / (float)small->height * (float)down * ((float)y + 0.5f));
        float of_row = 0;
        for (int x = 0; x < small->width; x++) of_row += plane[y * small->width + x] * row[x];
        sum += of_row * factor;
    }
    return sum / (float)(small->width * small->height);
}

/* The corner of low waves, across x down of them at its edges. */
static struct waves analyse(const struct small *small, const float *plane, int across, int down)
{
    struct waves out = { 0 };
    for (int y = 0; y < down; y++)
        for (int x = 0; x * down < across * (down - y); x++) {
            const float value = wave(small, plane, x, y);
            if (x == 0 && y == 0)
                out.mean = value;
            else
                out.terms[out.count++] = value;
            if (x || y) out.scale = fmaxf(out.scale, fabsf(value));
        }
    for (int i = 0; i < out.count && out.scale > 0; i++)
        out.terms[i] = 0.5f + 0.5f / out.scale * out.terms[i];
    return out;
}

static unsigned scaled(float value, float by) { return (unsigned)lrintf(fmaxf(0, value * by)); }

/* Bits as the format lays them out, lowest first. */
static size_t pack(const struct waves planes[3], int short_side, bool landscape, uint8_t out[HASH_MAX])
{
    const unsigned head = scaled(planes[0].mean, 63) | (unsigned)lrintf(31.5f + 31.5f * planes[1].mean) << 6 |
                          (unsigned)lrintf(31.5f + 31.5f * planes[2].mean) << 12 |
                          scaled(planes[0].scale, 31) << 18;
    const unsigned rest = (unsigned)short_side | scaled(planes[1].scale, 63) << 3 |
                          scaled(planes[2].scale, 63) << 9 | (unsigned)landscape << 15;
    for (int i = 0; i < 3; i++) out[i] = (uint8_t)(head >> 8 * i);
    for (int i = 0; i < 2; i++) out[3 + i] = (uint8_t)(rest >> 8 * i);
    size_t nibble = 0;
    for (int p = 0; p < 3; p++)
        for (int i = 0; i < planes[p].count; i++, nibble++)
            out[5 + nibble / 2] |= (uint8_t)(scaled(planes[p].terms[i], 15) << nibble % 2 * 4);
    return 5 + (nibble + 1) / 2;
}

char *thumbhash_of(const struct image *image, struct arena *mem)
{
    struct small small;
    uint8_t hash[HASH_MAX] = { 0 };
    shrink(image, mem, &small);
    const int longest = small.width > small.height ? small.width : small.height;
    const int across = (int)fmax(1, rint(7.0 * small.width / longest));
    const int down = (int)fmax(1, rint(7.0 * small.height / longest));
    const struct waves planes[3] = {
        analyse(&small, small.plane[0], across > 3 ? across : 3, down > 3 ? down : 3),
        analyse(&small, small.plane[1], 3, 3), analyse(&small, small.plane[2], 3, 3)
    };
    const bool landscape = small.width > small.height;
    const size_t size = pack(planes, landscape ? down : across, landscape, hash);
    const size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
    return sodium_bin2base64(arena_alloc(mem, room), room, hash, size, sodium_base64_VARIANT_ORIGINAL);
}
