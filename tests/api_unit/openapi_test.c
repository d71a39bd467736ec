/* The description of the API: well-formed, complete, the same every time, and true of real replies. */
#include "service.h"

#include "schema_check.h"

#include "api/docs_page.h"
#include "api/openapi.h"

static const struct json *document(struct arena *mem)
{
    const struct answer answer = client_ask(mem, port, "GET /openapi.json", NULL, NULL);
    const struct json *out = NULL;
    struct error err;
    if (answer.status != 200 || !json_parse(answer.body, answer.size_bytes, mem, &out, NULL, &err)) abort();
    return out;
}

static const struct json *at(const struct json *in, const char *const *names)
{
    for (; *names; names++) in = json_get(in, *names);
    return in;
}
#define AT(in, ...) at(in, (const char *const[]){ __VA_ARGS__, NULL })

TEST(frame)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const doc = document(&mem);
    CHECK_TEXT(json_get_text(doc, "openapi", ""), "3.1.0");
    CHECK_TEXT(json_get_text(AT(doc, "info"), "title", ""), "Toy");
    CHECK_TEXT(json_get_text(AT(doc, "components", "securitySchemes", "bearer"), "scheme", ""), "bearer");
    CHECK_INT(AT(doc, "tags")->count, 4);
    CHECK(!AT(doc, "paths", "/docs")); /* hidden */
    CHECK(AT(doc, "paths", "/rest/{path}", "get"));
    CHECK(AT(doc, "paths", "/notes", "get") && AT(doc, "paths", "/notes", "post"));
}

TEST(operation)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const doc = document(&mem), *const post = AT(doc, "paths", "/notes", "post");
    CHECK_TEXT(json_get_text(post, "operationId", ""), "post_notes");
    CHECK_TEXT(json_print(&mem, AT(post, "requestBody", "content", "application/json", "schema")),
               "{\"$ref\":\"#/components/schemas/NoteIn\"}");
    CHECK_TEXT(json_print(&mem, AT(post, "security")), "[{\"bearer\":[]},{\"key\":[]}]");
    CHECK_INT(AT(post, "responses")->count, 6);
    CHECK(AT(post, "responses", "201") && AT(post, "responses", "422") && !AT(post, "responses", "200"));
    const struct json *const get = AT(doc, "paths", "/notes/{note_id}", "get");
    CHECK_TEXT(json_print(&mem, AT(get, "parameters")), "[{\"name\":\"note_id\",\"in\":\"path\",\"required\":"
                                                        "true,\"description\":\"Which note.\",\"schema\":{"
                                                        "\"type\":\"string\",\"format\":\"uuid\"}}]");
    CHECK(!AT(doc, "paths", "/ping", "get", "security"));
    CHECK(AT(doc, "paths", "/upload", "post", "requestBody", "content", "multipart/form-data"));
    CHECK(!AT(doc, "paths", "/notes/{note_id}", "delete", "responses", "204", "content"));
}

TEST(both_ways_are_two_components)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const schemas = AT(document(&mem), "components", "schemas");
    CHECK(AT(schemas, "Author") && AT(schemas, "AuthorInput"));
    CHECK_TEXT(json_print(&mem, AT(schemas, "NoteIn", "properties", "author", "anyOf")),
               "[{\"$ref\":\"#/components/schemas/AuthorInput\"},{\"type\":\"null\"}]");
    CHECK_TEXT(json_print(&mem, AT(schemas, "Note", "properties", "author", "anyOf")),
               "[{\"$ref\":\"#/components/schemas/Author\"},{\"type\":\"null\"}]");
    for (size_t i = 1; i < schemas->count - 3; i++) CHECK(strcmp(schemas->keys[i - 1], schemas->keys[i]) < 0);
}

/* Every $ref leads somewhere. */
static bool references_good(const struct json *doc, const struct json *in)
{
    struct error err;
    static const struct json nothing = { .kind = JSON_IS_BOOL };
    const char *const reference = json_get_text(in, "$ref", NULL);
    if (reference && !schema_check(doc, in, &nothing, &err) && strstr(err.text, "not there")) return false;
    for (size_t i = 0; i < in->count; i++)
        if (!references_good(doc, &in->items[i])) return false;
    return true;
}

TEST(references)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const doc = document(&mem);
    CHECK(references_good(doc, doc));
}

