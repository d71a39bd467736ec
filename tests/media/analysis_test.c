/* The one pass, held against files whose content is known exactly. */
#include "fixture.h"

#include "base/text.h"
#include "media/analysis.h"
#include "media/phash.h"
#include "media/sheet.h"

static const double rate = 48000;

/* ---- sound made of numbers ---- */

typedef double voice(double at_s);

static void put_word(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* A stereo WAV file of 16 bits. */
static int wav_file(voice *sound, double duration_s)
{
    const uint32_t count = (uint32_t)(duration_s * rate), bytes = count * 4;
    uint8_t *const file = calloc(1, 44 + bytes);
    memcpy(file, "RIFF....WAVEfmt ", 16);
    put_word(file + 4, 36 + bytes, 4);
    put_word(file + 16, 16, 4);
    put_word(file + 20, 1, 2);
    put_word(file + 22, 2, 2);
    put_word(file + 24, (uint32_t)rate, 4);
    put_word(file + 28, (uint32_t)rate * 4, 4);
    put_word(file + 32, 4, 2);
    put_word(file + 34, 16, 2);
    memcpy(file + 36, "data", 4);
    put_word(file + 40, bytes, 4);
    for (uint32_t i = 0; i < 2 * count; i++)
        put_word(file + 44 + 2 * i, (uint32_t)lrint(32767 * sound(i / 2 / rate)), 2);
    const int fd = file_with(file, 44 + bytes);
    free(file);
    return fd;
}

static double tone(double hertz, double at_s) { return sin(2 * M_PI * hertz * at_s); }

/* EBU Tech 3341 test 1: a stereo sine of 1 kHz at -23 dBFS has -23 LUFS. */
static double reference(double at_s) { return pow(10, -23 / 20.0) * tone(1000, at_s); }

/* A quarter of the sampling rate, between the samples: the samples reach 0.3536, the sound 0.5. */
static double between_samples(double at_s) { return 0.5 * sin(2 * M_PI * 12000 * at_s + M_PI / 4); }
static double interrupted(double at_s) { return at_s >= 2 && at_s < 3.25 ? 0 : 0.5 * tone(300, at_s); }
static double growing(double at_s) { return at_s / 4 * (fmod(at_s * rate, 2) < 1 ? 1 : -0.5); }
static double nothing(double at_s) { return 0 * at_s; }
static double clicks_at(double bpm, double at_s)
{
    return fmod(at_s, 60 / bpm) < 0.01 ? 0.8 * tone(1500, at_s) : 0;
}
static double clicks_72(double at_s) { return clicks_at(72, at_s); }
static double clicks_120(double at_s) { return clicks_at(120, at_s); }
static double clicks_174(double at_s) { return clicks_at(174, at_s); }

/* ---- pictures made of numbers ---- */

typedef uint8_t drawing(int x, int y, int frame);

static int film_file(drawing *draw, int frames)
{
    struct error err;
    AUTO(encoder) struct encoder *encoder = NULL;
    const struct encode_settings settings = { .width = 320, .height = 180, .fps = 25 };
    const int fd = new_file();
    bool done = encoder_open(&settings, fd, &encoder, &err);
    for (int frame = 0; done && frame < frames; frame++) {
        struct encoder_planes to;
        done = encoder_frame(encoder, &to, &err);
        for (int y = 0; done && y < 180; y++)
            for (int x = 0; x < 320; x++) to.y[y * to.y_stride + x] = draw(x, y, frame);
        for (int y = 0; done && y < 90; y++) {
            memset(to.u + y * to.uv_stride, 128, 160);
            memset(to.v + y * to.uv_stride, 128, 160);
        }
        done = done && encoder_push(encoder, &err);
    }
    if (done && encoder_finish(encoder, &err)) return fd;
    fprintf(stderr, "not encoded: %s\n", err.text);
    abort();
}

static uint8_t stripes(int x, int frame) { return (uint8_t)(40 + (x + 2 * frame) / 16 % 2 * 160); }
static uint8_t slope(int y, int frame) { return (uint8_t)(60 + (y + frame) % 180 / 2); }

/* Stripes, from frame 37 a slope, from 80 black, from 110 stripes, from 130 they stand still. */
static uint8_t story(int x, int y, int frame)
{
    if (frame < 37) return stripes(x, frame);
    if (frame < 80) return slope(y, frame);
    return frame < 110 ? 16 : stripes(x, frame < 130 ? frame : 130);
}

static uint8_t moving(int x, int y, int frame)
{
    return (uint8_t)(stripes(x, frame) / 2 + slope(y, 3 * frame) / 2);
}

/* ---- looking ---- */

static void ignore(void *with, double progress, const char *stage)
{
    (void)with, (void)progress, (void)stage;
}

static bool analyse(const struct analysis_files *files, struct arena *mem, struct media_analysis *out,
                    struct error *err)
{
    const struct ingest_in in = { 0 };
    return analysis_run(files, &in, &(struct analysis_watch){ ignore, NULL }, mem, out, err);
}

static bool analyse_one(int fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    return analyse(&(struct analysis_files){ fd, -1, -1, -1, -1 }, mem, out, err);
}

static const struct ingest_span *span_of(const struct list *list, size_t at)
{
    return (const struct ingest_span *)list->items + at;
}

TEST(loudness_of_the_standard_tone)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = wav_file(reference, 10);
    CHECK_OK(analyse_one(fd, &mem, &found, &err));
    CHECK_TEXT(found.kind, "audio");
    CHECK_TEXT(found.mime_type, "audio/wav");
    CHECK_TEXT(found.extension, "wav");
    CHECK_NEAR(found.loudness, -23, 0.1);
    CHECK_NEAR(found.loudness_range, 0, 0.1);
    CHECK_NEAR(found.true_peak, -23, 0.2);
    CHECK_NEAR(found.duration_s, 10, 0.001);
    CHECK_INT(found.silence.count, 0);
    CHECK(isnan(found.tempo));
    CHECK(found.fingerprint);
    CHECK_INT(found.warnings.count, 0);
}

