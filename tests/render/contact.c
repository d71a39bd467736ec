/* A contact sheet for the eye: one still of every camera, or a row of moments of one, as a PPM on standard
 * output.
 *
 * contact PROMPT CAMERA|all|times LIGHT GRADE [WIDTH HEIGHT [SEED [REFERENCE.ppm]]] */
#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sheet {
    int width, height, across, down;
    uint8_t *rgb;
};

static uint8_t byte(double x) { return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x + 0.5); }

/* BT.709 limited range to 8 bit RGB. */
static void paste(const struct sheet *sheet, int cell, const uint8_t *y, const uint8_t *u, const uint8_t *v)
{
    const int left = cell % sheet->across * sheet->width, top = cell / sheet->across * sheet->height;
    for (int j = 0; j < sheet->height; j++)
        for (int i = 0; i < sheet->width; i++) {
            const int c = j / 2 * (sheet->width / 2) + i / 2;
            const double l = 1.164384 * (y[j * sheet->width + i] - 16), b = u[c] - 128, r = v[c] - 128;
            uint8_t *at = sheet->rgb + 3 * ((size_t)(top + j) * (size_t)(sheet->width * sheet->across) +
                                            (size_t)(left + i));
            at[0] = byte(l + 1.792741 * r);
            at[1] = byte(l - 0.213249 * b - 0.532909 * r);
            at[2] = byte(l + 2.112402 * b);
        }
}

static bool still(const struct shot *shot, double moment, const struct sheet *sheet, int cell)
{
    struct error err;
    struct renderer *renderer = NULL;
    if (!render_open(shot, &renderer, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    const size_t pixels = (size_t)shot->width * (size_t)shot->height;
    uint8_t *y = malloc(pixels * 2), *u = y + pixels, *v = u + pixels / 4;
    const struct planes out = { y, u, v, shot->width, shot->width / 2 };
    const int64_t last = render_frame_count(renderer) - 1;
    const int64_t index = moment < 0 ? render_poster_frame(renderer) : (int64_t)(moment * (double)last + 0.5);
    const bool done = render_frame(renderer, index, &out, &err);
    if (done) paste(sheet, cell, y, u, v);
    free(y);
    render_close(renderer);
    return done;
}

/* A binary PPM with 255 levels and no comments. */
static bool read_ppm(const char *path, struct picture *picture)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    bool done = fscanf(file, "P6 %d %d 255", &picture->width, &picture->height) == 2 && fgetc(file) != EOF;
    const size_t bytes = done ? 3 * (size_t)picture->width * (size_t)picture->height : 0;
    uint8_t *rgb = done ? malloc(bytes) : NULL;
    done = rgb && fread(rgb, 1, bytes, file) == bytes;
    picture->rgb = rgb;
    picture->row_bytes = 3 * picture->width;
    fclose(file);
    return done;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: contact PROMPT CAMERA|all|times:CAMERA LIGHT GRADE [WIDTH HEIGHT [SEED "
                        "[REFERENCE.ppm]]]\n");
        return 2;
    }
    struct picture reference = { 0 };
    struct shot shot = { .prompt = argv[1],
                         .mood_category = "",
                         .camera_movement = argv[2],
                         .lighting = argv[3],
                         .color_grade = argv[4],
                         .width = argc > 6 ? atoi(argv[5]) : 480,
                         .height = argc > 6 ? atoi(argv[6]) : 270,
                         .fps = 30,
                         .duration_s = 5,
                         .seed = argc > 7 ? strtoull(argv[7], NULL, 10) : 1,
                         .threads = 2 };
    if (argc > 8 && read_ppm(argv[8], &reference)) shot.reference = &reference;
    const bool all = strcmp(argv[2], "all") == 0, times = strncmp(argv[2], "times:", 6) == 0;
    int cells = times ? 6 : 1;
    while (all && render_camera_name((size_t)cells)) cells++;
    struct sheet sheet = { shot.width, shot.height, all ? 4 : times ? 3 : 1, 0, NULL };
    sheet.down = (cells + sheet.across - 1) / sheet.across;
    const size_t bytes = 3 * (size_t)(sheet.width * sheet.across) * (size_t)(sheet.height * sheet.down);
    sheet.rgb = calloc(1, bytes);
    bool done = sheet.rgb != NULL;
    for (int i = 0; done && i < cells; i++) {
        if (all) shot.camera_movement = render_camera_name((size_t)i);
        if (times) shot.camera_movement = argv[2] + 6;
        done = still(&shot, times ? i / 5.0 : -1, &sheet, i);
    }
    if (done) printf("P6 %d %d 255\n", sheet.width * sheet.across, sheet.height * sheet.down);
    done = done && fwrite(sheet.rgb, 1, bytes, stdout) == bytes;
    free(sheet.rgb);
    free((void *)(uintptr_t)reference.rgb);
    return done ? 0 : 1;
}
