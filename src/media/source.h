/* An untrusted media file, opened through its descriptor and limited before anything is decoded.
 *
 * Only containers and codecs of our lists are accepted, nothing is opened by name, and the limits below hold.
 * A file may still lie; it is believed only after verify.h has decoded it. Users of this header speak libav.
 */
#pragma once

#include "base/error.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

enum {
    SOURCE_MAX_STREAMS = 64,
    SOURCE_COUNTED_STREAMS = 1000, /* libav's own bound: a refusal can say how many there are up to it */
    SOURCE_MAX_PIXELS = 100 * 1000 * 1000, /* per picture; an 8K frame has 33 M */
    SOURCE_PROBE_BYTES = 5 * 1000 * 1000,  /* read to find out what the streams are */
    SOURCE_PROBE_DURATION_US = 5 * 1000 * 1000,
    SOURCE_MAX_DURATION_S = 24 * 3600,
};

struct source {
    AVFormatContext *format;
    AVIOContext *io;
    int64_t size_bytes;
    bool is_webm; /* the narrower kind of matroska */
};

/* `fd` is seekable and stays the caller's. */
bool source_open(struct source *source, int fd, struct error *err) MUST_USE;

/* The same for somebody who decodes the streams anyway: where the header says what they are (MP4 and MOV), no
 * packet is read and no picture decoded to find that out. What only decoders know (pixel format, colours, the
 * real sample rate) is missing until source_learn. */
bool source_skim(struct source *source, int fd, struct error *err) MUST_USE;

/* What the stream's decoder has learnt by now becomes what the source says of it. */
bool source_learn(AVStream *stream, const AVCodecContext *codec, struct error *err) MUST_USE;

/* The streams that matter, NULL when there is none: cover pictures inside music do not count as video. */
AVStream *source_video(const struct source *source);
AVStream *source_audio(const struct source *source);

/* Degrees clockwise that show the stream's pictures upright: 0, 90, 180 or 270. */
int source_rotation(const AVStream *stream);

/* Frames per second as the container states it; 0/1 when it does not. */
AVRational source_frame_rate(const AVStream *stream);

/* As the container states it, in seconds; 0 when it does not. */
double source_duration_s(const struct source *source);

void source_close(struct source *source);

static inline void source_cleanup(struct source *source) { source_close(source); }
