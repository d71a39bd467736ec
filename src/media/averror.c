#include "media/averror.h"

#include <errno.h>
#include <libavutil/error.h>
#include <stdio.h>

bool averror_fail(struct error *err, int code, enum cause cause, const char *format, ...)
{
    char what[256], reason[AV_ERROR_MAX_STRING_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    switch (AVUNERROR(code)) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return fail_errno(err, AVUNERROR(code), "%s", what);
    case ENOMEM:
        return fail(err, CAUSE_TOO_LARGE, "%s: it needs more memory than a media job may use", what);
    default:
        break;
    }
    av_strerror(code, reason, sizeof reason);
    return fail(err, cause, "%s: %s", what, reason);
}
