/* How fast frames come: pace CAMERA THREADS [FRAMES [WIDTH HEIGHT [PROMPT]]] prints milliseconds and memory.
 */
#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: pace CAMERA THREADS [FRAMES [WIDTH HEIGHT [PROMPT]]]\n");
        return 2;
    }
    const int frames = argc > 3 ? atoi(argv[3]) : 150;
    const struct shot shot = { .prompt = argc > 6 ? argv[6] : "a lone lighthouse at sunset",
                               .mood_category = "",
                               .camera_movement = argv[1],
                               .lighting = "golden_hour",
                               .color_grade = "cinematic",
                               .width = argc > 5 ? atoi(argv[4]) : 1920,
                               .height = argc > 5 ? atoi(argv[5]) : 1080,
                               .fps = 30,
                               .duration_s = 5,
                               .seed = 1,
                               .threads = atoi(argv[2]) };
    struct error err;
    struct renderer *renderer = NULL;
    const double start = now_s();
    if (!render_open(&shot, &renderer, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    const double opened = now_s();
    const size_t pixels = (size_t)shot.width * (size_t)shot.height;
    uint8_t *y = malloc(pixels * 2);
    const struct planes out = { y, y + pixels, y + pixels + pixels / 4, shot.width, shot.width / 2 };
    bool done = true;
    for (int i = 0; done && i < frames; i++)
        done = render_frame(renderer, (int64_t)i * (render_frame_count(renderer) - 1) / frames, &out, &err);
    const double ended = now_s();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s: open %.0f ms, %.2f ms/frame, %.1f fps, %ld MiB\n", argv[1], (opened - start) * 1e3,
           (ended - opened) * 1e3 / frames, frames / (ended - opened), usage.ru_maxrss / 1024);
    free(y);
    render_close(renderer);
    return done ? 0 : 1;
}
