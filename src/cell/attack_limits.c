/* Attacks by using much: memory, time, disk. */
#include "cell/attack.h"

#include "base/time.h"
#include "task/task.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *fresh(size_t size_bytes)
{
    return mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

bool attack_allocate_64_gb(struct attack *with)
{
    (void)with;
    return fresh((size_t)64 << 30) != MAP_FAILED;
}

bool attack_fill_memory(struct attack *with)
{
    const size_t step = (size_t)16 << 20, most = (size_t)2 * (size_t)task_kinds[TASK_ATTACK].memory_mb << 20;
    (void)with;
    for (size_t filled = 0; filled < most; filled += step) {
        void *const more = fresh(step);
        if (more == MAP_FAILED) return false;
        memset(more, 1, step);
    }
    return true;
}

bool attack_loop(struct attack *with)
{
    (void)with;
    for (volatile int64_t turn = 0; turn < INT64_MAX; turn = turn + 1) continue;
    return true;
}

bool attack_loop_stubbornly(struct attack *with)
{
    signal(SIGXCPU, SIG_IGN);
    return attack_loop(with);
}

static void *rest(void *with)
{
    for (;;) time_sleep(60 * SECOND);
    return with;
}

bool attack_thread_bomb(struct attack *with)
{
    enum { MANY = 20000, STACK_BYTES = 16 << 10 };
    pthread_attr_t small;
    pthread_t thread;
    (void)with;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK_BYTES);
    for (int i = 0; i < MANY; i++)
        if ((errno = pthread_create(&thread, &small, rest, NULL)) != 0) return false;
    return true;
}

bool attack_huge_file(struct attack *with)
{
    static const char block[1 << 16];
    const int64_t most = (int64_t)task_kinds[TASK_ATTACK].file_mb << 20;
    const int out = job_file(with->job, "out");
    for (int64_t at = 0; at <= most; at += (int64_t)sizeof block)
        if (pwrite(out, block, sizeof block, at) < 0) return ftruncate(out, most * 2) == 0;
    return true;
}
