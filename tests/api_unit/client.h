/* A client that says exactly what it is told, byte for byte, and reads one answer at a time. */
#pragma once

#include "api/http.h"

struct answer {
    int status; /* 0: the connection ended or nothing came in time */
    struct pairs headers;
    char *body;
    size_t size_bytes;
};

/* A connection to 127.0.0.1; reads give up after ten seconds. */
int client_connect(int port);

void client_send(int fd, const char *text);
void client_send_bytes(int fd, const void *bytes, size_t size_bytes);

/* The next answer on this connection. `head`: to a HEAD request, so without a body. 100 Continue is skipped.
 */
struct answer client_read(struct arena *mem, int fd, bool head);

/* The head of an answer alone; its body stays unread. */
struct answer client_read_head(struct arena *mem, int fd);

/* What comes within `wait_ms`, up to `size_bytes`, NUL-terminated. False at the end of the connection. */
bool client_read_some(int fd, char *out, size_t size_bytes, int wait_ms);

/* True when the server has closed the connection. */
bool client_ended(int fd);

/* One request on a connection of its own: "GET /x" and further header lines ended by \r\n, and a body. */
struct answer client_ask(struct arena *mem, int port, const char *line, const char *headers,
                         const char *body);

const char *answer_header(const struct answer *answer, const char *name);
