#include "consistency.h"

#include "base/hash.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- questions ---- */

static sqlite3_stmt *ask(sqlite3 **db, const char *data, const char *sql)
{
    char path[512];
    sqlite3_stmt *stmt = NULL;
    snprintf(path, sizeof path, "%s/umam.db", data);
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) return NULL;
    sqlite3_busy_timeout(*db, 5000);
    return sqlite3_prepare_v2(*db, sql, -1, &stmt, NULL) == SQLITE_OK ? stmt : NULL;
}

int64_t store_ask(const char *data, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *const stmt = ask(&db, data, sql);
    const int code = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
    const int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : code == SQLITE_DONE ? 0 : -1;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

void store_ask_text(const char *data, const char *sql, char *out, size_t size_bytes)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *const stmt = ask(&db, data, sql);
    const bool row = stmt && sqlite3_step(stmt) == SQLITE_ROW;
    snprintf(out, size_bytes, "%s",
             row && sqlite3_column_text(stmt, 0) ? (const char *)sqlite3_column_text(stmt, 0) : "");
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* ---- rows ---- */

static const struct {
    const char *rule, *broken; /* the statement gives one text for each row that breaks the rule */
} rules[] = {
    { "the database is damaged", "SELECT * FROM pragma_integrity_check WHERE integrity_check <> 'ok'" },
    { "rows refer to nothing", "SELECT \"table\" FROM pragma_foreign_key_check" },
    { "a video job and its place in the queue disagree",
      "SELECT v.id || ' ' || v.status || ' ' || COALESCE(j.state, 'nowhere') FROM video_jobs v LEFT JOIN "
      "jobs j USING (id)"
      " WHERE COALESCE(CASE v.status WHEN 'pending' THEN j.state IN ('queued', 'waiting')"
      " WHEN 'processing' THEN j.state IN ('queued', 'running') WHEN 'completed' THEN j.state = 'succeeded'"
      " ELSE j.state = v.status END, 0) = 0" },
    { "a job of the queue works for nothing",
      "SELECT id FROM jobs WHERE id NOT IN (SELECT id FROM video_jobs UNION SELECT id FROM media_assets)" },
    { "an asset and the job that looks at it disagree",
      "SELECT a.id || ' ' || a.status || ' ' || COALESCE(j.state, 'nowhere') FROM media_assets a LEFT JOIN "
      "jobs j "
      "ON j.id = a.id WHERE a.status = 'processing' AND (j.id IS NULL OR j.finished_at IS NOT NULL)" },
    { "a finished video job has no asset of its own, or two",
      "SELECT id FROM video_jobs WHERE (status = 'completed') <>"
      " (SELECT COUNT(*) FROM media_assets a WHERE a.source_job_id = video_jobs.id AND a.file_path = "
      "local_path)" },
    { "an asset was made by a job that has not finished",
      "SELECT source_job_id FROM media_assets WHERE source_type = 'generated' AND trashed_at IS NULL AND "
      "source_job_id NOT IN"
      " (SELECT id FROM video_jobs WHERE status = 'completed')" },
};

/* ---- files ---- */

static bool whole(const char *data, const char *name, int64_t size, const char *checksum, char *why,
                  size_t room)
{
    char path[1024];
    struct digest digest;
    struct stat facts;
    snprintf(path, sizeof path, "%s/media/%s", data, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &facts) == 0 && facts.st_size > 0 &&
                (size < 0 || facts.st_size == size) &&
                (!checksum || (hash_file(fd, &digest, NULL) && strcmp(digest.hex, checksum) == 0));
    if (!good)
        snprintf(why, room, "the file '%s' of a row is %s", name, fd < 0 ? "missing" : "not what was stored");
    if (fd >= 0) close(fd);
    return good;
}

static bool rows_have_files(const char *data, char *why, size_t room)
{
    static const char *const sql =
        "SELECT file_path, file_size, checksum FROM media_assets UNION ALL "
        "SELECT name, file_size, NULL FROM derivatives UNION ALL "
        "SELECT substr(thumbnail_url, 8), -1, NULL FROM media_assets WHERE thumbnail_url "
        "IS NOT NULL UNION ALL SELECT substr(thumbnail_url, 8), -1, NULL FROM video_jobs "
        "WHERE thumbnail_url IS NOT NULL";
    sqlite3 *db = NULL;
    sqlite3_stmt *const stmt = ask(&db, data, sql);
    bool good = stmt != NULL;
    if (!good) snprintf(why, room, "the assets cannot be listed");
    while (good && sqlite3_step(stmt) == SQLITE_ROW)
        good = whole(data, (const char *)sqlite3_column_text(stmt, 0), sqlite3_column_int64(stmt, 1),
                     (const char *)sqlite3_column_text(stmt, 2), why, room);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return good;
}

static const char *walked_data;
static char *walked_why;
static size_t walked_room;

static int has_row(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)where;
    const char *const name = path + strlen(walked_data) + strlen("/media/");
    char *const sql =
        sqlite3_mprintf("SELECT (SELECT COUNT(*) FROM media_assets WHERE file_path = %Q OR thumbnail_url = "
                        "'/media/' || %Q) + (SELECT COUNT(*) FROM video_jobs WHERE local_path = %Q) + "
                        "(SELECT COUNT(*) FROM derivatives WHERE name = %Q)",
                        name, name, name, name);
    const bool good = type == FTW_D || store_ask(walked_data, sql) > 0;
    if (!good) snprintf(walked_why, walked_room, "the file '%s' has no row", name);
    sqlite3_free(sql);
    return !good;
}

static bool files_have_rows(const char *data, char *why, size_t room)
{
    char path[512];
    snprintf(path, sizeof path, "%s/media", data);
    walked_data = data;
    walked_why = why;
    walked_room = room;
    return access(path, F_OK) != 0 || nftw(path, has_row, 16, FTW_PHYS) == 0;
}

bool consistent(const char *data, char *why, size_t size_bytes)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char broken[256];
        store_ask_text(data, rules[i].broken, broken, sizeof broken);
        if (!broken[0]) continue;
        snprintf(why, size_bytes, "%s: %s", rules[i].rule, broken);
        return false;
    }
    return rows_have_files(data, why, size_bytes) && files_have_rows(data, why, size_bytes);
}

/* ---- trees ---- */

static const char *copy_from, *copy_to;

static bool copy_bytes(const char *from, const char *to)
{
    char chunk[1 << 16];
    const int in = open(from, O_RDONLY | O_CLOEXEC),
              out = open(to, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    ssize_t got = -1;
    while (in >= 0 && out >= 0 && (got = read(in, chunk, sizeof chunk)) > 0)
        if (write(out, chunk, (size_t)got) != got) break;
    close(in);
    close(out);
    return got == 0;
}

static int copy_one(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)where;
    char to[1024];
    snprintf(to, sizeof to, "%s%s", copy_to, path + strlen(copy_from));
    return type == FTW_D ? mkdir(to, 0700) != 0 : !copy_bytes(path, to);
}

bool tree_copy(const char *from, const char *to)
{
    copy_from = from;
    copy_to = to;
    return nftw(from, copy_one, 16, FTW_PHYS) == 0;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *where)
{
    (void)facts;
    (void)type;
    (void)where;
    return remove(path);
}

void tree_remove(const char *path) { nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH); }
