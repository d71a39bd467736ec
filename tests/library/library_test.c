/* Files whole or absent, settings from four sources, accounts and universes with their owners. */
#include "base/file.h"
#include "base/text.h"
#include "library/asset.h"
#include "library/settings.h"
#include "library/universe.h"
#include "library/user.h"
#include "place.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static bool exists(const struct place *p, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/media/%s", p->folder, name);
    return access(path, F_OK) == 0;
}

static int marks(const struct place *p)
{
    char path[256];
    int count = 0;
    snprintf(path, sizeof path, "%s/media/.unfinished", p->folder);
    DIR *const folder = opendir(path);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) count += entry->d_name[0] != '.';
    if (folder) closedir(folder);
    return count;
}

TEST(a_file_has_no_name_until_it_is_kept)
{
    AUTO(place) struct place p = { 0 };
    AUTO(fd) int fd = -1;
    struct blob_file file;
    char text[8] = "";
    CHECK_OK(place_open(&p));
    CHECK_OK(blob_draft(&p.lib.blobs, &fd, &err));
    CHECK_OK(file_put(fd, "one", 3, &err));
    CHECK(!exists(&p, "videos/u/a.mp4"));
    const struct blob blob = { "videos/u/a.mp4", fd };
    CHECK_OK(blob_keep(&p.lib.blobs, &blob, 1, &err));
    CHECK_OK(blob_open(&p.lib.blobs, "videos/u/a.mp4", &file, &err));
    CHECK(file.size_bytes == 3 && pread(file.fd, text, 3, 0) == 3);
    CHECK_TEXT(text, "one");
    close(file.fd);
    CHECK_OK(blob_keep(&p.lib.blobs, &blob, 1, &err)); /* not settled: another attempt */
    CHECK_INT(marks(&p), 1);
    blob_settle(&p.lib.blobs, &blob, 1, true);
    CHECK(exists(&p, "videos/u/a.mp4") && marks(&p) == 0);
    const struct blob late[] = { { "videos/u/b.mp4", fd }, { "videos/u/a.mp4", fd } };
    CHECK(!blob_keep(&p.lib.blobs, late, 2, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(exists(&p, "videos/u/a.mp4") && !exists(&p, "videos/u/b.mp4") && marks(&p) == 0);
    CHECK_OK(blob_condemn(&p.lib.blobs, &blob, 1, &err));
    CHECK(exists(&p, "videos/u/a.mp4") && marks(&p) == 1);
    for (int i = 0; i < 2; i++) blob_settle(&p.lib.blobs, &blob, 1, false); /* a missing file is fine */
    CHECK(!exists(&p, "videos/u/a.mp4") && marks(&p) == 0);
}

TEST(all_files_are_kept_or_none)
{
    AUTO(place) struct place p = { 0 };
    AUTO(fd) int fd = -1;
    CHECK_OK(place_open(&p));
    CHECK_OK(blob_draft(&p.lib.blobs, &fd, &err));
    const struct blob second_fails[] = { { "videos/u/a.mp4", fd }, { "videos/u/b.mp4", -1 } };
    CHECK(!blob_keep(&p.lib.blobs, second_fails, 2, &err));
    CHECK(!exists(&p, "videos/u/a.mp4") && marks(&p) == 0);
    const char *const foreign[] = {
        "a.mp4",      "videos/%/a.mp4", "videos/../../umam.db%", "videos/../../umam.db",
        "../umam.db", "/etc/passwd",    "videos//a.mp4",         ".unfinished/a"
    };
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        const struct blob gone = { foreign[i], -1 };
        CHECK(!blob_condemn(&p.lib.blobs, &gone, 1, &err));
        CHECK_INT(err.cause, CAUSE_INTERNAL);
        CHECK(!blob_keep(&p.lib.blobs, &(struct blob){ foreign[i], fd }, 1, &err));
        CHECK_INT(err.cause, CAUSE_INTERNAL);
    }
    CHECK_INT(marks(&p), 0);
}

static ino_t file_number(const struct place *p, const char *name)
{
    struct stat info = { 0 };
    fstatat(p->lib.blobs.folder, name, &info, 0);
    return info.st_ino;
}

TEST(one_file_may_have_the_names_of_two)
{
    AUTO(place) struct place p = { 0 };
    AUTO(fd) int older = -1;
    AUTO(fd) int newer = -1;
    CHECK_OK(place_open(&p));
    CHECK_OK(blob_draft(&p.lib.blobs, &older, &err) && blob_draft(&p.lib.blobs, &newer, &err));
    const struct blob blobs[] = { { "videos/u/a.mp4", older }, { "videos/u/b.mp4", newer } };
    CHECK_OK(blob_keep(&p.lib.blobs, blobs, 2, &err));
    blob_settle(&p.lib.blobs, blobs, 2, true);
    CHECK(file_number(&p, "videos/u/a.mp4") != file_number(&p, "videos/u/b.mp4"));
    for (int i = 0; i < 2; i++) { /* again: nothing left to do */
        CHECK_OK(blob_share(&p.lib.blobs, "videos/u/b.mp4", older, &err));
        CHECK_INT(file_number(&p, "videos/u/a.mp4"), file_number(&p, "videos/u/b.mp4"));
        CHECK_INT(marks(&p), 0);
    }
    CHECK_OK(blob_condemn(&p.lib.blobs, blobs, 1, &err)); /* each name goes for itself */
    blob_settle(&p.lib.blobs, blobs, 1, false);
    CHECK(!exists(&p, "videos/u/a.mp4") && exists(&p, "videos/u/b.mp4"));
    CHECK(!blob_share(&p.lib.blobs, "videos/u/b.mp4", -1, &err));
    CHECK(exists(&p, "videos/u/b.mp4"));
    CHECK_INT(marks(&p), 0);
}

static bool knows_k(void *with, const char *name, bool *known_out, struct error *error)
{
    *known_out = text_starts(name, "videos/k/");
    return !with || fail(error, CAUSE_IO, "cannot say");
}

TEST(the_next_start_settles_what_a_crash_left)
{
    AUTO(place) struct place p = { 0 };
    AUTO(fd) int fd = -1;
    CHECK_OK(place_open(&p));
    CHECK_OK(blob_draft(&p.lib.blobs, &fd, &err));
    const struct blob blobs[] = { { "videos/k/new.mp4", fd }, { "videos/u/new.mp4", fd } };
    const struct blob gone[] = { { "videos/k/absent.mp4", -1 }, { "videos/u/absent.mp4", -1 } };
    CHECK_OK(blob_keep(&p.lib.blobs, blobs, 2, &err));
    CHECK_OK(blob_condemn(&p.lib.blobs, gone, 2, &err)); /* the crash came after the file was removed */
    CHECK(close(openat(p.lib.blobs.folder, ".unfinished/some-draft", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(!blobs_recover(&p.lib.blobs, knows_k, &p, &err)); /* nobody can say: nothing is lost */
    CHECK(exists(&p, "videos/u/new.mp4"));
    CHECK_OK(blobs_recover(&p.lib.blobs, knows_k, NULL, &err));
    CHECK(exists(&p, "videos/k/new.mp4") && !exists(&p, "videos/u/new.mp4") && marks(&p) == 0);
}

static bool asset_body(struct tx *tx, void *with, struct error *error) { return asset_put(tx, with, error); }

TEST(rows_know_their_files)
{
    AUTO(place) struct place p = { 0 };
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int fd = -1;
    bool known;
    CHECK_OK(place_open(&p));
    CHECK_OK(blob_draft(&p.lib.blobs, &fd, &err));
    struct asset asset = asset_new(&mem, "ann", "image", &(struct media_facts){ .file_size = 1 });
    CHECK_INT(asset.file_size, INT_NONE); /* the storage of its owner is not what a worker says */
    asset.file_path = "images/a.png";
    asset.thumbnail_url = "/media/images/thumb-a.jpg";
    const struct blob files[] = { { "images/thumb-a.jpg", fd }, { "images/a.png", fd } };
    CHECK_OK(library_keep(&p.lib, files, 2, asset_body, &asset, &err));
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        CHECK_OK(asset_file_known(&p.lib, files[i].name, &known, &err));
        CHECK_MSG(known && exists(&p, files[i].name), "%s is not known", files[i].name);
    }
    CHECK_OK(asset_file_known(&p.lib, "images/b.png", &known, &err));
    CHECK(!known);
    asset.file_path = "images/b.png"; /* the id is taken */
    CHECK(!library_keep(&p.lib, &(struct blob){ "images/b.png", fd }, 1, asset_body, &asset, &err));
    CHECK(!exists(&p, "images/b.png") && marks(&p) == 0);
    CHECK_OK(
        blob_condemn(&p.lib.blobs, files, 2, &err)); /* nobody was sure whether it was stored: once more */
    asset.file_path = "images/a.png";
    CHECK(!library_keep(&p.lib, files, 2, asset_body, &asset, &err));
    for (size_t i = 0; i < COUNT_OF(files); i++) CHECK(exists(&p, files[i].name));
    CHECK_INT(marks(&p), 0);
}

TEST(only_regular_files_inside_the_folder_are_opened)
{
    AUTO(place) struct place p = { 0 };
    struct blob_file file;
    char path[128];
    CHECK_OK(place_open(&p));
    snprintf(path, sizeof path, "%s/media/link", p.folder);
    CHECK(symlink("/etc/passwd", path) == 0);
    snprintf(path, sizeof path, "%s/media/pipe", p.folder);
    CHECK(mkfifo(path, 0600) == 0);
    snprintf(path, sizeof path, "%s/media/up", p.folder);
    CHECK(symlink("..", path) == 0);
    const char *const bad[] = {
        "link", "pipe",        "up/umam.db", "../umam.db",      "/etc/passwd", "",
        ".",    ".unfinished", "videos",     "x/../../umam.db", "nothing",     ".unfinished/x"
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_MSG(!blob_open(&p.lib.blobs, bad[i], &file, &err), "'%s' was opened", bad[i]);
        CHECK_INT(err.cause, CAUSE_NOT_FOUND);
    }
}

TEST(a_media_url_is_only_ours)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(media_url_blob(&mem, "/media/images/a.png"), "images/a.png");
    CHECK_TEXT(media_url_blob(&mem, "http://127.0.0.1:8000/media/images/a.png"), "images/a.png");
    const char *const bad[] = { "",           "images/a.png", "/other/a.png",      "http://x",
                                "/media/a?b", "/media/a%2e",  "file:///etc/passwd", NULL };
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(!media_url_blob(&mem, bad[i]), "'%s' was taken", bad[i] ? bad[i] : "NULL");
}

/* ---- settings ---- */

static bool load(struct arena *mem, const char *file_text, const struct json *overrides, struct settings *out)
{
    char path[] = "/tmp/umam-settings-XXXXXX";
    const int fd = mkstemp(path);
    const bool good = fd >= 0 && file_put(fd, file_text, strlen(file_text), &err) &&
                      settings_load(mem, overrides, path, out, &err);
    if (fd >= 0) close(fd), unlink(path);
    return good;
}

TEST(the_nearest_source_wins)
{
    AUTO(arena) struct arena mem = { 0 };
    struct settings s;
    const char *const name = "port", *const value = "3";
    unsetenv("UMAM_PORT");
    CHECK_OK(load(&mem, "", NULL, &s));
    CHECK_INT(s.port, 8000);
    CHECK(text_is(s.video_provider, "local") && !s.disable_auth && !s.jwt_secret);
    CHECK_OK(load(&mem, "# note\n\nexport UMAM_PORT = \"1\"\nLOG_LEVEL=INFO\nDISABLE_AUTH=1\n", NULL, &s));
    CHECK(s.port == 1 && s.disable_auth && text_is(s.log_level, "info"));
    setenv("UMAM_PORT", "2", 1);
    CHECK_OK(load(&mem, "UMAM_PORT=1\n", NULL, &s));
    CHECK_INT(s.port, 2);
    CHECK_OK(load(&mem, "UMAM_PORT=1\n", json_from_pairs(&mem, &name, &value, 1), &s));
    CHECK_INT(s.port, 3);
    unsetenv("UMAM_PORT");
}

TEST(a_bad_setting_is_named_with_its_source)
{
    AUTO(arena) struct arena mem = { 0 };
    struct settings s;
    CHECK(!load(&mem, "UMAM_PORT=70000\n", NULL, &s));
    CHECK(strstr(err.text, "UMAM_PORT") && strstr(err.text, "file"));
    CHECK(!load(&mem, "JWT_SECRET=short\n", NULL, &s));
    CHECK(!strstr(err.text, "short"));
    CHECK(!load(&mem, "just words\n", NULL, &s));
    CHECK(!load(&mem, "ENVIRONMENT=production\nDISABLE_AUTH=true\n", NULL, &s));
    CHECK(!load(&mem, "VIDEO_PROVIDER=nobody\n", NULL, &s));
}

TEST(the_example_file_sets_nothing)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf example = BUF(1 << 16);
    struct settings with, without;
    settings_example(&example);
    CHECK_OK(load(&mem, buf_str(&example), NULL, &with));
    CHECK_OK(load(&mem, "", NULL, &without));
    CHECK(with.port == without.port && text_is(with.host, without.host));
}

/* ---- accounts ---- */

TEST(the_first_start_makes_one_administrator)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    const char *password, *again;
    struct user user;
    CHECK_OK(place_open(&p));
    CHECK_OK(user_first_admin(&p.lib, &mem, NULL, &password, &err));
    CHECK(password && strlen(password) == 20);
    CHECK_OK(user_first_admin(&p.lib, &mem, NULL, &again, &err));
    CHECK(!again);
    CHECK_OK(user_login(&p.lib, &mem, &(struct login_in){ "admin", password }, &user, &err));
    CHECK(user.roles.count == 1 && text_is(user.roles.items[0], "admin"));
    CHECK(text_starts(user.password_hash, "$argon2id$"));
}

