/* Resumable uploads by the protocol tus 1.0 (https://tus.io/protocols/resumable-upload): core, creation,
 * creation-with-upload, checksum, expiration, termination. The id of an upload becomes that of its asset,
 * which is there once the last byte was acknowledged; asked about after that, a finished upload is still told
 * as complete. */
#include "api/assets_in.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char version[] = "1.0.0", piece_type[] = "application/offset+octet-stream";

/* A piece of an upload on its way, from the head of its request to the end of its body. */
struct piece {
    struct arrival arrival;
    int64_t from_bytes;
    char sum[65]; /* what its checksum should be, in hexadecimal; "": none came */
};

static struct arrivals *arrivals_in(const struct request *rq)
{
    return &((struct app *)rq->app)->lib.arrivals;
}

/* The one in the path, for who writes. */
static bool open_named(struct request *rq, struct arrival *out, int *fd_out, struct error *err)
{
    const struct actor actor = request_actor(rq);
    return arrival_open(arrivals_in(rq), rq->mem, &actor, request_param(rq, "upload_id"), out, fd_out, err);
}

/* ---- headers ---- */

static bool begin_reply(const struct request *rq, struct reply *rp, struct error *err)
{
    const char *const theirs = request_header(rq, "Tus-Resumable");
    reply_header(rp, "Tus-Resumable", version);
    reply_header(rp, "Cache-Control", "no-store");
    if (text_is(theirs, version)) return true;
    reply_header(rp, "Tus-Version", version);
    return fail(err, CAUSE_CHANGED,
                "this server speaks tus %s; the request needs the header Tus-Resumable: %s", version,
                version);
}

static bool number_of(const struct request *rq, const char *name, int64_t *out, struct error *err)
{
    const char *const text = request_header(rq, name);
    return (text && text_to_int(text, out) && *out >= 0) ||
           fail(err, CAUSE_BAD_REQUEST, "the header %s is missing, or no number of bytes", name);
}

static void put_number(struct reply *rp, struct request *rq, const char *name, int64_t value)
{
    reply_header(rp, name, arena_printf(rq->mem, "%lld", (long long)value));
}

static void put_state(struct reply *rp, struct request *rq, const struct arrival *arrival)
{
    put_number(rp, rq, "Upload-Offset", arrival->synced_bytes);
    reply_header(rp, "Upload-Expires", http_date(rq->mem, arrival->expires_at));
}

