/* One stream of a source while it is decoded, tolerantly: damage is noted, not fatal. Users of this header
 * speak libav. */
#pragma once

#include "media/source.h"

enum track_depth {
    TRACK_ALL, /* every frame */
    TRACK_KEY, /* key frames only */
};

struct track {
    AVStream *stream; /* NULL: there is no such stream, and the calls below do nothing */
    AVCodecContext *codec;
    AVFrame *frame;
    int64_t frames;   /* that came out */
    double damaged_s; /* of the first damage; negative: none so far */
};

/* `stream` may be NULL or of a codec that is not decoded here; the track is then without a stream. */
bool track_open(struct track *track, const struct source *source, AVStream *stream, enum track_depth depth,
                struct error *err) MUST_USE;

/* Gives a packet to the codec, NULL at the end. */
void track_send(struct track *track, const AVPacket *packet);

/* The next frame that is ready, valid until the next call, or NULL. */
const AVFrame *track_next(struct track *track);

/* Forgets what was sent, to go on at another key frame. */
void track_flush(struct track *track);

/* Seconds from the start of the stream. */
double track_time_s(const struct track *track, const AVFrame *frame);

void track_close(struct track *track);

static inline void track_cleanup(struct track *track) { track_close(track); }
