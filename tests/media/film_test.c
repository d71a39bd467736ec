/* What lies beside picture and sound in a file: captions, covers, chapters, channels. */
#include "fixture.h"

#include "base/text.h"
#include "media/analysis.h"
#include "media/image.h"
#include "media/source.h"
#include "media/subtitles.h"
#include "media/transcode.h"
#include "media/verify.h"
#include "remake.h"
#include "samples.h"

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;

static int sample(const char *name)
{
    for (size_t i = 0; i < sample_count; i++)
        if (text_is(samples[i].name, name)) return samples[i].fd;
    fprintf(stderr, "no sample %s\n", name);
    abort();
}

static void ignore(void *with, double progress, const char *stage)
{
    (void)with, (void)progress, (void)stage;
}

/* Looks at a file; what is made goes into `poster` and `text`. */
static bool analyse(int fd, int poster, int text, struct arena *mem, struct media_analysis *out,
                    struct error *err)
{
    const struct ingest_in in = { 0 };
    const struct analysis_files files = { fd, poster, -1, -1, text };
    return analysis_run(&files, &in, &(struct analysis_watch){ ignore, NULL }, mem, out, err);
}

static const struct ingest_span *cue(const struct media_analysis *found, size_t at)
{
    return (const struct ingest_span *)found->cues.items + at;
}

/* ---- captions ---- */

#define SSA_HEAD                                                                                             \
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"                  \
    "Style: Default,Arial,20\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, "        \
    "MarginV, Effect, Text\n"

static const struct remake_cue plain[] = { { 0.1, 0.2, "Hello <i>there</i>\nyou & I" },
                                           { 0.5, 0.25, "1 < 2 --> 3" } };
static const struct remake_cue simple[] = { { 0.1, 0.2, "Hello there\nyou & I" },
                                            { 0.3, 0.2, "" },
                                            { 0.5, 0.25, "1 < 2 --> 3" } };
static const struct remake_cue escaped[] = { { 0.1, 0.2, "Hello <i>there</i>\nyou &amp; I" },
                                             { 0.5, 0.25, "1 &lt; 2 --&gt; 3" } };
static const struct remake_cue styled[] = {
    { 0.1, 0.2, "0,0,Default,,0,0,0,,{\\b1}Hello{\\b0} there\\Nyou & I" },
    { 0.2, 0.1, "1,0,Default,,0,0,0,,{\\p1}m 0 0 l 100 0 100 100{\\p0}" },
    { 0.5, 0.25, "2,0,Default,,0,0,0,,1 < 2 --> 3" },
};

TEST(captions_of_every_kind_are_read)
{
    static const struct {
        const char *from, *muxer;
        struct remake_stream stream;
    } rows[] = {
        { "mkv", "matroska", { AV_CODEC_ID_SUBRIP, .cues = plain, .count = COUNT_OF(plain) } },
        { "mkv", "matroska", { AV_CODEC_ID_ASS, SSA_HEAD, .cues = styled, .count = COUNT_OF(styled) } },
        { "webm", "webm", { AV_CODEC_ID_WEBVTT, .cues = escaped, .count = COUNT_OF(escaped) } },
        { "mp4", "mp4", { AV_CODEC_ID_MOV_TEXT, .cues = simple, .count = COUNT_OF(simple) } },
        { "mp4", "mov", { AV_CODEC_ID_MOV_TEXT, .cues = simple, .count = COUNT_OF(simple) } },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int text = new_file();
        AUTO(fd) int fd = remake(sample(rows[i].from), &(struct remake){ rows[i].muxer, &rows[i].stream, 1 });
        CHECK_OK(analyse(fd, -1, text, &mem, &found, &err));
        CHECK(found.has_captions);
        CHECK_INT(found.warnings.count, 0);
        CHECK_MSG(found.cues.count == 2, "row %zu has %zu cues", i, found.cues.count);
        CHECK_TEXT(cue(&found, 0)->text, "Hello there you & I");
        CHECK_NEAR(cue(&found, 0)->start_s, 0.1, 0.01); /* WebM moves all by what Opus needs to begin */
        CHECK_NEAR(cue(&found, 0)->end_s, 0.3, 0.01);
        CHECK_TEXT(cue(&found, 1)->text, "1 < 2 --> 3");
        char *const vtt = (char *)file_content(text);
        CHECK(text_starts(vtt, "WEBVTT\n\n00:00:00.1") && text_ends(vtt, "\n1 &lt; 2 --&gt; 3\n"));
        CHECK_MSG(strstr(vtt, "\nHello there\nyou &amp; I\n\n00:00:00.5"), "row %zu: %s", i, vtt);
        free(vtt);
    }
}

