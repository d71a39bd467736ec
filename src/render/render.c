#include "render/render.h"

#include "render/brief.h"
#include "render/check.h"
#include "render/column.h"
#include "render/focus.h"
#include "render/lens.h"
#include "render/noise.h"
#include "render/plates.h"
#include "render/slate.h"
#include "render/tone.h"
#include "render/world.h"

#include <stdio.h>
#include <stdlib.h>

/* The opening focal length over the square root of the frame's area: 60 degrees across at 16:9. */
#define FOCAL 1.15f

/* Planes of a picture carry the camera's travel only so far before they come apart. */
#define PLATES_REACH 0.42f

struct renderer {
    int width, height, fps;
    double duration_s;
    uint32_t seed;
    struct choice choice;
    struct team *team;
    struct world *world; /* one of these two */
    struct plates *plates;
    struct canvas canvas;
    struct tone tone;
    struct focus focus;
    struct stands stands;
    struct view view;
    bool has_slate;
    struct slate slate;
    int8_t grain[GRAIN_SIDE * GRAIN_SIDE];
    float detail; /* canvas pixels per frame pixel, along a line */
    char scene[160];
};

const char *render_scene(const struct renderer *renderer) { return renderer->scene; }

int64_t render_frame_count(const struct renderer *renderer)
{
    const int64_t count = llround(renderer->duration_s * renderer->fps);
    return count < 1 ? 1 : count;
}

int64_t render_poster_frame(const struct renderer *renderer)
{
    return (int64_t)((double)(render_frame_count(renderer) - 1) * renderer->choice.camera->still + 0.5);
}

static float opening_focal(const struct renderer *renderer)
{
    return FOCAL * sqrtf((float)renderer->width * (float)renderer->height);
}

static bool open_world(struct renderer *renderer, const struct shot *shot, size_t capacity, struct error *err)
{
    const struct choice *choice = &renderer->choice;
    const struct brief brief = brief_read(shot->prompt, choice->light, shot->seed);
    brief_describe(&brief, renderer->scene, sizeof renderer->scene);
    if (!world_open(&brief, choice->light, shot->width * shot->height > 400000, choice->camera->gate,
                    choice->camera->from.focus > 0, renderer->team, &renderer->world, err))
        return false;
    if (!canvas_open(&renderer->canvas, PROJECTION_PANORAMA, capacity, err) ||
        !stands_open(&renderer->stands, renderer->world->props.count, 16384, err))
        return false;
    renderer->view =
        (struct view){ .world = renderer->world, .stands = &renderer->stands, .canvas = &renderer->canvas };
    renderer->view.sky_at = malloc(ROWS_MOST * sizeof(float));
    renderer->view.cloud_at = malloc(ROWS_MOST * sizeof(float));
    if (renderer->view.sky_at && renderer->view.cloud_at) return true;
    return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for the scene.");
}

static bool open_plates(struct renderer *renderer, const struct shot *shot, size_t capacity,
                        struct error *err)
{
    const float focal = opening_focal(renderer);
    snprintf(renderer->scene, sizeof renderer->scene, "the reference picture in depth planes");
    const int wide_most = (int)((float)shot->width * renderer->detail) + 16;
    return plates_open(shot->reference, wide_most, 0.5f * (float)shot->width / focal,
                       0.5f * (float)shot->height / focal, renderer->choice.camera->gate, &renderer->plates,
                       err) &&
           canvas_open(&renderer->canvas, PROJECTION_FLAT, capacity, err);
}

/* Large frames are drawn coarser and enlarged by the lens: light, haze and grain hide it, speed needs it. */
static float detail_for(const struct shot *shot)
{
    const float pixels = (float)shot->width * (float)shot->height;
    const float wanted = shot->reference ? 1.0e6f : 0.43e6f;
    return pixels <= wanted ? 1 : sqrtf(wanted / pixels);
}

static bool open_parts(struct renderer *renderer, const struct shot *shot, struct error *err)
{
    const float pixels = (float)shot->width * (float)shot->height * renderer->detail * renderer->detail;
    const size_t capacity = (size_t)(pixels * 1.6f) + 40000;
    const struct light *light = renderer->choice.light;
    return team_open(shot->threads, &renderer->team, err) &&
           (shot->reference ? open_plates(renderer, shot, capacity, err)
                            : open_world(renderer, shot, capacity, err)) &&
           tone_open(&renderer->tone, renderer->choice.grade, light, capacity, err) &&
           (renderer->choice.camera->from.focus <= 0 || focus_open(&renderer->focus, capacity, err));
}

