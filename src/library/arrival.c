#include "library/arrival.h"

#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "library/library.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MAX_BYTES = 256 << 10 };

static const struct field arrival_fields[] = {
    TEXT(struct arrival, id, .required = true, .doc = "UUID; the asset will have it, too."),
    TEXT(struct arrival, owner_id, .required = true, .doc = "Who sends it."),
    INT(struct arrival, length_bytes, .required = true, .min = 1, .max = INT64_MAX,
        .doc = "Bytes of the whole file."),
    INT(struct arrival, synced_bytes, .required = true, .max = INT64_MAX, .doc = "Bytes that are there."),
    TEXT(struct arrival, boot, .nullable = true, .doc = "Run of the machine."),
    BOOL(struct arrival, strict, .doc = "Whether what follows stands under a checksum."),
    TIME(struct arrival, expires_at, .required = true, .doc = "When it is given up unless more comes."),
    TEXT(struct arrival, metadata, .nullable = true, .doc = "What is said of it, as it was sent."),
    { 0 },
};
const struct shape arrival_shape = SHAPE("Arrival", struct arrival, arrival_fields);

/* What must be known without a look at the disk. */
struct arrival_entry {
    struct id id;
    int64_t length_bytes, expires_at;
    struct arrival_entry *next;
    char owner_id[];
};

/* ---- the list ---- */

static struct arrival_entry **entry_of(struct arrivals *arrivals, const char *id)
{
    struct arrival_entry **link = &arrivals->entries;
    while (*link && strcmp((*link)->id.text, id) != 0) link = &(*link)->next;
    return link;
}

static void note(struct arrivals *arrivals, const struct arrival *arrival)
{
    pthread_mutex_lock(&arrivals->lock);
    struct arrival_entry **const link = entry_of(arrivals, arrival->id);
    const size_t size = strlen(arrival->owner_id) + 1;
    if (!*link && !(*link = calloc(1, sizeof **link + size))) arena_exhausted(size);
    memcpy((*link)->owner_id, arrival->owner_id, size);
    strncpy((*link)->id.text, arrival->id, sizeof(*link)->id.text - 1);
    (*link)->length_bytes = arrival->length_bytes;
    (*link)->expires_at = arrival->expires_at;
    pthread_mutex_unlock(&arrivals->lock);
}

static void forget(struct arrivals *arrivals, const char *id)
{
    pthread_mutex_lock(&arrivals->lock);
    struct arrival_entry **const link = entry_of(arrivals, id), *const gone = *link;
    if (gone) *link = gone->next;
    free(gone);
    pthread_mutex_unlock(&arrivals->lock);
}

int64_t arrivals_of(struct arrivals *arrivals, const char *owner_id)
{
    int64_t sum = 0;
    pthread_mutex_lock(&arrivals->lock);
    for (const struct arrival_entry *at = arrivals->entries; at; at = at->next)
        if (strcmp(at->owner_id, owner_id) == 0) sum += at->length_bytes;
    pthread_mutex_unlock(&arrivals->lock);
    return sum;
}

int64_t arrivals_missing(struct arrivals *arrivals)
{
    int64_t sum = 0;
    pthread_mutex_lock(&arrivals->lock);
    for (const struct arrival_entry *at = arrivals->entries; at; at = at->next) {
        struct stat came;
        if (fstatat(arrivals->folder, at->id.text, &came, 0) == 0) sum += at->length_bytes - came.st_size;
    }
    pthread_mutex_unlock(&arrivals->lock);
    return sum;
}

static int count_of(struct arrivals *arrivals, const char *owner_id)
{
    int count = 0;
    pthread_mutex_lock(&arrivals->lock);
    for (const struct arrival_entry *at = arrivals->entries; at; at = at->next)
        count += strcmp(at->owner_id, owner_id) == 0;
    pthread_mutex_unlock(&arrivals->lock);
    return count;
}

/* ---- on disk ---- */

static const char *this_boot(struct arena *mem)
{
    char text[64];
    AUTO(fd) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text); /* of no size, as files there are */
    return size <= 0 ? NULL : text_trim(mem, arena_text_n(mem, text, (size_t)size));
}

/* A path that the file functions take, whatever the folder is called. */
static const char *path_of(const struct arrivals *arrivals, struct arena *mem, const char *id,
                           const char *ending)
{
    return arena_printf(mem, "/proc/self/fd/%d/%s%s", arrivals->folder, id, ending);
}

