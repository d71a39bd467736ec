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

/* What is planned for a name is a name of the table, and a task that the worker takes. */
static void check_name(struct arena *mem, const char *name)
{
    const struct playback film = { .video = true, .audio = true, .width = 1920, .height = 1080 };
    const struct playback direct = { .video = true, .direct = true, .width = 640, .height = 360 };
    struct transcode_in in = { 0 }, again;
    struct error err;
    bool known = text_is(name, "direct") || text_is(name, "audio");
    for (size_t i = 0; i < COUNT_OF(renditions); i++) known |= text_is(renditions[i].name, name);
    const bool planned = plan(&film, name, &in);
    if (planned)
        EXPECT(known &&
               shape_take(&transcode_in_shape, json_read(mem, shape_text(mem, &transcode_in_shape, &in)), mem,
                          &again, &err));
    if (plan(&direct, name, &in)) EXPECT(known);
}

FUZZ(mem, in)
{
    const int64_t film_bytes = input_int(in, mem) & INT64_MAX;
    check_name(mem, input_line(in, mem));
    check_index(input_rest(in, mem), film_bytes);
}
