/* Draws the props of a world into the columns of a panorama. */
#pragma once

#include "render/canvas.h"
#include "render/world.h"

enum { STAND_BUCKET = 16, STAND_COLUMN_MOST = 96 };

/* A prop as one eye sees it. */
struct standing {
    const struct prop *prop;
    float azimuth, far; /* of its foot */
    int first, last;    /* columns it may touch */
    vec4 sun;           /* the sun in its frame: right, up, toward the viewer */
};

/* All props in view, far to near, and for each bucket of columns which of them may touch it. */
struct stands {
    struct standing *at;
    int count;
    int *in_bucket; /* indices into `at`, near to far, STAND_COLUMN_MOST per bucket */
    int *bucket_count;
    int buckets_most;
};

bool stands_open(struct stands *stands, int props, int columns_most, struct error *err) MUST_USE;
void stands_close(struct stands *stands);

/* Finds what stands in view of `eye`. */
void stands_see(struct stands *stands, const struct world *world, const struct canvas *canvas,
                struct vec3 eye);

/* What a prop needs to be cut by one column. */
struct cut {
    const struct world *world;
    const struct canvas *canvas;
    vec4 *pixels;
    struct vec3 eye;
    float azimuth;
    vec4 haze;
    float horizon; /* row below which nearer ground hides it */
};
void stand_draw(const struct cut *cut, const struct standing *standing);