static bool switch_account(struct place *p, struct arena *mem, const char *name, bool on)
{
    struct user user;
    return user_change(&p->lib, mem, name, &(struct user_change){ .is_active = &on }, &user, &err);
}

TEST(logins_fail_alike_and_switched_off_accounts_too)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    struct user user;
    const struct texts viewer = { (const char *[]){ "viewer" }, 1 };
    CHECK_OK(place_open(&p));
    const struct register_in mira = { .username = "mira",
                                      .password = "long enough",
                                      .email = "m@example.org" };
    CHECK_OK(user_register(&p.lib, &mem, &mira, &viewer, &user, &err));
    CHECK(text_is(user.roles.items[0], "viewer") && text_is(user.display_name, "mira"));
    CHECK(!user_register(&p.lib, &mem, &mira, &viewer, &user, &err));
    CHECK_TEXT(err.text, "Username already registered");
    CHECK(!user_register(&p.lib, &mem, &(struct register_in){ "nora", "long enough", "m@example.org", NULL },
                         &viewer, &user, &err));
    CHECK(!user_register(&p.lib, &mem, &(struct register_in){ "a/b c", "long enough", NULL, NULL }, &viewer,
                         &user, &err));
    CHECK(!user_login(&p.lib, &mem, &(struct login_in){ "mira", "wrong" }, &user, &err));
    CHECK_TEXT(err.text, "Invalid username or password");
    CHECK(!user_login(&p.lib, &mem, &(struct login_in){ "nobody", "wrong" }, &user, &err));
    CHECK_TEXT(err.text, "Invalid username or password");
    CHECK_OK(user_login(&p.lib, &mem, &(struct login_in){ "mira", "long enough" }, &user, &err));
    CHECK_OK(switch_account(&p, &mem, "mira", false));
    CHECK(!user_login(&p.lib, &mem, &(struct login_in){ "mira", "long enough" }, &user, &err));
    CHECK_OK(switch_account(&p, &mem, "mira", true));
    int64_t keys;
    CHECK_OK(user_set_password(&p.lib, &mem, "mira", "another one", false, &keys, &err));
    CHECK_OK(user_login(&p.lib, &mem, &(struct login_in){ "mira", "another one" }, &user, &err));
    CHECK(!user_set_password(&p.lib, &mem, "mira", "short", false, &keys, &err));
    CHECK(!switch_account(&p, &mem, "nobody", true) && err.cause == CAUSE_NOT_FOUND);
}

