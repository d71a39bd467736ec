#include "render/stand.h"

#include "render/noise.h"

#include <stdlib.h>

bool stands_open(struct stands *stands, int props, int columns_most, struct error *err)
{
    stands->buckets_most = columns_most / STAND_BUCKET + 2;
    stands->at = calloc((size_t)props + 1, sizeof *stands->at);
    stands->in_bucket = calloc((size_t)stands->buckets_most * STAND_COLUMN_MOST, sizeof *stands->in_bucket);
    stands->bucket_count = calloc((size_t)stands->buckets_most, sizeof *stands->bucket_count);
    if (stands->at && stands->in_bucket && stands->bucket_count) return true;
    stands_close(stands);
    return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the scene.");
}

void stands_close(struct stands *stands)
{
    free(stands->at);
    free(stands->in_bucket);
    free(stands->bucket_count);
    *stands = (struct stands){ 0 };
}

static int nearer(const void *a, const void *b)
{
    const struct standing *x = a, *y = b;
    if (x->far != y->far) return x->far < y->far ? -1 : 1;
    return x->prop < y->prop ? -1 : x->prop > y->prop;
}

static float around(float angle) { return angle - 2 * PI_F * floorf(angle / (2 * PI_F) + 0.5f); }

/* The canvas may reach past a full turn of azimuths: the prop is put where the canvas shows it. */
static bool see(const struct world *world, const struct canvas *canvas, struct vec3 eye,
                const struct prop *prop, struct standing *out)
{
    const float dx = prop->x - eye.x, dy = prop->y - eye.y, far = sqrtf(dx * dx + dy * dy);
    const float wide = prop->shape == SHAPE_SPRITE ? prop->width
                       : prop->shape == SHAPE_GATE ? 3 * prop->width
                                                   : prop->width + prop->depth;
    const float middle = canvas->left + 0.5f * (float)canvas->wide * canvas->step;
    const float azimuth = middle + around(atan2f(dx, dy) - middle);
    const float half = far > wide ? 0.62f * wide / far : PI_F;
    const int first = (int)((azimuth - half - canvas->left) * canvas->per) - 1;
    const int last = (int)((azimuth + half - canvas->left) * canvas->per) + 1;
    if (last < 0 || first >= canvas->wide || far < 0.02f) return false;
    if (prop->height * canvas->per / far < 0.7f) return false;
    const struct vec3 sun = world->air.sun;
    const float ca = dy / far, sa = dx / far;
    *out = (struct standing){ prop,
                              azimuth,
                              far,
                              clampi(first, 0, canvas->wide - 1),
                              clampi(last, 0, canvas->wide - 1),
                              { sun.x * ca - sun.y * sa, sun.z, -(sun.x * sa + sun.y * ca), 0 } };
    return true;
}

void stands_see(struct stands *stands, const struct world *world, const struct canvas *canvas,
                struct vec3 eye)
{
    stands->count = 0;
    for (int i = 0; i < world->props.count; i++)
        if (see(world, canvas, eye, &world->props.at[i], &stands->at[stands->count])) stands->count++;
    qsort(stands->at, (size_t)stands->count, sizeof *stands->at, nearer);
    for (int b = 0; b < stands->buckets_most; b++) stands->bucket_count[b] = 0;
    for (int i = 0; i < stands->count; i++)
        for (int b = stands->at[i].first / STAND_BUCKET;
             b <= stands->at[i].last / STAND_BUCKET && b < stands->buckets_most; b++)
            if (stands->bucket_count[b] < STAND_COLUMN_MOST)
                stands->in_bucket[b * STAND_COLUMN_MOST + stands->bucket_count[b]++] = i;
}

static inline float row_of(const struct cut *cut, float z, float far)
{
    return (cut->canvas->top - (z - cut->eye.z) / far) * cut->canvas->per + 0.5f;
}

/* How much of the light of a thing comes through the air before it. */
static inline float clear_at(const struct cut *cut, float far)
{
    const float t = far * cut->world->air.fog;
    return 1 / (1 + t * (1 + t * (0.5f + 0.167f * t)));
}

static vec4 hazed(const struct cut *cut, vec4 color, float far)
{
    vec4 seen = mix4(cut->haze, color, clear_at(cut, far));
    seen[3] = cut->world->ground.unit_m / far;
    return seen;
}

