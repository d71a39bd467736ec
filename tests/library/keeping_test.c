/* What backup and restore stand on: the list of files takes no name that leads out of the media folder,
 * copies are whole, folders go without a look behind links, and an exchange ends however often it is cut
 * short. */
#include "base/file.h"
#include "base/text.h"
#include "library/carry.h"
#include "library/places.h"
#include "library/snapshot.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
};

static void folder_cleanup(struct folder *folder)
{
    struct error ignored;
    if (*folder->path && !carry_away(folder->path, &ignored)) fprintf(stderr, "%s\n", ignored.text);
}

static bool folder_make(struct folder *folder)
{
    snprintf(folder->path, sizeof folder->path, "/tmp/umam-keeping-XXXXXX");
    return mkdtemp(folder->path) != NULL;
}

static bool put(struct arena *mem, const struct folder *folder, const char *name, const char *text)
{
    struct error err;
    return file_write(arena_printf(mem, "%s/%s", folder->path, name), text, strlen(text), 0600, &err);
}

static const char *get(struct arena *mem, const struct folder *folder, const char *name)
{
    const char *text;
    struct error err;
    return file_read(mem, arena_printf(mem, "%s/%s", folder->path, name), 1 << 16, &text, NULL, &err)
               ? text
               : "none";
}

/* ---- the list ---- */

static bool count_line(void *with, const struct list_line *line, struct error *err)
{
    (void)line;
    (void)err;
    ++*(int *)with;
    return true;
}

static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(a_list_reads_back_as_it_was_written)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    struct list_file list;
    struct error err;
    int lines = 0;
    CHECK(folder_make(&f));
    const char *const path = arena_printf(&mem, "%s/files", f.path);
    CHECK_OK(list_file_open(path, &list, &err));
    for (int i = 0; i < 1000; i++) CHECK_OK(list_file_add(&list, hash, i, "images/x.png", &err));
    CHECK_OK(list_file_close(&list, &err));
    CHECK_OK(list_file_each(path, count_line, &lines, &err));
    CHECK_INT(lines, 1000);
}

TEST(a_list_takes_no_name_that_leads_out)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    static const char *const names[] = {
        "../secret.key",  "/etc/passwd", "images/../../x", "images//x", ".hidden", "images/.x", "",
        "images/a\tb\x1b"
    };
    CHECK(folder_make(&f));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct error err = { 0 };
        int lines = 0;
        CHECK(put(&mem, &f, "files", arena_printf(&mem, "%s 5 %s\n", hash, names[i])));
        CHECK_MSG(!list_file_each(arena_printf(&mem, "%s/files", f.path), count_line, &lines, &err),
                  "took '%s'", names[i]);
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
        CHECK_INT(lines, 0);
    }
}

TEST(a_list_takes_no_line_that_is_none)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    const char *const lines[] = { "x\n", arena_printf(&mem, "%s -1 images/x\n", hash),
                                  arena_printf(&mem, "%.63s 1 images/x\n", hash),
                                  arena_printf(&mem, "%.63sG 1 images/x\n", hash) };
    CHECK(folder_make(&f));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct error err = { 0 };
        int count = 0;
        CHECK(put(&mem, &f, "files", lines[i]));
        CHECK_MSG(!list_file_each(arena_printf(&mem, "%s/files", f.path), count_line, &count, &err),
                  "took '%s'", lines[i]);
        CHECK_INT(err.cause, CAUSE_BAD_MEDIA);
    }
}

/* ---- bytes and folders ---- */

TEST(a_file_is_carried_whole_by_link_or_copy)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    struct error err;
    CHECK(folder_make(&f) && put(&mem, &f, "from", "what it holds"));
    AUTO(fd) int from = open(arena_printf(&mem, "%s/from", f.path), O_RDONLY | O_CLOEXEC);
    enum carry_way way;
    CHECK_OK(carry_file(from, arena_printf(&mem, "%s/linked", f.path), true, &way, &err));
    CHECK(way == CARRY_LINKED || way == CARRY_CLONED);
    CHECK_OK(carry_file(from, arena_printf(&mem, "%s/copied", f.path), false, &way, &err));
    CHECK(way != CARRY_LINKED);
    CHECK_TEXT(get(&mem, &f, "linked"), "what it holds");
    CHECK_TEXT(get(&mem, &f, "copied"), "what it holds");
    CHECK(!carry_file(from, arena_printf(&mem, "%s/copied", f.path), false, &way, &err));
}

