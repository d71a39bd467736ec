/* What a file is by its first bytes, and which are taken in. */
#include "library/filetype.h"

#include "base/text.h"
#include "test.h"

#include <string.h>

static const char *extension(const char *head, size_t size)
{
    const struct filetype *const type = filetype_of(head, size);
    return type ? type->extension : NULL;
}

#define IS(bytes, wanted)                                                                                    \
    CHECK_MSG(text_is(extension(bytes, sizeof(bytes) - 1), wanted), "%s", wanted ? wanted : bytes)

TEST(signatures_name_the_type)
{
    IS("\xff\xd8\xff\xe0", "jpg");
    IS("RIFF\x10\0\0\0WEBPVP8 ", "webp");
    IS("RIFF\x10\0\0\0WAVEfmt ", "wav");
    IS("\0\0\0\x18" "ftypM4A ", "m4a");
    IS("\0\0\0\x18" "ftypisom", "mp4");
    IS("\0\0\0\x18" "ftypavif", NULL);
    IS("FORM\0\0\0\x18" "AIFF", "aiff");
    IS("FLV\x01\x05", "flv");
    IS("\x1a\x45\xdf\xa3\x01\x42\x82\x84webm", "webm");
    IS("\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska", "mkv");
    IS("glTF\x02\0\0\0", "glb");
    IS("  {\"scenes\": [], \"asset\": {}}", "gltf");
}

TEST(text_is_text_and_markup_is_refused)
{
    IS("WEBVTT\n\n", "vtt");
    IS("\xef\xbb\xbf" "1\r\n00:00:01,000 --> 00:00:02,000\r\nHello", "srt");
    IS("hello", "txt");
    IS("\xff\xfeh\0i\0", "txt");
    IS("<html>", NULL);
    IS(" \n\t<svg/>", NULL);
    IS("\xef\xbb\xbf<?xml?>", NULL);
    IS("\xff\xfe<\0h\0", NULL);
    IS("\xfe\xff\0<\0h", NULL);
    IS("", NULL);
    IS("a\0b", NULL);
    IS("caf\xc3", NULL); /* the file ends here, so nothing was cut off */
}

TEST(a_character_may_go_on_behind_the_head)
{
    char head[FILETYPE_HEAD_BYTES];
    memset(head, 'a', sizeof head);
    head[sizeof head - 1] = '\xc3';
    CHECK(text_is(extension(head, sizeof head), "txt"));
    head[sizeof head - 5] = '\xc3';
    CHECK(!extension(head, sizeof head));
}

TEST(rules_say_how_large)
{
    struct filetype_rules rules;
    struct error err;
    CHECK(filetype_rules_read("image:2, text", &rules, &err));
    CHECK(rules.max_bytes[2] == 2 << 20 && rules.max_bytes[4] > (int64_t)1 << 50 && rules.max_bytes[0] == 0);
    static const char *const wrong[] = { "picture", "image:", "image:0", "image:-1", "image:9999999999999999",
                                         ":5" };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CHECK_MSG(!filetype_rules_read(wrong[i], &rules, &err) && err.cause == CAUSE_INVALID, "%s", wrong[i]);
}

TEST_MAIN