TEST(same_every_time)
{
    AUTO(buf) struct buf first = BUF(1 << 20), second = BUF(1 << 20);
    const struct openapi_info info = { "a", "b", "1" };
    openapi_write(toy_tables, &info, &first);
    openapi_write(toy_tables, &info, &second);
    CHECK(first.size > 4000 && !first.full);
    CHECK_TEXT(first.at, second.at);
}

TEST(replies_fit)
{
    AUTO(arena) struct arena mem = { 0 };
    static const struct {
        const char *method, *line, *path, *body;
    } rows[] = {
        { "GET", "GET /ping", "/ping", NULL },
        { "POST", "POST /notes", "/notes", "{\"title\":\"a\",\"author\":{\"name\":\"b\"}}" },
        { "POST", "POST /notes", "/notes", "{\"title\":\"\"}" },
        { "POST", "POST /notes", "/notes", "{" },
        { "GET", "GET /notes", "/notes", NULL },
        { "GET", "GET /notes?limit=0", "/notes", NULL },
        { "GET", "GET /notes/11111111222243338444555555555555", "/notes/{note_id}", NULL },
        { "GET", "GET /notes/21111111222243338444555555555555", "/notes/{note_id}", NULL },
        { "GET", "GET /notes/x", "/notes/{note_id}", NULL },
        { "DELETE", "DELETE /notes/x", "/notes/{note_id}", NULL },
        { "GET", "GET /rest/x", "/rest/{path}", NULL },
    };
    const struct json *const doc = document(&mem);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err;
        const struct answer answer = ask(rows[i].line, AS("admin"), rows[i].body);
        CHECK_OK(reply_check(doc, rows[i].method, rows[i].path, answer.status, answer.body, answer.size_bytes,
                             &err));
    }
}

TEST(misfits_are_noticed)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct json *const doc = document(&mem);
#define NOTE(stars, mood, more)                                                                              \
    "{\"id\":\"x\",\"title\":\"t\",\"mood\":\"" mood "\",\"stars\":" stars ",\"author\":null" more "}"
    static const struct {
        int status;
        const char *body, *why;
    } rows[] = {
        { 201, NOTE("1", "calm", ",\"created_at\":null"), NULL },
        { 201, NOTE("1", "calm", ""), "lacks the member created_at" },
        { 201, NOTE("1", "calm", ",\"created_at\":null,\"secret\":1"), ".secret is not described" },
        { 201, NOTE("1", "odd", ",\"created_at\":null"), ".mood is none of the choices" },
        { 201, NOTE("9", "calm", ",\"created_at\":null"), ".stars breaks maximum 5" },
        { 201, NOTE("1.5", "calm", ",\"created_at\":null"), ".stars is not of type integer" },
        { 201, NOTE("null", "calm", ",\"created_at\":null"), ".stars is not of type integer" },
        { 201, "[]", "is not of type object" },
        { 200, "{}", "the status 200 is not described" },
        { 401, "{\"detail\":\"x\"}", "lacks the member code" },
        { 409, "{\"detail\":\"x\",\"code\":\"conflict\"}", NULL },
        { 422, "{\"detail\":\"x\",\"code\":\"bad_media\"}", NULL },
        { 422, "{\"detail\":7}", ".detail is not of type string" },
        { 422, "{\"detail\":[{\"type\":\"x\",\"loc\":[null],\"msg\":\"\",\"input\":1}]}", ".detail" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { .cause = CAUSE_NONE };
        const bool good =
            reply_check(doc, "POST", "/notes", rows[i].status, rows[i].body, strlen(rows[i].body), &err);
        CHECK_MSG(good == !rows[i].why && (good || strstr(err.text, rows[i].why)), "%s: %s", rows[i].body,
                  err.text);
    }
    struct error err;
    CHECK(!reply_check(doc, "DELETE", "/notes/{note_id}", 204, "x", 1, &err));
}

TEST(page)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct answer answer = ask("GET /docs", NULL, NULL);
    CHECK_INT(answer.status, 200);
    CHECK_HEADER(answer, "Content-Type", "text/html; charset=utf-8");
    const char *const policy = answer_header(&answer, "Content-Security-Policy");
    CHECK(policy && text_starts(policy, "default-src 'none'; script-src 'sha256-") &&
          !strstr(policy, "unsafe"));
    CHECK(!strstr(answer.body, "http://") && !strstr(answer.body, "https://")); /* nothing from elsewhere */
    CHECK(!strstr(answer.body, "{{"));
}

int main(int argc, char **argv)
{
    service_start((struct server_config){ .title = "Toy" });
    const int failed = run_tests(argc, argv);
    server_stop(server);
    return failed;
}
