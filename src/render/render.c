#include "render/render.h"

#include "render/brief.h"
#include "render/camera.h"
#include "render/column.h"
#include "render/grade.h"
#include "render/lens.h"
#include "render/light.h"
#include "render/noise.h"
#include "render/tone.h"
#include "render/world.h"

#include <stdlib.h>
#include <string.h>

struct renderer {
    int width, height, fps;
    double duration_s;
    uint32_t seed;
    const struct camera *camera;
    const struct light *light;
    const struct grade *grade;
    struct team *team;
    struct world *world;
    struct canvas canvas;
    struct tone tone;
    struct stands stands;
    struct view view;
    int8_t grain[GRAIN_SIDE * GRAIN_SIDE];
    float detail; /* canvas pixels per frame pixel */
};

int64_t render_frame_count(const struct renderer *renderer)
{
    const int64_t count = llround(renderer->duration_s * renderer->fps);
    return count < 1 ? 1 : count;
}

int64_t render_poster_frame(const struct renderer *renderer)
{
    return (int64_t)((double)(render_frame_count(renderer) - 1) * renderer->camera->still + 0.5);
}

static bool check_rows(const struct shot *shot, struct renderer *renderer, struct error *err)
{
    renderer->camera = camera_find(shot->camera_movement);
    if (!renderer->camera)
        return fail_field(err, CAUSE_INVALID, "camera_movement", "There is no camera movement '%.40s'.", shot->camera_movement);
    renderer->light = light_find(shot->lighting[0] ? shot->lighting : "natural");
    if (!renderer->light)
        return fail_field(err, CAUSE_INVALID, "lighting", "There is no lighting '%.40s'.", shot->lighting);
    renderer->grade = grade_find(shot->color_grade[0] ? shot->color_grade : "natural");
    if (!renderer->grade)
        return fail_field(err, CAUSE_INVALID, "color_grade", "There is no colour grade '%.40s'.", shot->color_grade);
    return true;
}

static bool world_scene(const struct shot *shot, struct renderer *renderer, struct error *err)
{
    const struct brief brief = brief_read(shot->prompt, renderer->light, shot->seed);
    return world_open(&brief, renderer->light, renderer->camera->gate, renderer->team, &renderer->world, err);
}

bool render_open(const struct shot *shot, struct renderer **out, struct error *err)
{
    struct renderer *renderer = calloc(1, sizeof *renderer);
    if (!renderer) return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory to start rendering.");
    renderer->width = shot->width;
    renderer->height = shot->height;
    renderer->fps = shot->fps;
    renderer->duration_s = shot->duration_s;
    renderer->seed = hash_mix((uint32_t)(shot->seed ^ (shot->seed >> 32)));
    const float pixels = (float)shot->width * (float)shot->height;
    renderer->detail = pixels > 1.2e6f ? 0.55f : 1;
    const size_t capacity = (size_t)(pixels * renderer->detail * renderer->detail * 1.6f) + 40000;
    const bool done = check_rows(shot, renderer, err) && team_open(shot->threads, &renderer->team, err) &&
                      world_scene(shot, renderer, err) &&
                      canvas_open(&renderer->canvas, PROJECTION_PANORAMA, capacity, err) &&
                      stands_open(&renderer->stands, renderer->world->props.count, 16384, err) &&
                      tone_open(&renderer->tone, renderer->grade, renderer->light, renderer->light->exposure, capacity, err);
    if (!done) {
        render_close(renderer);
        return false;
    }
    grain_bake(renderer->grain, renderer->seed);
    renderer->view = (struct view){ .world = renderer->world, .stands = &renderer->stands, .canvas = &renderer->canvas };
    renderer->view.sky_at = malloc(ROWS_MOST * sizeof(float));
    renderer->view.cloud_at = malloc(ROWS_MOST * sizeof(float));
    *out = renderer;
    return true;
}

void render_close(struct renderer *renderer)
{
    if (!renderer) return;
    world_close(renderer->world);
    canvas_close(&renderer->canvas);
    stands_close(&renderer->stands);
    tone_close(&renderer->tone);
    team_close(renderer->team);
    free(renderer->view.sky_at);
    free(renderer->view.cloud_at);
    free(renderer);
}