/* Mean luma of a frame, every fourth pixel each way. */
static float mean_luma(const struct planes *frame, int width, int height)
{
    int64_t sum = 0, count = 0;
    for (int row = 0; row < height; row += 4)
        for (int col = 0; col < width; col += 4, count++) sum += frame->y[row * frame->y_stride + col];
    return (float)sum / (float)count;
}

/* Exposes a dark scene longer, as a camera would: until the poster frame is as bright as a night on film. */
static bool expose(struct renderer *renderer, struct error *err)
{
    enum { DARKEST = 44, BLACK = 16, TRIES = 3 };
    const int width = renderer->width, height = renderer->height;
    const size_t pixels = (size_t)width * (size_t)height;
    uint8_t *const frame = malloc(pixels * 3 / 2);
    if (!frame) return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory for a frame.");
    const struct planes planes = { frame, frame + pixels, frame + pixels * 5 / 4, width, width / 2 };
    float exposure = renderer->choice.light->exposure;
    bool good = true;
    for (int i = 0; good && i < TRIES; i++) {
        good = render_frame(renderer, render_poster_frame(renderer), &planes, err);
        const float mean = good ? mean_luma(&planes, width, height) : DARKEST;
        if (mean >= DARKEST) break;
        exposure *= minf(4, (DARKEST - BLACK) / (mean - BLACK + 4) + 0.2f);
        tone_expose(&renderer->tone, exposure);
    }
    free(frame);
    return good;
}

bool render_open(const struct shot *shot, struct renderer **out, struct error *err)
{
    struct choice choice;
    if (!shot_check(shot, &choice, err)) return false;
    struct renderer *renderer = calloc(1, sizeof *renderer);
    if (!renderer) return fail(err, CAUSE_UNAVAILABLE, "There is not enough memory to start rendering.");
    renderer->width = shot->width;
    renderer->height = shot->height;
    renderer->fps = shot->fps;
    renderer->duration_s = shot->duration_s;
    renderer->seed = hash_mix((uint32_t)(shot->seed ^ (shot->seed >> 32)));
    renderer->choice = choice;
    renderer->detail = detail_for(shot);
    if (!open_parts(renderer, shot, err)) {
        render_close(renderer);
        return false;
    }
    grain_bake(renderer->grain, renderer->seed);
    renderer->has_slate = shot->slate;
    slate_set(&renderer->slate, shot->prompt, choice.camera->name, shot->mood_category);
    if (renderer->world && !expose(renderer, err)) {
        render_close(renderer);
        return false;
    }
    *out = renderer;
    return true;
}

void render_close(struct renderer *renderer)
{
    if (!renderer) return;
    world_close(renderer->world);
    plates_close(renderer->plates);
    canvas_close(&renderer->canvas);
    stands_close(&renderer->stands);
    tone_close(&renderer->tone);
    focus_close(&renderer->focus);
    team_close(renderer->team);
    free(renderer->view.sky_at);
    free(renderer->view.cloud_at);
    free(renderer);
}

static struct sight sight_at(const struct renderer *renderer, double time_s)
{
    const struct world *world = renderer->world;
    const float aim = world ? (world->foot_m + world->look->aim_m - world->eye_m) / world->look->unit_m : 0;
    const struct camera *camera = renderer->choice.camera;
    struct sight sight =
        camera_at(camera, time_s, renderer->duration_s, aim, world ? 1 : PLATES_REACH, renderer->seed);
    /* A wide lens would look past the picture: it starts where the picture fills the frame. */
    if (!world)
        sight.zoom /= minf(1, minf(camera->from.zoom, camera->to.zoom) * (camera->fisheye > 0 ? 0.8f : 1));
    return sight;
}

static struct lens lens_of(const struct renderer *renderer, const struct sight *sight)
{
    return (struct lens){ renderer->width,
                          renderer->height,
                          opening_focal(renderer) * sight->zoom,
                          sight->yaw,
                          sight->pitch,
                          sight->roll,
                          renderer->choice.camera->fisheye * (renderer->world ? 1 : 0.7f) };
}

