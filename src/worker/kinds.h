/* What umam-media runs for each kind of task. */
#pragma once

#include "cell/program.h"

job_run run_render, run_contact_sheet, run_mock_clip, run_verify, run_probe, run_image, run_ingest,
    run_resize, run_transcode, run_segment, run_playback;
