/* What happens in a video: cuts, black stretches, standing pictures. It is shown small grey pictures in the
 * order of time; between some of them others were left out.
 *
 * A cut is a frame that differs from the one before it far more than the frames around do from theirs, so
 * that neither a moving camera nor a flash is one. */
#pragma once

#include "media/luma.h"
#include "media/stretch.h"

enum {
    GLIMPSE_COLUMNS = 40,
    GLIMPSE_ROWS = 24,
    GLIMPSE_CELLS = GLIMPSE_COLUMNS * GLIMPSE_ROWS,
    GLIMPSE_LEVELS = 32
};

/* A frame, as coarse as it is remembered. */
struct glimpse {
    double at_s;
    float cells[GLIMPSE_CELLS];   /* mean grey 0..255 */
    float levels[GLIMPSE_LEVELS]; /* shares of the grey levels */
    bool black;
};

/* From a meter that has just measured the frame. */
void glimpse_take(const struct luma_meter *meter, const struct luma *luma, double at_s, struct glimpse *out);

struct shots {
    struct glimpse last, standing; /* the latest; and the first of those that look the same as it */
    double before, change; /* from frame to frame, 0..255: up to `last` and one earlier; negative: unknown */
    bool begun;
    struct stretch black, frozen;
    struct ingest_cut cuts[INGEST_CUTS_MAX];
    size_t cut_count;
};

void shots_init(struct shots *shots);

/* The next one; `follows`: no frame stood between. */
void shots_see(struct shots *shots, const struct glimpse *glimpse, bool follows);

/* Whether something may have happened between the latest one and this one that is worth looking at every
 * frame. */
bool shots_suspects(const struct shots *shots, const struct glimpse *next);

/* Whether it must be known which frame exactly it was that changed between the latest one and this one: a cut
 * may be there, or black begins or ends. */
bool shots_matter(const struct shots *shots, const struct glimpse *next);

void shots_sum_up(struct shots *shots, double end_s, struct arena *mem, struct media_analysis *out);