static inline void over(vec4 *pixel, vec4 color, float cover) { *pixel += (color - *pixel) * splat(cover); }

/* Rows from `high` to `low` that are not behind nearer ground, with one colour. */
static void paint(const struct cut *cut, float high, float low, vec4 color)
{
    low = minf(low, cut->horizon);
    high = maxf(high, 0);
    const int last =
        (int)ceilf(low) - 1 < cut->canvas->high - 1 ? (int)ceilf(low) - 1 : cut->canvas->high - 1;
    for (int y = (int)high; y <= last; y++)
        over(&cut->pixels[y], color, clampf(minf(low, (float)y + 1) - maxf(high, (float)y), 0, 1));
}

static void sprite_draw(const struct cut *cut, const struct standing *standing)
{
    const struct prop *prop = standing->prop;
    const struct air *air = &cut->world->air;
    const float slant = around(cut->azimuth - standing->azimuth);
    if (fabsf(slant) > 1.4f) return;
    const float across = tanf(slant) * standing->far / prop->width + 0.5f, far = standing->far / cosf(slant);
    if (across <= 0 || across >= 1) return;
    const float high = row_of(cut, prop->z + prop->height, far), low = row_of(cut, prop->z, far);
    int size = 0;
    while (size + 1 < SPRITE_SIZES && (float)(SPRITE_HIGH >> size) > 1.6f * (low - high)) size++;
    const int wide = SPRITE_WIDE >> size, tall = SPRITE_HIGH >> size;
    const struct texel *picture = sprite_size(cut->world->props.sprites[prop->sprite], size);
    const float x = clampf(across * (float)wide - 0.5f, 0, (float)wide - 1.001f), fx = x - (float)(int)x;
    const float per = (float)tall / (low - high), clear = clear_at(cut, far);
    const vec4 sun = standing->sun, light = prop->color * air->sunlight * splat(clear),
               sky = prop->color * air->skylight * splat(clear),
               lamp = rgb(9, 7, 3.6f) * splat((0.12f + air->lamps) * clear);
    vec4 haze = cut->haze * splat(1 - clear);
    haze[3] = cut->world->ground.unit_m / far;
    const float back = 0.12f * maxf(0, -sun[2]), bottom = minf(low, cut->horizon);
    const int last = (int)minf(ceilf(bottom), (float)cut->canvas->high) - 1;
    for (int y = high > 0 ? (int)high : 0; y <= last; y++) {
        const float t = clampf(((float)y + 0.5f - high) * per - 0.5f, 0, (float)tall - 1.001f),
                    ft = t - (float)(int)t;
        const struct texel *a = picture + (int)t * wide + (int)x, *b = a + wide;
        const vec4 color = mix4(mix4(a[0].color, a[1].color, fx), mix4(b[0].color, b[1].color, fx), ft);
        const float cover = color[3];
        if (cover < 0.004f) continue;
        /* Texels are premultiplied: light falls on `color`, shape in `face` still carries the cover. */
        const vec4 face = mix4(mix4(a[0].face, a[1].face, fx), mix4(b[0].face, b[1].face, fx), ft);
        const float some = 1 / cover;
        const float facing = maxf(0, face[0] * sun[0] + face[1] * sun[1] + face[2] * sun[2]) * some + back;
        vec4 lit = color * (light * splat(facing) + sky * splat(0.62f + 0.4f * face[1] * some));
        lit += lamp * splat(face[3]) + haze * splat(cover);
        lit[3] = haze[3] * cover;
        const float seen = clampf(minf(bottom, (float)y + 1) - maxf(high, (float)y), 0, 1);
        cut->pixels[y] += (lit - cut->pixels[y] * splat(cover)) * splat(seen);
    }
}

/* Where the column's plane enters and leaves the footprint of a block. */
struct slice {
    float in, out;                        /* distances */
    float along;                          /* position along the wall it enters, metres from the middle */
    float ridge_in, ridge_out, ridge_far; /* gable heights at both, and where the ridge is crossed, 0 = not */
    int wall;                             /* 0, 1: -x, +x side of the block; 2, 3: -y, +y */
};