TEST(the_true_peak_lies_between_samples)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = wav_file(between_samples, 2);
    CHECK_OK(analyse_one(fd, &mem, &found, &err));
    CHECK_NEAR(found.true_peak, -6.02, 0.3);
}

TEST(silence_has_a_place_and_no_loudness)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = wav_file(interrupted, 6);
    AUTO(fd) int quiet = wav_file(nothing, 3);
    CHECK_OK(analyse_one(fd, &mem, &found, &err));
    CHECK_INT(found.silence.count, 1);
    CHECK_NEAR(span_of(&found.silence, 0)->start_s, 2, 0.001);
    CHECK_NEAR(span_of(&found.silence, 0)->end_s, 3.25, 0.001);
    CHECK_OK(analyse_one(quiet, &mem, &found, &err));
    CHECK(isnan(found.loudness) && isnan(found.true_peak));
    CHECK_INT(found.silence.count, 1);
    CHECK_NEAR(span_of(&found.silence, 0)->end_s, 3, 0.001);
}

TEST(the_tempo_of_a_click_track)
{
    static const struct {
        voice *sound;
        double bpm;
    } rows[] = { { clicks_72, 72 }, { clicks_120, 120 }, { clicks_174, 174 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = wav_file(rows[i].sound, 15);
        CHECK_OK(analyse_one(fd, &mem, &found, &err));
        CHECK_NEAR(found.tempo, rows[i].bpm, rows[i].bpm * 0.02);
        CHECK(found.tempo_confidence > 0.5 && found.tempo_confidence <= 1);
    }
}

TEST(peaks_are_those_of_the_samples)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = wav_file(growing, 2);
    AUTO(fd) int peaks = new_file();
    CHECK_OK(analyse(&(struct analysis_files){ fd, -1, -1, peaks, -1 }, &mem, &found, &err));
    CHECK_INT(found.peaks->length, 375);
    CHECK_INT(found.peaks->samples_per_pixel, 256);
    CHECK_INT(file_bytes(peaks), 24 + 2 * 375);
    int8_t *const content = (int8_t *)file_content(peaks);
    uint32_t head[6];
    memcpy(head, content, sizeof head);
    for (int i = 0; i < 375; i++) {
        const double top = (i + 1) * 256 / rate / 4; /* the last sample of the pair */
        CHECK_NEAR(content[24 + 2 * i + 1], 127 * top, 1.2);
        CHECK_NEAR(content[24 + 2 * i], -64 * top, 1.2);
    }
    free(content);
    CHECK_INT(head[0], 2);
    CHECK_INT(head[1], 1);
    CHECK_INT(head[2], 48000);
    CHECK_INT(head[3], 256);
    CHECK_INT(head[4], 375);
    CHECK_INT(head[5], 1);
}

