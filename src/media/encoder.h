/* Frames in, an MP4 file out: H.264 High, 4:2:0, BT.709 limited range, index at the front.
 *
 *     encoder_open, then per frame encoder_frame (where to draw) and encoder_push, then encoder_finish.
 *
 * The file has no audio, one key frame at least every two seconds and a constant frame rate, so frame n shows
 * at n / fps and the duration is frames / fps. The bytes depend only on the settings and the pictures:
 * `threads` is one of the settings because x264 decides differently for another number of threads. One thread
 * uses an encoder; the encoder runs threads of its own. */
#pragma once

#include "base/error.h"

struct encode_settings {
    int width, height; /* 16..8192, even */
    int fps;           /* 1..240 */
    int threads;       /* 1..16; 0 is ENCODER_THREADS */
    int crf;           /* 1..51, lower is better; 0 is ENCODER_CRF */
};

/* Measured with 150 frames of 1080p film of our renderer (processor time a frame, size, SSIM against the
 * drawing): this choice 30 ms, 4.2 MB, 22.3 dB; veryfast at 20 57 ms, 3.7 MB, 22.6 dB; plain superfast at 20
 * 33 ms, 5.4 MB, 23.0 dB. The macroblock tree is what superfast lacks. */
#define ENCODER_PRESET "superfast"
#define ENCODER_TUNING "mbtree=1:rc-lookahead=10"
enum { ENCODER_CRF = 19, ENCODER_THREADS = 2 };

/* Where to draw a frame: luma 16..235 of width x height, chroma 16..240 of half that each way, sited left.
 * Strides are in bytes and at least the width. */
struct encoder_planes {
    uint8_t *y, *u, *v;
    ptrdiff_t y_stride, uv_stride;
};

struct encoder;

/* `fd` must be seekable, readable and empty; it stays the caller's. */
bool encoder_open(const struct encode_settings *settings, int fd, struct encoder **encoder_out,
                  struct error *err) MUST_USE;

/* The planes to draw the next frame into, valid until encoder_push. Their content is undefined: draw it all.
 */
bool encoder_frame(struct encoder *encoder, struct encoder_planes *planes_out, struct error *err) MUST_USE;

/* Encodes what was drawn into the planes of the last encoder_frame. */
bool encoder_push(struct encoder *encoder, struct error *err) MUST_USE;

/* Writes what is still inside and the index. Only then is the file complete. */
bool encoder_finish(struct encoder *encoder, struct error *err) MUST_USE;

/* Frees the encoder, finished or not. */
void encoder_close(struct encoder *encoder);

static inline void encoder_cleanup(struct encoder **encoder) { encoder_close(*encoder); }
