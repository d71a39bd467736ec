/* Power cuts: the stream of writes of a scene is recorded, then the folder is built as each of its prefixes
 * may leave it on a disk, opened with the real code, and must hold everything that was acknowledged and
 * nothing half done. `replay STUB` tries an even sample of the prefixes, `replay STUB all` each of them, in
 * every view of disk.h.
 *
 * An acknowledgement is an SQL question whose answer is 1 from then on; "-" in front takes it back, before
 * what it says is undone. */
#include "consistency.h"
#include "disk.h"
#include "library/trash.h"
#include "library/universe.h"
#include "points.h"
#include "world.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PREFIXES_SAMPLED = 100, TEARS = 3, ACKS_MAX = 1024 };

/* ---- the scene ---- */

static bool universe(struct world *world, int number, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const id = arena_printf(&mem, "00000000-0000-4000-8000-%012d", number);
    const struct universe_in in = { .id = id, .name = "world" };
    struct universe made;
    if (!universe_create(&world->lib, &mem, &world_actor, &in, &made, err)) return false;
    record_ack("SELECT COUNT(*) = 1 FROM universes WHERE id = '%s'", id);
    return true;
}

static bool drop_universe(struct world *world, int number, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const id = arena_printf(&mem, "00000000-0000-4000-8000-%012d", number);
    record_ack("-SELECT COUNT(*) = 1 FROM universes WHERE id = '%s'", id);
    if (!universe_drop(&world->lib, &mem, &world_actor, id, err)) return false;
    record_ack("SELECT COUNT(*) = 0 FROM universes WHERE id = '%s'", id);
    return true;
}

static bool upload(struct world *world, int number, struct error *err)
{
    if (!world_upload(world, err)) return false;
    record_ack("SELECT COUNT(*) >= %d FROM media_assets WHERE asset_type = 'image'", number);
    return true;
}

static const char newest[] = "SELECT id FROM video_jobs ORDER BY created_at DESC";

static bool clip(struct world *world, struct error *err)
{
    char id[40];
    if (!world_start_job(world, "mock", err)) return false;
    store_ask_text(world->data, newest, id, sizeof id);
    record_ack("SELECT COUNT(*) = 1 FROM video_jobs WHERE id = '%s'", id);
    if (!world_await_jobs(world, err)) return false;
    record_ack("SELECT status = 'completed' FROM video_jobs WHERE id = '%s'", id);
    return true;
}

static bool drop_clip(struct world *world, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct trash_purge purge;
    char id[40];
    store_ask_text(world->data, newest, id, sizeof id);
    record_ack("-SELECT COUNT(*) = 1 FROM video_jobs WHERE id = '%s'", id);
    record_ack("-SELECT status = 'completed' FROM video_jobs WHERE id = '%s'", id);
    if (!video_job_drop(&world->lib, &world_actor, id, NULL, err)) return false;
    record_ack("SELECT COUNT(*) = 0 FROM video_jobs WHERE id = '%s'", id);
    const int64_t before = time_now() + 3600 * (int64_t)SECOND; /* clocks may go back a little */
    if (!trash_purge(&world->lib, &mem, before, "ann", NULL, NULL, &purge, err)) return false;
    record_ack("SELECT COUNT(*) = 0 FROM media_assets WHERE source_job_id = '%s'", id);
    return true;
}

static bool change_all(struct world *world, int round, struct error *err)
{
    for (int i = 0; i < 4; i++)
        if (!universe(world, round * 10 + i, err)) return false;
    return upload(world, 2 * round + 1, err) && clip(world, err) &&
           drop_universe(world, round * 10 + 1, err) && clip(world, err) && drop_clip(world, err) &&
           upload(world, 2 * round + 2, err);
}

/* A first start, changes, a checkpoint in between, a stop, another start, changes on top. */
static bool play(const char *data, struct error *err)
{
    struct world world;
    if (!world_open(&world, data, true, err)) return false;
    record_ack("SELECT COUNT(*) = 1 FROM users");
    bool good =
        change_all(&world, 0, err) &&
        (store_ask(data, "PRAGMA wal_checkpoint(PASSIVE)") == 0 || fail(err, CAUSE_IO, "no checkpoint")) &&
        change_all(&world, 1, err);
    world_close(&world);
    if (!good || !world_open(&world, data, true, err)) return false;
    good = change_all(&world, 2, err);
    world_close(&world);
    return good;
}

