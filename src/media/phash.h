/* Perceptual hash of a picture: pictures that look alike differ in few of its 64 bits (10 and fewer are worth
 * a look), whatever their size, format and compression. It is the difference hash: the picture in 9 x 8 grey
 * cells, one bit for each cell that is brighter than its right neighbour (N. Krawetz, "Kind of Like That",
 * 2013). */
#pragma once

#include "base/arena.h"
#include "media/image.h"

uint64_t phash_of(const struct image *image);

int phash_distance(uint64_t a, uint64_t b); /* 0..64 */

/* What most of the hashes say, bit by bit; 0 of none. */
uint64_t phash_majority(const uint64_t *hashes, size_t count);

/* 16 hexadecimal digits. */
char *phash_text(struct arena *mem, uint64_t hash) MUST_USE;
