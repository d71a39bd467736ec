/* 3D models: glTF 2.0 (JSON) and GLB, checked against the parts of the specification that keep a reader
 * inside its buffers, and measured. Geometry is not decoded: the format states the bounds of every mesh. */
#pragma once

#include "base/arena.h"
#include "task/ingest.h"

/* UNSUPPORTED for JSON that is no glTF and for other versions, BAD_MEDIA when its parts contradict each
 * other. */
bool scene_measure(int fd, struct arena *mem, struct media_analysis *out, struct error *err) MUST_USE;
