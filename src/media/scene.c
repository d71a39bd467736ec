#include "media/scene.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "media/scene_bounds.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { JSON_MAX_BYTES = 16 * 1000 * 1000, HEAD_BYTES = 12, CHUNK_HEAD_BYTES = 8 };
enum { GLB_MAGIC = 0x46546c67, CHUNK_JSON = 0x4e4f534a, CHUNK_BIN = 0x004e4942 };

/* Where things stand in the file. */
struct parts {
    bool binary;
    int64_t file_size, json_at, json_size, bin_size; /* bin_size 0: none */
};

static bool bad(struct error *err, const char *what)
{
    return fail(err, CAUSE_BAD_MEDIA, "the model is damaged: %s", what);
}

static uint32_t word_at(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool read_chunks(int fd, struct parts *parts, struct error *err)
{
    uint8_t head[HEAD_BYTES + CHUNK_HEAD_BYTES], next[CHUNK_HEAD_BYTES];
    if (pread(fd, head, sizeof head, 0) != sizeof head) return bad(err, "it is cut off");
    if (word_at(head + 4) != 2)
        return fail(err, CAUSE_UNSUPPORTED, "the model is GLB version %u; version 2 is taken",
                    word_at(head + 4));
    if (word_at(head + 8) > parts->file_size) return bad(err, "it is cut off");
    parts->json_at = sizeof head;
    parts->json_size = word_at(head + HEAD_BYTES);
    if (word_at(head + HEAD_BYTES + 4) != CHUNK_JSON || parts->json_at + parts->json_size > parts->file_size)
        return bad(err, "it does not begin with its description");
    const int64_t after = parts->json_at + parts->json_size;
    if (pread(fd, next, sizeof next, after) != sizeof next || word_at(next + 4) != CHUNK_BIN) return true;
    parts->bin_size = word_at(next);
    return after + CHUNK_HEAD_BYTES + parts->bin_size <= parts->file_size ||
           bad(err, "its buffer is cut off");
}

static bool find_parts(int fd, struct parts *out, struct error *err)
{
    uint8_t first[4] = { 0 };
    struct parts parts = { 0 };
    if (!file_size(fd, &parts.file_size, err)) return false;
    parts.json_size = parts.file_size;
    parts.binary = pread(fd, first, sizeof first, 0) == sizeof first && word_at(first) == GLB_MAGIC;
    if (parts.binary && !read_chunks(fd, &parts, err)) return false;
    if (parts.json_size > JSON_MAX_BYTES)
        return fail(err, CAUSE_TOO_LARGE, "the model's description is larger than %d MB",
                    JSON_MAX_BYTES / 1000000);
    *out = parts;
    return true;
}

static bool read_json(int fd, const struct parts *parts, struct arena *mem, const struct json **out,
                      struct error *err)
{
    char *const text = arena_alloc(mem, (size_t)parts->json_size + 1);
    if (pread(fd, text, (size_t)parts->json_size, parts->json_at) != parts->json_size)
        return fail_errno(err, EIO, "the model cannot be read");
    struct error ignored;
    const struct json *asset;
    if (!json_parse(text, (size_t)parts->json_size, mem, out, NULL, &ignored))
        return bad(err, "its description is no JSON that can be read");
    asset = json_get(*out, "asset");
    if (!asset) return fail(err, CAUSE_UNSUPPORTED, "the file is JSON that is no glTF model");
    if (!text_starts(json_get_text(asset, "version", ""), "2."))
        return fail(err, CAUSE_UNSUPPORTED, "the model is of glTF version %.10s; version 2 is taken",
                    json_get_text(asset, "version", "(none)"));
    return true;
}

/* ---- whether its parts fit together ---- */

static const struct json *nth(const struct json *root, const char *list, int64_t at)
{
    const struct json *const items = json_get(root, list);
    return items && items->kind == JSON_IS_ARRAY && at >= 0 && at < (int64_t)items->count ? &items->items[at]
                                                                                          : NULL;
}

static size_t count_of(const struct json *root, const char *list)
{
    const struct json *const items = json_get(root, list);
    return items && items->kind == JSON_IS_ARRAY ? items->count : 0;
}

static int64_t element_bytes(const struct json *accessor)
{
    static const struct {
        const char *type;
        int parts;
    } types[] = { { "SCALAR", 1 }, { "VEC2", 2 }, { "VEC3", 3 }, { "VEC4", 4 },
                  { "MAT2", 4 },   { "MAT3", 9 }, { "MAT4", 16 } };
    static const struct {
        int64_t type;
        int bytes;
    } components[] = { { 5120, 1 }, { 5121, 1 }, { 5122, 2 }, { 5123, 2 }, { 5125, 4 }, { 5126, 4 } };
    const char *const type = json_get_text(accessor, "type", "");
    const int64_t component = json_get_int(accessor, "componentType", 0);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        for (size_t c = 0; c < COUNT_OF(components); c++)
            if (text_is(types[i].type, type) && components[c].type == component)
                return types[i].parts * components[c].bytes;
    return 0;
}

static bool fits(int64_t offset, int64_t size, int64_t into)
{
    return offset >= 0 && size >= 0 && size <= into && offset <= into - size;
}

static bool check_buffers(const struct json *root, const struct parts *parts, struct ingest_model *model,
                          struct error *err)
{
    model->self_contained = true;
    for (size_t i = 0; i < count_of(root, "buffers"); i++) {
        const struct json *const buffer = nth(root, "buffers", (int64_t)i);
        const char *const uri = json_get_text(buffer, "uri", NULL);
        const int64_t size = json_get_int(buffer, "byteLength", -1);
        if (size < 1 || (!uri && i == 0 && parts->binary && size > parts->bin_size))
            return bad(err, "a buffer is shorter than it says");
        if (uri && !text_starts(uri, "data:")) model->self_contained = false;
    }
    for (size_t i = 0; i < count_of(root, "images"); i++) {
        const char *const uri = json_get_text(nth(root, "images", (int64_t)i), "uri", NULL);
        if (uri && !text_starts(uri, "data:")) model->self_contained = false;
    }
    for (size_t i = 0; i < count_of(root, "bufferViews"); i++) {
        const struct json *const view = nth(root, "bufferViews", (int64_t)i);
        const struct json *const buffer = nth(root, "buffers", json_get_int(view, "buffer", -1));
        if (!buffer || !fits(json_get_int(view, "byteOffset", 0), json_get_int(view, "byteLength", -1),
                             json_get_int(buffer, "byteLength", 0)))
            return bad(err, "a view reaches beyond its buffer");
    }
    return true;
}

static bool check_accessors(const struct json *root, struct error *err)
{
    for (size_t i = 0; i < count_of(root, "accessors"); i++) {
        const struct json *const accessor = nth(root, "accessors", (int64_t)i), *view;
        const int64_t size = element_bytes(accessor), count = json_get_int(accessor, "count", -1);
        if (!size || count < 1 || count > INT32_MAX)
            return bad(err, "an accessor has no valid type or count");
        if (!json_get(accessor, "bufferView")) continue; /* zeros, or sparse */
        view = nth(root, "bufferViews", json_get_int(accessor, "bufferView", -1));
        const int64_t stride = json_get_int(view, "byteStride", size);
        if (!view || stride < 1 || stride > 252 + size ||
            !fits(json_get_int(accessor, "byteOffset", 0), stride * (count - 1) + size,
                  json_get_int(view, "byteLength", 0)))
            return bad(err, "an accessor reaches beyond its view");
    }
    return true;
}

/* ---- numbers ---- */

static int64_t triangles(int64_t mode, int64_t corners)
{
    enum { TRIANGLES = 4, STRIP = 5, FAN = 6 };
    if (mode == TRIANGLES) return corners / 3;
    return (mode == STRIP || mode == FAN) && corners > 2 ? corners - 2 : 0;
}

static bool count_mesh(const struct json *root, const struct json *mesh, struct ingest_model *model,
                       struct error *err)
{
    const size_t primitives = count_of(mesh, "primitives");
    for (size_t i = 0; i < primitives; i++) {
        const struct json *const primitive = nth(mesh, "primitives", (int64_t)i);
        const struct json *const positions =
            nth(root, "accessors", json_get_int(json_get(primitive, "attributes"), "POSITION", -1));
        const struct json *const indices = nth(root, "accessors", json_get_int(primitive, "indices", -1));
        if (json_get(primitive, "indices") && !indices)
            return bad(err, "a mesh names an accessor that is not there");
        if (!positions) continue;
        const int64_t vertices = json_get_int(positions, "count", 0);
        model->vertices += vertices;
        const int64_t corners = indices ? json_get_int(indices, "count", 0) : vertices;
        model->triangles += triangles(json_get_int(primitive, "mode", 4), corners);
    }
    return primitives > 0 || bad(err, "a mesh is empty");
}

static double longest_animation(const struct json *root)
{
    double longest = NAN;
    for (size_t i = 0; i < count_of(root, "animations"); i++) {
        const struct json *const animation = nth(root, "animations", (int64_t)i);
        for (size_t s = 0; s < count_of(animation, "samplers"); s++) {
            const struct json *const times =
                nth(root, "accessors", json_get_int(nth(animation, "samplers", (int64_t)s), "input", -1));
            const struct json *const last = nth(times, "max", 0);
            if (last) longest = fmax(longest, last->kind == JSON_IS_INT ? (double)last->integer : last->real);
        }
    }
    return longest;
}

static bool count_parts(const struct json *root, struct arena *mem, struct ingest_model *model,
                        struct error *err)
{
    const struct json *const asset = json_get(root, "asset");
    const char *const generator = json_get_text(asset, "generator", NULL);
    model->version = text_cut(mem, json_get_text(asset, "version", ""), 10);
    if (generator) model->generator = text_line(mem, text_cut(mem, generator, INGEST_TAG_BYTES));
    model->nodes = (int64_t)count_of(root, "nodes");
    model->meshes = (int64_t)count_of(root, "meshes");
    model->materials = (int64_t)count_of(root, "materials");
    model->textures = (int64_t)count_of(root, "textures");
    model->animations = (int64_t)count_of(root, "animations");
    model->skins = (int64_t)count_of(root, "skins");
    model->cameras = (int64_t)count_of(root, "cameras");
    model->animation_s = longest_animation(root);
    for (int64_t i = 0; i < model->meshes; i++)
        if (!count_mesh(root, nth(root, "meshes", i), model, err)) return false;
    return true;
}

bool scene_measure(int fd, struct arena *mem, struct media_analysis *out, struct error *err)
{
    struct parts parts;
    const struct json *root;
    struct ingest_model *const model = arena_new(mem, struct ingest_model);
    if (!find_parts(fd, &parts, err) || !read_json(fd, &parts, mem, &root, err) ||
        !check_buffers(root, &parts, model, err) || !check_accessors(root, err) ||
        !count_parts(root, mem, model, err) || !scene_bounds(root, model, err))
        return false;
    out->kind = "model";
    out->format = parts.binary ? "glb" : "gltf";
    out->extension = out->format;
    out->mime_type = parts.binary ? "model/gltf-binary" : "model/gltf+json";
    out->file_size = parts.file_size;
    out->animated = model->animations > 0;
    out->duration_s = model->animation_s;
    out->model = model;
    return true;
}
