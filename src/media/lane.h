/* One stream on its way from a source through filters to a codec. Users of this header speak libav.
 *
 * The filters are put together when the first frame shows what comes, and again when it changes on the way.
 * Times count from the start of the source, so that streams that begin later keep their distance. */
#pragma once

#include "media/filters.h"
#include "media/sink.h"
#include "media/track.h"

#include <libavfilter/avfilter.h>

struct lane {
    struct track track;
    const struct source *source;
    char filters[FILTERS_BYTES];
    AVFilterGraph *graph;
    AVFilterContext *from, *to;
    AVCodecContext *encoder; /* NULL: frames go to `take` */
    AVFrame *frame;
    AVPacket *packet;
    struct sink *sink;
    int number;       /* of the stream in the sink */
    struct span span; /* packets of these times go to the sink; the first picture is shown from `begin` on */
    bool (*take)(void *with, const AVFrame *frame, struct error *err);
    void *with;
    int64_t end;    /* of the last frame that went in, in the stream's time base */
    int64_t received, frames; /* that went in, that came out of the filters */
    bool over;                /* the filters take nothing more */
};

/* Opens the decoder. `stream` of the source. */
bool lane_open(struct lane *lane, const struct source *source, AVStream *stream, struct error *err) MUST_USE;

/* A packet of the lane's stream; NULL at the end, which lets out what is still inside. When nothing came that
 * can be shown and the span is to be full, it is black or silent. */
bool lane_feed(struct lane *lane, const AVPacket *packet, struct error *err) MUST_USE;

void lane_close(struct lane *lane);

static inline void lane_cleanup(struct lane *lane) { lane_close(lane); }
