#include "test.h"

#include "api/router.h"

static bool handle(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rq;
    (void)rp;
    (void)err;
    return true;
}

static const struct route first_table[] = {
    { METHOD_GET, "/", handle, .doc = "root" },
    { METHOD_GET, "/jobs", handle, .doc = "list" },
    { METHOD_POST, "/jobs", handle, .doc = "create" },
    { METHOD_GET, "/jobs/{job_id}", handle, .doc = "get" },
    { METHOD_DELETE, "/jobs/{job_id}", handle, .doc = "delete" },
    { METHOD_GET, "/jobs/stats", handle, .doc = "stats" },
    { METHOD_GET, "/jobs/{job_id}/files/{file_id}", handle, .doc = "file" },
    { METHOD_GET, "/jobs/stats/files/{file_id}", handle, .doc = "stats file" },
    { METHOD_PUT, "/notes/{note_id}", handle, .also_under = "/api", .doc = "note" },
    { 0 },
};
static const struct route second_table[] = {
    { METHOD_GET, "/media/{path*}", handle, .doc = "media" },
    { METHOD_POST, "/media/upload", handle, .doc = "upload" },
    { METHOD_GET, "/media/special", handle, .doc = "special" },
    { 0 },
};
static const struct route *const tables[] = { first_table, second_table, NULL };

/* "doc name=value ..." or the result that is none. */
static const char *outcome(struct arena *mem, const char *method, const char *path)
{
    const struct route_match match = router_find(router_new(mem, tables), mem, method, path);
    if (match.result == ROUTE_UNKNOWN) return "404";
    if (match.result == ROUTE_SLASH) return "307";
    if (match.result == ROUTE_WRONG_METHOD) return arena_printf(mem, "405 %s", match.allow);
    const char *text = match.route->doc;
    for (size_t i = 0; i < match.params.count; i++)
        text = arena_printf(mem, "%s %s=%s", text, match.params.items[i].name, match.params.items[i].value);
    return text;
}

TEST(table)
{
    static const struct {
        const char *method, *path, *outcome;
    } rows[] = {
        { "GET", "/", "root" },
        { "PUT", "/notes/1", "note note_id=1" },
        { "PUT", "/api/notes/1", "note note_id=1" },
        { "GET", "/api/notes/1", "405 PUT" },
        { "PUT", "/api/api/notes/1", "404" },
        { "PUT", "/api/notes/1/", "307" },
        { "HEAD", "/", "root" },
        { "GET", "", "404" },
        { "GET", "*", "404" },
        { "GET", "//", "404" },
        { "GET", "/jobs", "list" },
        { "HEAD", "/jobs", "list" },
        { "POST", "/jobs", "create" },
        { "PUT", "/jobs", "405 GET, HEAD, POST" },
        { "OPTIONS", "/jobs", "405 GET, HEAD, POST" },
        { "get", "/jobs", "405 GET, HEAD, POST" },
        { "GET", "/Jobs", "404" },
        { "GET", "/jobs/", "307" },
        { "PUT", "/jobs/", "307" },
        { "GET", "/jobs//", "404" },
        { "GET", "/jobs/7", "get job_id=7" },
        { "GET", "/jobs/stats", "stats" },
        { "GET", "/jobs/st%61ts", "stats" },
        { "DELETE", "/jobs/stats", "delete job_id=stats" },
        { "POST", "/jobs/7", "405 GET, HEAD, DELETE" },
        { "GET", "/jobs/7/", "307" },
        { "GET", "/jobs/7/files", "404" },
        { "GET", "/jobs/7/files/8", "file job_id=7 file_id=8" },
        { "GET", "/jobs/stats/files/8", "stats file file_id=8" },
        { "GET", "/jobs/a%20b", "get job_id=a b" },
        { "GET", "/jobs/a+b", "get job_id=a+b" },
        { "GET", "/jobs/%C3%A4", "get job_id=\xc3\xa4" },
        { "GET", "/jobs/%2F", "404" },
        { "GET", "/jobs/a%2fb", "404" },
        { "GET", "/jobs/%00", "404" },
        { "GET", "/jobs/a%00b", "404" },
        { "GET", "/jobs/%ff", "404" },
        { "GET", "/jobs/%C0%AF", "404" },
        { "GET", "/jobs/..", "404" },
        { "GET", "/jobs/%2e%2e", "404" },
        { "GET", "/jobs/.%2E", "404" },
        { "GET", "/jobs/.", "404" },
        { "GET", "/jobs/...", "get job_id=..." },
        { "GET", "/jobs/%", "404" },
        { "GET", "/jobs/%4", "404" },
        { "GET", "/jobs/%zz", "404" },
        { "GET", "/jobs/../jobs", "404" },
        { "GET", "/media/a", "media path=a" },
        { "GET", "/media/a/b%20c/d.mp4", "media path=a/b c/d.mp4" },
        { "GET", "/media/special", "special" },
        { "GET", "/media/upload", "media path=upload" },
        { "POST", "/media/upload", "upload" },
        { "POST", "/media/a", "405 GET, HEAD" },
        { "GET", "/media/", "404" },
        { "GET", "/media", "404" },
        { "GET", "/media/a/", "307" },
        { "GET", "/media/a//b", "404" },
        { "GET", "/media/a/../b", "404" },
        { "GET", "/media/a/%2e%2e/%2e%2e/etc/passwd", "404" },
        { "GET", "/media/..%2f..%2fetc", "404" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const char *const got = outcome(&mem, rows[i].method, rows[i].path);
        CHECK_MSG(strcmp(got, rows[i].outcome) == 0, "%s %s gives \"%s\", not \"%s\"", rows[i].method,
                  rows[i].path, got, rows[i].outcome);
    }
}

TEST(too_many_segments)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *path = "/media";
    for (int i = 0; i < 500; i++) path = arena_printf(&mem, "%s/a", path);
    CHECK_TEXT(outcome(&mem, "GET", path), "404");
}

TEST(decoding)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(url_decode(&mem, "a+b%2Bc", 7, true), "a b+c");
    CHECK_TEXT(url_decode(&mem, "a+b", 3, false), "a+b");
    CHECK_TEXT(url_decode(&mem, "", 0, false), "");
    CHECK_TEXT(url_decode(&mem, "%41rest", 3, false), "A");
    CHECK(!url_decode(&mem, "%41", 2, false)); /* the text ends inside the escape */
    CHECK(!url_decode(&mem, "%ed%a0%80", 9, false));
}

TEST_MAIN
