/* Wakes the libraries behind this room, once per process, before any other call and before any thread.
 *
 * Afterwards libav is silent, libvips loads only JPEG, PNG, WebP and GIF, libmagic has its database, and all
 * have done what they do on first use, so that children forked from this process start at once. The process
 * still has one thread. */
#pragma once

#include "base/error.h"

bool media_open(struct error *err) MUST_USE;
