/* The video frames of a source in the order they are shown, strictly: the first damaged frame is an error,
 * not a concealed picture. Users of this header speak libav. */
#pragma once

#include "media/source.h"

struct decoder {
    const struct source *source;
    AVStream *stream;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    double reached_s;    /* time of the last frame, for error sentences */
    double read_until_s; /* end of the latest packet of any stream */
    bool draining;
};

/* Decodes the first video stream. The source must outlive the decoder. */
bool decoder_open(struct decoder *decoder, const struct source *source, struct error *err) MUST_USE;

/* The next frame, valid until the next call, or NULL at the end. */
bool decoder_next(struct decoder *decoder, const AVFrame **frame_out, struct error *err) MUST_USE;

void decoder_close(struct decoder *decoder);

static inline void decoder_cleanup(struct decoder *decoder) { decoder_close(decoder); }
