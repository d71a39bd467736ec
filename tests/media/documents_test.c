/* Texts, captions and 3D models: what they consist of, and that those which contradict themselves are
 * refused. */
#include "fixture.h"

#include "base/hash.h"
#include "base/text.h"
#include "media/analysis.h"

static void ignore(void *with, double progress, const char *stage)
{
    (void)with, (void)progress, (void)stage;
}

static bool analyse(int fd, int text_fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    const struct ingest_in in = { .checksum = true };
    const struct analysis_files files = { fd, -1, -1, -1, text_fd };
    return analysis_run(&files, &in, &(struct analysis_watch){ ignore, NULL }, mem, out, err);
}

static bool analyse_bytes(const void *bytes, size_t size, int text_fd, struct arena *mem,
                          struct media_analysis *out, struct error *err)
{
    AUTO(fd) int fd = file_with(bytes, size);
    return analyse(fd, text_fd, mem, out, err);
}

#define ANALYSE(text) analyse_bytes(text, sizeof(text) - 1, -1, &mem, &found, &err)

TEST(captions_become_cues_and_webvtt)
{
    static const char srt[] = "\xef\xbb\xbf"
                              "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> there,\r\nfriend\r\n\r\n"
                              "2\r\n01:00:02,000 --> 01:00:03,250\r\nBye\r\n";
    static const char vtt[] = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello there, friend\n\n"
                              "01:00:02.000 --> 01:00:03.250\nBye\n";
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int out = new_file();
    struct media_analysis found;
    CHECK_OK(analyse_bytes(srt, sizeof srt - 1, out, &mem, &found, &err));
    CHECK_TEXT(found.kind, "text");
    CHECK_TEXT(found.mime_type, "application/x-subrip");
    CHECK_TEXT(found.extension, "srt");
    CHECK(found.has_captions);
    CHECK_INT(found.text->cues, 2);
    CHECK_NEAR(found.text->spoken_s, 2.75, 1e-9);
    CHECK_NEAR(found.duration_s, 3603.25, 1e-9);
    const struct ingest_span *const cue = found.cues.items;
    CHECK_NEAR(cue[1].start_s, 3602, 1e-9);
    CHECK_TEXT(cue[0].text, "Hello there, friend");
    char *const written = (char *)file_content(out);
    const int differs = strcmp(written, vtt);
    free(written);
    CHECK_INT(differs, 0);
    CHECK_OK(analyse_bytes(vtt, sizeof vtt - 1, -1, &mem, &found, &err));
    CHECK_TEXT(found.mime_type, "text/vtt");
    CHECK_INT(found.text->cues, 2);
}

TEST(captions_without_a_cue_are_refused)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    CHECK(!ANALYSE("WEBVTT\n\nNOTE nobody speaks\n"));
    CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    CHECK(!ANALYSE("WEBVTT\n\n00:99.000 --> 00:01.000\nBackwards\n"));
}

TEST(texts_of_every_encoding_come_out_in_utf8)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *encoding, *text;
        int64_t characters;
    } rows[] = {
        { "h\xc3\xa4llo w\xc3\xb6rld\n", 14, "utf-8", "h\xc3\xa4llo w\xc3\xb6rld\n", 12 },
        { "caf\xe9 \x93so\x94 \x80\n", 12, "windows-1252",
          "caf\xc3\xa9 \xe2\x80\x9cso\xe2\x80\x9d \xe2\x82\xac\n", 12 },
        { "\xff\xfeh\0\xe4\0 \0\x3d\xd8\0\xde\n\0", 14, "utf-16le", "h\xc3\xa4 \xf0\x9f\x98\x80\n", 5 },
        { "\xfe\xff\0h\0\xe4\0 \xd8\x3d\xde\0\0\n", 14, "utf-16be", "h\xc3\xa4 \xf0\x9f\x98\x80\n", 5 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        CHECK_OK(analyse_bytes(rows[i].bytes, rows[i].size, -1, &mem, &found, &err));
        CHECK_TEXT(found.mime_type, "text/plain");
        CHECK_TEXT(found.text->encoding, rows[i].encoding);
        CHECK_TEXT(found.text->excerpt, rows[i].text);
        CHECK_INT(found.text->characters, rows[i].characters);
        CHECK_INT(found.text->lines, 1);
    }
}

TEST(markdown_is_told_from_plain_text)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    static const char markdown[] = "# Title\n\nSome [link](https://example.org) and\n\n- a list\n- of two\n";
    CHECK_OK(analyse_bytes(markdown, sizeof markdown - 1, -1, &mem, &found, &err));
    CHECK_TEXT(found.mime_type, "text/markdown");
    CHECK_TEXT(found.sha256, hash_bytes(markdown, sizeof markdown - 1).hex);
    CHECK_INT(found.text->words, 11);
    CHECK_OK(ANALYSE("Just a note, 3 - 2 = 1.\n"));
    CHECK_TEXT(found.mime_type, "text/plain");
}

/* ---- models ---- */

