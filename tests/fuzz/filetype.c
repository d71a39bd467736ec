/* What a file is by its first bytes: rules of UMAM_UPLOAD_TYPES on the first line, then the file. A type has
 * one row, nothing a browser would run has any, and what is admitted is within the rules. */
#include "fuzz.h"

#include "base/file.h"
#include "library/filetype.h"

#include <sys/mman.h>
#include <unistd.h>

static const char *const kinds[] = { "video", "audio", "image", "model", "text", NULL };

/* Tabs, line ends and form feeds are text; a byte order mark says that the rest is something else. */
static void check_text(const struct filetype *type, const char *head, size_t size)
{
    if (!text_is(type->kind, "text") || (unsigned char)head[0] >= 0xfe) return;
    for (size_t i = 0; i < size; i++)
        EXPECT((unsigned char)head[i] >= ' ' || head[i] == '\t' || head[i] == '\n' || head[i] == '\r' ||
               head[i] == '\f');
}

static void check_type(const struct filetype *type, const char *head, size_t size)
{
    char name[32];
    size_t at = size >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    snprintf(name, sizeof name, "a.%s", type->extension);
    EXPECT(filetype_by_name(name) == type && text_find(kinds, type->kind) >= 0);
    EXPECT(text_starts(filetype_folder(type->kind), type->kind));
    while (at < size && strchr(" \t\r\n\f", head[at])) at++;
    EXPECT(at == size || head[at] != '<' || at == 0); /* a length of 1 GB looks so, at the start of a film */
    EXPECT(at == size || head[at] != '<' || !text_is(type->kind, "text"));
    check_text(type, head, size);
}

static void check_admission(const struct filetype_rules *rules, const struct filetype *type,
                            const struct input *file)
{
    const struct filetype *admitted = NULL;
    struct error err = { 0 };
    const size_t size = (size_t)(file->end - file->at);
    AUTO(fd) int fd = memfd_create("file", MFD_CLOEXEC);
    EXPECT(file_put(fd, file->at, size, &err));
    const int64_t most = type ? rules->max_bytes[text_find(kinds, type->kind)] : 0;
    const bool good = filetype_admit(rules, fd, (int64_t)size, &admitted, &err);
    EXPECT(good == (size && (int64_t)size <= most));
    if (good)
        EXPECT(admitted == type);
    else
        EXPECT(err.cause == (!size ? CAUSE_INVALID : most ? CAUSE_TOO_LARGE : CAUSE_UNSUPPORTED));
}

FUZZ(mem, in)
{
    struct filetype_rules rules = { 0 };
    struct error err = { 0 };
    const bool ruled = filetype_rules_read(input_line(in, mem), &rules, &err);
    for (int i = 0; i < FILETYPE_KINDS; i++)
        EXPECT(rules.max_bytes[i] >= 0 && (ruled || !rules.max_bytes[i]));
    if (!ruled) EXPECT(err.cause == CAUSE_INVALID && !has_control(err.text));
    const size_t left = (size_t)(in->end - in->at),
                 size = left < FILETYPE_HEAD_BYTES ? left : FILETYPE_HEAD_BYTES;
    char *const head = malloc(size ? size : 1); /* its own block, so that reading beyond is noticed */
    memcpy(head, in->at, size);
    const struct filetype *const type = filetype_of(head, size);
    if (type) check_type(type, head, size);
    free(head);
    check_admission(&rules, type, in);
}
