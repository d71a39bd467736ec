/* The sheet of small pictures a player shows while somebody scrubs, and the perceptual hashes of its tiles.
 * Users of this header speak libav.
 *
 * Tile n stands for the time from n to n + 1 intervals and shows the first picture seen in it; where none was
 * seen it repeats the tile before. There are at most SHEET_TILES_MAX: when a video turns out longer, every
 * second one goes. */
#pragma once

#include "media/image.h"
#include "task/ingest.h"

#include <libavutil/frame.h>

enum { SHEET_COLUMNS = 10, SHEET_TILES_MAX = 100, SHEET_TILE_SIDE = 160 };

struct SwsContext;

struct sheet {
    struct SwsContext *scaler; /* adapts itself to the frames */
    double interval_s;
    int rotation;
    struct image tiles[SHEET_TILES_MAX]; /* those without a picture are empty */
    int count;                           /* up to the last one with a picture */
};

/* `duration_s` 0: unknown. */
void sheet_init(struct sheet *sheet, double duration_s, int rotation);

/* Whether a frame of this time would be shown. */
bool sheet_wants(const struct sheet *sheet, double at_s);

bool sheet_show(struct sheet *sheet, const AVFrame *frame, double at_s, struct error *err) MUST_USE;

/* Writes the sheet as JPEG at the start of `fd` (unless that is negative), up to `end_s`, and tells its
 * layout and hashes. */
bool sheet_write(struct sheet *sheet, double end_s, int fd, struct arena *mem, struct media_analysis *out,
                 struct error *err) MUST_USE;

void sheet_close(struct sheet *sheet);
