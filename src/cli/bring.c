#include "cli/bring.h"

#include "agent/ingest.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "library/quota.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file, as it was when its digest was taken. */
struct source {
    const struct bring *bring;
    int fd;
    struct stat seen;
    struct digest digest;
};

static bool changed(struct error *err)
{
    return fail(err, CAUSE_CHECKSUM, "it changes while it is imported; import it again when it is finished");
}

/* Whether it still is what was seen, by what every write changes. */
static bool still_same(const struct source *source, struct error *err)
{
    struct stat now;
    const struct stat *const seen = &source->seen;
    if (fstat(source->fd, &now) < 0) return fail_errno(err, errno, "it cannot be read");
    return (now.st_size == seen->st_size && now.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
            now.st_mtim.tv_nsec == seen->st_mtim.tv_nsec && now.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
            now.st_ctim.tv_nsec == seen->st_ctim.tv_nsec) ||
           changed(err);
}

static void tell(const struct source *source, int64_t done_bytes)
{
    if (source->bring->tell) source->bring->tell(source->bring->with, done_bytes);
}

static bool while_hashing(void *with, int64_t done_bytes)
{
    tell(with, done_bytes);
    return true;
}

static bool look(struct source *source, struct error *err)
{
    if (fstat(source->fd, &source->seen) < 0) return fail_errno(err, errno, "it cannot be read");
    if (!source->seen.st_size) return fail(err, CAUSE_INVALID, "it is empty");
    return hash_file_watched(source->fd, while_hashing, source, &source->digest, err) &&
           still_same(source, err);
}

const char *bring_name(struct arena *mem, const char *name)
{
    char *const text = arena_text(mem, name);
    for (char *at = text; *at && !text_valid_utf8(text, strlen(text)); at++)
        if ((unsigned char)*at >= 0x80) *at = '?';
    return text;
}

/* ---- to the server ---- */

static void put_query(struct buf *path, const char **mark, const char *name, const char *value)
{
    if (!value) return;
    buf_printf(path, "%s%s=", *mark, name);
    client_quote(path, value);
    *mark = "&";
}

static const char *path_of(struct arena *mem, const struct source *source, const char *name)
{
    const struct bring *const bring = source->bring;
    AUTO(buf) struct buf path = BUF(256 << 10), tags = BUF(ASSET_TAGS_MAX * (4 * ASSET_TAG_MAX + 1));
    const char *mark = "?";
    for (size_t i = 0; i < bring->tags.count; i++)
        buf_printf(&tags, "%s%s", i ? "," : "", bring->tags.items[i]);
    buf_text(&path, "/api/media/assets/raw/");
    client_quote(&path, bring_name(mem, name));
    put_query(&path, &mark, "universe_id", bring->universe_id);
    put_query(&path, &mark, "element_id", bring->element_id);
    put_query(&path, &mark, "tags", tags.size ? buf_str(&tags) : NULL);
    put_query(&path, &mark, "sha256", source->digest.hex);
    put_query(&path, &mark, "source_type", "imported");
    return buf_copy(&path, mem);
}

static bool before_piece(void *with, int64_t sent_bytes, struct error *err)
{
    const struct source *const source = with;
    tell(source, source->seen.st_size + sent_bytes);
    return still_same(source, err);
}

static bool deliver(const struct source *source, struct arena *mem, const char *name, struct brought *out,
                    struct error *err)
{
    struct client server;
    const struct json *reply;
    struct error why;
    if (!client_open_as(mem, source->bring->settings, source->bring->owner_id, &server, err)) return false;
    out->known =
        client_call(&server, mem, "GET", arena_printf(mem, "/api/media/content/%s", source->digest.hex), NULL,
                    &reply, &why);
    if (out->known) {
        out->asset_id = json_get_text(reply, "asset_id", NULL);
        return true;
    }
    const struct client_body body = { source->fd, source->seen.st_size, before_piece, (void *)source };
    if (why.cause != CAUSE_NOT_FOUND) return fail(err, why.cause, "%s", why.text);
    if (!client_upload(&server, mem, path_of(mem, source, name), &body, &reply, err)) return false;
    out->asset_id = json_get_text(reply, "id", NULL);
    return true;
}

/* ---- into the folder ---- */

static bool copy(const struct source *source, int to, struct error *err)
{
    char piece[64 << 10];
    struct hasher hasher = hasher_new(HASH_SHA256);
    ssize_t got;
    for (off_t at = 0; (got = pread(source->fd, piece, sizeof piece, at)) > 0; at += got) {
        hasher_add(&hasher, piece, (size_t)got);
        if (!file_put(to, piece, (size_t)got, err)) return false;
        tell(source, source->seen.st_size + at);
    }
    if (got < 0) return fail_errno(err, errno, "it cannot be read");
    const struct digest digest = hasher_digest(&hasher);
    return strcmp(digest.hex, source->digest.hex) == 0 ? still_same(source, err) : changed(err);
}

static bool store(const struct source *source, struct arena *mem, const char *name, struct brought *out,
                  struct error *err)
{
    const struct bring *const bring = source->bring;
    struct generation *const gen = bring->local;
    struct asset asset;
    AUTO(fd) int draft = -1;
    struct ingest_order order = { .owner_id = bring->owner_id,
                                  .universe_id = bring->universe_id,
                                  .element_id = bring->element_id,
                                  .original_name = bring_name(mem, name),
                                  .source_type = "imported",
                                  .tags = bring->tags,
                                  .checksum = source->digest.hex,
                                  .size_bytes = source->seen.st_size,
                                  .thumb_fd = -1 };
    order.title = order.original_name;
    const int64_t most = bring->settings->upload_max_mb << 20;
    if (order.size_bytes > most)
        return fail(err, CAUSE_TOO_LARGE, "it is larger than the %lld bytes accepted here", (long long)most);
    if (!ingest_known(gen->lib, mem, bring->owner_id, source->digest.hex, &out->asset_id, err)) return false;
    out->known = out->asset_id;
    if (out->known) return true;
    if (!filetype_admit(&gen->types, source->fd, order.size_bytes, &order.type, err) ||
        !quota_check_room(gen->lib, mem, bring->owner_id, order.size_bytes, order.size_bytes, err) ||
        !blob_draft(&gen->lib->blobs, &draft, err) || !copy(source, draft, err))
        return false;
    order.fd = draft;
    if (!ingest_take(gen, mem, &order, &asset, err)) return false;
    out->asset_id = asset.id;
    return true;
}

bool bring_file(const struct bring *bring, struct arena *mem, int fd, const char *name, struct brought *out,
                struct error *err)
{
    struct source source = { .bring = bring, .fd = fd };
    struct brought brought = { 0 };
    if (!look(&source, err) || !(bring->local ? store : deliver)(&source, mem, name, &brought, err))
        return false;
    *out = brought;
    return true;
}
