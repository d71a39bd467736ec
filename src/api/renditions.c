#include "api/renditions.h"

#include <math.h>

/* At most as large as the source, and one at least. `bit_rate` of the picture. */
static const struct step {
    const char *name;
    int64_t short_side, long_side, bit_rate;
} ladder[] = {
    { "1080p", 1080, 1920, 5000000 },
    { "720p", 720, 1280, 2800000 },
    { "360p", 360, 640, 800000 },
};
enum { AUDIO_BIT_RATE = 160000 };

/* ITU-T H.264 Table A-1: macroblocks a picture and a second. The bit rates of the ladder fit all of them. */
static const struct level {
    int64_t level, picture, second;
} levels[] = {
    { 30, 1620, 40500 },  { 31, 3600, 108000 }, { 32, 5120, 216000 },
    { 40, 8192, 245760 }, { 42, 8704, 522240 }, { 51, 36864, 983040 },
};

static int64_t level_of(const struct playback *playback, int64_t width, int64_t height)
{
    const int64_t blocks = ((width + 15) / 16) * ((height + 15) / 16);
    const double second = (double)blocks * (double)playback->rate_num / (double)playback->rate_den;
    size_t i = 0;
    while (i < COUNT_OF(levels) - 1 && (blocks > levels[i].picture || second > (double)levels[i].second)) i++;
    return levels[i].level;
}

static bool offered(const struct playback *playback, const struct step *step)
{
    const int64_t side = playback->width < playback->height ? playback->width : playback->height;
    if (!playback->video) return false;
    if (playback->direct) return step->short_side < side;
    return step->short_side <= side || step == &ladder[COUNT_OF(ladder) - 1];
}

static int64_t even(double pixels) { return (int64_t)fmax(16, 2 * round(pixels / 2)); }

/* A buffer of one second fills the pieces unevenly; the container adds little. */
static int64_t most_bits(const struct playback *playback, int64_t picture)
{
    const int64_t sound = playback->audio ? AUDIO_BIT_RATE : 0;
    return (picture + picture / RENDITION_PIECE_S + sound) / 100 * 105;
}

static struct rendition from_step(const struct playback *playback, const struct step *step, struct arena *mem)
{
    const bool upright = playback->height > playback->width;
    struct rendition made = { .name = step->name, .bit_rate = most_bits(playback, step->bit_rate) };
    shape_init(&transcode_in_shape, &made.in);
    made.in.width = upright ? step->short_side : step->long_side;
    made.in.height = upright ? step->long_side : step->short_side;
    made.in.bit_rate = step->bit_rate;
    const double scale = fmin(1, fmin((double)made.in.width / (double)playback->width,
                                      (double)made.in.height / (double)playback->height));
    made.width = even((double)playback->width * scale);
    made.height = even((double)playback->height * scale);
    made.in.level = level_of(playback, made.width, made.height);
    made.codecs =
        arena_printf(mem, "avc1.6400%02x%s", (unsigned)made.in.level, playback->audio ? ",mp4a.40.2" : "");
    return made;
}

static struct rendition whole(const struct playback *playback, const char *name)
{
    const bool direct = playback->direct;
    struct rendition made = { .name = name,
                              .direct = direct,
                              .width = playback->width,
                              .height = playback->height,
                              .bit_rate =
                                  direct ? playback->peak_bit_rate / 100 * 105 : most_bits(playback, 0),
                              .codecs = direct ? playback->codecs : "mp4a.40.2" };
    shape_init(&transcode_in_shape, &made.in);
    return made;
}

static struct rendition with_rate(struct rendition made, const struct playback *playback)
{
    made.in.container = "hls";
    made.in.copy = made.direct;
    made.in.rate_num = playback->rate_num;
    made.in.rate_den = playback->rate_den;
    return made;
}

size_t renditions_list(const struct playback *playback, struct arena *mem, struct rendition **out)
{
    struct rendition *const items = arena_array(mem, COUNT_OF(ladder) + 1, sizeof *items);
    size_t count = 0;
    if (playback->direct)
        items[count++] = whole(playback, "direct");
    else if (!playback->video)
        items[count++] = whole(playback, "audio");
    for (size_t i = 0; i < COUNT_OF(ladder); i++)
        if (offered(playback, &ladder[i])) items[count++] = from_step(playback, &ladder[i], mem);
    for (size_t i = 0; i < count; i++) items[i] = with_rate(items[i], playback);
    *out = items;
    return count;
}

const struct rendition *rendition_find(const struct playback *playback, struct arena *mem, const char *name)
{
    struct rendition *items;
    const size_t count = renditions_list(playback, mem, &items);
    for (size_t i = 0; i < count; i++)
        if (text_is(items[i].name, name)) return &items[i];
    return NULL;
}

static int64_t pictures(const struct playback *playback)
{
    const double count = playback->duration_s * (double)playback->rate_num / (double)playback->rate_den;
    return count > 1 ? llround(fmin(count, INT32_MAX)) : 1;
}

static int64_t divided_up(int64_t value, int64_t by) { return (value + by - 1) / by; }

int64_t rendition_pieces(const struct playback *playback)
{
    const int64_t count =
        divided_up(pictures(playback) * playback->rate_den, RENDITION_PIECE_S * playback->rate_num);
    return count < RENDITION_PIECES_MAX ? count : RENDITION_PIECES_MAX;
}

void rendition_piece(const struct playback *playback, int64_t number, int64_t *begin_out, int64_t *end_out)
{
    const int64_t last = pictures(playback), step = RENDITION_PIECE_S * playback->rate_num;
    const int64_t end = divided_up((number + 1) * step, playback->rate_den);
    *begin_out = divided_up(number * step, playback->rate_den);
    *end_out = end < last ? end : last;
}
