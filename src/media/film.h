/* The one pass over a video or sound file: every packet is read once and goes to all who want it. */
#pragma once

#include "media/analysis.h"

bool film_see(const struct analysis_files *files, const struct analysis_watch *watch, struct arena *mem,
              struct media_analysis *out, struct error *err) MUST_USE;
