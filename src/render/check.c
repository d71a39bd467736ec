#include "render/check.h"

#include <math.h>
#include <string.h>

static bool check_texts(const struct shot *shot, struct error *err)
{
    const struct {
        const char *field, *text;
    } texts[] = {
        { "prompt", shot->prompt },           { "mood_category", shot->mood_category },
        { "lighting", shot->lighting },       { "camera_movement", shot->camera_movement },
        { "color_grade", shot->color_grade },
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!texts[i].text)
            return fail_field(err, CAUSE_INVALID, texts[i].field, "The field %s of the shot is missing.",
                              texts[i].field);
    return true;
}

static bool check_side(const char *field, int pixels, struct error *err)
{
    if (pixels >= 16 && pixels <= 4096 && pixels % 2 == 0) return true;
    return fail_field(err, CAUSE_INVALID, field,
                      "The %s of a frame must be an even number from 16 to 4096, not %d.", field, pixels);
}

static bool check_time(const struct shot *shot, struct error *err)
{
    if (shot->fps != 24 && shot->fps != 25 && shot->fps != 30 && shot->fps != 60)
        return fail_field(err, CAUSE_INVALID, "fps", "The frame rate must be 24, 25, 30 or 60, not %d.",
                          shot->fps);
    if (!(shot->duration_s >= 0.5 && shot->duration_s <= 60)) /* also refuses what is not a number */
        return fail_field(err, CAUSE_INVALID, "duration_s", "The duration must be from 0.5 to 60 seconds.");
    if (shot->threads < 1 || shot->threads > 64)
        return fail_field(err, CAUSE_INVALID, "threads",
                          "The number of threads must be from 1 to 64, not %d.", shot->threads);
    return true;
}

static bool check_picture(const struct picture *picture, struct error *err)
{
    if (!picture) return true;
    const bool sized =
        picture->width >= 1 && picture->width <= 16384 && picture->height >= 1 && picture->height <= 16384;
    if (sized && picture->rgb && picture->row_bytes >= 3 * (ptrdiff_t)picture->width) return true;
    return fail_field(err, CAUSE_BAD_MEDIA, "reference",
                      "The reference picture must have from 1 to 16384 pixels on each side.");
}

static bool category_exists(const char *name)
{
    for (size_t i = 0; render_category_name(i); i++)
        if (strcmp(render_category_name(i), name) == 0) return true;
    return false;
}

static bool choose(const struct shot *shot, struct choice *out, struct error *err)
{
    if (shot->mood_category[0] && !category_exists(shot->mood_category))
        return fail_field(err, CAUSE_INVALID, "mood_category", "There is no mood category '%.40s'.",
                          shot->mood_category);
    const struct choice found = {
        .camera = camera_find(shot->camera_movement),
        .light = light_find(shot->lighting[0] ? shot->lighting : "natural"),
        .grade = grade_find(shot->color_grade[0] ? shot->color_grade : "natural"),
    };
    if (!found.camera)
        return fail_field(err, CAUSE_INVALID, "camera_movement", "There is no camera movement '%.40s'.",
                          shot->camera_movement);
    if (!found.light)
        return fail_field(err, CAUSE_INVALID, "lighting", "There is no lighting '%.40s'.", shot->lighting);
    if (!found.grade)
        return fail_field(err, CAUSE_INVALID, "color_grade", "There is no colour grade '%.40s'.",
                          shot->color_grade);
    *out = found;
    return true;
}

bool shot_check(const struct shot *shot, struct choice *out, struct error *err)
{
    return check_texts(shot, err) && check_side("width", shot->width, err) &&
           check_side("height", shot->height, err) && check_time(shot, err) &&
           check_picture(shot->reference, err) && choose(shot, out, err);
}
