#include "render/camera.h"

#include "render/noise.h"

#include <string.h>

/* Ranges are totals over the shot; what a row does not name stays within the stillness of its class. */
#define ANY                                                                                                  \
    {                                                                                                        \
        -99, 99                                                                                              \
    }
#define NONE                                                                                                 \
    {                                                                                                        \
        -0.03f, 0.03f                                                                                        \
    }
#define STILL                                                                                                \
    {                                                                                                        \
        NONE, NONE, NONE, { -1, 1 }                                                                          \
    }

const struct camera cameras[] = {
    /* high_energy */
    { "fpv_drone",
      EASE_STEADY,
      { .dolly = -0.75f, .rise = -0.02f, .pitch_deg = -3, .zoom = 0.72f },
      { .dolly = 0.45f, .truck = 0.3f, .rise = 0.02f, .pitch_deg = -1, .zoom = 0.72f },
      .aim = 0.25f,
      .weave = 0.22f,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.55f,
      .shows = { ANY, ANY, { 0.1f, 2 }, { -30, 30 } } },
    { "crash_zoom_in",
      EASE_RUSH,
      { .zoom = 0.85f },
      { .zoom = 2.6f },
      .rush_s = 0.55f,
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.95f,
      .shows = { { -0.2f, 0.2f }, { -0.2f, 0.2f }, { 0.9f, 1.3f }, { -2, 2 } } },
    { "whip_pan_right",
      EASE_RUSH,
      { .yaw_deg = -52, .zoom = 1 },
      { .zoom = 1 },
      .rush_s = 0.5f,
      .aim = 1,
      .shutter = 0.6f,
      .world_speed = 1,
      .still = 0.97f,
      .shows = { { -1.4f, -0.5f }, { -0.2f, 0.2f }, { -0.2f, 0.2f }, { -8, 8 } } },
    { "handheld_heavy",
      EASE_SMOOTH,
      { .zoom = 1 },
      { .dolly = 0.12f, .zoom = 1 },
      .aim = 1,
      .shake_deg = 1.5f,
      .shake_hz = 1.7f,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.6f,
      .shows = { { -0.3f, 0.3f }, { -0.3f, 0.3f }, { -0.1f, 0.3f }, { -6, 6 } } },
    { "bullet_time",
      EASE_SMOOTH,
      { .orbit_deg = -38, .dolly = 0.12f, .zoom = 1 },
      { .orbit_deg = 38, .dolly = 0.12f, .rise = 0.03f, .zoom = 1 },
      .aim = 1,
      .shutter = 0.1f,
      .world_speed = 0.03f,
      .still = 0.5f,
      .shows = { { 0.4f, 3 }, { -0.3f, 0.3f }, { -0.3f, 0.3f }, { -16, 16 }, .behind = true } },

    /* luxury_reveal */
    { "dolly_slow",
      EASE_SMOOTH,
      { .dolly = -0.12f, .zoom = 1 },
      { .dolly = 0.22f, .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.7f,
      .shows = { { -0.1f, 0.1f }, { -0.1f, 0.1f }, { 0.02f, 0.5f }, { -2, 2 } } },
    { "crane_up",
      EASE_SMOOTH,
      { .rise = -0.03f, .zoom = 1 },
      { .dolly = -0.08f, .rise = 0.5f, .zoom = 1 },
      .aim = 0.72f,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.85f,
      .shows = { { -0.1f, 0.1f }, { -0.4f, -0.03f }, { -0.4f, 0.2f }, { -8, 8 }, .behind = true } },
    { "pan_slow",
      EASE_SMOOTH,
      { .yaw_deg = -13, .zoom = 1 },
      { .yaw_deg = 11, .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.62f,
      .shows = { { -0.55f, -0.25f }, { -0.1f, 0.1f }, { -0.1f, 0.1f }, { -2, 2 } } },
    { "orbit_smooth",
      EASE_SMOOTH,
      { .orbit_deg = 20, .zoom = 1 },
      { .orbit_deg = -20, .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.5f,
      .shows = { { -2, -0.15f }, { -0.1f, 0.1f }, { -0.15f, 0.15f }, { -8, 8 }, .behind = true } },
    { "push_in_elegant",
      EASE_SMOOTH,
      { .rise = 0.05f, .zoom = 1 },
      { .dolly = 0.42f, .rise = -0.01f, .zoom = 1.06f },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.9f,
      .shows = { { -0.1f, 0.1f }, { -0.2f, 0.2f }, { 0.08f, 0.9f }, { -4, 4 } } },

    /* intimate_story */
    { "static_focus",
      EASE_STEADY,
      { .zoom = 1 },
      { .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.5f,
      .shows = STILL },
    { "handheld_subtle",
      EASE_SMOOTH,
      { .zoom = 1 },
      { .dolly = 0.03f, .zoom = 1 },
      .aim = 1,
      .shake_deg = 0.35f,
      .shake_hz = 0.8f,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.5f,
      .shows = { { -0.1f, 0.1f }, { -0.1f, 0.1f }, { -0.05f, 0.1f }, { -2, 2 } } },
    { "dolly_zoom",
      EASE_SMOOTH,
      { .dolly = -0.3f, .zoom = 1 },
      { .dolly = 0.45f, .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .vertigo = true,
      .still = 0.8f,
      .shows = { { -0.2f, 0.2f }, { -0.2f, 0.2f }, { -1.2f, -0.15f }, { -2, 2 } } },
    { "slow_push",
      EASE_SMOOTH,
      { .zoom = 1 },
      { .dolly = 0.16f, .zoom = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.8f,
      .shows = { { -0.1f, 0.1f }, { -0.1f, 0.1f }, { 0.01f, 0.3f }, { -2, 2 } } },
    { "rack_focus",
      EASE_SMOOTH,
      { .zoom = 1.15f, .focus = 0.24f },
      { .zoom = 1.15f, .focus = 1 },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.95f,
      .shows = { { -0.15f, 0.15f }, { -0.15f, 0.15f }, { -0.15f, 0.15f }, { -3, 3 } } },

    /* surreal_trip; bullet_time is above */
    { "spiral_zoom",
      EASE_SMOOTH,
      { .roll_deg = -60, .zoom = 0.8f },
      { .roll_deg = 60, .zoom = 1.9f },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .still = 0.5f,
      .shows = { ANY, ANY, { 0.6f, 1.1f }, { -140, -100 } } },
    { "through_object",
      EASE_SMOOTH,
      { .dolly = -0.5f, .zoom = 0.95f },
      { .dolly = 0.3f, .zoom = 0.95f },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 1,
      .gate = true,
      .still = 0.62f,
      .shows = { { -0.4f, 0.4f }, { -0.4f, 0.4f }, { 0.1f, 2.5f }, { -4, 4 } } },
    { "inverted_gravity",
      EASE_SMOOTH,
      { .zoom = 0.95f },
      { .dolly = 0.15f, .rise = 0.08f, .roll_deg = 180, .zoom = 0.95f },
      .aim = 1,
      .shutter = 0.5f,
      .world_speed = 0.6f,
      .still = 0.97f,
      .shows = { ANY, ANY, { -0.3f, 0.5f }, { -195, -165 } } },
    { "fish_eye",
      EASE_SMOOTH,
      { .orbit_deg = 0, .yaw_deg = -10, .zoom = 0.62f },
      { .dolly = 0.35f, .yaw_deg = 10, .roll_deg = 8, .zoom = 0.62f },
      .aim = 1,
      .shutter = 0.5f,
      .fisheye = 1,
      .world_speed = 1,
      .still = 0.6f,
      .shows = { { -0.6f, -0.05f }, { -0.3f, 0.3f }, { -0.1f, 0.6f }, { -14, 4 } } },
};
const size_t camera_count = COUNT_OF(cameras);

const struct camera *camera_find(const char *name)
{
    for (size_t i = 0; i < camera_count; i++)
        if (strcmp(cameras[i].name, name) == 0) return &cameras[i];
    return NULL;
}

static float smoother(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }

/* How far along the path the camera is, 0..1. */
static float progress(const struct camera *camera, double time_s, double duration_s)
{
    const float t = clampf((float)(time_s / duration_s), 0, 1);
    if (camera->ease == EASE_STEADY) return t;
    if (camera->ease == EASE_SMOOTH) return mixf(t, smoother(t), 0.75f); /* never quite at rest */
    const double rush_s = fmin(camera->rush_s, duration_s * 0.5), start_s = (duration_s - rush_s) * 0.4;
    return smoother(clampf((float)((time_s - start_s) / rush_s), 0, 1));
}

static struct pose blend(const struct pose *a, const struct pose *b, float t)
{
    return (struct pose){
        .orbit_deg = mixf(a->orbit_deg, b->orbit_deg, t),
        .dolly = mixf(a->dolly, b->dolly, t),
        .truck = mixf(a->truck, b->truck, t),
        .rise = mixf(a->rise, b->rise, t),
        .yaw_deg = mixf(a->yaw_deg, b->yaw_deg, t),
        .pitch_deg = mixf(a->pitch_deg, b->pitch_deg, t),
        .roll_deg = mixf(a->roll_deg, b->roll_deg, t),
        .zoom = expf(mixf(logf(a->zoom), logf(b->zoom), t)),
        .focus = a->focus > 0 ? 1 / mixf(1 / a->focus, 1 / b->focus, t) : 0, /* even steps of sharpness */
    };
}

/* Two octaves of a slow random walk per axis; all start at rest phase so that a shot is its seed alone. */
static void shake(const struct camera *camera, double time_s, uint32_t seed, struct sight *sight)
{
    if (camera->shake_deg <= 0) return;
    const float t = (float)time_s * camera->shake_hz, by = radians(camera->shake_deg);
    float axis[3];
    for (uint32_t i = 0; i < 3; i++)
        axis[i] = noise(seed + 11 * i, t, 0.37f) + 0.45f * noise(seed + 101 * i, 2.3f * t, 7.1f);
    sight->yaw += by * axis[0];
    sight->pitch += by * 0.8f * axis[1];
    sight->roll += by * 0.6f * axis[2];
    sight->right += 0.35f * by * axis[1];
    sight->up += 0.2f * by * axis[0];
}

/* One and a half swings along the path; the bank follows the sideways acceleration. */
static void weave(const struct camera *camera, float t, struct sight *sight)
{
    const float phase = 3 * PI_F * t;
    sight->right += camera->weave * sinf(phase);
    sight->yaw += 0.5f * camera->weave * cosf(phase);
    sight->roll -= 1.6f * camera->weave * sinf(phase);
}

struct sight camera_at(const struct camera *camera, double time_s, double duration_s, float aim_up,
                       float reach, uint32_t seed)
{
    const float t = progress(camera, time_s, duration_s);
    const struct pose pose = blend(&camera->from, &camera->to, t);
    const float orbit = radians(pose.orbit_deg * reach);
    const float back = 1 - pose.dolly * reach, truck = pose.truck * reach;
    struct sight sight = {
        .right = sinf(orbit) * back + cosf(orbit) * truck,
        .away = -cosf(orbit) * back + sinf(orbit) * truck,
        .up = pose.rise * reach,
        .roll = radians(pose.roll_deg),
        .zoom = pose.zoom,
        .focus = pose.focus,
    };
    if (camera->weave > 0) weave(camera, t, &sight);
    const float flat = sqrtf(sight.right * sight.right + sight.away * sight.away);
    const float to_subject = atan2f(-sight.right, -sight.away);
    sight.yaw += mixf(-orbit, to_subject, camera->aim) + radians(pose.yaw_deg * (reach < 1 ? reach : 1));
    sight.pitch +=
        mixf(atan2f(aim_up, 1), atan2f(aim_up - sight.up, flat), camera->aim) + radians(pose.pitch_deg);
    if (camera->vertigo) sight.zoom *= hypotf(flat, aim_up - sight.up) / hypotf(1, aim_up);
    shake(camera, time_s, seed, &sight);
    return sight;
}
