/* A renderer with a frame to draw into, for tests. */
#pragma once

#include "render/render.h"

#include <stdio.h>
#include <stdlib.h>

struct film {
    struct renderer *renderer;
    struct planes planes;
    int width, height;
    int64_t count;
    long pixels, bytes; /* luma samples; all three planes, which lie one after the other at planes.y */
};

static inline void film_close(struct film *film)
{
    render_close(film->renderer);
    free(film->planes.y);
}

static inline bool film_open(struct film *film, const struct shot *shot)
{
    struct error err;
    *film = (struct film){ .width = shot->width, .height = shot->height };
    if (!render_open(shot, &film->renderer, &err)) {
        fprintf(stderr, "%s: %s\n", shot->camera_movement, err.text);
        return false;
    }
    film->pixels = (long)shot->width * shot->height;
    film->bytes = film->pixels + 2 * (film->pixels / 4);
    uint8_t *y = malloc((size_t)film->bytes);
    film->planes = (struct planes){ y, y + film->pixels, y + film->pixels + film->pixels / 4, shot->width,
                                    shot->width / 2 };
    film->count = render_frame_count(film->renderer);
    return y != NULL;
}

static inline bool film_shoot(struct film *film, int64_t index)
{
    struct error err;
    if (render_frame(film->renderer, index, &film->planes, &err)) return true;
    fprintf(stderr, "%s\n", err.text);
    return false;
}