static bool slice_block(const struct cut *cut, const struct prop *prop, struct slice *out)
{
    const float c = cosf(prop->turn), s = sinf(prop->turn);
    const float ex = cut->eye.x - prop->x, ey = cut->eye.y - prop->y;
    const float ox = ex * c + ey * s, oy = ey * c - ex * s;
    const float wx = sinf(cut->azimuth), wy = cosf(cut->azimuth);
    float dx = wx * c + wy * s, dy = wy * c - wx * s;
    if (fabsf(dx) < 1e-5f) dx = 1e-5f;
    if (fabsf(dy) < 1e-5f) dy = 1e-5f;
    const float hx = 0.5f * prop->width, hy = 0.5f * prop->depth;
    const float x0 = ((dx > 0 ? -hx : hx) - ox) / dx, x1 = ((dx > 0 ? hx : -hx) - ox) / dx;
    const float y0 = ((dy > 0 ? -hy : hy) - oy) / dy, y1 = ((dy > 0 ? hy : -hy) - oy) / dy;
    out->in = maxf(x0, y0);
    out->out = minf(x1, y1);
    if (out->in >= out->out || out->in < 0.05f) return false;
    out->wall = x0 > y0 ? (dx > 0 ? 0 : 1) : dy > 0 ? 2 : 3;
    out->along = x0 > y0 ? oy + dy * out->in : ox + dx * out->in;
    const float per = prop->roof / hy;
    out->ridge_in = prop->roof - per * fabsf(oy + dy * out->in);
    out->ridge_out = prop->roof - per * fabsf(oy + dy * out->out);
    const float ridge = -oy / dy;
    out->ridge_far = ridge > out->in && ridge < out->out ? ridge : 0;
    return true;
}

static vec4 wall_light(const struct cut *cut, const struct prop *prop, int wall)
{
    const struct air *air = &cut->world->air;
    static const float way[4][2] = { { -1, 0 }, { 1, 0 }, { 0, -1 }, { 0, 1 } };
    const float c = cosf(prop->turn), s = sinf(prop->turn);
    const float nx = way[wall][0] * c - way[wall][1] * s, ny = way[wall][0] * s + way[wall][1] * c;
    const float facing = maxf(0, nx * air->sun.x + ny * air->sun.y);
    return air->sunlight * splat(facing) + air->skylight * splat(0.55f);
}

/* How much of a pixel of `blur` metres at `at` lies in a window of a row with this spacing. */
static float windows(float at, float spacing, float width, float blur)
{
    const float phase = at / spacing - floorf(at / spacing) - 0.5f, half = 0.5f * width;
    return clampf((half - fabsf(phase) * spacing) / (blur + 0.01f) + 0.5f, 0, 1) /
           maxf(1, blur / spacing * 1.6f);
}

static void wall_draw(const struct cut *cut, const struct prop *prop, const struct slice *slice, float high,
                      float low)
{
    const struct air *air = &cut->world->air;
    const vec4 light = wall_light(cut, prop, slice->wall), plain = hazed(cut, prop->color * light, slice->in);
    const float storey = prop->height > 10 ? 3.4f : 2.9f, pitch = prop->height > 10 ? 2.6f : 3.1f;
    const float blur = slice->in * cut->canvas->step;
    const float beside = prop->lamps > 0 ? windows(slice->along, pitch, 1.25f, blur) : 0;
    if (beside <= 0 || prop->width < 3) {
        paint(cut, high, low, plain);
        return;
    }
    const vec4 pane =
        hazed(cut, rgb(0.03f, 0.035f, 0.045f) * light + air->skylight * splat(0.14f), slice->in);
    const vec4 lamp = hazed(cut, rgb(2.3f, 1.25f, 0.42f) * splat(0.25f + air->lamps), slice->in);
    const int last = (int)minf(ceilf(minf(low, cut->horizon)), (float)cut->canvas->high) - 1;
    const int house = (int)floorf(slice->along / pitch);
    for (int y = high > 0 ? (int)high : 0; y <= last; y++) {
        const float z = cut->eye.z + (cut->canvas->top - (float)y * cut->canvas->step) * slice->in - prop->z;
        const float storey_top = (floorf(z / storey) + 0.5f) * storey + 0.8f; /* of its windows */
        const float part = storey_top < prop->height ? beside * windows(z, storey, 1.5f, blur) : 0;
        const uint32_t h = hash_at(prop->seed * 4 + (uint32_t)slice->wall, house, (int)(z / storey));
        const vec4 glass =
            (float)(h & 255) < prop->lamps * 256 ? lamp * splat(0.5f + (float)((h >> 8) & 127) / 127) : pane;
        over(&cut->pixels[y], mix4(plain, glass, part),
             clampf(minf(minf(low, cut->horizon), (float)y + 1) - maxf(high, (float)y), 0, 1));
    }
}

