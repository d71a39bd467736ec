/* The renditions a film is offered in as a stream (HLS), and the pieces those are made in.
 *
 * A film that players take as it is comes first as it is ("direct"). Below it, or for any other film from its
 * own height down, the ladder: H.264 and AAC, converted piece by piece. A piece lasts RENDITION_PIECE_S,
 * rounded up to a whole picture; where pieces begin follows from their number and the film's frame rate
 * alone, so a playlist can be written before anything is made. */
#pragma once

#include "base/arena.h"
#include "task/task.h"

enum { RENDITION_PIECE_S = 6, RENDITION_PIECES_MAX = 20000 };

struct rendition {
    const char *name;
    bool direct;
    int64_t width, height; /* of what is shown; 0 without a picture */
    int64_t bit_rate;      /* bits a second at most, of all, over a piece and its neighbours */
    const char *codecs;    /* RFC 6381 */
    struct transcode_in in;
};

/* The renditions in the order a playlist names them, best first. */
size_t renditions_list(const struct playback *playback, struct arena *mem, struct rendition **out);

/* NULL when there is none of this name. */
const struct rendition *rendition_find(const struct playback *playback, struct arena *mem, const char *name);

/* How many pieces the film has. */
int64_t rendition_pieces(const struct playback *playback);

/* The piece of this number, 0 up to before rendition_pieces; from `begin_out` up to before `end_out`, in
 * pictures. */
void rendition_piece(const struct playback *playback, int64_t number, int64_t *begin_out, int64_t *end_out);