TEST(a_folder_goes_and_what_links_lead_to_stays)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    struct error err;
    CHECK(folder_make(&f) && put(&mem, &f, "kept", "mine"));
    const char *const gone = arena_printf(&mem, "%s/gone", f.path);
    CHECK_OK(file_make_dirs(arena_printf(&mem, "%s/a/b", gone), &err));
    CHECK(symlink(f.path, arena_printf(&mem, "%s/a/link", gone)) == 0);
    CHECK(put(&mem, &f, "gone/a/b/file", "x"));
    CHECK_OK(carry_away(gone, &err));
    CHECK(access(gone, F_OK) != 0);
    CHECK_TEXT(get(&mem, &f, "kept"), "mine");
    CHECK_OK(carry_away(gone, &err)); /* twice is fine */
}

/* ---- the exchange ---- */

static bool lay_out(struct arena *mem, const struct folder *f)
{
    struct error err;
    return file_make_dirs(arena_printf(mem, "%s/media", f->path), &err) &&
           file_make_dirs(arena_printf(mem, "%s/.restore/new/media", f->path), &err) &&
           put(mem, f, "umam.db", "old") && put(mem, f, "umam.db-wal", "old log") &&
           put(mem, f, "media/x", "old") && put(mem, f, "secret.key", "kept") &&
           put(mem, f, ".restore/new/umam.db", "new") && put(mem, f, ".restore/new/media/x", "new");
}

static bool is_new(struct arena *mem, const struct folder *f, const char *point)
{
    return text_is(get(mem, f, "umam.db"), "new") && text_is(get(mem, f, "media/x"), "new") &&
           text_is(get(mem, f, "umam.db-wal"), "none") && text_is(get(mem, f, "secret.key"), "kept") &&
           text_is(get(mem, f, arena_printf(mem, "%s/umam.db", point)), "old") &&
           text_is(get(mem, f, arena_printf(mem, "%s/umam.db-wal", point)), "old log") &&
           text_is(get(mem, f, arena_printf(mem, "%s/media/x", point)), "old");
}

TEST(an_exchange_takes_all_and_keeps_what_was_there)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(folder) struct folder f = { "" };
    struct error err;
    const char *point = NULL;
    CHECK(folder_make(&f) && lay_out(&mem, &f));
    CHECK_OK(places_exchange(&mem, f.path, ".restore/new", &point, &err));
    CHECK(is_new(&mem, &f, point));
    CHECK(!places_begun(&mem, f.path));
}

/* As many renames were done as `done` says when the program was killed. */
static bool begin(struct arena *mem, const struct folder *f, int done)
{
    static const char *const steps[][2] = { { "umam.db-wal", "before-restore-x/umam.db-wal" },
                                            { "umam.db", "before-restore-x/umam.db" },
                                            { ".restore/new/umam.db", "umam.db" },
                                            { "media", "before-restore-x/media" },
                                            { ".restore/new/media", "media" } };
    struct error err;
    if (!lay_out(mem, f) || !put(mem, f, ".restore/journal", "before-restore-x\n.restore/new") ||
        !file_make_dirs(arena_printf(mem, "%s/before-restore-x", f->path), &err))
        return false;
    for (int i = 0; i < done; i++)
        if (rename(arena_printf(mem, "%s/%s", f->path, steps[i][0]),
                   arena_printf(mem, "%s/%s", f->path, steps[i][1])) != 0)
            return false;
    return true;
}

TEST(an_exchange_that_was_cut_short_anywhere_is_ended)
{
    for (int done = 0; done <= 5; done++) {
        AUTO(arena) struct arena mem = { 0 };
        AUTO(folder) struct folder f = { "" };
        struct error err;
        CHECK(folder_make(&f) && begin(&mem, &f, done));
        CHECK(places_begun(&mem, f.path));
        CHECK_OK(places_settle(&mem, f.path, &err));
        CHECK_MSG(is_new(&mem, &f, "before-restore-x"), "after %d steps", done);
        CHECK(!places_begun(&mem, f.path));
        CHECK_OK(places_settle(&mem, f.path, &err)); /* once more changes nothing */
        CHECK(is_new(&mem, &f, "before-restore-x"));
    }
}

int main(int argc, char **argv) { return run_tests(argc, argv); }