/* The bytes of `text`; libsodium 1.0.18 takes some bytes that are no letters for letters. */
static bool read_base64(const char *text, unsigned char *out, size_t room, size_t *size_out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    return text[strspn(text, letters)] == '\0' &&
           sodium_base642bin(out, room, text, strlen(text), NULL, size_out, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

/* "sha256 <base64>" into hexadecimal. */
static bool read_checksum(const struct request *rq, struct piece *piece, enum hash_kind *kind_out,
                          struct error *err)
{
    const char *const text = request_header(rq, "Upload-Checksum");
    unsigned char raw[HASH_BYTES_MAX];
    size_t size = 0;
    if (!text) return true;
    const struct texts words = text_split(rq->mem, text, ' ');
    const int kind = words.count == 2 ? text_find(hash_kind_names, words.items[0]) : -1;
    if (kind < 0 || !read_base64(words.items[1], raw, sizeof raw, &size))
        return fail(err, CAUSE_BAD_REQUEST,
                    "the header Upload-Checksum is sha1 or sha256, a space, and base64");
    sodium_bin2hex(piece->sum, sizeof piece->sum, raw, size);
    *kind_out = (enum hash_kind)kind;
    return true;
}

/* ---- what is said of the file ---- */

static bool decode_value(struct arena *mem, const char *base64, const char **out)
{
    const size_t room = strlen(base64) + 1;
    char *const text = arena_alloc(mem, room);
    size_t size = 0;
    if (!read_base64(base64, (unsigned char *)text, room - 1, &size) || !text_valid_utf8(text, size))
        return false;
    *out = text;
    return true;
}

/* "filename d29ybGQ=,title bXk=": pairs of a name and base64, into the fields of a form. */
static bool read_metadata(struct request *rq, const char *text, struct asset_in *out,
                          const char **filename_out, struct error *err)
{
    struct pairs pairs = { 0 };
    const struct texts words = text_split(rq->mem, text ? text : "", ',');
    for (size_t i = 0; i < words.count; i++) {
        const struct texts pair = text_split(rq->mem, words.items[i], ' ');
        const char *value = "";
        if (!pair.count || pair.count > 2 ||
            (pair.count == 2 && !decode_value(rq->mem, pair.items[1], &value)) ||
            pairs_find(&pairs, pair.items[0]))
            return fail(err, CAUSE_BAD_REQUEST,
                        "the header Upload-Metadata is names, each with base64, and commas between");
        pairs_add(&pairs, rq->mem, pair.items[0], value);
    }
    const char **const names = arena_array(rq->mem, pairs.count, sizeof *names);
    const char **const values = arena_array(rq->mem, pairs.count, sizeof *values);
    for (size_t i = 0; i < pairs.count; i++) {
        names[i] = pairs.items[i].name;
        values[i] = pairs.items[i].value;
    }
    const char *const filename = pairs_find(&pairs, "filename"), *const name = pairs_find(&pairs, "name");
    *filename_out = filename ? filename : name;
    return shape_take(&asset_in_shape, json_from_pairs(rq->mem, names, values, pairs.count), rq->mem, out,
                      err);
}

/* ---- pieces ---- */

/* The body goes to the end of the file, which nobody else has now. */
static bool aim(struct request *rq, struct piece *piece, int *fd, struct error *err)
{
    struct upload *const upload = &rq->upload;
    if (!read_checksum(rq, piece, &upload->hash, err) ||
        !arrival_be_strict(arrivals_in(rq), &piece->arrival, *piece->sum, err))
        return false;
    piece->from_bytes = piece->arrival.synced_bytes;
    upload->fd = fd_take(fd);
    upload->max_bytes = piece->arrival.length_bytes - piece->from_bytes;
    upload->reserved = true;
    rq->opened = piece;
    return true;
}

static bool is_piece(const struct request *rq)
{
    const char *const type = request_header(rq, "Content-Type");
    return type && strcasecmp(type, piece_type) == 0;
}

static bool open_piece(struct request *rq, struct reply *rp, struct error *err)
{
    struct piece *const piece = arena_new(rq->mem, struct piece);
    AUTO(fd) int fd = -1;
    int64_t offset;
    if (!begin_reply(rq, rp, err)) return false;
    if (!is_piece(rq))
        return fail(err, CAUSE_UNSUPPORTED, "a piece of an upload has the Content-Type %s", piece_type);
    if (!number_of(rq, "Upload-Offset", &offset, err) ||
        !open_named(rq, &piece->arrival, &fd, err))
        return false;
    if (offset != piece->arrival.synced_bytes)
        return fail(err, CAUSE_CONFLICT, "the upload goes on at byte %lld, not at %lld",
                    (long long)piece->arrival.synced_bytes, (long long)offset);
    return aim(rq, piece, &fd, err);
}

/* A universe or element that went while the bytes came does not take them with it. */
static bool find_place(struct request *rq, struct asset_in *in, struct ingest_order *out, struct error *err)
{
    if (asset_in_check(rq, in, out, err)) return true;
    if (err->cause != CAUSE_NOT_FOUND) return false;
    in->universe_id = in->element_id = NULL;
    return asset_in_check(rq, in, out, err);
}

/* All of it is there: it becomes an asset. One that can never become one goes; otherwise the next one who
 * asks for it, or an empty piece at its end, tries again. */
static bool finish(struct request *rq, const struct arrival *arrival, int fd, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct asset_in in;
    struct ingest_order order;
    struct asset asset;
    struct digest digest;
    struct error ignored;
    const char *filename;
    if (asset_get(&app->lib, rq->mem, &actor, arrival->id, &asset, &ignored)) /* an answer was lost */
        return arrival_drop(arrivals_in(rq), arrival->id, err);
    if (!read_metadata(rq, arrival->metadata, &in, &filename, err) || !find_place(rq, &in, &order, err) ||
        !hash_file(fd, &digest, err))
        return false;
    order.id = arrival->id;
    order.owner_id = arrival->owner_id;
    order.fd = fd;
    order.size_bytes = arrival->length_bytes;
    order.checksum = digest.hex;
    order.original_name = filename;
    if (in.sha256 && strcasecmp(in.sha256, digest.hex) != 0)
        fail(err, CAUSE_CHECKSUM, "what came is not what was sent: its SHA-256 is %s", digest.hex);
    else if (asset_in_take(rq, &order, &asset, err))
        return arrival_drop(arrivals_in(rq), arrival->id, err);
    const bool hopeless =
        err->cause == CAUSE_CHECKSUM || err->cause == CAUSE_UNSUPPORTED || err->cause == CAUSE_CONFLICT;
    if (hopeless && !arrival_drop(arrivals_in(rq), arrival->id, &ignored)) return false;
    return false;
}

/* What came is put on disk, then acknowledged. */
static bool end_piece(struct request *rq, struct reply *rp, struct error *err)
{
    struct piece *const piece = rq->opened;
    struct arrival *const arrival = &piece->arrival;
    const bool wrong = *piece->sum && strcmp(piece->sum, rq->upload.digest.hex) != 0;
    const int64_t to = wrong ? piece->from_bytes : piece->from_bytes + rq->upload.size_bytes;
    if (!arrival_advance(arrivals_in(rq), rq->upload.fd, arrival, to, err)) return false;
    if (wrong)
        return fail(err, CAUSE_CHECKSUM,
                    "what came is not what was sent: its checksum differs, so it was thrown away");
    put_state(rp, rq, arrival);
    return arrival->synced_bytes < arrival->length_bytes || finish(rq, arrival, rq->upload.fd, err);
}

/* ---- the life of an upload ---- */

static bool check_length(struct request *rq, int64_t length, struct error *err)
{
    const struct app *const app = rq->app;
    const int64_t most = app->settings->upload_max_mb << 20;
    if (!length) return fail(err, CAUSE_BAD_REQUEST, "an upload of no bytes is no file");
    return length <= most || fail(err, CAUSE_TOO_LARGE,
                                  "the file is larger than the %lld bytes accepted here", (long long)most);
}

/* Begins an upload. What it will take counts from now on; a body with the right type is its first piece. */
static bool open_creation(struct request *rq, struct reply *rp, struct error *err)
{
    struct piece *const piece = arena_new(rq->mem, struct piece);
    struct arrival *const arrival = &piece->arrival;
    struct asset_in in;
    struct ingest_order order;
    const struct actor actor = request_actor(rq);
    const char *filename;
    AUTO(fd) int fd = -1;
    arrivals_sweep(arrivals_in(rq));
    *arrival =
        (struct arrival){ .owner_id = rq->caller.subject, .metadata = request_header(rq, "Upload-Metadata") };
    if (!begin_reply(rq, rp, err) || !number_of(rq, "Upload-Length", &arrival->length_bytes, err) ||
        !check_length(rq, arrival->length_bytes, err) ||
        !read_metadata(rq, arrival->metadata, &in, &filename, err) || !asset_in_check(rq, &in, &order, err) ||
        !arrival_begin(arrivals_in(rq), rq->mem, arrival, err))
        return false;
    if (upload_room(rq, 0, 0, err) &&
        arrival_open(arrivals_in(rq), rq->mem, &actor, arrival->id, arrival, &fd, err) &&
        aim(rq, piece, &fd, err)) {
        if (!is_piece(rq)) rq->upload.max_bytes = 0;
        return true;
    }
    struct error ignored;
    if (!arrival_drop(arrivals_in(rq), arrival->id, &ignored)) return false; /* it expires */
    return false;
}

static bool create(struct request *rq, struct reply *rp, struct error *err)
{
    const struct piece *const piece = rq->opened;
    reply_header(rp, "Location", arena_printf(rq->mem, "/api/media/tus/%s", piece->arrival.id));
    if (rq->upload.size_bytes) return end_piece(rq, rp, err);
    put_state(rp, rq, &piece->arrival);
    return true;
}

struct tus_state {
    const char *id;
    int64_t length, offset, expires_at;
};

static const struct field state_fields[] = {
    TEXT(struct tus_state, id, .format = "uuid", .doc = "The upload's, and that of the asset it becomes."),
    INT(struct tus_state, length, .doc = "Bytes of the whole file."),
    INT(struct tus_state, offset, .doc = "Bytes that are there."),
    TIME(struct tus_state, expires_at, .nullable = true,
         .doc = "When it is given up; null when it is complete."),
    { 0 },
};
static const struct shape state_shape = SHAPE("ResumableUpload", struct tus_state, state_fields);

/* An upload that became an asset is complete. */
static bool find_finished(struct request *rq, struct arrival *out, struct error *err)
{
    struct app *const app = rq->app;
    const struct actor actor = request_actor(rq);
    struct asset asset;
    struct error why;
    if (!asset_get(&app->lib, rq->mem, &actor, request_param(rq, "upload_id"), &asset, &why) ||
        asset.file_size == INT_NONE)
        return fail(err, CAUSE_NOT_FOUND, "there is no such upload; it has expired, or never begun");
    *out =
        (struct arrival){ .id = asset.id, .length_bytes = asset.file_size, .synced_bytes = asset.file_size };
    return true;
}

static bool show(struct request *rq, struct reply *rp, struct error *err)
{
    struct arrival arrival;
    AUTO(fd) int fd = -1;
    if (!begin_reply(rq, rp, err)) return false;
    const bool under_way = open_named(rq, &arrival, &fd, err);
    if (!under_way && (err->cause != CAUSE_NOT_FOUND || !find_finished(rq, &arrival, err))) return false;
    if (under_way && arrival.synced_bytes == arrival.length_bytes) { /* its last answer was no success */
        if (!finish(rq, &arrival, fd, err)) return false;
        arrival.expires_at = 0;
    }
    put_number(rp, rq, "Upload-Length", arrival.length_bytes);
    put_number(rp, rq, "Upload-Offset", arrival.synced_bytes);
    if (arrival.expires_at) reply_header(rp, "Upload-Expires", http_date(rq->mem, arrival.expires_at));
    if (arrival.metadata) reply_header(rp, "Upload-Metadata", arrival.metadata);
    const struct tus_state state = { arrival.id, arrival.length_bytes, arrival.synced_bytes,
                                     arrival.expires_at };
    reply_object(rp, &state_shape, &state);
    return true;
}

static bool end(struct request *rq, struct reply *rp, struct error *err)
{
    struct arrival arrival;
    AUTO(fd) int fd = -1;
    return begin_reply(rq, rp, err) && open_named(rq, &arrival, &fd, err) &&
           arrival_drop(arrivals_in(rq), arrival.id, err);
}

static bool describe(struct request *rq, struct reply *rp, struct error *err)
{
    const struct app *const app = rq->app;
    (void)err;
    reply_header(rp, "Tus-Resumable", version);
    reply_header(rp, "Tus-Version", version);
    reply_header(rp, "Tus-Extension", "creation,creation-with-upload,checksum,expiration,termination");
    reply_header(rp, "Tus-Checksum-Algorithm", "sha1,sha256");
    put_number(rp, rq, "Tus-Max-Size", app->settings->upload_max_mb << 20);
    return true;
}

const struct route tus_routes[] = {
    { METHOD_OPTIONS, "/api/media/tus", describe, .needs = NEED_NOTHING, .status = 204, .tag = "media",
      .doc = "What of the protocol tus is spoken here." },
    { METHOD_POST, "/api/media/tus", create, .body = BODY_RAW, .open = open_creation, .status = 201,
      .tag = "media", .out_type = "application/octet-stream",
      .doc = "Begins a resumable upload (tus 1.0) of Upload-Length bytes; its address comes as Location." },
    { METHOD_GET, "/api/media/tus/{upload_id}", show, .rate = RATE_NONE, .out = &state_shape, .tag = "media",
      .doc = "How far it is; clients of tus ask with HEAD." },
    { METHOD_PATCH, "/api/media/tus/{upload_id}", end_piece, .body = BODY_RAW, .open = open_piece,
      .rate = RATE_NONE, .status = 204, .tag = "media",
      .doc = "The next piece. With the last one the file becomes an asset of the same id." },
    { METHOD_DELETE, "/api/media/tus/{upload_id}", end, .status = 204, .tag = "media",
      .doc = "Gives it up." },
    { 0 },
};