TEST(cuts_black_and_standing_pictures_have_their_times)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = film_file(story, 170);
    CHECK_OK(analyse_one(fd, &mem, &found, &err));
    const struct ingest_cut *const cuts = found.cuts.items;
    CHECK_INT(found.cuts.count, 3);
    CHECK_NEAR(cuts[0].at_s, 37 / 25.0, 0.001);
    CHECK_NEAR(cuts[1].at_s, 80 / 25.0, 0.001);
    CHECK_NEAR(cuts[2].at_s, 110 / 25.0, 0.001);
    CHECK_INT(found.black.count, 1);
    CHECK_NEAR(span_of(&found.black, 0)->start_s, 80 / 25.0, 0.001);
    CHECK_NEAR(span_of(&found.black, 0)->end_s, 110 / 25.0, 0.001);
    CHECK_INT(found.frozen.count, 1);
    CHECK_NEAR(span_of(&found.frozen, 0)->start_s, 130 / 25.0, 0.05);
    CHECK_NEAR(span_of(&found.frozen, 0)->end_s, 170 / 25.0, 0.05);
    CHECK_INT(found.frames, 170);
}

TEST(a_moving_picture_has_no_cuts)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = film_file(moving, 120);
    CHECK_OK(analyse_one(fd, &mem, &found, &err));
    CHECK_INT(found.cuts.count, 0);
    CHECK_INT(found.black.count, 0);
    CHECK_INT(found.frozen.count, 0);
    CHECK_INT(found.warnings.count, 0);
}

TEST(the_sheet_shows_a_tile_a_second)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(image) struct image sheet = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = film_file(story, 170);
    AUTO(fd) int sprite = new_file();
    CHECK_OK(analyse(&(struct analysis_files){ fd, -1, sprite, -1, -1 }, &mem, &found, &err));
    CHECK_INT(found.sprite->tiles, 7);
    CHECK_INT(found.sprite->columns, 7);
    CHECK_INT(found.sprite->rows, 1);
    CHECK_NEAR(found.sprite->interval_s, 1, 0);
    CHECK_OK(image_load(sprite, 0, &sheet, NULL, &err));
    CHECK_INT(sheet.width, 7 * found.sprite->tile_width);
    CHECK_INT(sheet.height, found.sprite->tile_height);
    CHECK_INT(found.frame_hashes.count, 7);
    const uint8_t *const black = sheet.rgb + 3 * (90 / 2 * sheet.width + 160 * 4 + 80); /* 4 s */
    CHECK(black[0] < 20);
}

TEST(a_time_no_film_reaches_has_a_place_in_the_sheet)
{
    struct sheet sheet;
    sheet_init(&sheet, 0, 0);
    CHECK(sheet_wants(&sheet, 4e9) && sheet_wants(&sheet, 1e300) && sheet_wants(&sheet, -1e300));
    sheet_close(&sheet);
}

TEST(a_clip_of_some_frames_has_a_poster)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(image) struct image poster = { 0 };
    struct media_analysis found;
    AUTO(fd) int lying = film_file(moving, 4);
    AUTO(fd) int fd = turned(lying);
    AUTO(fd) int jpeg = new_file();
    CHECK_OK(analyse(&(struct analysis_files){ fd, jpeg, -1, -1, -1 }, &mem, &found, &err));
    CHECK_INT(found.rotation, 90);
    CHECK_INT(found.width, 180);
    CHECK_INT(found.height, 320);
    CHECK_OK(image_load(jpeg, 0, &poster, NULL, &err));
    CHECK_INT(poster.width, 180);
    CHECK_INT(poster.height, 320);
    CHECK(found.thumbhash && found.phash);
    CHECK_TEXT(found.color->matrix, "bt709");
}

static void draw_picture(struct image *image, int shift)
{
    struct error err;
    if (!image_init(image, 400, 300, &err)) abort();
    for (int y = 0; y < 300; y++)
        for (int x = 0; x < 400; x++)
            for (int c = 0; c < 3; c++)
                image->rgb[3 * (y * 400 + x) + c] = (uint8_t)(128 + 60 * sin((x + shift) / 37.0 + c) +
                                                              60 * cos((y - shift) / 23.0 + x / 90.0));
}

static bool hash_of(const struct image *image, enum image_format format, int max_side, uint64_t *out)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = new_file();
    if (!image_write(image, format, max_side, fd, &err) || !analyse_one(fd, &mem, &found, &err)) return false;
    *out = strtoull(found.phash, NULL, 16);
    int64_t number;
    return ingest_phash(&found, &number) && (uint64_t)number == *out;
}

