#include "library/places.h"

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "library/carry.h"
#include "library/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char point_prefix[] = "before-restore-";

/* What is exchanged, in this order. A log belongs to the database beside it, so it leaves before the old
 * database does and comes after the new one has. `always`: what was there gives way also to nothing. */
static const struct place {
    const char *name;
    bool leaves, comes, always;
} places[] = {
    { "umam.db-wal", true, false, true },  { "umam.db-shm", true, false, true },
    { "umam.db", true, true, false },      { "umam.db-wal", false, true, false },
    { "umam.db-shm", false, true, false }, { "media", true, true, false },
    { "secret.key", true, true, false },
};

struct exchange {
    struct arena *mem;
    const char *data, *fresh, *point;
};

const char *places_work(struct arena *mem, const char *data)
{
    return arena_printf(mem, "%s/.restore", data);
}

static const char *journal_of(struct arena *mem, const char *data)
{
    return arena_printf(mem, "%s/.restore/journal", data);
}

static bool is_there(const struct exchange *exchange, const char *folder, const char *name)
{
    return faccessat(AT_FDCWD, arena_printf(exchange->mem, "%s/%s", folder, name), F_OK,
                     AT_SYMLINK_NOFOLLOW) == 0;
}

static bool move(const struct exchange *exchange, const char *from, const char *to, const char *name,
                 struct error *err)
{
    return rename(arena_printf(exchange->mem, "%s/%s", from, name),
                  arena_printf(exchange->mem, "%s/%s", to, name)) == 0 ||
           fail_errno(err, errno, "'%s' could not be moved", name);
}

/* May be called again after it was cut short anywhere: what is new and has not come yet tells that what is
 * there is old. */
static bool move_one(const struct exchange *exchange, const struct place *place, struct error *err)
{
    const bool waits = is_there(exchange, exchange->fresh, place->always ? "umam.db" : place->name);
    if (place->leaves && waits && is_there(exchange, exchange->data, place->name) &&
        !move(exchange, exchange->data, exchange->point, place->name, err))
        return false;
    return !place->comes || !waits || move(exchange, exchange->fresh, exchange->data, place->name, err);
}

static bool sync_folder(const char *path, struct error *err)
{
    AUTO(fd) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (folder >= 0 && fsync(folder) == 0) ||
           fail_errno(err, errno, "the folder '%s' could not be synced", path);
}

/* The other way round, in this process: the exchange did not happen. */
static void move_back(const struct exchange *exchange)
{
    struct error ignored;
    bool good = true;
    for (size_t i = COUNT_OF(places); i-- > 0;) {
        const struct place *const place = &places[i];
        const bool came = place->comes && is_there(exchange, exchange->data, place->name) &&
                          !is_there(exchange, exchange->fresh, place->name);
        if (came) good &= move(exchange, exchange->data, exchange->fresh, place->name, &ignored);
        if (place->leaves && is_there(exchange, exchange->point, place->name))
            good &= move(exchange, exchange->point, exchange->data, place->name, &ignored);
    }
    if (good && file_remove(journal_of(exchange->mem, exchange->data), &ignored)) rmdir(exchange->point);
}

static bool move_all(const struct exchange *exchange, struct error *err)
{
    if (!file_make_dirs(exchange->point, err)) return false;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (!move_one(exchange, &places[i], err)) return false;
    return sync_folder(exchange->point, err) && sync_folder(exchange->data, err);
}

/* The journal goes; what is left of the work goes when it can. */
static bool end(const struct exchange *exchange, struct error *err)
{
    struct error ignored;
    if (!file_remove(journal_of(exchange->mem, exchange->data), err)) return false;
    rmdir(exchange->point); /* where nothing was */
    rmdir(exchange->fresh);
    if (!carry_away(places_work(exchange->mem, exchange->data), &ignored))
        return true; /* the next restore does it */
    return true;
}

static struct exchange exchange_of(struct arena *mem, const char *data, const char *fresh, const char *point)
{
    return (struct exchange){ .mem = mem,
                              .data = data,
                              .fresh = arena_printf(mem, "%s/%s", data, fresh),
                              .point = arena_printf(mem, "%s/%s", data, point) };
}

/* Only what lies on one file system, and is no mount point, moves at once. */
static bool can_move(struct arena *mem, const char *data, struct error *err)
{
    struct stat folder, media;
    const char *const path = arena_printf(mem, "%s/media", data);
    if (lstat(path, &media) < 0 || stat(data, &folder) < 0) return true;
    return (S_ISDIR(media.st_mode) && media.st_dev == folder.st_dev) ||
           fail(err, CAUSE_CONFLICT,
                "'%s' is a link or lies on a disk of its own, so it cannot be exchanged in one step", path);
}

bool places_exchange(struct arena *mem, const char *data, const char *fresh, const char **point_out,
                     struct error *err)
{
    const char *const name = arena_printf(mem, "%s%s", point_prefix, snapshot_name(mem, time_now()));
    const char *const journal = arena_printf(mem, "%s\n%s", name, fresh);
    const struct exchange exchange = exchange_of(mem, data, fresh, name);
    AUTO(fd) int work = open(places_work(mem, data), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!can_move(mem, data, err)) return false;
    if (work < 0 || syncfs(work) < 0)
        return fail_errno(err, errno, "the restored files could not be synced to disk");
    if (!file_write(journal_of(mem, data), journal, strlen(journal), 0600, err)) return false;
    if (!move_all(&exchange, err)) {
        move_back(&exchange);
        return false;
    }
    if (!end(&exchange, err)) return false;
    *point_out = access(exchange.point, F_OK) == 0 ? name : NULL;
    return true;
}

bool places_begun(struct arena *mem, const char *data) { return access(journal_of(mem, data), F_OK) == 0; }

bool places_settle(struct arena *mem, const char *data, struct error *err)
{
    const char *text;
    struct error why;
    if (!file_read(mem, journal_of(mem, data), 512, &text, NULL, &why))
        return why.cause == CAUSE_NOT_FOUND || fail(err, why.cause, "%s", why.text);
    const struct texts lines =
        text_split(mem, text, '\n'); /* the restore point, and the folder of what is new */
    if (lines.count != 2 || !text_starts(lines.items[0], point_prefix))
        return fail(err, CAUSE_INVALID, "the journal of a restore in '%s' is damaged", data);
    const struct exchange exchange = exchange_of(mem, data, lines.items[1], lines.items[0]);
    return move_all(&exchange, err) && end(&exchange, err);
}

const char *places_newest_point(struct arena *mem, const char *data, const char *name)
{
    DIR *const folder = opendir(data);
    const char *found = NULL;
    if (!folder) return NULL;
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (text_starts(entry->d_name, point_prefix) && (!name || text_is(name, entry->d_name)) &&
            (!found || strcmp(entry->d_name, found) > 0))
            found = arena_text(mem, entry->d_name);
    closedir(folder);
    return found;
}
