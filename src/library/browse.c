#include "library/browse.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct field report_fields[] = {
    INT(struct browse_report, links, .doc = "Links that lead to files."),
    INT(struct browse_report, left_out, .doc = "Files whose name something else has."),
    { 0 },
};
const struct shape browse_report_shape = SHAPE("BrowseReport", struct browse_report, report_fields);

/* ---- names ---- */

/* Devices of Windows, whatever follows behind a dot. */
static bool is_device(const char *name)
{
    static const char *const devices[] = { "con", "prn", "aux", "nul" };
    const size_t stem = strcspn(name, ".");
    for (size_t i = 0; i < COUNT_OF(devices); i++)
        if (stem == 3 && strncasecmp(name, devices[i], 3) == 0) return true;
    return stem == 4 && (strncasecmp(name, "com", 3) == 0 || strncasecmp(name, "lpt", 3) == 0) &&
           strchr("0123456789", name[3]);
}

/* Without dots and spaces at the ends. */
static char *trimmed(char *name)
{
    name += strspn(name, ". ");
    for (size_t size = strlen(name); size && strchr(". ", name[size - 1]);) name[--size] = '\0';
    return name;
}

const char *browse_name(struct arena *mem, const char *text, const char *instead)
{
    char *const line = text_line(mem, text);
    for (char *at = line; *(at += strcspn(at, "/\\<>:\"|?*"));) *at = '_';
    const char *const name = trimmed(text_cut(mem, trimmed(line), BROWSE_NAME_BYTES));
    return !*name ? instead : is_device(name) ? arena_printf(mem, "_%s", name) : name;
}

/* ---- what there is ---- */

struct shown {
    const char *id, *file_path, *universe, *folder, *title;
};

static const struct field shown_fields[] = {
    TEXT(struct shown, id, .doc = "UUID of the asset."),
    TEXT(struct shown, file_path, .doc = "Name in the media folder."),
    TEXT(struct shown, universe, .doc = "Name of its universe."),
    TEXT(struct shown, folder, .doc = "Name of its element, or its type."),
    TEXT(struct shown, title, .doc = "What it is called."),
    { 0 },
};
static const struct shape shown_shape = SHAPE("BrowseRow", struct shown, shown_fields);

struct browse {
    const char *media, *folder;
    struct browse_report report;
};

/* ---- the old tree ---- */

static bool is_ours(const char *path, const char *media)
{
    char target[4096];
    const size_t root = strlen(media);
    const ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0) return false;
    target[size] = '\0';
    return strncmp(target, media, root) == 0 && target[root] == '/';
}

/* What goes is counted in its folder, so that only folders this has emptied go, too. */
static bool clear_entry(const struct browse *browse, FTSENT *entry, struct error *err)
{
    bool gone = false;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
        return fail_errno(err, entry->fts_errno, "the folder '%s' could not be read", entry->fts_path);
    if (entry->fts_info == FTS_D) entry->fts_number = 0;
    if (entry->fts_info == FTS_SL || entry->fts_info == FTS_SLNONE) {
        if (!is_ours(entry->fts_accpath, browse->media)) return true;
        gone = unlink(entry->fts_accpath) == 0;
        if (!gone) return fail_errno(err, errno, "'%s' could not be removed", entry->fts_path);
    } else if (entry->fts_info == FTS_DP && entry->fts_level > 0 && entry->fts_number) {
        gone = rmdir(entry->fts_accpath) == 0; /* it may hold other things */
    }
    if (gone) entry->fts_parent->fts_number++;
    return true;
}

static bool clear(const struct browse *browse, struct error *err)
{
    char *const roots[] = { (char *)(uintptr_t)browse->folder, NULL };
    FTS *const tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!tree) return fail_errno(err, errno, "the folder '%s' could not be read", browse->folder);
    bool good = true;
    for (FTSENT *entry; good && (entry = fts_read(tree));) good = clear_entry(browse, entry, err);
    fts_close(tree);
    return good;
}

/* ---- the new one ---- */

/* A folder in another, made where it is missing; -1 where something else has the name, a link among it. */
static int enter(int parent, const char *name)
{
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) return -1;
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool show(struct browse *browse, int root, const struct shown *asset, struct arena *mem,
                 struct error *err)
{
    const char *const dot = strrchr(asset->file_path, '.');
    const size_t id = strlen(asset->id), tail = 8;
    const char *const name =
        arena_printf(mem, "%s [%s]%s", browse_name(mem, asset->title, "untitled"),
                     asset->id + (id > tail ? id - tail : 0), dot && !strchr(dot, '/') ? dot : "");
    AUTO(fd) int universe = enter(root, browse_name(mem, asset->universe, "untitled"));
    AUTO(fd) int folder = universe < 0 ? -1 : enter(universe, browse_name(mem, asset->folder, "untitled"));
    const char *const target = arena_printf(mem, "%s/%s", browse->media, asset->file_path);
    const bool made = folder >= 0 && symlinkat(target, folder, name) == 0;
    if (!made && errno != EEXIST && errno != ENOTDIR && errno != ELOOP)
        return fail_errno(err, errno, "'%s' could not be shown in '%s'", name, browse->folder);
    made ? browse->report.links++ : browse->report.left_out++;
    return true;
}

enum { ROWS = 500 };

static bool show_page(struct browse *browse, struct db *db, int root, const char *universe_id, char after[64],
                      struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    struct list page;
    const struct db_args args =
        ARGS(db_text("after", after), db_text("universe_id", universe_id), db_int("limit", ROWS));
    if (!db_list(db, SQL_BROWSE_PAGE, args, &mem, &shown_shape, &page, err)) return false;
    const struct shown *const assets = page.items;
    for (size_t i = 0; i < page.count; i++)
        if (!show(browse, root, &assets[i], &mem, err)) return false;
    snprintf(after, 64, "%s", page.count == ROWS ? assets[ROWS - 1].id : "");
    return true;
}

bool browse_make(struct db *db, const char *media, const char *folder, const char *universe_id,
                 struct browse_report *out, struct error *err)
{
    struct browse browse = { .media = media, .folder = folder };
    char after[64] = "";
    if (!file_make_dirs(folder, err)) return false;
    AUTO(fd) int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return fail_errno(err, errno, "the folder '%s' could not be opened", folder);
    if (flock(root, LOCK_EX | LOCK_NB) < 0)
        return fail(err, CAUSE_CONFLICT, "'%s' is being brought up to date already; wait for its end",
                    folder);
    if (!clear(&browse, err)) return false;
    do {
        if (!show_page(&browse, db, root, universe_id, after, err)) return false;
    } while (*after);
    *out = browse.report;
    return true;
}
