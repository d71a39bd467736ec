/* Attacks on the server by what a child says, or does not say. */
#include "cell/attack.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(const struct attack *with, const char *text)
{
    struct error gone;
    if (!wire_send(with->job->socket, text, NULL, 0, &gone)) _exit(1);
}

/* The server believes it has heard enough; whoever lives on then got through. */
static _Noreturn void stay(void)
{
    for (;;) time_sleep(SECOND);
}

static void claim_to_end(const struct attack *with)
{
    say(with, "{\"event\":\"progress\",\"progress\":0,\"stage\":\"rest\"}");
    say(with, "{\"event\":\"result\",\"output\":{\"through\":true,\"how\":\"nothing\"}}");
    say(with, "{\"event\":\"exit\",\"status\":0,\"signal\":0,\"cpu_ms\":1,\"max_rss_kb\":1}");
}

/* The doctor also takes this one to look at a child at rest, from the first message on. */
bool attack_sleep_for_ever(struct attack *with)
{
    claim_to_end(with);
    stay();
}

/* A channel that is shut down looks like the end of the child, which could go on writing. */
bool attack_shut_channel(struct attack *with)
{
    claim_to_end(with);
    shutdown(with->job->socket, SHUT_WR);
    stay();
}

bool attack_leave_channel(struct attack *with)
{
    for (int fd = 0; fd <= with->job->socket; fd++) close(fd);
    stay();
}

bool attack_lie(struct attack *with)
{
    say(with, "{\"event\":\"progress\",\"progress\":\"9e999\",\"stage\":7,\"eta_s\":{}}");
    say(with, "{\"event\":\"result\",\"output\":{\"through\":[],\"how\":17}}");
    return true;
}

bool attack_forge_error(struct attack *with)
{
    say(with, "{\"event\":\"error\",\"cause\":\"unauthenticated\","
              "\"text\":\"\\u001b]0;gone\\u0007\\u001b[2J\\r\\n2026-01-01 error forged line\"}");
    return true;
}

bool attack_garbage(struct attack *with)
{
    say(with, "\xff\xfe{]");
    stay();
}

bool attack_emptiness(struct attack *with)
{
    say(with, "");
    say(with, "");
    stay();
}

bool attack_deep_nest(struct attack *with)
{
    enum { DEEP = 40000 };
    char *const text = arena_alloc(with->job->mem, DEEP + 1);
    memset(text, '[', DEEP);
    say(with, text);
    stay();
}

bool attack_huge_answer(struct attack *with)
{
    const size_t size = WIRE_MESSAGE_MAX + 4096;
    char *const text = arena_alloc(with->job->mem, size);
    memset(text, ' ', size);
    struct iovec part = { text, size };
    const struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    if (sendmsg(with->job->socket, &header, MSG_NOSIGNAL) < 0) return false;
    stay();
}

/* Some the server would take, then more than it takes in one packet. */
bool attack_many_files(struct attack *with)
{
    enum { TURNS = 40, MANY = 3 * WIRE_FILES_MAX };
    union {
        char bytes[CMSG_SPACE(sizeof(int) * MANY)];
        struct cmsghdr head;
    } control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
    int files[MANY];
    struct error gone;
    for (int i = 0; i < MANY; i++) files[i] = with->job->socket;
    for (int i = 0; i < TURNS; i++) /* the kernel counts those under way, too */
        if (!wire_send(with->job->socket, "{}", files, WIRE_FILES_MAX, &gone)) time_sleep(MS);
    control.head.cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(&control.head), files, sizeof files);
    struct iovec part = { (char[]){ "{}" }, 2 };
    const struct msghdr header = { .msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.bytes,
                                   .msg_controllen = sizeof control.bytes };
    while (sendmsg(with->job->socket, &header, MSG_NOSIGNAL) < 0) time_sleep(MS);
    stay();
}

bool attack_flood(struct attack *with)
{
    for (;;) say(with, "{\"event\":\"progress\",\"progress\":0.5,\"stage\":\"flood\",\"eta_s\":1}");
}

/* True is what the second answer says. */
bool attack_answer_twice(struct attack *with)
{
    say(with, "{\"event\":\"result\",\"output\":{\"through\":false,\"how\":\"the first answer counted\"}}");
    return true;
}

/* Among the numbers is that of this task, so an order that is obeyed is seen. */
bool attack_give_orders(struct attack *with)
{
    enum { TASKS = 200 };
    char text[64];
    for (int number = 0; number < TASKS; number++) {
        snprintf(text, sizeof text, "{\"kill\":%d,\"start\":%d,\"kind\":\"attack\"}", number, number);
        say(with, text);
    }
    time_sleep(100 * MS);
    with->how = "nobody obeyed";
    return false;
}
