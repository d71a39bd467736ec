/* One toy server per test program, and short words for asking it. */
#pragma once

#include "test.h"

#include "client.h"
#include "toy.h"

#include "base/log.h"

#include <signal.h>

static struct toy toy;
static struct server *server;
static int port;

static void service_start(struct server_config config)
{
    struct error err;
    static const char *origins[] = { "http://localhost:3000", "http://127.0.0.1:3000" };
    config.tables = toy_tables;
    config.app = &toy;
    config.auth.secret = TOY_SECRET;
    config.cors_origins = (struct texts){ origins, 2 };
    log_setup(LOG_LEVEL_ERROR, false);
    signal(SIGPIPE, SIG_IGN);
    if (!server_start(&config, &server, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    port = server_port(server);
}

#define ask(line, headers, body) client_ask(&mem, port, line, headers, body)
#define AS(role)                 arena_printf(&mem, "Authorization: Bearer %s\r\n", toy_token(&mem, role))
#define CHECK_HEADER(answer, name, value)                                                                    \
    do {                                                                                                     \
        const char *const h_ = answer_header(&(answer), name);                                               \
        CHECK_MSG(h_ &&strcmp(h_, value) == 0, "header %s is %s, not %s", name, h_ ? h_ : "absent", value);  \
    } while (0)
#define CHECK_NO_HEADER(answer, name) CHECK_MSG(!answer_header(&(answer), name), "header %s is there", name)
#define CHECK_ANSWER(given, code, text)                                                                      \
    do {                                                                                                     \
        const struct answer a__ = (given);                                                                   \
        CHECK_MSG(a__.status == (code), "status %d: %s", a__.status, a__.body);                              \
        CHECK_TEXT(a__.body, text);                                                                          \
    } while (0)