TEST(the_standard_captions_are_read_and_not_the_forced_ones)
{
    static const struct remake_cue signs[] = { { 0, 0.5, "EXIT" } }, german[] = { { 0, 0.5, "Hallo" } },
                                   english[] = { { 0, 0.5, "Hello" } };
    static const struct remake_stream streams[] = {
        { AV_CODEC_ID_SUBRIP, NULL, "eng", AV_DISPOSITION_DEFAULT | AV_DISPOSITION_FORCED, signs, 1 },
        { AV_CODEC_ID_SUBRIP, NULL, "ger", 0, german, 1 },
        { AV_CODEC_ID_SUBRIP, NULL, "eng", AV_DISPOSITION_DEFAULT, english, 1 },
    };
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = remake(sample("mkv"), &(struct remake){ "matroska", streams, COUNT_OF(streams) });
    CHECK_OK(analyse(fd, -1, -1, &mem, &found, &err));
    CHECK_INT(found.cues.count, 1);
    CHECK_TEXT(cue(&found, 0)->text, "Hello");
    CHECK_INT(found.streams.count, 5);
}

/* By bytes: every sign takes five as WebVTT writes it. */
TEST(captions_are_bounded)
{
    enum { LONG = 3 * SUBTITLES_WORDS_BYTES, MANY = SUBTITLES_MAX_BYTES / (5 * SUBTITLES_WORDS_BYTES) + 10 };
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    struct remake_cue *const cues = arena_array(&mem, MANY, sizeof *cues);
    char *const words = arena_alloc(&mem, LONG + 1);
    memset(words, '&', LONG);
    for (int i = 0; i < MANY; i++) cues[i] = (struct remake_cue){ i / 1000.0, 0.001, words };
    const struct remake_stream stream = { AV_CODEC_ID_SUBRIP, .cues = cues, .count = MANY };
    AUTO(fd) int fd = remake(sample("mkv"), &(struct remake){ "matroska", &stream, 1 });
    AUTO(fd) int text = new_file();
    CHECK_OK(analyse(fd, -1, text, &mem, &found, &err));
    CHECK_INT(found.cues.count, INGEST_CUES_MAX);
    CHECK_INT(found.warnings.count, 1);
    CHECK_TEXT(found.warnings.items[0], "there are more captions than are read");
    CHECK(file_bytes(text) <= SUBTITLES_MAX_BYTES && file_bytes(text) > SUBTITLES_MAX_BYTES * 9 / 10);
}

TEST(too_many_streams_are_counted_in_the_refusal)
{
    enum { MOST = SOURCE_MAX_STREAMS - 2, MANY = 298 }; /* picture and sound are two */
    static struct remake_stream streams[MANY];
    struct error err;
    struct source source;
    for (int i = 0; i < MANY; i++) streams[i] = (struct remake_stream){ .codec = AV_CODEC_ID_SUBRIP };
    AUTO(fd) int most = remake(sample("mkv"), &(struct remake){ "matroska", streams, MOST });
    CHECK_OK(source_open(&source, most, &err));
    source_close(&source);
    AUTO(fd) int one_more = remake(sample("mkv"), &(struct remake){ "matroska", streams, MOST + 1 });
    CHECK(!source_open(&source, one_more, &err));
    AUTO(fd) int many = remake(sample("mkv"), &(struct remake){ "matroska", streams, MANY });
    CHECK(!source_open(&source, many, &err));
    CHECK_INT(err.cause, CAUSE_TOO_LARGE);
    CHECK_TEXT(err.text, "the file has 300 streams; at most 64 are taken");
}

