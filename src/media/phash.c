#include "media/phash.h"

#include <math.h>

enum { COLUMNS = 9, ROWS = 8, BITS = 64 };

/* Mean grey of a cell; cells of a picture smaller than the grid share pixels. */
static double cell(const struct image *image, int column, int row)
{
    const int left = column * image->width / COLUMNS, top = row * image->height / ROWS;
    const int right = (column + 1) * image->width / COLUMNS, bottom = (row + 1) * image->height / ROWS;
    int64_t sum = 0, count = 0;
    for (int y = top; y < bottom || y == top; y++)
        for (int x = left; x < right || x == left; x++, count++) {
            const uint8_t *const at = image->rgb + 3 * ((ptrdiff_t)y * image->width + x);
            sum += 299 * at[0] + 587 * at[1] + 114 * at[2];
        }
    return (double)sum / (1000.0 * (double)count);
}

uint64_t phash_of(const struct image *image)
{
    static const double noise = 0.5; /* an even area is even, however it was compressed */
    uint64_t hash = 0;
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column + 1 < COLUMNS; column++)
            hash = hash << 1 | (cell(image, column, row) > cell(image, column + 1, row) + noise);
    return hash;
}

int phash_distance(uint64_t a, uint64_t b) { return __builtin_popcountll(a ^ b); }

uint64_t phash_majority(const uint64_t *hashes, size_t count)
{
    uint64_t most = 0;
    for (int bit = 0; bit < BITS; bit++) {
        size_t votes = 0;
        for (size_t i = 0; i < count; i++) votes += hashes[i] >> bit & 1;
        if (2 * votes > count) most |= UINT64_C(1) << bit;
    }
    return most;
}

char *phash_text(struct arena *mem, uint64_t hash)
{
    return arena_printf(mem, "%016llx", (unsigned long long)hash);
}