/* Two tetrahedra of 1 x 2 x 3, scaled by two, one of them 10 to the right, turned a quarter about y. */
#define MODEL                                                                                                \
    "{\"asset\":{\"version\":\"2.0\",\"generator\":\"hand\"},\"scene\":0,\"scenes\":[{\"nodes\":[0]}],"      \
    "\"nodes\":[{\"children\":[1,2],\"scale\":[2,2,2]},"                                                     \
    "{\"mesh\":0,\"translation\":[10,0,0],\"rotation\":[0,0.70710678118654752,0,0.70710678118654752]},{"     \
    "\"mesh\":0}],"                                                                                          \
    "\"meshes\":[{\"primitives\":[{\"attributes\":{\"POSITION\":0},\"indices\":1}]}],"                       \
    "\"accessors\":[{\"bufferView\":0,\"componentType\":5126,\"count\":4,\"type\":\"VEC3\",\"min\":[0,0,0]," \
    "\"max\":[1,2,3]},{\"bufferView\":1,\"componentType\":5123,\"count\":12,\"type\":\"SCALAR\"},"           \
    "{\"componentType\":5126,\"count\":2,\"type\":\"SCALAR\",\"min\":[0],\"max\":[2.5]}],"                   \
    "\"bufferViews\":[{\"buffer\":0,\"byteLength\":48},{\"buffer\":0,\"byteOffset\":48,\"byteLength\":24}]," \
    "\"materials\":[{}],\"animations\":[{\"samplers\":[{\"input\":2,\"output\":0}],\"channels\":[]}],"       \
    "\"buffers\":[{\"byteLength\":72}]}"

static void put_word(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* The description padded to whole words, and a buffer of zeros. */
static int glb_file(const char *json, uint32_t buffer_bytes)
{
    const size_t text = strlen(json), padded = (text + 3) / 4 * 4, size = 12 + 8 + padded + 8 + buffer_bytes;
    uint8_t *const file = calloc(1, size);
    const uint32_t words[] = { 0x46546c67, 2, (uint32_t)size, (uint32_t)padded, 0x4e4f534a };
    for (size_t i = 0; i < COUNT_OF(words); i++) put_word(file + 4 * i, words[i]);
    memset(file + 20, ' ', padded);
    memcpy(file + 20, json, text);
    put_word(file + 20 + padded, buffer_bytes);
    put_word(file + 24 + padded, 0x004e4942);
    const int fd = file_with(file, size);
    free(file);
    return fd;
}

TEST(a_model_is_measured)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct media_analysis found;
    AUTO(fd) int fd = glb_file(MODEL, 72);
    CHECK_OK(analyse(fd, -1, &mem, &found, &err));
    CHECK_TEXT(found.kind, "model");
    CHECK_TEXT(found.mime_type, "model/gltf-binary");
    CHECK_TEXT(found.model->generator, "hand");
    CHECK_INT(found.model->vertices, 4);
    CHECK_INT(found.model->triangles, 4);
    CHECK_INT(found.model->materials, 1);
    CHECK(found.model->self_contained && found.animated);
    CHECK_NEAR(found.model->animation_s, 2.5, 1e-9);
    CHECK_NEAR(found.model->width, 26, 1e-6); /* 0..2 and 20..26 */
    CHECK_NEAR(found.model->height, 4, 1e-6);
    CHECK_NEAR(found.model->depth, 8, 1e-6); /* 0..6 and -2..0 */
    CHECK_NEAR(found.model->min_z, -2, 1e-6);
}

/* MODEL with one part of its text replaced by another. */
static char *changed(struct arena *mem, const char *from, const char *to)
{
    static const char model[] = MODEL;
    const char *const at = strstr(model, from);
    if (!at) abort();
    return arena_printf(mem, "%.*s%s%s", (int)(at - model), model, to, at + strlen(from));
}

TEST(models_that_contradict_themselves_are_refused)
{
    static const struct {
        const char *from, *to, *word;
        enum cause cause;
    } rows[] = {
        { "\"byteLength\":72", "\"byteLength\":73", "buffer", CAUSE_BAD_MEDIA },
        { "\"byteOffset\":48", "\"byteOffset\":49", "view", CAUSE_BAD_MEDIA },
        { "\"byteOffset\":48", "\"byteOffset\":-9223372036854775807", "view", CAUSE_BAD_MEDIA },
        { "\"count\":12", "\"count\":13", "accessor", CAUSE_BAD_MEDIA },
        { "\"count\":4", "\"count\":2147483647", "accessor", CAUSE_BAD_MEDIA },
        { "\"VEC3\"", "\"VEC9\"", "accessor", CAUSE_BAD_MEDIA },
        { "\"children\":[1,2]", "\"children\":[1,0]", "themselves", CAUSE_BAD_MEDIA },
        { "\"children\":[1,2]", "\"children\":[1,7]", "child", CAUSE_BAD_MEDIA },
        { "\"mesh\":0}]", "\"mesh\":4}]", "mesh", CAUSE_BAD_MEDIA },
        { "\"indices\":1", "\"indices\":9", "accessor", CAUSE_BAD_MEDIA },
        { "\"version\":\"2.0\"", "\"version\":\"1.0\"", "version", CAUSE_UNSUPPORTED },
        { "\"asset\"", "\"other\"", "no glTF", CAUSE_UNSUPPORTED },
        { "\"scene\":0,", "\"scene\":0,,", "JSON", CAUSE_BAD_MEDIA },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = glb_file(changed(&mem, rows[i].from, rows[i].to), 72);
        CHECK_MSG(!analyse(fd, -1, &mem, &found, &err), "taken with %s", rows[i].to);
        CHECK_MSG(err.cause == rows[i].cause && strstr(err.text, rows[i].word), "%s: %s", rows[i].to,
                  err.text);
    }
}

TEST(a_model_cut_anywhere_is_refused)
{
    AUTO(fd) int whole = glb_file(MODEL, 72);
    const size_t size = file_bytes(whole);
    for (size_t cut = 12; cut < size; cut += 13) {
        struct error err;
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        AUTO(fd) int fd = file_start(whole, cut);
        CHECK_MSG(!analyse(fd, -1, &mem, &found, &err), "taken: %zu of %zu bytes", cut, size);
    }
}

int main(int argc, char **argv)
{
    struct error err;
    if (media_open(&err)) return run_tests(argc, argv);
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