/* ---- universes ---- */

TEST(universes_belong_to_their_makers)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(place) struct place p = { 0 };
    struct universe made, got;
    struct list list;
    const struct actor mira = { "mira", false }, nora = { "nora", false }, admin = { "root", true },
                       nobody = { "", false };
    CHECK_OK(place_open(&p));
    CHECK_OK(universe_create(&p.lib, &mem, &mira, &(struct universe_in){ NULL, "100% Sea_side", "" }, &made,
                             &err));
    CHECK_OK(universe_get(&p.lib, &mem, &mira, made.id, &got, &err));
    CHECK(!universe_get(&p.lib, &mem, &nora, made.id, &got, &err) && err.cause == CAUSE_FORBIDDEN);
    CHECK(!universe_get(&p.lib, &mem, &nobody, made.id, &got, &err) && err.cause == CAUSE_FORBIDDEN);
    CHECK_OK(universe_get(&p.lib, &mem, &admin, made.id, &got, &err));
    CHECK(!universe_get(&p.lib, &mem, &mira, "../x", &got, &err) && err.cause == CAUSE_NOT_FOUND);
    CHECK(!universe_create(&p.lib, &mem, &nora, &(struct universe_in){ made.id, "again", "" }, &got, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(!universe_create(&p.lib, &mem, &nora, &(struct universe_in){ "not-an-id", "x", "" }, &got, &err));
    const char *next;
    const char *const found[] = { "sea", "100%", "A_S", NULL }, *const missed[] = { "a%s", "seaXside" };
    for (size_t i = 0; i < COUNT_OF(found); i++) {
        CHECK_OK(universe_list(&p.lib, &mem, &mira,
                               &(struct universes_query){ .limit = 10, .search = found[i] }, &list, &next,
                               &err));
        CHECK_INT(list.count, 1);
    }
    for (size_t i = 0; i < COUNT_OF(missed); i++) {
        CHECK_OK(universe_list(&p.lib, &mem, &mira,
                               &(struct universes_query){ .limit = 10, .search = missed[i] }, &list, &next,
                               &err));
        CHECK_INT(list.count, 0);
    }
    CHECK_OK(universe_list(&p.lib, &mem, &nora, &(struct universes_query){ .limit = 10, .search = NULL },
                           &list, &next, &err));
    CHECK_INT(list.count, 0);
    CHECK_OK(universe_update(&p.lib, &mem, &mira, made.id, &(struct universe_change){ .description = "new" },
                             &got, &err));
    CHECK(text_is(got.name, "100% Sea_side") && text_is(got.description, "new"));
    CHECK(!universe_drop(&p.lib, &mem, &nora, made.id, &err));
    CHECK_OK(universe_drop(&p.lib, &mem, &mira, made.id, &err));
    CHECK(!universe_get(&p.lib, &mem, &mira, made.id, &got, &err) && err.cause == CAUSE_NOT_FOUND);
}

TEST_MAIN
