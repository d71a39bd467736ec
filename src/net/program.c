#include "cell/program.h"
#include "net/dialer.h"
#include "net/fetch.h"
#include "net/main.h"

#include <seccomp.h>

struct texts net_private;

/* Talking over a socket that is there; making one and connecting it are not among them. */
static const int calls[] = { SCMP_SYS(sendto),     SCMP_SYS(recvfrom),    SCMP_SYS(getsockopt),
                             SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername) };

static bool open_all(struct error *err) { return fetch_open(err) && dialer_open(net_private, err); }

static bool run_fetch(struct job *job, const void *in, void *out, struct error *err)
{
    int fd;
    return job_need(job, "out", &fd, err) && fetch_file(job, fd, in, out, err);
}

const struct program program = {
    .name = "umam-net",
    .open = open_all,
    .helper = dialer_socket,
    .calls = { calls, COUNT_OF(calls) },
    .runs = { [TASK_FETCH] = run_fetch, [TASK_ATTACK] = run_attack },
};
