/* The command line as a client of the running server: how to find it, who we are to it, one request.
 *
 * A server leaves its address in the data folder. Whoever can read that folder can also sign tokens, so a
 * command signs itself one that is good for a minute. */
#pragma once

#include "library/settings.h"

struct client {
    const char *host;
    int64_t port;
    const char *token;
};

/* Called by the server: here it is, here it is no longer. */
bool client_leave_address(struct arena *mem, const struct settings *settings, int port,
                          struct error *err) MUST_USE;
void client_remove_address(struct arena *mem, const struct settings *settings);

/* UNAVAILABLE when no server has left its address, or none answers there. */
bool client_open(struct arena *mem, const struct settings *settings, struct client *out,
                 struct error *err) MUST_USE;

/* The same in somebody's name: with every role, of which the server leaves what the account has. */
bool client_open_as(struct arena *mem, const struct settings *settings, const char *subject,
                    struct client *out, struct error *err) MUST_USE;

/* Appends a text to a path or query, with what has a meaning there as %XX. */
void client_quote(struct buf *path, const char *text);

/* Sends a request, with a JSON text as its body unless that is NULL, and waits for the JSON of the reply,
 * NULL where it has none. An error of the server becomes ours, with its cause and sentence. */
bool client_call(const struct client *client, struct arena *mem, const char *method, const char *path,
                 const char *body, const struct json **out, struct error *err) MUST_USE;

/* A file to be sent. `before` is called before each piece, the last one too, and ends it all by failing: the
 * server then has not got the whole and stores nothing. */
struct client_body {
    int fd;
    int64_t size_bytes;
    bool (*before)(void *with, int64_t sent_bytes, struct error *err);
    void *with;
};

/* PUTs the file. What the server says before it has all of it counts. */
bool client_upload(const struct client *client, struct arena *mem, const char *path,
                   const struct client_body *body, const struct json **out, struct error *err) MUST_USE;

/* Sends a request without a body and writes the bytes of the reply to `file`. */
bool client_download(const struct client *client, struct arena *mem, const char *method, const char *path,
                     int file, struct error *err) MUST_USE;