/* In a process of its own; true when the stream is there. */
static bool record(const char *base, const char *stream)
{
    char folder[256], data[300];
    int status = -1;
    snprintf(folder, sizeof folder, "%s/recorded", base);
    snprintf(data, sizeof data, "%s/data", folder);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        struct error err = { 0 };
        points_hurry = true;
        log_setup(LOG_LEVEL_ERROR, false);
        const bool good = mkdir(folder, 0700) == 0 && record_start(folder, stream) && play(data, &err);
        if (!good) fprintf(stderr, "the scene cannot be recorded: %s\n", err.text);
        record_stop();
        exit(good ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    waitpid(pid, &status, 0);
    return status == 0;
}

/* ---- the replay ---- */

struct stream {
    const char *at;
    size_t size, count; /* bytes, records */
};

static const struct record *next(const struct stream *stream, size_t *offset, const char **bytes)
{
    const struct record *const record = (const void *)(stream->at + *offset);
    *bytes = stream->at + *offset + sizeof *record;
    *offset += (sizeof *record + record->size + 7) / 8 * 8;
    return record;
}

static bool load(const char *path, struct stream *out)
{
    struct stat facts;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) != 0) return false;
    *out = (struct stream){ .size = (size_t)facts.st_size };
    out->at = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (out->at == MAP_FAILED) return false;
    const char *bytes;
    for (size_t offset = 0; offset < out->size; out->count++) (void)next(out, &offset, &bytes);
    return true;
}

struct acks {
    const char *texts[ACKS_MAX];
    size_t count;
};

static void note_ack(struct acks *acks, const char *text)
{
    if (text[0] != '-') {
        acks->texts[acks->count++] = text;
        return;
    }
    for (size_t i = 0; i < acks->count; i++)
        if (text_is(acks->texts[i], text + 1)) acks->texts[i] = acks->texts[--acks->count];
}

struct replay {
    const char *base;
    struct stream stream;
    struct disk *disk;
    struct acks acks;
    int opened, failed;
};

static bool holds_all(const struct acks *acks, const char *data, char *why, size_t size_bytes)
{
    for (size_t i = 0; i < acks->count; i++)
        if (store_ask(data, acks->texts[i]) != 1) {
            snprintf(why, size_bytes, "acknowledged and lost: %s", acks->texts[i]);
            return false;
        }
    return true;
}

static bool check(const struct replay *replay, const char *data, char *why, size_t size_bytes)
{
    struct error err = { 0 };
    struct world world;
    if (!world_open(&world, data, false, &err)) {
        snprintf(why, size_bytes, "it does not open: %s", err.text);
        return false;
    }
    world_close(&world);
    return holds_all(&replay->acks, data, why, size_bytes) && consistent(data, why, size_bytes);
}

/* The power goes now. */
static void cut(struct replay *replay, size_t prefix, enum disk_view view, unsigned dice)
{
    static const char *const views[] = { "all", "synced", "torn" };
    char folder[256], data[300], why[512] = "the folder cannot be built";
    snprintf(folder, sizeof folder, "%s/cut", replay->base);
    snprintf(data, sizeof data, "%s/data", folder);
    tree_remove(folder);
    replay->opened++;
    if (disk_write(replay->disk, view, dice, folder) && check(replay, data, why, sizeof why)) return;
    if (replay->failed++ < 10)
        fprintf(stderr, "after %zu of %zu records, %s (%u): %s\n", prefix, replay->stream.count, views[view],
                dice, why);
}

static void replay_all(struct replay *replay, bool thorough)
{
    const size_t every = thorough ? 1 : replay->stream.count / PREFIXES_SAMPLED + 1;
    size_t offset = 0;
    const char *bytes;
    for (size_t i = 0; i < replay->stream.count; i++) {
        if (i % every == 0) {
            cut(replay, i, DISK_ALL, 0);
            cut(replay, i, DISK_SYNCED, 0);
            for (unsigned dice = 0; dice < (thorough ? TEARS : 1); dice++)
                cut(replay, i, DISK_TORN, (unsigned)i * 7 + dice);
        }
        const struct record *const record = next(&replay->stream, &offset, &bytes);
        if (record->type == RECORD_ACK)
            note_ack(&replay->acks, bytes);
        else
            disk_apply(replay->disk, record, bytes);
    }
    cut(replay, replay->stream.count, DISK_SYNCED, 0);
}

int main(int argc, char **argv)
{
    char base[64], stream[128];
    if (argc < 2) return EXIT_FAILURE;
    world_worker_program = argv[1];
    snprintf(base, sizeof base, "%s/umam-replay-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(base)) return EXIT_FAILURE;
    snprintf(stream, sizeof stream, "%s/stream", base);
    struct replay replay = { .base = base, .disk = disk_new() };
    points_hurry = true;
    const bool recorded = record(base, stream) && load(stream, &replay.stream);
    if (recorded) replay_all(&replay, argc > 2 && text_is(argv[2], "all"));
    tree_remove(base);
    disk_free(replay.disk);
    printf("%zu records, %d power cuts, %zu acknowledgements at the end, %d cuts lost something\n",
           replay.stream.count, replay.opened, replay.acks.count, replay.failed);
    const bool good = recorded && replay.opened && !replay.failed;
    printf("%d passed, %d failed\n", good, !good);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
