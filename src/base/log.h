/* One line per event on standard error: time, level, event, key=value pairs; JSON by option.
 *
 * Library code returns errors and does not log them; the top of a request or job logs once. Values are
 * escaped, so hostile text cannot forge a line. Never pass secrets. */
#pragma once

#include "base/scope.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Names of the levels, NULL-terminated, in the order of the enum. */
extern const char *const log_level_names[];

struct log_pair {
    const char *key;
    const char *text; /* NULL: `number` is the value */
    int64_t number;
};

#define LOG_TEXT(k, v) ((struct log_pair){ .key = (k), .text = (v) ? (v) : "" })
#define LOG_INT(k, v)  ((struct log_pair){ .key = (k), .number = (int64_t)(v) })

void log_setup(enum log_level least, bool json);
void log_line(enum log_level level, const char *event, const struct log_pair *pairs);

#define log_at(level, event, ...)                                                                            \
    log_line(level, event, (const struct log_pair[]){ __VA_ARGS__ __VA_OPT__(, ){ .key = NULL } })
#define log_debug(event, ...) log_at(LOG_LEVEL_DEBUG, event __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_LEVEL_INFO, event __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_LEVEL_WARN, event __VA_OPT__(, ) __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_LEVEL_ERROR, event __VA_OPT__(, ) __VA_ARGS__)
