/* Headers of resumable uploads. First line: Upload-Checksum; the rest: Upload-Metadata. What is taken stands
 * in the header as base64, once. */
#include "api/tus.c"

#include "fuzz.h"

static const char *encoded(struct arena *mem, const char *text)
{
    const size_t room = sodium_base64_encoded_len(strlen(text), sodium_base64_VARIANT_ORIGINAL);
    return sodium_bin2base64(arena_alloc(mem, room), room, (const unsigned char *)text, strlen(text),
                             sodium_base64_VARIANT_ORIGINAL);
}

static void check_metadata(struct request *rq, const char *text)
{
    struct asset_in in = { 0 };
    const char *filename = NULL;
    struct error err = { 0 };
    if (!read_metadata(rq, text, &in, &filename, &err)) {
        EXPECT((err.cause == CAUSE_BAD_REQUEST || err.cause == CAUSE_INVALID) && err.text[0]);
        return;
    }
    const char *const taken[] = { filename, in.title, in.description };
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        if (text_empty(taken[i])) continue;
        EXPECT(text_valid_utf8(taken[i], strlen(taken[i])));
        if (i == 0) EXPECT(strstr(text, encoded(rq->mem, taken[i])));
    }
}

static void check_checksum(struct request *rq, const char *text)
{
    struct piece piece = { 0 };
    struct error err = { 0 };
    enum hash_kind kind = (enum hash_kind) - 1;
    pairs_add(&rq->header_pairs, rq->mem, "Upload-Checksum", text);
    if (!read_checksum(rq, &piece, &kind, &err)) {
        EXPECT(err.cause == CAUSE_BAD_REQUEST && !*piece.sum);
        return;
    }
    EXPECT(kind >= 0 && hash_kind_names[kind] &&
           text_starts(text_trim(rq->mem, text), hash_kind_names[kind]));
    EXPECT(strlen(piece.sum) % 2 == 0 && strspn(piece.sum, "0123456789abcdef") == strlen(piece.sum));
}

FUZZ(mem, in)
{
    struct request rq = { .mem = mem };
    check_checksum(&rq, input_line(in, mem));
    check_metadata(&rq, input_rest(in, mem));
}
