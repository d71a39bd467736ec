/* contact_sheet: every camera of a list as a row of moments from its move, in one PNG. */
#include "base/text.h"
#include "media/image.h"
#include "render/render.h"
#include "worker/kinds.h"

#include <string.h>

enum { MOMENTS = 5, CELL_SHORT_SIDE = 200, GAP = 4, PAPER = 18, CAMERAS_MAX = 20 };

/* 4:2:0 planes of one cell. */
struct cell {
    int width, height;
    uint8_t *bytes; /* y, then u, then v */
};

static struct planes cell_planes(const struct cell *cell)
{
    uint8_t *const u = cell->bytes + (size_t)cell->width * (size_t)cell->height;
    return (struct planes){ cell->bytes, u, u + (size_t)(cell->width / 2) * (size_t)(cell->height / 2),
                            cell->width, cell->width / 2 };
}

static uint8_t clamp(int value) { return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value); }

/* BT.709 limited range to RGB, coefficients of BT.709-6 table 1 in 1/1024. */
static void put_pixel(uint8_t *rgb, int y, int u, int v)
{
    const int luma = 1192 * (y - 16);
    rgb[0] = clamp((luma + 1836 * (v - 128) + 512) / 1024);
    rgb[1] = clamp((luma - 218 * (u - 128) - 546 * (v - 128) + 512) / 1024);
    rgb[2] = clamp((luma + 2163 * (u - 128) + 512) / 1024);
}

static void paste(const struct cell *cell, struct image *sheet, int left, int top)
{
    const struct planes from = cell_planes(cell);
    for (int row = 0; row < cell->height; row++) {
        uint8_t *const to = sheet->rgb + ((size_t)(top + row) * (size_t)sheet->width + (size_t)left) * 3;
        for (int col = 0; col < cell->width; col++)
            put_pixel(to + 3 * col, from.y[row * from.y_stride + col],
                      from.u[row / 2 * from.uv_stride + col / 2], from.v[row / 2 * from.uv_stride + col / 2]);
    }
}

/* One row of the sheet: moments of this camera's move, evenly from first to last frame. */
static bool draw_row(const struct shot *shot, struct cell *cell, struct image *sheet, int top,
                     struct error *err)
{
    AUTO(renderer) struct renderer *renderer = NULL;
    if (!render_open(shot, &renderer, err)) return false;
    const struct planes planes = cell_planes(cell);
    for (int i = 0; i < MOMENTS; i++) {
        const int64_t frame = (render_frame_count(renderer) - 1) * i / (MOMENTS - 1);
        if (!render_frame(renderer, frame, &planes, err)) return false;
        paste(cell, sheet, GAP + i * (cell->width + GAP), top);
    }
    return true;
}

static void fit_cell(const struct render_in *in, struct cell *cell)
{
    const int64_t shorter = in->width < in->height ? in->width : in->height;
    cell->width = (int)(in->width * CELL_SHORT_SIDE / shorter / 2 * 2);
    cell->height = (int)(in->height * CELL_SHORT_SIDE / shorter / 2 * 2);
}

static bool draw_sheet(struct job *job, const struct render_in *in, const struct texts *cameras,
                       struct cell *cell, struct image *sheet, struct error *err)
{
    memset(sheet->rgb, PAPER, (size_t)sheet->width * (size_t)sheet->height * 3);
    for (size_t i = 0; i < cameras->count; i++) {
        const struct shot shot = {
            .prompt = in->prompt,
            .mood_category = in->mood_category,
            .camera_movement = cameras->items[i],
            .lighting = in->lighting,
            .color_grade = in->color_grade,
            .width = cell->width,
            .height = cell->height,
            .fps = (int)in->fps,
            .duration_s = in->duration_s,
            .seed = (uint64_t)in->seed,
            .slate = in->slate,
            .threads = 1,
        };
        if (!draw_row(&shot, cell, sheet, GAP + (int)i * (cell->height + GAP), err)) return false;
        job_progress(job, (double)(i + 1) / (double)cameras->count, "render");
    }
    return true;
}

bool run_contact_sheet(struct job *job, const void *in, void *out, struct error *err)
{
    const struct render_in *const ask = in;
    struct render_out *const result = out;
    const struct texts cameras = text_split(job->mem, ask->camera_movement, ',');
    AUTO(image) struct image sheet = { 0 };
    struct cell cell;
    int fd;
    fit_cell(ask, &cell);
    if (!cameras.count || cameras.count > CAMERAS_MAX)
        return fail(err, CAUSE_INVALID, "a contact sheet shows 1 to %d cameras", CAMERAS_MAX);
    if (!job_need(job, "out", &fd, err) || !image_init(&sheet, GAP + MOMENTS * (cell.width + GAP),
                                                       GAP + (int)cameras.count * (cell.height + GAP), err))
        return false;
    cell.bytes = arena_alloc(job->mem, (size_t)cell.width * (size_t)cell.height * 3 / 2);
    if (!draw_sheet(job, ask, &cameras, &cell, &sheet, err) || !image_write(&sheet, IMAGE_PNG, 0, fd, err))
        return false;
    result->frames = (int64_t)cameras.count * MOMENTS;
    result->render_s = (double)(time_mono() - job->started_us) / SECOND;
    return true;
}
