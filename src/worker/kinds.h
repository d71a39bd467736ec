/* What runs for each kind of task: the worker's side of task/kinds.def.
 *
 * A run function is called in the confined child. `in` and `out` are structs of the kind's shapes; `out`
 * comes initialised to absent values. */
#pragma once

#include "task/task.h"
#include "worker/job.h"

typedef bool job_run(struct job *job, const void *in, void *out, struct error *err);

job_run run_render, run_contact_sheet, run_mock_clip, run_verify, run_probe, run_image, run_ingest,
    run_attack, run_resize, run_transcode, run_segment, run_playback;

extern job_run *const kind_runs[TASK_KIND_COUNT];
