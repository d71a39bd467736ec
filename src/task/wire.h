/* Messages with descriptors over a SOCK_SEQPACKET socket: one packet is one JSON value. */
#pragma once

#include "base/json.h"
#include "base/error.h"

enum {
    WIRE_MESSAGE_MAX = 96 * 1024, /* bytes of one packet; fits the default socket buffer */
    WIRE_FILES_MAX = 8,           /* descriptors with one packet */
};

/* A connected pair, close-on-exec. */
bool wire_pair(int out[2], struct error *err) MUST_USE;

/* Sends `json` and copies of `count` descriptors; the caller keeps its own. */
bool wire_send(int socket, const char *json, const int *files, size_t count, struct error *err) MUST_USE;

/* What arrived. `message` NULL: the other side closed. The files are the receiver's to close. */
struct wire_packet {
    const struct json *message;
    int files[WIRE_FILES_MAX];
    size_t file_count;
};

/* Waits for the next packet. Fails with INVALID on a packet that is empty, no JSON, too long, or carries too
 * many descriptors (all of which are closed then; the next packet may be better), with IO when the socket is
 * broken. */
bool wire_receive(int socket, struct arena *mem, struct wire_packet *out, struct error *err) MUST_USE;