TEST(a_picture_made_anew_has_nearly_the_same_hash)
{
    AUTO(image) struct image one = { 0 }, other = { 0 };
    uint64_t original, again, small, different;
    draw_picture(&one, 0);
    draw_picture(&other, 90);
    CHECK(hash_of(&one, IMAGE_PNG, 0, &original) && hash_of(&one, IMAGE_JPEG, 0, &again));
    CHECK(hash_of(&one, IMAGE_JPEG, 150, &small) && hash_of(&other, IMAGE_PNG, 0, &different));
    CHECK(phash_distance(original, again) <= 2);
    CHECK(phash_distance(original, small) <= 4);
    CHECK(phash_distance(original, different) > 10);
}

/* A picture with bytes appended, as XMP and manifests stand in files. */
static int labelled(const void *bytes, size_t size)
{
    struct error err;
    AUTO(image) struct image image = { 0 };
    const int fd = new_file();
    draw_picture(&image, 0);
    if (!image_write(&image, IMAGE_JPEG, 0, fd, &err)) abort();
    if (pwrite(fd, bytes, size, (off_t)file_bytes(fd)) != (ssize_t)size) abort();
    return fd;
}

TEST(what_a_file_says_of_its_origin)
{
    static const char xmp[] =
        "<x:xmpmeta><rdf:Description xmp:CreatorTool=\"Painter 3\" Iptc4xmpExt:DigitalSourceType=\""
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/></x:xmpmeta>";
    static const char camera[] =
        "<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/"
        "digitalCapture</Iptc4xmpExt:DigitalSourceType>";
    static const char manifest[] = "jumb\0\0\0\x26jumdc2pa\0\x11\0\x10";
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int made = labelled(xmp, sizeof xmp - 1);
    AUTO(fd) int taken = labelled(camera, sizeof camera - 1);
    AUTO(fd) int sealed = labelled(manifest, sizeof manifest - 1);
    AUTO(fd) int silent = labelled("", 0);
    CHECK_OK(analyse_one(made, &mem, &found, &err));
    CHECK(found.origin && found.origin->generated && !found.origin->c2pa);
    CHECK_TEXT(found.origin->source_type, "trainedAlgorithmicMedia");
    CHECK_TEXT(found.origin->generator, "Painter 3");
    CHECK_OK(analyse_one(taken, &mem, &found, &err));
    CHECK(found.origin && !found.origin->generated);
    CHECK_TEXT(found.origin->source_type, "digitalCapture");
    CHECK_OK(analyse_one(sealed, &mem, &found, &err));
    CHECK(found.origin && found.origin->c2pa && !found.origin->generated);
    CHECK_OK(analyse_one(silent, &mem, &found, &err));
    CHECK(!found.origin);
    CHECK_INT(found.frames, 1);
}

TEST(what_is_not_taken_is_called_by_its_name)
{
#define ROW(content, word) { content, sizeof(content) - 1, word }
    static const struct {
        const char *content;
        size_t size;
        const char *word;
    } rows[] = {
        ROW("<!DOCTYPE html><p>hello", "HTML"),
        ROW("  \n<html><body>", "HTML"),
        ROW("\xef\xbb\xbf<script>alert(1)</script>", "HTML"),
        ROW("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ROW("<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "XML"),
        ROW("#!/bin/sh\nrm -rf /\n", "program"),
        ROW("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1", "program"),
        ROW("MZ\x90\0\3\0\0\0", ""),
        ROW("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        ROW("\x1f\x8b\10\0\0\0\0\0\0\3", "archive"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = file_with(rows[i].content, rows[i].size);
        CHECK_MSG(!analyse_one(fd, &mem, &found, &err), "taken: row %zu as %s", i, found.mime_type);
        CHECK_MSG(err.cause == CAUSE_UNSUPPORTED || err.cause == CAUSE_BAD_MEDIA, "row %zu: %s", i, err.text);
        CHECK_MSG(strstr(err.text, rows[i].word), "row %zu: %s", i, err.text);
    }
}

TEST(half_a_file_is_described_with_a_warning)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int whole = film_file(moving, 120);
    AUTO(fd) int half = file_start(whole, file_bytes(whole) / 2);
    AUTO(fd) int empty = new_file();
    CHECK_OK(analyse_one(half, &mem, &found, &err));
    CHECK(found.warnings.count > 0);
    CHECK(!analyse_one(empty, &mem, &found, &err));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
