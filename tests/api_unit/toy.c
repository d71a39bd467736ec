#include "toy.h"

#include "api/docs_page.h"
#include "base/time.h"
#include "library/token.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct author {
    const char *name;
};
static const struct field author_fields[] = {
    TEXT(struct author, name, .required = true, .min = 1, .max = 40, .doc = "Who wrote it."),
    { 0 },
};
static const struct shape author_shape = SHAPE("Author", struct author, author_fields);

struct note {
    const char *title, *mood, *id;
    int64_t stars;
    const struct author *author;
    int64_t created_at;
};
static const char *const moods[] = { "calm", "wild", NULL };
static const struct field note_in_fields[] = {
    TEXT(struct note, title, .required = true, .min = 1, .max = 20, .doc = "What it is called."),
    ENUM(struct note, mood, moods, .initial_text = "calm", .doc = "How it feels."),
    INT(struct note, stars, .min = 0, .max = 5, .initial = 3, .doc = "How good it is."),
    OBJECT(struct note, author, struct author, &author_shape, .nullable = true, .doc = "By whom."),
    { 0 },
};
static const struct shape note_in_shape = SHAPE("NoteIn", struct note, note_in_fields);
static const struct field note_fields[] = {
    TEXT(struct note, id, .doc = "Its name in links."),
    TEXT(struct note, title, .doc = "What it is called."),
    ENUM(struct note, mood, moods, .doc = "How it feels."),
    INT(struct note, stars, .min = 0, .max = 5, .doc = "How good it is."),
    OBJECT(struct note, author, struct author, &author_shape, .nullable = true, .doc = "By whom."),
    TIME(struct note, created_at, .nullable = true, .doc = "When it was written."),
    { 0 },
};
static const struct shape note_shape = SHAPE("Note", struct note, note_fields);

struct page {
    int64_t limit;
    const char *search;
};
static const struct field page_fields[] = {
    INT(struct page, limit, .min = 1, .max = 100, .initial = 2, .doc = "How many."),
    TEXT(struct page, search, .nullable = true, .max = 50, .doc = "Part of the title."),
    { 0 },
};
static const struct shape page_shape = SHAPE("Page", struct page, page_fields);

struct by_id {
    const char *note_id;
};
static const struct field by_id_fields[] = {
    TEXT(struct by_id, note_id, .required = true, .format = "uuid", .doc = "Which note."),
    { 0 },
};
static const struct shape by_id_shape = SHAPE("ById", struct by_id, by_id_fields);

static bool ping(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct json_out out = reply_json(rp);
    json_put_open(&out, '{');
    json_put_pair(&out, "status", "alive");
    json_put_pair(&out, "remote", rq->remote);
    json_put_close(&out, '}');
    return true;
}

static bool note_create(struct request *rq, struct reply *rp, struct error *err)
{
    struct note note = *(const struct note *)rq->in;
    if (text_is(note.title, "forbidden"))
        return fail_field(err, CAUSE_INVALID, "title", "this title is taken");
    if (text_is(note.title, "broken")) return fail(err, CAUSE_INTERNAL, "SELECT secret FROM /etc/passwd");
    note.id = "11111111-2222-4333-8444-555555555555";
    note.created_at = 1700000000 * (int64_t)SECOND;
    reply_header(rp, "Location", arena_printf(rq->mem, "/notes/%s", note.id));
    reply_object(rp, &note_shape, &note);
    return true;
}

static bool note_list(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    const struct page *const page = rq->query;
    const size_t count = (size_t)page->limit;
    struct note *const notes = arena_array(rq->mem, count, sizeof *notes);
    for (size_t i = 0; i < count; i++)
        notes[i] = (struct note){ .title = page->search ? page->search : "note", .mood = "wild", .id = "x" };
    reply_list(rp, &note_shape, &(struct list){ notes, count });
    return true;
}

static bool note_get(struct request *rq, struct reply *rp, struct error *err)
{
    const char *const id = request_param(rq, "note_id");
    if (!text_starts(id, "1")) return fail(err, CAUSE_NOT_FOUND, "Note not found");
    reply_object(rp, &note_shape, &(struct note){ .id = id, .title = "one", .mood = "calm" });
    return true;
}

static bool note_delete(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rq;
    (void)rp;
    (void)err;
    return true;
}

static bool me(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct json_out out = reply_json(rp);
    json_put_open(&out, '{');
    json_put_pair(&out, "sub", rq->caller.subject);
    json_put_key(&out, "admin");
    json_put_bool(&out, rq->caller.may & MAY_ADMIN);
    json_put_close(&out, '}');
    return true;
}

static bool echo(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct json_out out = reply_json(rp);
    json_put_value(&out, rq->json);
    return true;
}

static bool rest(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    reply_text(rp, "text/plain; charset=utf-8", request_param(rq, "path"));
    return true;
}

