#include "base/log.h"

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *const log_level_names[] = { "debug", "info", "warn", "error", NULL };

enum { VALUE_MAX_BYTES = 2048, LINE_MAX_BYTES = 256 << 10 };

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json;

void log_setup(enum log_level least, bool json)
{
    least_level = least;
    as_json = json;
}

/* Bytes of the character at `at` as it may stand in a log; 0 for malformed UTF-8 and for DEL and the C1
 * controls, which no JSON escapes and some terminals obey. */
static size_t readable_size(const char *at)
{
    if (at[0] == 0x7f || ((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0)) return 0;
    for (size_t size = 1; size <= 4 && at[size - 1]; size++)
        if (text_valid_utf8(at, size)) return size;
    return 0;
}

/* A copy, cut where it is long, that any reader of logs can read. */
static const char *readable(struct arena *mem, const char *text)
{
    char *const copy = text_cut(mem, text, VALUE_MAX_BYTES);
    for (char *at = copy; *at;) {
        const size_t size = readable_size(at);
        if (!size) *at = '?';
        at += size ? size : 1;
    }
    return copy;
}

static void write_json(struct arena *mem, struct buf *line, const char *at, const char *level,
                       const char *event, const struct log_pair *pairs)
{
    struct json_out out = { .buf = line };
    json_put_open(&out, '{');
    json_put_pair(&out, "at", at);
    json_put_pair(&out, "level", level);
    json_put_pair(&out, "event", event);
    for (; pairs->key; pairs++) {
        json_put_key(&out, pairs->key);
        if (pairs->text)
            json_put_text(&out, readable(mem, pairs->text));
        else
            json_put_int(&out, pairs->number);
    }
    json_put_close(&out, '}');
}

static bool plain(const char *text)
{
    if (!*text) return false;
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == '"' || *text == '=' || *text == '\\' || *text == 127)
            return false;
    return true;
}

static void write_text(struct arena *mem, struct buf *line, const char *at, const char *level,
                       const char *event, const struct log_pair *pairs)
{
    buf_printf(line, "%s %-5s %s", at, level, event);
    for (; pairs->key; pairs++) {
        buf_printf(line, " %s=", pairs->key);
        if (!pairs->text)
            buf_printf(line, "%lld", (long long)pairs->number);
        else if (plain(pairs->text))
            buf_text(line, readable(mem, pairs->text));
        else
            json_put_text(&(struct json_out){ .buf = line }, readable(mem, pairs->text));
    }
}

void log_line(enum log_level level, const char *event, const struct log_pair *pairs)
{
    if (level < least_level) return;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf line = BUF(LINE_MAX_BYTES);
    const char *const at = time_text(&mem, time_now());
    (as_json ? write_json : write_text)(&mem, &line, at, log_level_names[level], event, pairs);
    line.max++; /* the end of the line always fits */
    line.full = false;
    buf_char(&line, '\n');
    while (write(STDERR_FILENO, buf_str(&line), line.size) < 0 && errno == EINTR) continue;
}