static int made_over(int from, struct transcode_in in)
{
    struct error err;
    struct media_facts facts;
    const int to = new_file();
    if (transcode_file(from, &in, to, -1, &(struct transcode_watch){ NULL, NULL }, &facts, &err)) return to;
    fprintf(stderr, "not made over: %s\n", err.text);
    abort();
}

/* Matroska says nothing of decoding times: the first packets of a film whose pictures are shown in another
 * order have none. */
TEST(a_copy_has_every_picture)
{
    struct error err;
    struct transcode_in in;
    struct media_facts facts;
    const struct verify_in any = { NAN, 320, 240, INT_NONE, true };
    shape_init(&transcode_in_shape, &in);
    in.width = 320;
    in.height = 240;
    in.bit_rate = 1000000;
    in.container = "mp4";
    in.fit = "crop";
    AUTO(fd) int clip = clip_file(320, 240, 25, 1);
    AUTO(fd) int reordered = made_over(clip, in);
    AUTO(fd) int from = remake(reordered, &(struct remake){ "matroska" });
    in.copy = true;
    AUTO(fd) int to = made_over(from, in);
    CHECK_OK(verify_video(to, &any, -1, &facts, &err));
    CHECK_INT(facts.frames, 25);
}

/* ---- covers ---- */

static uint8_t *red_square(int side, size_t *size_out)
{
    struct error err;
    AUTO(image) struct image picture = { 0 };
    AUTO(fd) int fd = new_file();
    if (!image_init(&picture, side, side, &err)) abort();
    for (int i = 0; i < side * side; i++) memcpy(picture.rgb + 3 * i, "\xe0\x10\x10", 3);
    if (!image_write(&picture, IMAGE_JPEG, 0, fd, &err)) abort();
    *size_out = file_bytes(fd);
    return file_content(fd);
}

TEST(a_cover_is_the_poster_of_a_sound)
{
    static const struct {
        const char *from, *muxer;
    } rows[] = { { "mp3", "mp3" }, { "flac", "flac" }, { "m4a", "ipod" }, { "mka", "matroska" } };
    size_t size;
    uint8_t *const jpeg = red_square(1500, &size);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        AUTO(image) struct image poster = { 0 };
        struct media_analysis found;
        AUTO(fd) int made = new_file();
        AUTO(fd)
        int fd = remake(sample(rows[i].from), &(struct remake){ .muxer = rows[i].muxer,
                                                                .cover = jpeg,
                                                                .cover_bytes = size,
                                                                .cover_codec = AV_CODEC_ID_MJPEG,
                                                                .cover_width = 1500,
                                                                .cover_height = 1500 });
        CHECK_OK(analyse(fd, made, -1, &mem, &found, &err));
        CHECK_TEXT(found.kind, "audio");
        CHECK_INT(found.warnings.count, 0);
        CHECK(found.thumbhash && found.width == INT_NONE);
        CHECK_MSG(image_load(made, 0, &poster, NULL, &err), "no poster of %s: %s", rows[i].from, err.text);
        CHECK_INT(poster.width, 1280);
        CHECK(poster.rgb[0] > 200 && poster.rgb[1] < 50);
    }
    free(jpeg);
}