static vec4 roof_light(const struct cut *cut, const struct prop *prop, float side)
{
    const struct air *air = &cut->world->air;
    const float rise = prop->roof / (0.5f * prop->depth), c = cosf(prop->turn), s = sinf(prop->turn);
    const struct vec3 up = unit3((struct vec3){ -s * side * rise, c * side * rise, 1 });
    return prop->cap * (air->sunlight * splat(maxf(0, dot3(up, air->sun))) + air->skylight * splat(0.9f));
}

static void block_draw(const struct cut *cut, const struct standing *standing)
{
    const struct prop *prop = standing->prop;
    struct slice slice;
    if (!slice_block(cut, prop, &slice)) return;
    const float eave = prop->z + prop->height;
    const float front = row_of(cut, eave + slice.ridge_in, slice.in),
                back = row_of(cut, eave + slice.ridge_out, slice.out);
    const float faces =
        slice.wall == 2                                                                         ? -1.0f
        : slice.wall == 3                                                                       ? 1.0f
        : sinf(prop->turn) * (cut->eye.x - prop->x) < cosf(prop->turn) * (cut->eye.y - prop->y) ? 1.0f
                                                                                                : -1.0f;
    /* Each part reaches one row under the next, so that nothing behind shines through the seam. */
    if (slice.ridge_far > 0) {
        const float ridge = row_of(cut, eave + prop->roof, slice.ridge_far);
        if (back < ridge) paint(cut, back, ridge + 1, hazed(cut, roof_light(cut, prop, -faces), slice.out));
        paint(cut, ridge, front + 1, hazed(cut, roof_light(cut, prop, faces), slice.in));
    } else if (back < front) {
        paint(cut, back, front + 1, hazed(cut, roof_light(cut, prop, faces), slice.in));
    }
    wall_draw(cut, prop, &slice, front, row_of(cut, prop->z, slice.in));
}

/* Height of an arch over the line through its middle, at a distance from it; negative outside. */
static float arch(float radius, float off) { return off < radius ? sqrtf(radius * radius - off * off) : -1; }

static void gate_face(const struct cut *cut, const struct prop *prop, float far, vec4 color)
{
    if (far < 0.1f) return;
    const float wx = sinf(cut->azimuth), off = fabsf(cut->eye.x + wx * far - prop->x);
    const float inner = arch(prop->width, off), outer = arch(prop->height, off);
    if (outer < 0) return;
    const float crust = 1 + 0.25f * noise(prop->seed, off * 3 / prop->width, far);
    const vec4 stone = hazed(cut, color * splat(crust), far);
    paint(cut, row_of(cut, prop->z + outer, far), row_of(cut, inner > 0 ? prop->z + inner : -50, far), stone);
    if (inner > 0) paint(cut, row_of(cut, prop->z - inner * 2.2f, far), row_of(cut, -50, far), stone);
}

/* The far face, the inside of the opening, and the near face. */
static void gate_draw(const struct cut *cut, const struct standing *standing)
{
    const struct prop *prop = standing->prop;
    const struct air *air = &cut->world->air;
    const float wy = cosf(cut->azimuth);
    if (wy < 0.1f) return;
    const vec4 dark = prop->color * air->skylight * splat(0.45f);
    const vec4 lit =
        prop->color * (air->skylight * splat(0.7f) + air->sunlight * splat(0.6f * maxf(0, -air->sun.y)));
    const float near = (prop->y - prop->depth - cut->eye.y) / wy,
                back = (prop->y + prop->depth - cut->eye.y) / wy;
    for (int i = 0; i <= 6; i++) gate_face(cut, prop, mixf(back, near, (float)i / 7), dark);
    gate_face(cut, prop, near, lit);
}

void stand_draw(const struct cut *cut, const struct standing *standing)
{
    switch (standing->prop->shape) {
    case SHAPE_SPRITE:
        sprite_draw(cut, standing);
        break;
    case SHAPE_BLOCK:
        block_draw(cut, standing);
        break;
    case SHAPE_GATE:
        gate_draw(cut, standing);
        break;
    }
}
