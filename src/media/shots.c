#include "media/shots.h"

#include <math.h>
#include <string.h>

static const double cut_change = 18;        /* of 255, mean of the cells */
static const double other_levels = 0.12;    /* share of pixels whose level is another */
static const float same_cell = 2.5f;        /* of 255: what compression does to a standing picture */
static const double black_least_s = 0.1, frozen_least_s = 1;

void glimpse_take(const struct luma_meter *meter, const struct luma *luma, double at_s, struct glimpse *out)
{
    const int width = meter->width, height = meter->height;
    *out = (struct glimpse){ .at_s = at_s, .black = luma->peak <= LUMA_BLACK_PEAK };
    for (int row = 0; row < GLIMPSE_ROWS; row++)
        for (int column = 0; column < GLIMPSE_COLUMNS; column++) {
            const int left = column * width / GLIMPSE_COLUMNS, right = (column + 1) * width / GLIMPSE_COLUMNS;
            const int top = row * height / GLIMPSE_ROWS, bottom = (row + 1) * height / GLIMPSE_ROWS;
            int sum = 0, count = 0;
            for (int y = top; y < bottom || y == top; y++)
                for (int x = left; x < right || x == left; x++, count++) sum += meter->grey[y * width + x];
            out->cells[row * GLIMPSE_COLUMNS + column] = (float)sum / (float)count;
        }
    for (int i = 0; i < width * height; i++) out->levels[meter->grey[i] * GLIMPSE_LEVELS / 256]++;
    for (int i = 0; i < GLIMPSE_LEVELS; i++) out->levels[i] /= (float)(width * height);
}

static double change_between(const struct glimpse *a, const struct glimpse *b)
{
    double sum = 0;
    for (int i = 0; i < GLIMPSE_CELLS; i++) sum += fabs((double)(a->cells[i] - b->cells[i]));
    return sum / GLIMPSE_CELLS;
}

static double level_change(const struct glimpse *a, const struct glimpse *b)
{
    double sum = 0;
    for (int i = 0; i < GLIMPSE_LEVELS; i++) sum += fabs((double)(a->levels[i] - b->levels[i]));
    return sum / 2;
}

static bool looks_same(const struct glimpse *a, const struct glimpse *b)
{
    for (int i = 0; i < GLIMPSE_CELLS; i++)
        if (fabsf(a->cells[i] - b->cells[i]) > same_cell) return false;
    return true;
}

void shots_init(struct shots *shots)
{
    *shots = (struct shots){
        .black.least_s = black_least_s, .frozen.least_s = frozen_least_s, .before = -1, .change = -1
    };
}

/* Whether `last` was a cut shows when the change after it is known. */
static void note_cut(struct shots *shots, double next_change)
{
    const double jump = shots->change - fmax(0, fmax(shots->before, next_change));
    if (jump < cut_change || shots->cut_count == INGEST_CUTS_MAX) return;
    shots->cuts[shots->cut_count++] = (struct ingest_cut){ shots->last.at_s, fmin(1, jump / 100) };
}

static void note_standing(struct shots *shots, const struct glimpse *glimpse)
{
    const bool stands = !glimpse->black && looks_same(&shots->standing, glimpse);
    stretch_note(&shots->frozen, stands, stands ? shots->standing.at_s : glimpse->at_s);
    if (!stands) shots->standing = *glimpse;
}

void shots_see(struct shots *shots, const struct glimpse *glimpse, bool follows)
{
    stretch_note(&shots->black, glimpse->black, glimpse->at_s);
    if (shots->begun) {
        const double change = follows ? change_between(&shots->last, glimpse) : -1;
        note_cut(shots, change);
        shots->before = shots->change;
        shots->change = change;
        note_standing(shots, glimpse);
    } else {
        shots->standing = *glimpse;
    }
    shots->begun = true;
    shots->last = *glimpse;
}

bool shots_suspects(const struct shots *shots, const struct glimpse *next)
{
    if (!shots->begun) return false;
    const struct glimpse *const last = &shots->last;
    const bool other = level_change(last, next) > other_levels && change_between(last, next) > cut_change;
    return other || last->black || next->black || looks_same(last, next);
}

bool shots_matter(const struct shots *shots, const struct glimpse *next)
{
    const struct glimpse *const last = &shots->last;
    return last->black != next->black || change_between(last, next) >= cut_change;
}

void shots_sum_up(struct shots *shots, double end_s, struct arena *mem, struct media_analysis *out)
{
    note_cut(shots, -1);
    struct ingest_cut *const cuts = arena_array(mem, shots->cut_count + 1, sizeof *cuts);
    memcpy(cuts, shots->cuts, shots->cut_count * sizeof *cuts);
    out->cuts = (struct list){ cuts, shots->cut_count };
    out->black = stretch_finish(&shots->black, end_s, mem);
    out->frozen = stretch_finish(&shots->frozen, end_s, mem);
}
