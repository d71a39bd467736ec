/* Still pictures from untrusted files, and the pictures we make ourselves, as plain RGB.
 *
 * Only JPEG, PNG, WebP and GIF are accepted, known by their first bytes; the first page of an animation
 * counts. A picture is upright (EXIF orientation applied), sRGB, 8 bits, opaque (on white). All pictures own
 * their pixels; close them or declare them AUTO(image). media_open() must have been called. */
#pragma once

#include "task/task.h"

enum {
    IMAGE_MAX_PIXELS = 100 * 1000 * 1000, /* checked before anything is decoded */
    IMAGE_MAX_FILE_BYTES = 200 * 1000 * 1000,
};

struct image {
    int width, height;
    uint8_t *rgb; /* rows of width * 3 bytes without gaps */
};

enum image_format { IMAGE_JPEG, IMAGE_PNG };

/* Whether the first bytes are those of an accepted picture. */
bool image_is_known(int fd);

/* Whether it is an accepted picture within the limits, by its header. */
bool image_check(int fd, struct error *err) MUST_USE;

/* Decodes `fd` completely (a damaged picture fails). With max_side above 0 a larger picture comes out shrunk
 * to it. */
bool image_load(int fd, int max_side, struct image *out, struct media_facts *facts_out,
                struct error *err) MUST_USE;

/* The same of a file in memory. */
bool image_load_bytes(const void *bytes, size_t size_bytes, int max_side, struct image *out,
                      struct error *err) MUST_USE;

/* An undrawn picture. */
bool image_init(struct image *image, int width, int height, struct error *err) MUST_USE;

/* Turns the picture clockwise by 0..3 quarters. */
bool image_turn(struct image *image, int quarters, struct error *err) MUST_USE;

/* Writes the picture at the start of `fd`, shrunk to max_side when that is above 0. JPEG has quality 85;
 * neither format carries metadata. */
bool image_write(const struct image *image, enum image_format format, int max_side, int fd,
                 struct error *err) MUST_USE;

void image_close(struct image *image);

static inline void image_cleanup(struct image *image) { image_close(image); }
