#include "task/format.h"

#include "base/text.h"

const char *const format_ratio_names[] = { "16:9", "9:16", "4:5", "1:1", "21:9", NULL };
const char *const format_size_names[] = { "mock", "draft", "standard", "4k", NULL };

static const int64_t ratios[][2] = { { 16, 9 }, { 9, 16 }, { 4, 5 }, { 1, 1 }, { 21, 9 } };
static const int64_t short_sides[] = { 180, 540, 1080, 2160 };
static_assert(COUNT_OF(ratios) + 1 == COUNT_OF(format_ratio_names), "a ratio per name");
static_assert(COUNT_OF(short_sides) + 1 == COUNT_OF(format_size_names), "a side per name");

/* `side` times large/small, to the nearest even number: 540 at 21:9 is 1260. */
static int64_t scaled(int64_t side, int64_t large, int64_t small)
{
    return (side * large + small) / (2 * small) * 2;
}

bool format_find(const char *ratio, const char *size, struct format *out)
{
    const int r = text_find(format_ratio_names, ratio), s = text_find(format_size_names, size);
    if (r < 0 || s < 0) return false;
    const int64_t wide = ratios[r][0], high = ratios[r][1];
    const int64_t large = wide > high ? wide : high, small = wide > high ? high : wide;
    int64_t shorter = short_sides[s], longer = scaled(shorter, large, small);
    if (longer > FORMAT_SIDE_MAX) {
        longer = FORMAT_SIDE_MAX;
        shorter = scaled(longer, small, large);
    }
    *out = wide > high ? (struct format){ longer, shorter } : (struct format){ shorter, longer };
    return true;
}
