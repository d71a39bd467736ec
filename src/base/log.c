#include "base/log.h"

#include "base/json.h"
#include "base/time.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

const char *const log_level_names[] = { "debug", "info", "warn", "error", NULL };

enum { LINE_MAX_BYTES = 16384 };

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json;

void log_setup(enum log_level least, bool json)
{
    least_level = least;
    as_json = json;
}

static void write_json(struct buf *line, const char *at, const char *level, const char *event,
                       const struct log_pair *pairs)
{
    struct json_out out = { .buf = line };
    json_put_open(&out, '{');
    json_put_pair(&out, "at", at);
    json_put_pair(&out, "level", level);
    json_put_pair(&out, "event", event);
    for (; pairs->key; pairs++) {
        json_put_key(&out, pairs->key);
        if (pairs->text)
            json_put_text(&out, pairs->text);
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

static void write_text(struct buf *line, const char *at, const char *level, const char *event,
                       const struct log_pair *pairs)
{
    buf_printf(line, "%s %-5s %s", at, level, event);
    for (; pairs->key; pairs++) {
        buf_printf(line, " %s=", pairs->key);
        if (!pairs->text)
            buf_printf(line, "%lld", (long long)pairs->number);
        else if (plain(pairs->text))
            buf_text(line, pairs->text);
        else
            json_put_text(&(struct json_out){ .buf = line }, pairs->text);
    }
}

void log_line(enum log_level level, const char *event, const struct log_pair *pairs)
{
    if (level < least_level) return;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf line = BUF(LINE_MAX_BYTES);
    const char *const at = time_text(&mem, time_now());
    (as_json ? write_json : write_text)(&line, at, log_level_names[level], event, pairs);
    line.max++; /* the end of the line always fits */
    line.full = false;
    buf_char(&line, '\n');
    while (write(STDERR_FILENO, buf_str(&line), line.size) < 0 && errno == EINTR) continue;
}
