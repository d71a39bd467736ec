#include "render/camera.h"
#include "render/grade.h"
#include "render/light.h"
#include "render/render.h"

const char *render_camera_name(size_t index) { return index < camera_count ? cameras[index].name : NULL; }
const char *render_lighting_name(size_t index) { return index < light_count ? lights[index].name : NULL; }
const char *render_grade_name(size_t index) { return index < grade_count ? grades[index].name : NULL; }

const char *render_category_name(size_t index)
{
    static const char *const names[] = { "high_energy", "luxury_reveal", "intimate_story", "surreal_trip" };
    return index < COUNT_OF(names) ? names[index] : NULL;
}
