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

/* Measured with 75 frames of 1080p film of our renderer, a calm shot and a drone flight: processor time a
 * frame (the best of three), size, SSIM against the drawing.
 *
 *                                                       calm                       drone
 *   this choice                                 16 ms  2.3 MB  17.0 dB     18 ms  2.9 MB  18.9 dB
 *   without deblocking                          14 ms  2.5 MB  16.6 dB     17 ms  3.1 MB  17.8 dB
 *   and without arithmetic coding               13 ms  3.1 MB  16.6 dB     15 ms  3.8 MB  17.8 dB
 *   superfast 19, mbtree, no B-frames           18 ms  2.0 MB  17.1 dB     23 ms  2.5 MB  19.3 dB
 *   superfast 19, mbtree, one B-frame           21 ms  1.9 MB  17.0 dB     27 ms  2.4 MB  19.1 dB
 *   superfast 19, mbtree, adaptive B-frames     25 ms  1.9 MB  17.0 dB     36 ms  2.3 MB  19.1 dB
 *
 * The grain of the film costs most of the bits and cannot be predicted: searching for it (B-frames, small
 * partitions, subpixels) buys little. What ultrafast lacks here are adaptive quantisers, the macroblock tree,
 * and what makes the bits it writes worth more. */
#define ENCODER_PRESET "ultrafast"
#define ENCODER_TUNING "aq-mode=1:mbtree=1:rc-lookahead=10:cabac=1:8x8dct=1:deblock=0,0"
enum { ENCODER_CRF = 18, ENCODER_THREADS = 2 };

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
