#include "media/origin.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const made_by_models[] = { "trainedAlgorithmicMedia",
                                              "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia",
                                              "compositeSynthetic", NULL };

/* Bytes that only a generator's file has. */
static const struct {
    const char *bytes;
    size_t size;
    const char *generator;
} notes[] = {
    { "tEXtparameters\0", 15, "Stable Diffusion web UI" },
    { "iTXtparameters\0", 15, "Stable Diffusion web UI" },
    { "tEXtworkflow\0", 13, "ComfyUI" },
    { "tEXtinvokeai_metadata\0", 22, "InvokeAI" },
};

static const char *behind(const char *bytes, size_t size, const char *mark, size_t mark_size)
{
    const char *const at = memmem(bytes, size, mark, mark_size);
    return at ? at + mark_size : NULL;
}

/* The word or text at `at`, up to one of the characters that end it. */
static const char *take(struct arena *mem, const char *at, const char *end, const char *until)
{
    const size_t most = (size_t)(end - at) < INGEST_TAG_BYTES ? (size_t)(end - at) : INGEST_TAG_BYTES;
    size_t size = 0;
    while (size < most && at[size] && !strchr(until, at[size])) size++;
    if (!size || !text_valid_utf8(at, size)) return NULL;
    return text_line(mem, arena_text_n(mem, at, size));
}

static void search(const char *bytes, size_t size, struct arena *mem, struct ingest_origin *out)
{
    static const char type[] = "digitalsourcetype/", tool[] = "CreatorTool", manifest[] = "jumdc2pa";
    const char *const end = bytes + size, *at = behind(bytes, size, type, sizeof type - 1);
    if (at && !out->source_type) out->source_type = take(mem, at, end, "\"'<> \t\r\n&/");
    at = behind(bytes, size, tool, sizeof tool - 1);
    if (at && end - at > 3 && !out->generator) out->generator = take(mem, at + 1 + (*at == '='), end, "\"<");
    out->c2pa = out->c2pa || behind(bytes, size, manifest, sizeof manifest - 1);
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        if (!behind(bytes, size, notes[i].bytes, notes[i].size)) continue;
        out->generated = true;
        out->generator = notes[i].generator;
    }
}

bool origin_find(int fd, struct arena *mem, const struct ingest_origin **out, struct error *err)
{
    struct ingest_origin found = { 0 };
    AUTO(arena) struct arena own = { 0 };
    int64_t size;
    if (!file_size(fd, &size, err)) return false;
    char *const bytes = arena_alloc(&own, ORIGIN_SEARCHED_BYTES);
    const int64_t starts[] = { 0, size > ORIGIN_SEARCHED_BYTES ? size - ORIGIN_SEARCHED_BYTES : size };
    for (size_t i = 0; i < COUNT_OF(starts) && starts[i] < size; i++) {
        const ssize_t got = pread(fd, bytes, ORIGIN_SEARCHED_BYTES, starts[i]);
        if (got < 0) return fail_errno(err, errno, "the file cannot be read");
        search(bytes, (size_t)got, mem, &found);
    }
    found.generated =
        found.generated || (found.source_type && text_find(made_by_models, found.source_type) >= 0);
    *out = NULL;
    if (!found.source_type && !found.c2pa && !found.generated && !found.generator) return true;
    struct ingest_origin *const kept = arena_new(mem, struct ingest_origin);
    *kept = found;
    *out = kept;
    return true;
}
