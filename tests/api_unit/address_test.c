#include "test.h"

#include "api/address.h"

#include <arpa/inet.h>
#include <string.h>

TEST(every_address_has_one_form)
{
    AUTO(arena) struct arena mem = { 0 };
    static const struct {
        const char *given, *text, *network;
    } rows[] = {
        { "192.0.2.7", "192.0.2.7", "192.0.2.7" },
        { "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7" },
        { "::FFFF:c000:207", "192.0.2.7", "192.0.2.7" },
        { "2001:DB8:0:0:1:2:3:4", "2001:db8::1:2:3:4", "2001:db8::" },
        { "2001:db8::", "2001:db8::", "2001:db8::" },
        { "::1", "::1", "::" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct in6_addr address;
        CHECK(address_read(rows[i].given, &address));
        CHECK_TEXT(address_text(&mem, &address), rows[i].text);
        const struct in6_addr network = address_network(address);
        CHECK_TEXT(address_text(&mem, &network), rows[i].network);
    }
}

TEST(what_is_no_address_is_refused)
{
    static const char *const bad[] = { "",        "192.0.2",          "192.0.2.7 ", "192.0.2.256",
                                       "unknown", "2001:db8::1%eth0", "[::1]",      "::1/64" };
    struct in6_addr address;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(!address_read(bad[i], &address), "'%s' was taken", bad[i]);
}

TEST(a_connection_says_where_it_comes_from)
{
    AUTO(arena) struct arena mem = { 0 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    const struct sockaddr local = { .sa_family = AF_UNIX };
    CHECK(inet_pton(AF_INET, "192.0.2.7", &four.sin_addr) == 1 &&
          inet_pton(AF_INET6, "2001:db8::7", &six.sin6_addr) == 1);
    struct in6_addr from = address_of((const struct sockaddr *)&four);
    CHECK_TEXT(address_text(&mem, &from), "192.0.2.7");
    from = address_of((const struct sockaddr *)&six);
    CHECK_TEXT(address_text(&mem, &from), "2001:db8::7");
    from = address_of(&local);
    CHECK_TEXT(address_text(&mem, &from), "::");
}

TEST_MAIN
