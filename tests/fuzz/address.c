/* Addresses that umam-net is sent to. First lines: one that the operator named, and the address of a machine;
 * then the address of a file. What may be reached is decided on the bytes, however they are spelled. */
#include "fuzz.h"

#include "net/guard.h"
#include "net/name.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* The same rules from the other side: what every address that is let through must be. */
static bool is_public(const unsigned char *four)
{
    const uint32_t at = (uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 | four[3];
    return at >= 0x01000000 && at < 0xe0000000 && four[0] != 10 && four[0] != 127 && at >> 22 != 0x191 &&
           at >> 16 != 0xa9fe && at >> 20 != 0xac1 && at >> 16 != 0xc0a8 && at >> 8 != 0xc00000 &&
           at >> 8 != 0xc00002 && at >> 17 != 0x6309;
}

static bool allows(int family, const unsigned char *bytes, const struct texts *named)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    memcpy(&four.sin_addr, bytes, sizeof four.sin_addr);
    if (family == AF_INET) return guard_allows((struct sockaddr *)&four, named);
    memcpy(&six.sin6_addr, bytes, sizeof six.sin6_addr);
    return guard_allows((struct sockaddr *)&six, named);
}

static void check_machine(const char *text, const char *name)
{
    unsigned char bytes[16] = { 0 }, other[16], mapped[16] = { [10] = 0xff, [11] = 0xff };
    const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    const size_t size = family == AF_INET ? 4 : 16;
    const struct texts named = { &name, 1 }, none = { 0 };
    if (inet_pton(family, text, bytes) != 1) return;
    const bool free = allows(family, bytes, &none);
    const bool same = inet_pton(family, name, other) == 1 && memcmp(bytes, other, size) == 0;
    EXPECT(!same || allows(family, bytes, &named));
    if (family == AF_INET) {
        memcpy(mapped + 12, bytes, 4);
        EXPECT(!free || is_public(bytes));
        EXPECT(free == allows(AF_INET6, mapped, &none));
        EXPECT((free || same) == allows(AF_INET, bytes, &named));
    } else if (free && memcmp(bytes, mapped, 12) == 0) {
        EXPECT(is_public(bytes + 12));
    } else if (free) {
        EXPECT(bytes[0] >> 5 == 1);
    }
}

static void check_url(struct arena *mem, const char *url)
{
    struct error err = { 0 };
    const char *const plain = name_plain_url(mem, url), *const file = name_of_file(mem, url);
    EXPECT(strlen(file) <= 255 && text_valid_utf8(file, strlen(file)) && !has_control(file) &&
           !strchr(file, '/'));
    if (!name_check_url(url, &err)) {
        EXPECT(err.cause == CAUSE_INVALID && text_is(err.field, "url"));
        return;
    }
    EXPECT(strncasecmp(plain, "http", 4) == 0 && !has_control(plain));
    EXPECT(text_is(name_plain_url(mem, plain), plain) && !strpbrk(plain, "?#"));
    EXPECT(name_check_url(plain, &err));
    const char *const host = strstr(plain, "://") + 3;
    EXPECT(!memchr(host, '@', strcspn(host, "/")));
}

FUZZ(mem, in)
{
    const char *const name = input_line(in, mem);
    check_machine(input_line(in, mem), name);
    check_url(mem, input_rest(in, mem));
}
