#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <time.h>

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

#ifdef UMAM_TESTS
static _Atomic int64_t shifted_us;
void time_shift(int64_t by_us) { shifted_us += by_us; }
int64_t time_now(void) { return clock_us(CLOCK_REALTIME) + shifted_us; }
#else
int64_t time_now(void) { return clock_us(CLOCK_REALTIME); }
#endif
int64_t time_mono(void) { return clock_us(CLOCK_MONOTONIC); }

/* `digits` decimal digits and the character after them; where the next ones go. */
static char *put_number(char *to, int value, int digits, char after)
{
    to[digits] = after;
    for (int i = digits; i-- > 0; value /= 10) to[i] = (char)('0' + value % 10);
    return to + digits + 1;
}

char *time_text(struct arena *mem, int64_t at)
{
    if (!at) return NULL;
    int64_t seconds = at / SECOND, micros = at % SECOND;
    if (micros < 0) {
        micros += SECOND;
        seconds--;
    }
    struct tm tm;
    const time_t whole = (time_t)seconds;
    gmtime_r(&whole, &tm);
    char *const text = arena_alloc(mem, sizeof "2026-01-31T23:59:59.123456");
    char *to = put_number(text, tm.tm_year + 1900, 4, '-');
    to = put_number(to, tm.tm_mon + 1, 2, '-');
    to = put_number(to, tm.tm_mday, 2, 'T');
    to = put_number(to, tm.tm_hour, 2, ':');
    to = put_number(to, tm.tm_min, 2, ':');
    to = put_number(to, tm.tm_sec, 2, micros ? '.' : '\0');
    if (micros) put_number(to, (int)micros, 6, '\0');
    return text;
}

/* Years are written with four digits; an offset can lead out of them. */
static const int64_t first_us = -62167219200 * SECOND, end_us = 253402300800 * SECOND;

/* Exactly `digits` decimal digits at *at, moved past. */
static bool number(const char **at, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (!isdigit((unsigned char)**at)) return false;
        value = value * 10 + (**at - '0');
    }
    *out = value;
    return true;
}

static bool expect(const char **at, char c) { return **at == c && (*at)++; }

static bool parse_fraction(const char **at, int64_t *micros)
{
    int64_t unit = 100000;
    if (!isdigit((unsigned char)**at)) return false;
    for (; isdigit((unsigned char)**at); (*at)++, unit /= 10) *micros += (**at - '0') * unit;
    return true;
}

static bool parse_clock(const char **at, struct tm *tm, int64_t *micros)
{
    if (!number(at, 2, &tm->tm_hour) || !expect(at, ':') || !number(at, 2, &tm->tm_min)) return false;
    if (expect(at, ':') && !number(at, 2, &tm->tm_sec)) return false;
    if (expect(at, '.') && !parse_fraction(at, micros)) return false;
    return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60;
}

static bool parse_zone(const char **at, int64_t *offset_s)
{
    if (!**at || expect(at, 'Z') || expect(at, 'z')) return true;
    const int sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;
    int hours, minutes;
    if (!sign) return false;
    (*at)++;
    if (!number(at, 2, &hours)) return false;
    expect(at, ':');
    if (!number(at, 2, &minutes) || hours > 23 || minutes > 59) return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool time_parse(const char *text, int64_t *out)
{
    struct tm tm = { 0 };
    int64_t micros = 0, offset_s = 0;
    const char *at = text;
    if (!number(&at, 4, &tm.tm_year) || !expect(&at, '-') || !number(&at, 2, &tm.tm_mon) ||
        !expect(&at, '-') || !number(&at, 2, &tm.tm_mday))
        return false;
    if (*at && ((!expect(&at, 'T') && !expect(&at, 't') && !expect(&at, ' ')) ||
                !parse_clock(&at, &tm, &micros) || !parse_zone(&at, &offset_s)))
        return false;
    if (*at || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1) return false;
    const int day = tm.tm_mday;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    const time_t seconds = timegm(&tm);
    if (tm.tm_mday != day) return false; /* 31 February */
    const int64_t moment = ((int64_t)seconds - offset_s) * SECOND + micros;
    if (moment < first_us || moment >= end_us) return false;
    *out = moment ? moment : 1;
    return true;
}

void time_sleep(int64_t duration_us)
{
    struct timespec left = { duration_us / SECOND, duration_us % SECOND * 1000 };
    while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}
