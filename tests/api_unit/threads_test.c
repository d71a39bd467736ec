/* Connections for which there is no thread: they end, and nobody else notices. */
#include "service.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int failures_left, failed;

/* Stands in for the real one, for the HTTP library too. */
__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                                          void *(*run)(void *), void *with)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (atomic_load(&failures_left) == 0) return real(thread, attributes, run, with);
    atomic_fetch_sub(&failures_left, 1);
    atomic_fetch_add(&failed, 1);
    return EAGAIN;
}

TEST(a_connection_without_a_thread_ends_and_others_do_not)
{
    AUTO(arena) struct arena mem = { 0 };
    service_start((struct server_config){ .requests_max = 3, .address_max = 3 });
    for (int round = 0; round < 3; round++) {
        atomic_store(&failures_left, 5);
        for (int i = 0; i < 5; i++) CHECK_INT(ask("GET /ping", NULL, NULL).status, 0);
        CHECK_INT(atomic_load(&failures_left), 0);
        for (int i = 0; i < 5; i++) CHECK_INT(ask("GET /ping", NULL, NULL).status, 200);
    }
    CHECK_INT(atomic_load(&failed), 15);
    server_stop(server);
}

TEST_MAIN
