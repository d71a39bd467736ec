/* The filter cannot be taken off, so each test goes offline in a child. */
#include "test.h"

#include "base/offline.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener, early;
static struct sockaddr_in address = { .sin_family = AF_INET };

static bool refused(int result) { return result < 0 && errno == EPERM; }

static bool cannot_call(void)
{
    static const int families[] = { AF_INET, AF_INET6, AF_PACKET, AF_NETLINK };
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (!refused(socket(families[i], SOCK_STREAM, 0)) || !refused(socket(families[i], SOCK_DGRAM, 0)))
            return false;
    return refused(connect(early, (struct sockaddr *)&address, sizeof address)) &&
           refused((int)syscall(SYS_io_uring_setup, 1, NULL));
}

static pthread_barrier_t entered;

static void *older_thread(void *with)
{
    pthread_barrier_wait(&entered);
    return cannot_call() ? with : NULL;
}

/* 0 when all is as it should be, else the number of the step. */
static int go_offline(void)
{
    pthread_t thread;
    struct error err;
    void *good = NULL;
    int pair[2];
    pthread_barrier_init(&entered, NULL, 2);
    if (pthread_create(&thread, NULL, older_thread, &good)) return 1;
    if (!offline_enter(&err)) return 2;
    pthread_barrier_wait(&entered);
    pthread_join(thread, &good);
    if (!good) return 3; /* threads that were there before are kept in too */
    if (!cannot_call()) return 4;
    const int local = socket(AF_UNIX, SOCK_STREAM, 0);
    if (local < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 5;
    const int called = accept(listener, NULL, NULL);
    if (called < 0 || send(called, "hello", 5, 0) != 5) return 6; /* being called goes on */
    return 0;
}

TEST(called_but_not_calling)
{
    socklen_t size = sizeof address;
    char heard[5];
    int status = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    early = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 5) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    const int caller = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(caller, (struct sockaddr *)&address, size) == 0);
    const pid_t child = fork();
    if (child == 0) _exit(go_offline());
    CHECK_INT(recv(caller, heard, sizeof heard, MSG_WAITALL), 5);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    close(caller);
    close(early);
    close(listener);
}

TEST_MAIN
