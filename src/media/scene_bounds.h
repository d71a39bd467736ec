/* The box around everything a glTF scene shows, at rest: the boxes of its meshes, put in place by the nodes.
 */
#pragma once

#include "base/json.h"
#include "task/ingest.h"

/* Sets size and lowest corner of `model`, which stay absent in a scene without meshes. BAD_MEDIA when the
 * nodes are no tree. */
bool scene_bounds(const struct json *root, struct ingest_model *model, struct error *err) MUST_USE;
