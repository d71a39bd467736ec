#include "passage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void step_add(struct passage *passage, const struct motion *step, const struct motion *last)
{
    motion_add(&passage->total, step);
    if (fabs(step->right) > fabs(passage->most.right)) passage->most.right = step->right;
    if (fabs(step->grow) > fabs(passage->most.grow)) passage->most.grow = step->grow;
    if (fabs(step->turn) > fabs(passage->most.turn)) passage->most.turn = step->turn;
    if (passage->steps > 0) passage->unrest += hypot(step->right - last->right, step->down - last->down);
    passage->steps++;
}

bool passage_measure(const struct camera *camera, struct reel *reel, struct passage *out)
{
    const size_t bytes = (size_t)reel->width * (size_t)reel->height;
    const int seen = camera->shows.behind ? reel->height * 11 / 20 : reel->height;
    uint8_t *const before = malloc(bytes);
    const uint8_t *frame = reel->next(reel);
    struct motion last = { 0 };
    *out = (struct passage){ 0 };
    while (before && frame) {
        memcpy(before, frame, bytes);
        frame = reel->next(reel);
        if (!frame) break;
        const struct motion step = motion_between(before, frame, reel->width, seen);
        step_add(out, &step, &last);
        last = step;
    }
    free(before);
    if (out->steps > 1) out->unrest /= out->steps - 1;
    if (out->steps > 0) out->agreement = out->total.agreement / out->steps;
    return out->steps > 0;
}

static bool within(struct range range, double value) { return value >= range.least && value <= range.most; }

bool passage_follows(const struct camera *camera, const struct reel *reel, const struct passage *passage)
{
    const struct signature *shows = &camera->shows;
    const double right = passage->total.right / reel->width, down = passage->total.down / reel->height;
    const bool done = within(shows->right, right) && within(shows->down, down) &&
                      within(shows->grow, passage->total.grow) && within(shows->turn, passage->total.turn);
    if (!done || getenv("MOTION_PRINT"))
        fprintf(stderr, "%-17s right %+.3f down %+.3f grow %+.3f turn %+.1f unrest %.2f agree %.2f%s\n",
                camera->name, right, down, passage->total.grow, passage->total.turn, passage->unrest,
                passage->agreement, done ? "" : "  <- not its row");
    return done;
}
