#include "render/camera.h"
#include "render/grade.h"
#include "render/light.h"
#include "render/render.h"

#include <stdio.h>
#include <string.h>

const char *render_camera_name(size_t index) { return index < camera_count ? cameras[index].name : NULL; }
const char *render_lighting_name(size_t index) { return index < light_count ? lights[index].name : NULL; }
const char *render_grade_name(size_t index) { return index < grade_count ? grades[index].name : NULL; }

const char *render_category_name(size_t index)
{
    static const char *const names[] = { "high_energy", "luxury_reveal", "intimate_story", "surreal_trip" };
    return index < COUNT_OF(names) ? names[index] : NULL;
}

bool render_size(const char *aspect, const char *preset, int *width_out, int *height_out)
{
    static const struct {
        const char *name;
        int across, down;
    } aspects[] = {
        { "16:9", 16, 9 }, { "9:16", 9, 16 }, { "4:5", 4, 5 }, { "1:1", 1, 1 }, { "21:9", 21, 9 }
    };
    static const struct {
        const char *name;
        int short_side;
    } presets[] = { { "draft", 540 }, { "standard", 1080 }, { "4k", 2160 } };
    for (size_t a = 0; a < COUNT_OF(aspects); a++)
        for (size_t p = 0; p < COUNT_OF(presets); p++) {
            if (strcmp(aspects[a].name, aspect) != 0 || strcmp(presets[p].name, preset) != 0) continue;
            const int across = aspects[a].across, down = aspects[a].down,
                      less = across < down ? across : down;
            int side = presets[p].short_side; /* both sides must be even and at most 4096 */
            while (side * (across > down ? across : down) / less > 4096) side -= 2;
            *width_out = (side * across / less + 1) & ~1;
            *height_out = (side * down / less + 1) & ~1;
            return true;
        }
    return false;
}
