/* The seccomp filter of a child, built once by the parent and put on with two system calls. */
#pragma once

#include "cell/program.h"

struct sock_filter;

struct syscall_filter {
    struct sock_filter *code; /* NULL: no filter */
    unsigned short length;
};

/* `more`: what the children of this program may call besides. */
bool syscall_filter_build(struct syscall_filter *filter, struct calls more, struct error *err) MUST_USE;

/* Needs no_new_privs and a process with one thread. */
bool syscall_filter_enter(const struct syscall_filter *filter, struct error *err) MUST_USE;

void syscall_filter_close(struct syscall_filter *filter);
