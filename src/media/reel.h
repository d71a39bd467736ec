/* The pictures of a video with as little decoding as they need. Key frames are decoded as they come; the
 * packets after one are held until the next comes, so that whoever suspects something in between can still
 * see every frame of it. Users of this header speak libav. */
#pragma once

#include "media/track.h"

enum { REEL_HELD_MAX = 600, REEL_HELD_BYTES_MAX = 48 * 1000 * 1000 };

struct reel {
    const struct source *source;
    struct track key, every; /* `every` is opened when somebody looks between key frames */
    AVPacket *held[REEL_HELD_MAX];
    int count, sent;         /* packets held; given to `every` so far */
    int64_t bytes;
    double since_s, until_s; /* times of the first and latest packet held */
    bool full;               /* there were more than can be held: nobody can look there */
    bool draining, thrifty;
    double looked_s;         /* seconds of video that were looked at frame by frame */
};

/* `stream` may be NULL: the reel is then empty, as reel_empty tells. */
bool reel_open(struct reel *reel, const struct source *source, AVStream *stream, struct error *err) MUST_USE;
bool reel_empty(const struct reel *reel);
bool reel_is_of(const struct reel *reel, const AVPacket *packet);

/* Whether a new stretch begins with this packet. Where every frame is a key frame, twice a second is enough.
 */
bool reel_begins(const struct reel *reel, const AVPacket *packet);

/* The picture of a key packet, valid until the next call; NULL when it is damaged. */
const AVFrame *reel_still(struct reel *reel, const AVPacket *packet);

/* Lets go of what is held. */
void reel_clear(struct reel *reel);

/* Keeps the packet for a look. */
bool reel_hold(struct reel *reel, const AVPacket *packet, struct error *err) MUST_USE;

/* Whether a packet held is so large, beside its key packet and the others, that its picture owes little to
 * the ones before. */
bool reel_jumps(const struct reel *reel);

/* The frames of what is held, from its key frame: begin, then next until NULL. Every one of them; or,
 * `thrifty`, without those that no other frame is made from, where packets are of a common size: around large
 * ones, and among the small ones of black and of standing pictures, none is left out. */
bool reel_look(struct reel *reel, bool thrifty, struct error *err) MUST_USE;
const AVFrame *reel_next(struct reel *reel);

void reel_close(struct reel *reel);
