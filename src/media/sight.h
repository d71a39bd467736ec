/* What the pictures of a video tell, together: poster, placeholder, sheet, hashes, cuts, black and standing
 * stretches. Users of this header speak libav.
 *
 * Key frames are always seen. Every frame between two of them is seen where something may have happened
 * there, up to half an hour of video in all. Where key frames are merely far apart, or there is but one,
 * frames that no other needs are left out at first; when what is seen then may be a cut or black, all are
 * looked at again. */
#pragma once

#include "media/reel.h"
#include "task/ingest.h"

struct sight;

/* Lives in `mem`, except for what sight_close frees. `stream` may be NULL: there is nothing to see. */
struct sight *sight_new(const struct source *source, AVStream *stream, struct arena *mem,
                        struct error *err) MUST_USE;

/* Any packet of the source; those of other streams are passed over. */
bool sight_see(struct sight *sight, const AVPacket *packet, struct error *err) MUST_USE;

/* Tells the source what was learnt by decoding it. */
bool sight_learn(const struct sight *sight, struct error *err) MUST_USE;

/* After the last packet. False in `seen_out`: no picture could be decoded. Descriptors that are negative are
 * left out. */
bool sight_sum_up(struct sight *sight, int poster_fd, int sprite_fd, struct media_analysis *out,
                  bool *seen_out, struct error *err) MUST_USE;

double sight_damaged_s(const struct sight *sight); /* negative: no damage was met */

void sight_close(struct sight *sight); /* accepts NULL */
