/* The index of a stream as a hostile worker may have written it: length of the film on the first line, then
 * the index. Then the names of streams that players ask for. A playlist never points outside its film. */
#include "api/playback.c"

#include "fuzz.h"

static void check_ranges(const char *text, int64_t film_bytes)
{
    static const char map[] = "BYTERANGE=\"", segment[] = "#EXT-X-BYTERANGE:";
    long long size, at, next = 0;
    const char *here = strstr(text, map);
    EXPECT(here && sscanf(here + strlen(map), "%lld@%lld", &size, &at) == 2 && at == 0 && size > 0);
    for (next = size; (here = strstr(here, segment)); next += size) {
        here += strlen(segment);
        EXPECT(sscanf(here, "%lld@%lld", &size, &at) == 2 && size > 0 && at == next);
    }
    EXPECT(next == film_bytes);
}

static void check_index(const char *index, int64_t film_bytes)
{
    int64_t longest_us = 0, again_us = 0;
    AUTO(buf) struct buf text = BUF(16 << 20);
    const bool good = put_segments(index, film_bytes, "a.mp4", &longest_us, NULL);
    EXPECT(put_segments(index, film_bytes, "a.mp4", &again_us, &text) == good);
    if (!good) return;
    EXPECT(longest_us >= 0 && again_us == longest_us);
    EXPECT(!strstr(buf_str(&text), "EXTINF:-"));
    check_ranges(buf_str(&text), film_bytes);
}

/* What is found for a name is called so, and a task that the worker takes. */
static void check_name(struct arena *mem, const struct playback *film, const char *name)
{
    struct transcode_in again;
    struct error err;
    const struct rendition *const found = rendition_find(film, mem, name);
    if (!found) return;
    EXPECT(text_is(found->name, name) && found->direct == text_is(name, "direct"));
    EXPECT(shape_take(&transcode_in_shape, json_read(mem, shape_text(mem, &transcode_in_shape, &found->in)),
                      mem, &again, &err));
}

/* Pieces of a film of any length lie side by side, and none is empty. */
static void check_pieces(const struct playback *film)
{
    int64_t begin, end, reached = 0;
    const int64_t count = rendition_pieces(film);
    EXPECT(count > 0 && count <= RENDITION_PIECES_MAX);
    for (int64_t number = 0; number < count; number++) {
        rendition_piece(film, number, &begin, &end);
        EXPECT(begin == reached && end > begin && end <= INT32_MAX);
        reached = end;
    }
}

FUZZ(mem, in)
{
    const int64_t film_bytes = input_int(in, mem) & INT64_MAX;
    const char *const name = input_line(in, mem);
    const struct playback film = { .video = true,
                                   .audio = true,
                                   .width = 1920,
                                   .height = 1080,
                                   .rate_num = 24000,
                                   .rate_den = 1001,
                                   .duration_s = (double)film_bytes / 7 };
    const struct playback direct = { .video = true,
                                     .direct = true,
                                     .width = 640,
                                     .height = 720,
                                     .rate_num = 60,
                                     .rate_den = 1,
                                     .codecs = "avc1.640028" };
    check_name(mem, &film, name);
    check_name(mem, &direct, name);
    check_pieces(&film);
    check_pieces(&direct);
    check_index(input_rest(in, mem), film_bytes);
}
