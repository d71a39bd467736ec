/* The attacks of `umam doctor --sandbox`: what a child tries (cell/attack.h) and the doctor judges. */
#pragma once

#include "base/shape.h"

/* What has to happen to an attack. */
enum attack_end {
    ATTACK_REFUSED,     /* a call fails or ends the process: seccomp, Landlock, capabilities */
    ATTACK_UNREACHED,   /* the descriptors do not allow it */
    ATTACK_LIMITED,     /* a resource limit holds */
    ATTACK_OUTLASTED,   /* the server ends it after its time */
    ATTACK_DISBELIEVED, /* the server does not take the answer */
    ATTACK_BARRED,      /* the helper of its program does not do it */
};

/* Who gets through where there is no sandbox. Tests try it: what fails anyway proves nothing. */
enum attack_alone {
    ATTACK_BY_ANYBODY,
    ATTACK_BY_ROOT,
    ATTACK_BY_NOBODY, /* not tried: it takes the sandbox or the server's end of the channel */
};

struct attack_row {
    const char *group, *name, *doc;
    enum attack_end end;
    enum attack_alone alone;
};

enum {
    ATTACK_COUNT = 0
#define ATTACK(...) +1
#include "task/attacks.def"
#undef ATTACK
};

extern const struct attack_row attack_rows[ATTACK_COUNT];
extern const char *const attack_names[]; /* of the rows, in their order, NULL-terminated */

/* Files: in (for reading) and out. */
struct attack_in {
    const char *attack;             /* one of attack_names */
    int64_t server_pid, worker_pid; /* whom to attack */
    const char *secret;             /* path of a file that nobody may touch */
    int64_t port;                   /* of the loopback address, where somebody listens */
};

struct attack_out {
    bool through;
    const char *how; /* what stopped it: the name of an error number, or words */
};

extern const struct shape attack_in_shape, attack_out_shape;
