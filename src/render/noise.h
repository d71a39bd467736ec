/* Repeatable chance: hashes, a stream of random numbers and gradient noise. Pure functions of their seed. */
#pragma once

#include <stdint.h>

uint32_t hash_mix(uint32_t x);
uint32_t hash_at(uint32_t seed, int32_t x, int32_t y);

/* FNV-1a of text, starting from `seed`. */
uint64_t hash_text(uint64_t seed, const char *text);

/* 0 <= result < 1. Each call advances `state`. */
float chance(uint64_t *state);

/* Gradient noise with a lattice of 1, about -1..1, zero on lattice points. */
float noise(uint32_t seed, float x, float y);

/* Sum of `octaves` doublings, each half as strong; about -1..1. */
float noise_fbm(uint32_t seed, float x, float y, int octaves);

/* Sharp crests and wide valleys, 0..1. */
float noise_ridge(uint32_t seed, float x, float y, int octaves);
