/* One world, built once per shot: nested maps of the ground with its light baked in, the sky and its clouds,
 * and the things that stand about. Nothing in it changes while frames are drawn.
 *
 * The ground is LEVELS square maps around the subject, each coarser and wider than the one inside it; the rim
 * of each is blended into the next, so no seam shows. A texel holds lit colour in x, y, z and height in w. */
#pragma once

#include "render/brief.h"
#include "render/prop.h"
#include "render/team.h"

/* Rows of tables are a little longer than a power of two: a walk up a column then spreads over the whole
 * cache instead of coming back to the same few lines of it. */
enum { ROW_SPARE = 4 };

enum { LEVELS = 4, CLOUD_HIGH_MOST = 256, STARS_MOST = 1400 };
enum { SKY_WIDE = 256, SKY_PITCH = SKY_WIDE + ROW_SPARE, SKY_HIGH = 64 };
#define SKY_TOP   1.5707963f /* elevation of the last row of the sky */
#define CLOUD_TOP 1.15f      /* and of the clouds */

enum { BLOCK_SHIFT = 3, BLOCK_SIDE = 1 << BLOCK_SHIFT };

struct level {
    int side, pitch; /* texels of a row, and from one row to the next */
    float cell_m;
    vec4 *texels; /* `side` rows, the subject in the middle */
    float *peaks; /* highest ground within one block around each block of BLOCK_SIDE squared texels */
};

struct star {
    float azimuth, v; /* v: tangent of the elevation */
    vec4 light;
};

struct world {
    struct brief brief;
    struct air air;
    const struct subject_look *look;
    struct ground ground;
    float foot_m; /* height of the ground under the subject */
    float eye_m;  /* of the opening camera over the water line */
    float top_m;  /* highest ground */
    struct level levels[LEVELS];
    vec4 *sky; /* SKY_HIGH rows, SKY_PITCH apart, from the horizon up, azimuth -pi..pi along a row */
    int cloud_wide, cloud_high;
    vec4 *clouds; /* the same, cloud_wide + ROW_SPARE apart: premultiplied colour and opacity in w */
    float *waves; /* pairs: slopes along x and y of a tile of water, WAVE_SIDE + 1 rows of WAVE_SIDE + 1 */
    struct star stars[STARS_MOST]; /* by azimuth */
    int star_count;
    struct props props;
};

enum { WAVE_SIDE = 256 };

/* `fine` asks for the maps that large frames need; small frames see no difference and open four times as
 * fast. `gate` and `tufts` put a gate or something to focus on in front of the camera. */
bool world_open(const struct brief *brief, const struct light *light, bool fine, bool gate, bool tufts,
                struct team *team, struct world **out, struct error *err) MUST_USE;
void world_close(struct world *world);

/* Ground height from the baked maps, water counted as ground. */
float world_floor(const struct world *world, float x, float y);