/* A header that promises 60000 x 60000 pixels, and one of a kind that is not taken. */
TEST(a_hostile_cover_is_left_aside)
{
    static const char nonsense[] = "BM................................";
    size_t size;
    uint8_t *const jpeg = red_square(64, &size), *frame = jpeg;
    while (frame[0] != 0xff || frame[1] != 0xc0) frame++;
    memset(frame + 5, 0xea, 4);
    const struct {
        const void *bytes;
        size_t size;
    } rows[] = { { jpeg, size }, { nonsense, sizeof nonsense }, { jpeg, size / 2 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int made = new_file();
        AUTO(fd)
        int fd = remake(sample("flac"), &(struct remake){ .muxer = "flac",
                                                          .cover = rows[i].bytes,
                                                          .cover_bytes = rows[i].size,
                                                          .cover_codec = AV_CODEC_ID_MJPEG,
                                                          .cover_width = 60000,
                                                          .cover_height = 60000 });
        CHECK_OK(analyse(fd, made, -1, &mem, &found, &err));
        CHECK_INT(file_bytes(made), 0);
        CHECK_INT(found.warnings.count, 1);
        CHECK_TEXT(found.warnings.items[0], "the cover picture cannot be read");
        CHECK(found.duration_s > 0.5 && !found.thumbhash);
    }
    free(jpeg);
}

/* ---- chapters and channels ---- */

TEST(chapters_have_names_and_times)
{
    static const struct {
        const char *from, *muxer;
    } rows[] = { { "mkv", "matroska" }, { "mp4", "mp4" } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = remake(sample(rows[i].from), &(struct remake){ rows[i].muxer, .chapters = 5 });
        CHECK_OK(analyse(fd, -1, -1, &mem, &found, &err));
        const struct ingest_span *const chapters = found.chapters.items;
        CHECK_INT(found.chapters.count, 5);
        CHECK_TEXT(chapters[2].text, "chapter 3");
        CHECK_NEAR(chapters[2].start_s, 0.2, 0.001);
        CHECK_NEAR(chapters[2].end_s, 0.3, 0.001);
        CHECK(!found.has_captions); /* MP4 keeps the names of chapters in a stream of text */
    }
}

static void put_word(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* A WAV file of 16 bits with six channels; one of them has a tone of 1 kHz at -20 dBFS. */
static int surround(int loud)
{
    enum { RATE = 48000, CHANNELS = 6, COUNT = 5 * RATE, HEAD = 68, BYTES = COUNT * CHANNELS * 2 };
    uint8_t *const file = calloc(1, HEAD + BYTES);
    memcpy(file, "RIFF....WAVEfmt ", 16);
    put_word(file + 4, HEAD - 8 + BYTES, 4);
    put_word(file + 16, 40, 4);
    put_word(file + 20, 0xfffe, 2);
    put_word(file + 22, CHANNELS, 2);
    put_word(file + 24, RATE, 4);
    put_word(file + 28, RATE * CHANNELS * 2, 4);
    put_word(file + 32, CHANNELS * 2, 2);
    put_word(file + 34, 16, 2);
    put_word(file + 36, 22, 2);
    put_word(file + 38, 16, 2);
    put_word(file + 40, 0x3f, 4); /* front left and right, centre, low, back left and right */
    memcpy(file + 44,
           "\1\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
           "data",
           20);
    put_word(file + 64, BYTES, 4);
    for (int i = 0; i < COUNT; i++)
        put_word(file + HEAD + 2 * (i * CHANNELS + loud),
                 (uint32_t)lrint(3276.7 * sin(2 * M_PI * 1000 * i / RATE)), 2);
    const int fd = file_with(file, HEAD + BYTES);
    free(file);
    return fd;
}

/* ITU-R BS.1770: a sine of 1 kHz at -20 dBFS in one channel has -23 LUFS in front and 1.5 dB more behind; the
 * channel for low frequencies does not count. */
TEST(six_channels_are_told_and_weighed)
{
    static const struct {
        int channel;
        double loudness;
    } rows[] = { { 0, -23 }, { 2, -23 }, { 4, -21.5 }, { 3, NAN } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = surround(rows[i].channel);
        CHECK_OK(analyse(fd, -1, -1, &mem, &found, &err));
        const struct ingest_stream *const stream = found.streams.items;
        CHECK_INT(found.channels, 6);
        CHECK_TEXT(stream->layout, "5.1");
        if (isnan(rows[i].loudness))
            CHECK_MSG(isnan(found.loudness), "the low channel counts: %g", found.loudness);
        else
            CHECK_NEAR(found.loudness, rows[i].loudness, 0.1);
    }
}

int main(int argc, char **argv)
{
    struct error err;
    if (!media_open(&err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    sample_count = samples_make(samples);
    return run_tests(argc, argv);
}
