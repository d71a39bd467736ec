/* A file packed anew, with more inside: captions, a cover, chapters. */
#pragma once

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

struct remake_cue {
    double start_s, length_s;
    const char *words;
};

struct remake_stream {
    enum AVCodecID codec;
    const char *head; /* what the codec needs to know, as of SSA; NULL: nothing */
    const char *language;
    int disposition;
    const struct remake_cue *cues;
    size_t count;
};

struct remake {
    const char *muxer;
    const struct remake_stream *captions;
    size_t caption_streams;
    const void *cover; /* a picture as a file, of `cover_codec`; NULL: none */
    size_t cover_bytes;
    enum AVCodecID cover_codec;
    int cover_width, cover_height; /* as the container will say */
    int chapters;                  /* of a tenth of a second each, called "chapter 1" and so on */
};

/* `from` stays as it is. */
int remake(int from, const struct remake *how);