/* Moments of the open shutter, as many as the smear is long: one per four pixels, two of the canvas. */
static int exposures(const struct renderer *renderer, double time_s, struct lens lenses[SMEAR_MOST])
{
    const double open_s = (double)renderer->choice.camera->shutter / renderer->fps;
    const struct sight from = sight_at(renderer, time_s), to = sight_at(renderer, time_s + open_s);
    const struct lens a = lens_of(renderer, &from), b = lens_of(renderer, &to);
    const float turn = (fabsf(a.yaw - b.yaw) + fabsf(a.pitch - b.pitch)) * a.focal_px;
    const float half = 0.5f * (float)renderer->width;
    const float smear = turn + half * (fabsf(a.roll - b.roll) + fabsf(logf(a.focal_px / b.focal_px)));
    const int count = smear < 6 ? 1 : clampi((int)(smear / 4) + 1, 2, SMEAR_MOST);
    lenses[0] = a;
    for (int i = 0; count > 1 && i < count; i++) {
        const struct sight sight = sight_at(renderer, time_s + open_s * ((double)i + 0.5) / count);
        lenses[i] = lens_of(renderer, &sight);
    }
    return count;
}

/* The canvas covers what every moment of the exposure sees. */
static void fit(struct renderer *renderer, const struct lens *lenses, int count)
{
    float all[4] = { 1e9f, -1e9f, 1e9f, -1e9f };
    for (int i = 0; i < count; i++) {
        float own[4];
        lens_bounds(&lenses[i], renderer->canvas.projection, own);
        all[0] = minf(all[0], own[0]);
        all[1] = maxf(all[1], own[1]);
        all[2] = minf(all[2], own[2]);
        all[3] = maxf(all[3], own[3]);
    }
    canvas_fit(&renderer->canvas, all[0], all[1], all[2], all[3],
               1 / (lenses[0].focal_px * renderer->detail));
}

enum { PIECE = 8 };

static void draw_columns(void *context, int index)
{
    const struct view *view = context;
    const int end = (index + 1) * PIECE < view->canvas->wide ? (index + 1) * PIECE : view->canvas->wide;
    for (int x = index * PIECE; x < end; x++) column_draw(view, x);
}

static void draw_world(struct renderer *renderer, const struct sight *sight, double time_s)
{
    const struct world *world = renderer->world;
    struct view *view = &renderer->view;
    const float unit = world->look->unit_m;
    view->eye = (struct vec3){ sight->right * unit, sight->away * unit, world->eye_m + sight->up * unit };
    view->eye.z = maxf(view->eye.z, world_floor(world, view->eye.x, view->eye.y) + 0.012f * unit + 0.5f);
    view->time_s = time_s * renderer->choice.camera->world_speed;
    view_rows(view);
    stands_see(&renderer->stands, world, &renderer->canvas, view->eye);
    team_run(renderer->team, draw_columns, view, (renderer->canvas.wide + PIECE - 1) / PIECE);
}

bool render_frame(struct renderer *renderer, int64_t index, const struct planes *out, struct error *err)
{
    if (index < 0 || index >= render_frame_count(renderer))
        return fail(err, CAUSE_INVALID, "There is no frame %lld in this shot.", (long long)index);
    const double time_s = (double)index / renderer->fps;
    const struct choice *choice = &renderer->choice;
    struct lens lenses[SMEAR_MOST];
    const int count = exposures(renderer, time_s, lenses);
    const struct sight sight = sight_at(renderer, time_s);
    fit(renderer, lenses, count);
    if (renderer->world)
        draw_world(renderer, &sight, time_s);
    else
        plates_draw(renderer->plates, &sight, &renderer->canvas, renderer->team);
    if (sight.focus > 0) focus_apply(&renderer->focus, &renderer->canvas, sight.focus, renderer->team);
    const float spread = 0.5f * (float)renderer->width / lenses[0].focal_px;
    tone_apply(&renderer->tone, &renderer->canvas, light_pulse(choice->light, time_s, renderer->seed),
               lenses[0].yaw, spread, renderer->team);
    const uint32_t shift = hash_at(renderer->seed, (int32_t)index, 7);
    const struct finish finish = { renderer->grain, (int)(shift & 255), (int)(shift >> 8 & 255),
                                   choice->grade->grain,
                                   1 - (1 - choice->grade->vignette) * (1 - choice->light->vignette) };
    lens_draw(&renderer->canvas, lenses, count, &finish, renderer->team, out);
    if (renderer->has_slate)
        slate_draw(&renderer->slate, index, renderer->fps, renderer->width, renderer->height, out);
    return true;
}
