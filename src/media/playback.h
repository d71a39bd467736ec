/* What a player gets of a film. */
#pragma once

#include "task/task.h"

/* Texts live in `mem`. Reads some seconds at the end of the film; all of it when the end is not where the
 * container says. */
bool playback_find(int from, struct arena *mem, struct playback *out, struct error *err) MUST_USE;
