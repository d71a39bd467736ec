/* One file analysed many times through the worker: bench-ingest UMAM_MEDIA FILE COUNT THREADS. Prints seconds
 * of wall-clock time and the most memory a child held, in MB. bench/ingest holds it against a chain of
 * commands. */
#include "base/time.h"
#include "task/ingest.h"
#include "work/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MAX = 16 };

static struct worker *worker;
static const char *path;
static atomic_int left, failed;

static bool analyse(struct error *err)
{
    static const char *const names[] = { "poster", "sprite", "peaks" };
    AUTO(arena) struct arena mem = { 0 };
    struct worker_file files[1 + COUNT_OF(names)] = { { "in", open(path, O_RDONLY | O_CLOEXEC) } };
    struct media_analysis found;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        files[1 + i] = (struct worker_file){ names[i], memfd_create(names[i], MFD_CLOEXEC) };
    const struct ingest_in in = { .checksum = true };
    const struct worker_call call = {
        .kind = TASK_INGEST, .in = &in, .files = files, .file_count = COUNT_OF(files), .cancel_fd = -1
    };
    const bool good = worker_run(worker, &call, &mem, &found, err);
    for (size_t i = 0; i < COUNT_OF(files); i++) close(files[i].fd);
    return good;
}

static void *work(void *unused)
{
    struct error err;
    (void)unused;
    while (left-- > 0) {
        if (analyse(&err)) continue;
        failed++;
        fprintf(stderr, "bench-ingest: %s\n", err.text);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct error err;
    struct worker_layers layers;
    pthread_t threads[THREADS_MAX];
    if (argc != 5 || !worker_open(argv[1], &worker, &err) || !worker_ready(worker, &layers, &err)) return 2;
    path = argv[2];
    left = atoi(argv[3]);
    const int count = atoi(argv[4]) < THREADS_MAX ? atoi(argv[4]) : THREADS_MAX;
    const int64_t began = time_mono();
    for (int i = 0; i < count; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    const double took_s = (double)(time_mono() - began) / SECOND;
    worker_close(worker);
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%.3f %.0f\n", took_s, (double)usage.ru_maxrss / 1000);
    return failed ? 1 : 0;
}
