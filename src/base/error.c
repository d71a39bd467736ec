#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *code;
    int status, exit_code;
    bool retry;
} causes[] = {
#define X(name, code, status, exit_code, retry) [CAUSE_##name] = { code, status, exit_code, retry },
    CAUSES(X)
#undef X
};
static_assert(COUNT_OF(causes) == CAUSE_COUNT, "one row per cause");

/* Text that did not fit ends with a whole UTF-8 character. */
static void cut_between_characters(char *text)
{
    size_t end = strlen(text);
    while (end && ((unsigned char)text[end - 1] & 0xC0) == 0x80) end--;
    if (end && (unsigned char)text[end - 1] >= 0xC0) end--;
    text[end] = '\0';
}

static bool set(struct error *err, enum cause cause, const char *field, const char *format, va_list args)
{
    if (!err) return false;
    char text[sizeof err->text]; /* the arguments may live in *err itself */
    if (vsnprintf(text, sizeof text, format, args) >= (int)sizeof text) cut_between_characters(text);
    char kept[sizeof err->field];
    snprintf(kept, sizeof kept, "%s", field);
    memcpy(err->text, text, sizeof text);
    memcpy(err->field, kept, sizeof kept);
    err->cause = cause;
    err->retry_after_s = 0;
    return false;
}

bool fail(struct error *err, enum cause cause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, cause, "", format, args);
    va_end(args);
    return false;
}

bool fail_field(struct error *err, enum cause cause, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, cause, field, format, args);
    va_end(args);
    return false;
}

bool fail_for(struct error *err, enum cause cause, int64_t wait_us, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(err, cause, "", format, args);
    va_end(args);
    if (err) err->retry_after_s = (int)((wait_us + 999999) / 1000000);
    return false;
}

/* A disk or a system that takes nothing now may take it later. */
static enum cause cause_of(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return CAUSE_NO_SPACE;
    case EROFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
        return CAUSE_UNAVAILABLE;
    default:
        return CAUSE_IO;
    }
}

bool fail_errno(struct error *err, int errnum, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    char reason[96];
    return fail(err, cause_of(errnum), "%s: %s", what,
                strerror_r(errnum, reason, sizeof reason));
}

const char *cause_code(enum cause cause) { return causes[cause].code; }
int cause_http_status(enum cause cause) { return causes[cause].status; }
int cause_exit_code(enum cause cause) { return causes[cause].exit_code; }
bool cause_worth_retrying(enum cause cause) { return causes[cause].retry; }

enum cause cause_by_code(const char *code)
{
    for (enum cause cause = 0; cause < CAUSE_COUNT; cause++)
        if (code && strcmp(causes[cause].code, code) == 0) return cause;
    return CAUSE_INTERNAL;
}
