#include "render/grade.h"

#include "render/vec.h"

#include <string.h>

const struct grade grades[] = {
    /* high_energy */
    { "vibrant",
      { 1.02f, 1, 0.99f },
      1.32f,
      1.08f,
      0,
      { 0, 0, 0.008f },
      { 0.01f, 0, 0 },
      0,
      0.7f,
      0.16f,
      0.20f },
    { "saturated", { 1, 1, 1 }, 1.6f, 1.0f, 0.004f, { 0, 0, 0 }, { 0, 0, 0 }, 0, 0.6f, 0.10f, 0.16f },
    { "punchy",
      { 1, 1, 1 },
      1.12f,
      1.34f,
      0,
      { -0.01f, -0.01f, -0.006f },
      { 0.01f, 0.01f, 0.005f },
      0,
      0.9f,
      0.26f,
      0.22f },
    /* luxury_reveal */
    { "cinematic",
      { 1.01f, 1, 0.99f },
      0.98f,
      1.12f,
      0.008f,
      { -0.012f, 0.006f, 0.02f },
      { 0.028f, 0.006f, -0.024f },
      0,
      1.0f,
      0.28f,
      0.26f },
    { "warm_tones",
      { 1.12f, 1.0f, 0.84f },
      1.06f,
      1.02f,
      0.006f,
      { 0.010f, 0.002f, -0.008f },
      { 0.020f, 0.006f, -0.02f },
      0,
      0.8f,
      0.2f,
      0.3f },
    { "rich_colors",
      { 1.02f, 0.99f, 1.01f },
      1.26f,
      1.16f,
      0,
      { -0.008f, -0.008f, 0 },
      { 0.01f, 0.002f, -0.006f },
      0,
      0.7f,
      0.24f,
      0.22f },
    /* intimate_story */
    { "natural", { 1, 1, 1 }, 1.0f, 1.0f, 0.003f, { 0, 0, 0 }, { 0, 0, 0 }, 0, 0.6f, 0.12f, 0.14f },
    { "muted_tones",
      { 1, 1, 0.99f },
      0.58f,
      0.9f,
      0.03f,
      { 0, 0.003f, 0.006f },
      { -0.01f, -0.012f, -0.02f },
      0,
      1.1f,
      0.18f,
      0.16f },
    { "soft_palette",
      { 1.03f, 1, 0.99f },
      0.8f,
      0.8f,
      0.045f,
      { 0.016f, 0.008f, 0.014f },
      { 0.012f, 0.0f, 0.0f },
      0,
      0.7f,
      0.08f,
      0.42f },
    /* surreal_trip */
    { "experimental",
      { 1, 1, 1 },
      1.2f,
      1.1f,
      0.01f,
      { 0.03f, -0.01f, 0.05f },
      { -0.03f, 0.03f, 0.01f },
      0.38f,
      1.5f,
      0.3f,
      0.4f },
    { "high_saturation",
      { 1.02f, 0.98f, 1.04f },
      2.0f,
      1.04f,
      0,
      { 0, 0, 0.01f },
      { 0, 0, 0 },
      0,
      0.7f,
      0.14f,
      0.3f },
    { "split_toning",
      { 1, 1, 1 },
      0.86f,
      1.08f,
      0.012f,
      { -0.035f, 0.015f, 0.07f },
      { 0.075f, 0.02f, -0.075f },
      0,
      1.0f,
      0.24f,
      0.26f },
};
const size_t grade_count = COUNT_OF(grades);

const struct grade *grade_find(const char *name)
{
    for (size_t i = 0; i < grade_count; i++)
        if (strcmp(grades[i].name, name) == 0) return &grades[i];
    return NULL;
}

/* BT.709 opto-electronic transfer function (ITU-R BT.709-6, item 1.2). */
static float camera_curve(float light)
{
    return light < 0.018f ? 4.5f * light : 1.099f * powf(light, 0.45f) - 0.099f;
}

/* Tone map: contrast pivots around middle grey 0.18 in stops, then a shoulder bends light above 0.55 toward
 * white along 1 - e^-x, so that the sun keeps a rim of colour and nothing clips hard. */
static float film(float linear, float contrast)
{
    const float pivoted = 0.18f * powf(maxf(linear, 1e-7f) / 0.18f, contrast);
    const float knee = 0.5f;
    if (pivoted <= knee) return pivoted;
    return knee + (1 - knee) * (1 - expf(-(pivoted - knee) / (1 - knee) * 0.8f));
}

float grade_curve(const struct grade *grade, int channel, float linear, float more_contrast)
{
    const float shown = camera_curve(film(linear, grade->contrast * more_contrast));
    const float dark = (1 - shown) * (1 - shown) * smoothf(0, 0.12f, shown), light = shown * shown;
    const float toned = shown + dark * grade->shadows[channel] * 1.6f + light * grade->highlights[channel];
    return clampf(grade->lift + (1 - grade->lift) * toned, 0, 1);
}
