#include "task/attack.h"

const struct attack_row attack_rows[] = {
#define ATTACK(in_group, called, ends, by, what)                                                             \
    { .group = #in_group, .name = #called, .doc = (what), .end = ATTACK_##ends, .alone = ATTACK_BY_##by },
#include "task/attacks.def"
#undef ATTACK
};

const char *const attack_names[] = {
#define ATTACK(group, called, ...) #called,
#include "task/attacks.def"
#undef ATTACK
    NULL
};

static const struct field attack_in_fields[] = {
    ENUM(struct attack_in, attack, attack_names, .required = true, .doc = "What to try."),
    INT(struct attack_in, server_pid, .required = true, .min = 1, .max = INT32_MAX,
        .doc = "Process of the server."),
    INT(struct attack_in, worker_pid, .required = true, .min = 1, .max = INT32_MAX,
        .doc = "Process that started this one."),
    TEXT(struct attack_in, secret, .required = true, .max = 4000, .doc = "Path of a file to attack."),
    INT(struct attack_in, port, .required = true, .max = 65535, .doc = "Port to connect to."),
    { 0 },
};
const struct shape attack_in_shape = SHAPE("AttackIn", struct attack_in, attack_in_fields);

static const struct field attack_out_fields[] = {
    BOOL(struct attack_out, through, .required = true, .doc = "Whether it got through."),
    TEXT(struct attack_out, how, .required = true, .max = 100, .doc = "What stopped it."),
    { 0 },
};
const struct shape attack_out_shape = SHAPE("AttackOut", struct attack_out, attack_out_fields);