static bool upload(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    char first = '\0';
    struct json_out out = reply_json(rp);
    json_put_open(&out, '{');
    json_put_pair(&out, "filename", rq->upload.filename);
    json_put_pair(&out, "type", rq->upload.type);
    json_put_key(&out, "size");
    json_put_int(&out, rq->upload.size_bytes);
    json_put_key(&out, "first");
    json_put_int(&out, read(rq->upload.fd, &first, 1) == 1 ? first : -1);
    json_put_pair(&out, "note", json_get_text(rq->json, "note", NULL));
    json_put_close(&out, '}');
    return true;
}

static bool file_one(struct request *rq, struct reply *rp, struct error *err)
{
    const struct toy *const toy = rq->app;
    struct stat st;
    const int fd = open(toy->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) return fail(err, CAUSE_NOT_FOUND, "Not Found");
    reply_file(rq, rp,
               (struct reply_file){ .fd = fd,
                                    .size_bytes = st.st_size,
                                    .type = "video/mp4",
                                    .etag = "abc",
                                    .modified_at = 1700000000 * (int64_t)SECOND,
                                    .cache = "public, max-age=60",
                                    .download_as = request_query(rq, "as") });
    return true;
}

static bool slow(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct toy *const toy = rq->app;
    const char *const ms = request_query(rq, "ms");
    time_sleep(atoi(ms ? ms : "300") * (int64_t)MS);
    toy->slow_done++;
    reply_text(rp, "text/plain", "done");
    return true;
}

struct count {
    int at, last;
    struct toy *toy;
};

static bool count_next(void *with, struct buf *out, int wait_ms)
{
    struct count *const count = with;
    char text[16];
    if (count->last < 0) { /* silence */
        time_sleep(wait_ms * (int64_t)MS);
        return true;
    }
    snprintf(text, sizeof text, "%d", ++count->at);
    sse_put(out, "tick", text, "one\ntwo");
    return count->at < count->last;
}

static void count_release(void *with) { ((struct count *)with)->toy->releases++; }

static bool events(struct request *rq, struct reply *rp, struct error *err)
{
    (void)err;
    struct count *const count = arena_new(rq->mem, struct count);
    const char *const last = request_query(rq, "last");
    *count = (struct count){ .last = last ? atoi(last) : 3, .toy = rq->app };
    reply_stream(rp, "text/event-stream", count_next, count, count_release);
    return true;
}

const struct route toy_routes[] = {
    { METHOD_GET, "/ping", ping, .needs = NEED_NOTHING, .tag = "health", .doc = "Is anybody there?" },
    { METHOD_POST, "/notes", note_create, .body = BODY_JSON, .in = &note_in_shape, .out = &note_shape,
      .status = 201, .tag = "notes", .doc = "Writes a note." },
    { METHOD_GET, "/notes", note_list, .query = &page_shape, .out = &note_shape, .list = true, .tag = "notes",
      .doc = "Lists the notes." },
    { METHOD_GET, "/notes/{note_id}", note_get, .params = &by_id_shape, .out = &note_shape, .tag = "notes",
      .doc = "Reads a note." },
    { METHOD_DELETE, "/notes/{note_id}", note_delete, .needs = NEED_ADMIN, .status = 204, .tag = "notes",
      .doc = "Throws a note away." },
    { METHOD_GET, "/notes/mine", me, .tag = "notes", .doc = "Who am I?" },
    { METHOD_POST, "/echo", echo, .needs = NEED_NOTHING, .body = BODY_JSON, .body_max = 200 << 10,
      .tag = "toys", .doc = "Says the body again." },
    { METHOD_GET, "/rest/{path*}", rest, .needs = NEED_NOTHING, .tag = "toys", .out_type = "text/plain",
      .doc = "Says the rest of the path." },
    { METHOD_POST, "/upload", upload, .body = BODY_FILE, .tag = "files", .body_max = 1 << 20,
      .doc = "Takes a file." },
    { METHOD_GET, "/files/one", file_one, .needs = NEED_NOTHING, .out_type = "video/mp4", .tag = "files",
      .doc = "Sends a file." },
    { METHOD_GET, "/slow", slow, .needs = NEED_NOTHING, .out_type = "text/plain", .tag = "toys",
      .doc = "Takes its time." },
    { METHOD_GET, "/events", events, .needs = NEED_NOTHING, .out_type = "text/event-stream", .tag = "toys",
      .doc = "Counts." },
    { 0 },
};

const struct route *const toy_tables[] = { toy_routes, docs_routes, NULL };

char *toy_token(struct arena *mem, const char *role)
{
    const int64_t now = time_now();
    const char *roles[] = { role };
    return token_new(mem, TOY_SECRET,
                     &(struct claims){ .subject = "ann",
                                       .roles = { roles, role ? 1 : 0 },
                                       .issued_at = now,
                                       .expires_at = now + 60 * (int64_t)SECOND });
}
