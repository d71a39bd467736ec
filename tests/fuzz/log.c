/* Hostile text in log lines: two values, the first one a line. One call is one line without control
 * characters, whatever the values are; well-formed short ones read back. */
#include "fuzz.h"

#include "base/log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* What one call writes to standard error. */
static const char *written(struct arena *mem, bool json, const char *first, const char *second)
{
    AUTO(fd) int file = memfd_create("log", MFD_CLOEXEC), kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 50);
    EXPECT(file >= 0 && kept >= 0 && dup2(file, STDERR_FILENO) == STDERR_FILENO);
    log_setup(LOG_LEVEL_INFO, json);
    log_warn("happened", LOG_TEXT("first", first), LOG_TEXT("second", second), LOG_INT("third", -3));
    EXPECT(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
    char *const text = arena_alloc(mem, 1 << 17);
    EXPECT(pread(file, text, (1 << 17) - 1, 0) > 0);
    return text;
}

static bool readable(const char *text)
{
    return strlen(text) <= 1000 && text_valid_utf8(text, strlen(text)) && !strpbrk(text, "\xc2\x7f");
}

FUZZ(mem, in)
{
    const char *const first = input_line(in, mem), *const second = input_rest(in, mem);
    const char *const line = written(mem, false, first, second), *const json =
                                                                     written(mem, true, first, second);
    EXPECT(strchr(line, '\n') == line + strlen(line) - 1 && strchr(json, '\n') == json + strlen(json) - 1);
    EXPECT(!has_control(arena_text_n(mem, line, strlen(line) - 1)) && !strstr(line, "\xc2\x9b"));
    const struct json *const value = json_read(mem, json);
    EXPECT(text_valid_utf8(line, strlen(line)) && json_get_int(value, "third", 0) == -3);
    EXPECT(!readable(first) || text_is(json_get_text(value, "first", ""), first));
    EXPECT(!readable(second) || text_is(json_get_text(value, "second", ""), second));
}
