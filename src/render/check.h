/* Decides whether a shot can be rendered, before anything is built for it. */
#pragma once

#include "render/camera.h"
#include "render/grade.h"
#include "render/light.h"
#include "render/render.h"

struct choice {
    const struct camera *camera;
    const struct light *light;
    const struct grade *grade;
};

/* Fails with the field and a sentence; otherwise finds the rows the shot names. */
bool shot_check(const struct shot *shot, struct choice *out, struct error *err) MUST_USE;
