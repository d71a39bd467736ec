/* A media file being written: an MP4 with its index at the front, a WebM, or an MP4 in fragments. Users of
 * this header speak libav.
 *
 *     sink_open, sink_add per stream, sink_start, sink_put per packet, sink_finish
 *
 * Fragments are for players that fetch piece by piece (HLS): first the description of the streams, then
 * segments of about SINK_SEGMENT_S, each of which begins with a key frame of the picture. Where they lie is
 * written to `index` as lines of text: the bytes of the description; then bytes and microseconds of each
 * segment. The same packets make the same bytes.
 *
 * One piece of such a film is made by itself too: container "piece" writes only the segment, "head" only the
 * description. */
#pragma once

#include "base/error.h"

#include <libavformat/avformat.h>

enum { SINK_SEGMENT_S = 6 };

struct sink_kind;

struct sink {
    AVFormatContext *format;
    AVIOContext *io;
    const struct sink_kind *kind;
    int index;                 /* -1: no fragments */
    int leader;                /* the stream whose key frames begin segments */
    double begun_s, reached_s; /* of the open segment; NaN: none yet */
    int64_t begun_bytes;
};

/* `container` is mp4, webm, hls, piece or head. Both files are empty and stay the caller's; `index` only
 * counts for hls.
 */
bool sink_open(struct sink *sink, const char *container, int fd, int index, struct error *err) MUST_USE;

/* Video before sound. The number of the stream in `number_out`. */
bool sink_add(struct sink *sink, const AVCodecParameters *codec, AVRational time_base, int *number_out,
              struct error *err) MUST_USE;
bool sink_start(struct sink *sink, struct error *err) MUST_USE;

/* Takes what the packet holds. Its times are in `time_base`; packets of one stream come in order. */
bool sink_put(struct sink *sink, AVPacket *packet, int number, AVRational time_base,
              struct error *err) MUST_USE;

/* Only then the file is complete. */
bool sink_finish(struct sink *sink, struct error *err) MUST_USE;

void sink_close(struct sink *sink);

static inline void sink_cleanup(struct sink *sink) { sink_close(sink); }
