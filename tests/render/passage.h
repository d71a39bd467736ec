/* How a whole shot moves, and whether that is what its camera promises. Judges any run of luma planes: frames
 * as drawn or frames decoded from a file. */
#pragma once

#include "render/camera.h"

#include "motion.h"

#include <stdbool.h>

/* The movement from the first frame to the last, and the extremes of single steps. */
struct passage {
    struct motion total, most;
    double unrest; /* mean size of the change between successive steps, pixels */
    double agreement;
    int steps;
};

/* Frames one after the other: `next` gives width x height luma without padding, good until it is called
 * again, and NULL at the end. */
struct reel {
    int width, height;
    const uint8_t *(*next)(struct reel *reel);
    void *of;
};

/* False when there are not at least two frames. */
bool passage_measure(const struct camera *camera, struct reel *reel, struct passage *out);

/* Compares with the signature in the camera's row; prints the measurement when it misses. */
bool passage_follows(const struct camera *camera, const struct reel *reel, const struct passage *passage);
