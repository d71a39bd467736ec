/* What attacks must not touch: a folder with a secret, a port where somebody listens, the files that were
 * handed over, and the descriptors and processes of the house. */
#pragma once

#include "base/arena.h"
#include "base/error.h"

#include <sys/types.h>

struct canary {
    char folder[64];
    char secret[96];   /* path of a file in it */
    char word[40];     /* what stands in the secret and in the input */
    int input, output; /* files to hand over */
    int listener;      /* on `port` of the loopback address */
    int port;
    int descriptors; /* open in this process when all was well */
};

bool canary_open(struct canary *out, struct error *err) MUST_USE;

/* NULL while nothing was touched; else a sentence. `worker` is the process whose children may not outlive
 * their tasks. */
const char *canary_harm(const struct canary *canary, pid_t worker);

void canary_cleanup(struct canary *canary);