static bool save(struct arrivals *arrivals, struct arrival *arrival, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    arrival->boot = this_boot(&mem);
    const char *const text = shape_text(&mem, &arrival_shape, arrival);
    arrival->boot = NULL;
    if (!file_write(path_of(arrivals, &mem, arrival->id, ".json"), text, strlen(text), 0600, err))
        return fail(err, err->cause,
                    "the server's disk does not take the state of the upload; try again later");
    note(arrivals, arrival);
    return true;
}

static bool not_found(struct error *err)
{
    return fail(err, CAUSE_NOT_FOUND, "there is no such upload; it has ended, expired, or never begun");
}

static bool load(struct arrivals *arrivals, struct arena *mem, const char *id, struct arrival *out,
                 struct error *err)
{
    const char *text;
    size_t size;
    const struct json *json;
    struct error why;
    if (!id_valid(id)) return not_found(err);
    if (!file_read(mem, path_of(arrivals, mem, id, ".json"), STATE_MAX_BYTES, &text, &size, &why)) {
        if (why.cause == CAUSE_NOT_FOUND) return not_found(err);
        *err = why;
        return false;
    }
    return json_parse(text, size, mem, &json, NULL, err) && shape_take(&arrival_shape, json, mem, out, err);
}

static bool remove_files(struct arrivals *arrivals, const char *id, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const state = arena_printf(&mem, "%s.json", id);
    if ((unlinkat(arrivals->folder, state, 0) < 0 && errno != ENOENT) ||
        (unlinkat(arrivals->folder, id, 0) < 0 && errno != ENOENT))
        return fail_errno(err, errno, "the upload could not be removed");
    return true;
}

bool arrival_drop(struct arrivals *arrivals, const char *id, struct error *err)
{
    if (!remove_files(arrivals, id, err)) return false;
    forget(arrivals, id);
    return true;
}

/* ---- life ---- */

