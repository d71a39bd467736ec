#include "worker/kinds.h"

#include "media/media.h"

const struct program program = {
    .name = "umam-media",
    .open = media_open,
    .runs = {
        [TASK_RENDER] = run_render,       [TASK_CONTACT_SHEET] = run_contact_sheet,
        [TASK_MOCK_CLIP] = run_mock_clip, [TASK_VERIFY] = run_verify,
        [TASK_PROBE] = run_probe,         [TASK_IMAGE] = run_image,
        [TASK_INGEST] = run_ingest,       [TASK_ATTACK] = run_attack,
        [TASK_RESIZE] = run_resize,       [TASK_TRANSCODE] = run_transcode,
        [TASK_SEGMENT] = run_segment,     [TASK_PLAYBACK] = run_playback,
    },
};
