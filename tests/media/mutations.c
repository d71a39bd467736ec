/* Damaged files of every format through the real worker: `media_mutations PROGRAM [COUNT] [SEED]`. Each file
 * must end with a result or with an error that says what is wrong with it, and the worker must never have to
 * start again. */
#include "base/text.h"
#include "base/time.h"
#include "media/media.h"
#include "samples.h"
#include "task/ingest.h"
#include "work/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 2 };

static struct worker *worker;
static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static int total;
static uint64_t seed;
static atomic_int next, taken, refused, crashed, unclear, by_cause[CAUSE_COUNT];

/* SplitMix64 */
static uint64_t chance(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static size_t below(uint64_t *state, size_t limit) { return limit ? chance(state) % limit : 0; }

/* Half of the damage goes where the structure is: into the first 512 bytes. */
static size_t place(uint64_t *state, size_t size)
{
    return below(state, chance(state) % 2 && size > 512 ? 512 : size);
}

static void flip(uint8_t *bytes, size_t *size, uint64_t *state)
{
    bytes[place(state, *size)] ^= (uint8_t)(1u << below(state, 8));
}
static void overwrite(uint8_t *bytes, size_t *size, uint64_t *state)
{
    bytes[place(state, *size)] = (uint8_t)chance(state);
}
static void cut(uint8_t *bytes, size_t *size, uint64_t *state)
{
    (void)bytes, *size = 1 + below(state, *size);
}

/* Lengths, counts and sizes are words; these values are what readers forget. */
static void extreme(uint8_t *bytes, size_t *size, uint64_t *state)
{
    static const uint32_t words[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xffff, 0x01000000, 0xfffffff0
    };
    const uint32_t word = words[below(state, COUNT_OF(words))];
    const size_t at = place(state, *size);
    memcpy(bytes + at, &word, *size - at < sizeof word ? *size - at : sizeof word);
}

static void repeat(uint8_t *bytes, size_t *size, uint64_t *state)
{
    const size_t from = below(state, *size), to = below(state, *size),
                 longest = *size - (from > to ? from : to);
    memmove(bytes + to, bytes + from, below(state, longest < 200 ? longest : 200));
}

static void blank(uint8_t *bytes, size_t *size, uint64_t *state)
{
    const size_t at = below(state, *size);
    memset(bytes + at, 0, below(state, *size - at < 300 ? *size - at : 300));
}

static void (*const damages[])(uint8_t *, size_t *, uint64_t *) = { flip,    overwrite, cut,
                                                                    extreme, repeat,    blank };

static int damaged(const struct sample *sample, uint64_t *state)
{
    struct stat info;
    if (fstat(sample->fd, &info) != 0) abort();
    size_t size = (size_t)info.st_size;
    uint8_t *const bytes = malloc(size + 1);
    if (!bytes || pread(sample->fd, bytes, size, 0) != (ssize_t)size) abort();
    for (size_t times = 1 + below(state, 6); times--;)
        damages[below(state, COUNT_OF(damages))](bytes, &size, state);
    const int fd = memfd_create("damaged", MFD_CLOEXEC);
    if (pwrite(fd, bytes, size, 0) != (ssize_t)size) abort();
    free(bytes);
    return fd;
}

static bool is_clear(const struct error *err)
{
    static const enum cause clear[] = { CAUSE_BAD_MEDIA, CAUSE_UNSUPPORTED, CAUSE_TOO_LARGE, CAUSE_TIMEOUT,
                                        CAUSE_CRASHED };
    for (size_t i = 0; i < COUNT_OF(clear); i++)
        if (err->cause == clear[i]) return strlen(err->text) > 10;
    return false;
}

static bool ingest(int fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    static const char *const names[] = { "poster", "sprite", "peaks", "text" };
    struct worker_file files[1 + COUNT_OF(names)] = { { "in", fd } };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        files[1 + i] = (struct worker_file){ names[i], memfd_create(names[i], MFD_CLOEXEC) };
    const struct ingest_in in = { 0 };
    const struct worker_call call = {
        .kind = TASK_INGEST, .in = &in, .files = files, .file_count = COUNT_OF(files), .cancel_fd = -1
    };
    const bool good = worker_run(worker, &call, mem, out, err);
    for (size_t i = 1; i < COUNT_OF(files); i++) close(files[i].fd);
    return good;
}

static void judge(int number, const struct sample *sample, bool good, const struct error *err)
{
    if (good) {
        taken++;
        return;
    }
    by_cause[err->cause]++;
    if (err->cause == CAUSE_CRASHED || err->cause == CAUSE_TIMEOUT) {
        crashed++;
        printf("file %d (%s): %s\n", number, sample->name, err->text);
    } else if (is_clear(err)) {
        refused++;
    } else {
        unclear++;
        printf("file %d (%s) ends unclearly: %s: %s\n", number, sample->name, cause_code(err->cause),
               err->text);
    }
}

static void *work(void *unused)
{
    int number;
    (void)unused;
    while ((number = next++) < total) {
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found;
        struct error err;
        uint64_t state = seed + (uint64_t)number * 1000003;
        const struct sample *const sample = &samples[(size_t)number % sample_count];
        AUTO(fd) int fd = damaged(sample, &state);
        judge(number, sample, ingest(fd, &mem, &found, &err), &err);
    }
    return NULL;
}

/* Undamaged, each is what it is. */
static int check_samples(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sample_count; i++) {
        AUTO(arena) struct arena mem = { 0 };
        struct media_analysis found = { 0 };
        struct error err;
        const bool good = ingest(samples[i].fd, &mem, &found, &err);
        if (good && text_is(found.kind, samples[i].kind) && (text_is(found.extension, samples[i].name)) &&
            !found.warnings.count)
            continue;
        printf("the good %s is taken for %s %s: %s\n", samples[i].name, good ? found.kind : "nothing",
               good ? found.extension : "",
               good && found.warnings.count ? found.warnings.items[0]
               : good                       ? ""
                                            : err.text);
        wrong++;
    }
    return wrong;
}

int main(int argc, char **argv)
{
    struct error err;
    struct worker_layers layers;
    pthread_t threads[THREADS];
    total = argc > 2 ? atoi(argv[2]) : 384;
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (argc < 2 || !media_open(&err) || !worker_open(argv[1], &worker, &err) ||
        !worker_ready(worker, &layers, &err))
        return 1;
    sample_count = samples_make(samples);
    const int64_t began = time_mono();
    const pid_t zygote = worker_pid(worker);
    const int wrong = check_samples();
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    const bool same = worker_pid(worker) == zygote;
    printf("%d damaged files of %zu formats in %.1f s: %d described, %d refused, %d ended their task, %d "
           "unclear; the worker %s\n",
           total, sample_count, (double)(time_mono() - began) / SECOND, taken, refused, crashed, unclear,
           same ? "never started again" : "had to start again");
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (by_cause[i]) printf("  %-24s %d\n", cause_code((enum cause)i), by_cause[i]);
    worker_close(worker);
    const int failed = wrong + unclear + !same;
    printf("%d passed, %d failed\n", (int)sample_count + total - failed, failed);
    return failed ? 1 : 0;
}
