/* Addresses that are fetched from, and the many spellings of those that are not. */
#include "net/guard.h"
#include "net/name.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

static bool allowed(const char *text, const struct texts *named)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) return guard_allows((struct sockaddr *)&four, named);
    if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1) abort();
    return guard_allows((struct sockaddr *)&six, named);
}

TEST(public_addresses_are_allowed)
{
    static const char *const good[] = {
        "1.1.1.1",     "9.255.255.255", "11.0.0.0",   "100.63.255.255",  "100.128.0.0",
        "126.0.0.1",   "128.0.0.1",     "172.15.0.1", "172.32.0.1",      "192.167.0.1",
        "192.169.0.1", "198.17.0.1",    "198.20.0.1", "223.255.255.255", "2606:4700::1111",
        "2a00::1",     "2001:4860::1",  "3ffe::1",    "::ffff:1.1.1.1"
    };
    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK_MSG(allowed(good[i], &(struct texts){ 0 }), "%s", good[i]);
}

TEST(other_addresses_are_not)
{
    static const char *const bad[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(!allowed(bad[i], &(struct texts){ 0 }), "%s", bad[i]);
}

TEST(those_that_are_named_and_no_others)
{
    static const char *items[] = { "127.0.0.1", "fd00::5", "nonsense", "192.168.0.0/16" };
    const struct texts named = { items, COUNT_OF(items) };
    CHECK(allowed("127.0.0.1", &named));
    CHECK(allowed("::ffff:127.0.0.1", &named));
    CHECK(allowed("fd00::5", &named));
    CHECK(!allowed("127.0.0.2", &named));
    CHECK(!allowed("fd00::6", &named));
    CHECK(!allowed("192.168.0.1", &named));
    const struct sockaddr local = { .sa_family = AF_UNIX };
    CHECK(!guard_allows(&local, &named));
}

TEST(an_address_is_http_and_has_no_password)
{
    static const char *const bad[] = { "",
                                       "x",
                                       "/a",
                                       "ftp://h/a",
                                       "file:///etc/passwd",
                                       "gopher://h",
                                       "http://",
                                       "http://u@h/a",
                                       "http://u:p@h/a",
                                       "https://:p@h/",
                                       "javascript:1",
                                       "http://h:99999/",
                                       "http://[::1/",
                                       "ht tp://h/" };
    struct error err;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_MSG(!name_check_url(bad[i], &err), "%s", bad[i]);
        CHECK_INT(err.cause, CAUSE_INVALID);
        CHECK_TEXT(err.field, "url");
    }
    CHECK_OK(name_check_url("http://h", &err));
    CHECK_OK(name_check_url("HTTPS://h:8443/a%20b?c=d#e", &err));
}

TEST(what_is_shown_of_an_address)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(name_plain_url(&mem, "https://h:8443/a%20b/c.mp4?signature=secret#x"),
               "https://h:8443/a%20b/c.mp4");
    CHECK_TEXT(name_of_file(&mem, "https://h/a/shot%201.mp4?x=/y"), "shot 1.mp4");
    CHECK_TEXT(name_of_file(&mem, "https://h/a/"), "");
    CHECK_TEXT(name_of_file(&mem, "https://h"), "");
    CHECK_TEXT(name_of_file(&mem, "https://h/a%0Ab"), "");
    CHECK_TEXT(name_of_file(&mem, "https://h/..%2f..%2fetc"), "etc");
    CHECK_TEXT(name_of_file(&mem, "https://h/%ff"), "");
}

TEST_MAIN
