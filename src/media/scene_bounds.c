#include "media/scene_bounds.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 128, VISITS_MAX = 200000, PLACE = 16 };

/* Column by column, as glTF writes them. */
struct place {
    double m[PLACE];
};

struct walk {
    const struct json *nodes, *meshes, *accessors;
    double low[3], high[3];
    int visits;
};

static double number(const struct json *value)
{
    return value->kind == JSON_IS_INT ? (double)value->integer : value->real;
}

/* An array of exactly `count` numbers. */
static bool numbers(const struct json *in, const char *name, int count, double *out)
{
    const struct json *const list = json_get(in, name);
    if (!list || list->kind != JSON_IS_ARRAY || list->count != (size_t)count) return false;
    for (int i = 0; i < count; i++) {
        if (list->items[i].kind != JSON_IS_INT && list->items[i].kind != JSON_IS_REAL) return false;
        out[i] = number(&list->items[i]);
    }
    return true;
}

static const struct json *nth(const struct json *list, int64_t at)
{
    return list && list->kind == JSON_IS_ARRAY && at >= 0 && at < (int64_t)list->count ? &list->items[at]
                                                                                       : NULL;
}

/* The node of this number. */
static const struct json *named(const struct json *nodes, const struct json *at)
{
    return at->kind == JSON_IS_INT ? nth(nodes, at->integer) : NULL;
}

/* Translation, rotation (a quaternion) and scale as one matrix. */
static struct place place_of(const struct json *node)
{
    struct place out = { 0 };
    double t[3] = { 0 }, q[4] = { 0, 0, 0, 1 }, s[3] = { 1, 1, 1 };
    if (numbers(node, "matrix", PLACE, out.m)) return out;
    (void)(numbers(node, "translation", 3, t), numbers(node, "rotation", 4, q), numbers(node, "scale", 3, s));
    const double x = q[0], y = q[1], z = q[2], w = q[3];
    const double turn[3][3] = { { 1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w) },
                                { 2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w) },
                                { 2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y) } };
    for (int column = 0; column < 3; column++)
        for (int row = 0; row < 3; row++) out.m[4 * column + row] = turn[column][row] * s[column];
    memcpy(out.m + 12, t, sizeof t);
    out.m[15] = 1;
    return out;
}

static struct place within(const struct place *outer, const struct place *inner)
{
    struct place out = { 0 };
    for (int column = 0; column < 4; column++)
        for (int row = 0; row < 4; row++)
            for (int i = 0; i < 4; i++)
                out.m[4 * column + row] += outer->m[4 * i + row] * inner->m[4 * column + i];
    return out;
}

static void take_box(struct walk *walk, const struct place *place, const double low[3], const double high[3])
{
    for (int corner = 0; corner < 8; corner++)
        for (int row = 0; row < 3; row++) {
            double at = place->m[12 + row];
            for (int i = 0; i < 3; i++) at += place->m[4 * i + row] * (corner >> i & 1 ? high[i] : low[i]);
            walk->low[row] = fmin(walk->low[row], at);
            walk->high[row] = fmax(walk->high[row], at);
        }
}

static void take_mesh(struct walk *walk, const struct place *place, const struct json *mesh)
{
    const struct json *const primitives = json_get(mesh, "primitives");
    for (size_t i = 0; primitives && i < primitives->count; i++) {
        const int64_t at = json_get_int(json_get(&primitives->items[i], "attributes"), "POSITION", -1);
        const struct json *const positions = nth(walk->accessors, at);
        double low[3], high[3];
        if (numbers(positions, "min", 3, low) && numbers(positions, "max", 3, high))
            take_box(walk, place, low, high);
    }
}

static bool take_node(struct walk *walk, const struct place *outer, const struct json *node, int depth,
                      struct error *err)
{
    if (depth > DEPTH_MAX || ++walk->visits > VISITS_MAX)
        return fail(err, CAUSE_BAD_MEDIA, "the model is damaged: its nodes hold themselves");
    const struct place own = place_of(node), place = within(outer, &own);
    const struct json *const children = json_get(node, "children");
    const struct json *const mesh = nth(walk->meshes, json_get_int(node, "mesh", -1));
    if (json_get(node, "mesh") && !mesh)
        return fail(err, CAUSE_BAD_MEDIA, "the model is damaged: a node names a mesh that is not there");
    if (mesh) take_mesh(walk, &place, mesh);
    for (size_t i = 0; children && children->kind == JSON_IS_ARRAY && i < children->count; i++) {
        const struct json *const child = named(walk->nodes, &children->items[i]);
        if (!child)
            return fail(err, CAUSE_BAD_MEDIA, "the model is damaged: a node names a child that is not there");
        if (!take_node(walk, &place, child, depth + 1, err)) return false;
    }
    return true;
}

bool scene_bounds(const struct json *root, struct ingest_model *model, struct error *err)
{
    struct walk walk = { json_get(root, "nodes"), json_get(root, "meshes"), json_get(root, "accessors"),
                         { INFINITY, INFINITY, INFINITY }, { -INFINITY, -INFINITY, -INFINITY }, 0 };
    static const struct place here = { { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 } };
    const struct json *const scene = nth(json_get(root, "scenes"), json_get_int(root, "scene", 0));
    const struct json *const shown = json_get(scene, "nodes");
    model->width = model->height = model->depth = model->min_x = model->min_y = model->min_z = NAN;
    for (size_t i = 0; shown && shown->kind == JSON_IS_ARRAY && i < shown->count; i++) {
        const struct json *const node = named(walk.nodes, &shown->items[i]);
        if (!node)
            return fail(err, CAUSE_BAD_MEDIA,
                        "the model is damaged: its scene names a node that is not there");
        if (!take_node(&walk, &here, node, 0, err)) return false;
    }
    if (!isfinite(walk.low[0]) || !isfinite(walk.high[0])) return true;
    model->width = walk.high[0] - walk.low[0];
    model->height = walk.high[1] - walk.low[1];
    model->depth = walk.high[2] - walk.low[2];
    model->min_x = walk.low[0];
    model->min_y = walk.low[1];
    model->min_z = walk.low[2];
    return true;
}