bool arrival_begin(struct arrivals *arrivals, struct arena *mem, struct arrival *arrival, struct error *err)
{
    if (count_of(arrivals, arrival->owner_id) >= ARRIVALS_EACH_MAX)
        return fail(err, CAUSE_TOO_MANY,
                    "you have %d uploads under way, the most for one person; end or delete one",
                    ARRIVALS_EACH_MAX);
    arrival->id = arena_text(mem, id_new().text);
    arrival->expires_at = time_now() + arrivals->patience_us;
    AUTO(fd) int fd = openat(arrivals->folder, arrival->id, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(err, errno, "the upload cannot be stored");
    if (save(arrivals, arrival, err)) return true; /* which syncs the folder, so the name of the bytes too */
    unlinkat(arrivals->folder, arrival->id, 0);
    return false;
}

/* Bytes that came and were not counted: they are now, or they go. Where nobody knows whether the machine went
 * down, they go. */
static bool settle_tail(struct arrivals *arrivals, struct arena *mem, int fd, struct arrival *arrival,
                        struct error *err)
{
    int64_t size;
    if (!file_size(fd, &size, err)) return false;
    if (size == arrival->synced_bytes) return true;
    const char *const boot = this_boot(mem);
    const bool good = boot && size > arrival->synced_bytes && size <= arrival->length_bytes &&
                      !arrival->strict && text_is(arrival->boot, boot);
    if (size < arrival->synced_bytes)
        arrival->synced_bytes = size; /* somebody cut the file off: it is what it is */
    return arrival_advance(arrivals, fd, arrival, good ? size : arrival->synced_bytes, err);
}

static bool lock(int fd, struct error *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    return errno == EWOULDBLOCK
               ? fail(err, CAUSE_CONFLICT, "another request is working on this upload; wait for its end")
               : fail_errno(err, errno, "the upload cannot be locked");
}

bool arrival_open(struct arrivals *arrivals, struct arena *mem, const struct actor *actor, const char *id,
                  struct arrival *out, int *fd_out, struct error *err)
{
    struct arrival arrival;
    struct stat facts;
    if (!id_valid(id)) return not_found(err);
    AUTO(fd) int fd = openat(arrivals->folder, id, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? not_found(err) : fail_errno(err, errno, "the upload cannot be opened");
    if (!load(arrivals, mem, id, &arrival, err)) return false;
    if (!actor_owns(actor, arrival.owner_id) || arrival.expires_at <= time_now()) return not_found(err);
    if (!lock(fd, err)) return false;
    /* what was read before the lock may be old, and the file gone by now */
    if (fstat(fd, &facts) < 0 || !facts.st_nlink) return not_found(err);
    if (!load(arrivals, mem, id, &arrival, err) || !settle_tail(arrivals, mem, fd, &arrival, err))
        return false;
    if (lseek(fd, arrival.synced_bytes, SEEK_SET) < 0)
        return fail_errno(err, errno, "the upload cannot be continued");
    *out = arrival;
    *fd_out = fd_take(&fd);
    return true;
}

bool arrival_be_strict(struct arrivals *arrivals, struct arrival *arrival, bool strict, struct error *err)
{
    if (arrival->strict == strict) return true;
    arrival->strict = strict;
    return save(arrivals, arrival, err);
}

bool arrival_advance(struct arrivals *arrivals, int fd, struct arrival *arrival, int64_t to_bytes,
                     struct error *err)
{
    if (ftruncate(fd, to_bytes) < 0 || fdatasync(fd) < 0)
        return fail_errno(err, errno, "what came of the upload could not be put on disk");
    arrival->synced_bytes = to_bytes;
    arrival->expires_at = time_now() + arrivals->patience_us;
    return save(arrivals, arrival, err);
}

/* ---- what nobody went on with ---- */

/* Unless somebody has it open, or went on with it just before. */
static void expire(struct arrivals *arrivals, const char *id)
{
    AUTO(arena) struct arena mem = { 0 };
    struct arrival now;
    struct error ignored;
    AUTO(fd) int fd = openat(arrivals->folder, id, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 ||
                    (load(arrivals, &mem, id, &now, &ignored) && now.expires_at > time_now())))
        return;
    if (arrival_drop(arrivals, id, &ignored)) log_info("upload expired", LOG_TEXT("upload", id));
}

/* The id of one that is due; false when there is none. */
static bool next_due(struct arrivals *arrivals, int64_t now, struct id *out)
{
    pthread_mutex_lock(&arrivals->lock);
    struct arrival_entry *at = arrivals->entries;
    while (at && at->expires_at > now) at = at->next;
    if (at) {
        *out = at->id;
        at->expires_at = now + SECOND; /* looked at again when it cannot go now */
    }
    pthread_mutex_unlock(&arrivals->lock);
    return at;
}

void arrivals_sweep(struct arrivals *arrivals)
{
    const int64_t now = time_now();
    struct id id;
    while (next_due(arrivals, now, &id)) expire(arrivals, id.text);
}

/* One name of the folder at the start. Bytes without a state, or the other way round, are what a crash left
 * of a beginning or an end; what cannot be read just now stays for another start. */
static void read_entry(struct arrivals *arrivals, const char *name)
{
    AUTO(arena) struct arena mem = { 0 };
    struct arrival arrival;
    struct error why = { .cause = CAUSE_NOT_FOUND };
    char *const id = arena_text(&mem, name);
    if (text_ends(id, ".json")) id[strlen(id) - 5] = '\0';
    const bool good = id_valid(id) && faccessat(arrivals->folder, id, F_OK, 0) == 0 &&
                      load(arrivals, &mem, id, &arrival, &why) && text_is(arrival.id, id);
    if (good)
        note(arrivals, &arrival);
    else if (id_valid(id) && !cause_worth_retrying(why.cause))
        remove_files(arrivals, id, &why);
    else if (!id_valid(id))
        unlinkat(arrivals->folder, name, 0); /* a state that did not get its name */
}

bool arrivals_open(const char *folder, int64_t patience_us, struct arrivals *out, struct error *err)
{
    if (!file_make_dirs(folder, err)) return false;
    *out = (struct arrivals){ .patience_us = patience_us,
                              .folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    pthread_mutex_init(&out->lock, NULL);
    DIR *const names = out->folder < 0 ? NULL : opendir(folder);
    if (!names) return fail_errno(err, errno, "the folder of unfinished uploads cannot be opened");
    for (const struct dirent *entry; (entry = readdir(names));)
        if (entry->d_name[0] != '.') read_entry(out, entry->d_name);
    closedir(names);
    arrivals_sweep(out);
    return true;
}

void arrivals_close(struct arrivals *arrivals)
{
    for (struct arrival_entry *at = arrivals->entries; at;) {
        struct arrival_entry *const next = at->next;
        free(at);
        at = next;
    }
    arrivals->entries = NULL;
    fd_cleanup(&arrivals->folder);
    arrivals->folder = -1;
}