static struct lens lens_at(const struct renderer *renderer, double time_s, struct vec3 *eye_out)
{
    const struct world *world = renderer->world;
    const float unit = world->look->unit_m;
    const float aim = (world->foot_m + world->look->aim_m - world->eye_m) / unit;
    const struct sight sight = camera_at(renderer->camera, time_s, renderer->duration_s, aim, 1, renderer->seed);
    if (eye_out) {
        *eye_out = (struct vec3){ sight.right * unit, sight.away * unit, world->eye_m + sight.up * unit };
        const float clear = world_floor(world, eye_out->x, eye_out->y) + 0.02f * unit + 0.6f;
        eye_out->z = maxf(eye_out->z, clear);
    }
    const float size = sqrtf((float)renderer->width * (float)renderer->height);
    return (struct lens){ renderer->width, renderer->height, 1.15f * size * sight.zoom, sight.yaw, sight.pitch, sight.roll,
                          renderer->camera->fisheye };
}

static void piece(void *context, int index)
{
    const struct view *view = context;
    for (int x = index * 8; x < index * 8 + 8 && x < view->canvas->wide; x++) column_draw(view, x);
}

/* Moments of the open shutter, as many as the smear is long. */
static int exposures(const struct renderer *renderer, double time_s, struct lens lenses[SMEAR_MOST])
{
    const double open_s = (double)renderer->camera->shutter / renderer->fps;
    const struct lens a = lens_at(renderer, time_s, NULL), b = lens_at(renderer, time_s + open_s, NULL);
    const float turn = fabsf(a.yaw - b.yaw) * a.focal_px + fabsf(a.pitch - b.pitch) * a.focal_px;
    const float half = 0.5f * (float)renderer->width;
    const float smear = turn + half * (fabsf(a.roll - b.roll) + fabsf(logf(a.focal_px / b.focal_px)));
    const int count = clampi((int)(smear / 3), 1, SMEAR_MOST);
    for (int i = 0; i < count; i++)
        lenses[i] = lens_at(renderer, time_s + open_s * ((double)i + 0.5) / count, NULL);
    if (count == 1) lenses[0] = a;
    return count;
}

bool render_frame(struct renderer *renderer, int64_t index, const struct planes *out, struct error *err)
{
    if (index < 0 || index >= render_frame_count(renderer))
        return fail(err, CAUSE_INVALID, "There is no frame %lld in this shot.", (long long)index);
    const double time_s = (double)index / renderer->fps;
    struct lens lenses[SMEAR_MOST];
    const int count = exposures(renderer, time_s, lenses);
    const struct lens lens = lens_at(renderer, time_s, &renderer->view.eye);
    float bounds[4] = { 1e9f, -1e9f, 1e9f, -1e9f };
    for (int i = 0; i < count; i++) {
        float own[4];
        lens_bounds(&lenses[i], PROJECTION_PANORAMA, own);
        for (int k = 0; k < 4; k += 2) bounds[k] = minf(bounds[k], own[k]);
        for (int k = 1; k < 4; k += 2) bounds[k] = maxf(bounds[k], own[k]);
    }
    canvas_fit(&renderer->canvas, bounds[0], bounds[1], bounds[2], bounds[3], 1 / (lens.focal_px * renderer->detail));
    renderer->view.time_s = time_s * renderer->camera->world_speed;
    view_rows(&renderer->view);
    stands_see(&renderer->stands, renderer->world, &renderer->canvas, renderer->view.eye);
    team_run(renderer->team, piece, &renderer->view, (renderer->canvas.wide + 7) / 8);
    const float spread = 0.5f * (float)renderer->width / lens.focal_px;
    tone_apply(&renderer->tone, &renderer->canvas, light_pulse(renderer->light, time_s, renderer->seed), lens.yaw, spread,
               renderer->team);
    const uint32_t roll = hash_at(renderer->seed, (int32_t)index, 7);
    const float dark = 1 - (1 - renderer->grade->vignette) * (1 - renderer->light->vignette);
    const struct finish finish = { renderer->grain, (int)(roll & 255), (int)((roll >> 8) & 255), renderer->grade->grain, dark };
    lens_draw(&renderer->canvas, lenses, count, &finish, renderer->team, out);
    return true;
}
