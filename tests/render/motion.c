#include "motion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16, MATCHES_MOST = 1024, ROUNDS = 12 };

struct plane {
    int width, height;
    uint8_t *at;
};

struct match {
    double x, y, dx, dy, weight;
};

/* Mean of `by` x `by` pixels. */
static struct plane shrink(const uint8_t *from, int width, int height, int by)
{
    struct plane small = { width / by, height / by, NULL };
    small.at = malloc((size_t)(small.width * small.height));
    for (int y = 0; small.at && y < small.height; y++)
        for (int x = 0; x < small.width; x++) {
            int sum = by * by / 2;
            for (int j = 0; j < by; j++)
                for (int i = 0; i < by; i++) sum += from[(y * by + j) * width + x * by + i];
            small.at[y * small.width + x] = (uint8_t)(sum / (by * by));
        }
    return small;
}

/* Mean absolute difference of a rectangle at (x, y) and the same shifted; huge when it leaves the picture. */
static double differ(const struct plane *a, const struct plane *b, int x, int y, int wide, int high, int dx,
                     int dy)
{
    int x0 = x + dx < 0 ? -x - dx : 0, y0 = y + dy < 0 ? -y - dy : 0;
    int x1 = x + dx + wide > b->width ? b->width - x - dx : wide,
        y1 = y + dy + high > b->height ? b->height - y - dy : high;
    if (x + x0 < 0) x0 = -x;
    if (y + y0 < 0) y0 = -y;
    if (x + x1 > a->width) x1 = a->width - x;
    if (y + y1 > a->height) y1 = a->height - y;
    if (x1 - x0 < wide / 2 || y1 - y0 < high / 2) return 1e9;
    long sum = 0;
    for (int j = y0; j < y1; j++) {
        const uint8_t *p = a->at + (y + j) * a->width + x, *q = b->at + (y + dy + j) * b->width + x + dx;
        for (int i = x0; i < x1; i++) sum += abs(p[i] - q[i]);
    }
    return (double)sum / (double)((x1 - x0) * (y1 - y0));
}

/* The best shift within `reach` of (*dx, *dy). */
static double search(const struct plane *a, const struct plane *b, int x, int y, int wide, int high,
                     int reach, int *dx, int *dy)
{
    double least = 1e9;
    const int cx = *dx, cy = *dy;
    for (int j = -reach; j <= reach; j++)
        for (int i = -reach; i <= reach; i++) {
            const double d = differ(a, b, x, y, wide, high, cx + i, cy + j) + 0.002 * (i * i + j * j);
            if (d < least) least = d, *dx = cx + i, *dy = cy + j;
        }
    return least;
}

/* Top of the parabola through three differences, -0.5..0.5. */
static double between(double before, double at, double after)
{
    const double bend = before - 2 * at + after;
    return bend > 1e-6 && before < 1e8 && after < 1e8 ? 0.5 * (before - after) / bend : 0;
}

/* How much a block changes along its weaker direction: flat blocks and plain edges match anywhere. */
static double texture(const struct plane *a, int x, int y)
{
    double across = 0, down = 0;
    for (int j = 0; j < BLOCK; j++)
        for (int i = 0; i < BLOCK; i++) {
            const uint8_t *p = a->at + (y + j) * a->width + x + i;
            if (i > 1) across += abs(p[0] - p[-2]);
            if (j > 1) down += abs(p[0] - p[-2 * a->width]);
        }
    return fmin(across, down) / (BLOCK * BLOCK);
}

static int match_blocks(const struct plane *a, const struct plane *b, const struct plane *a4,
                        const struct plane *b4, int dx8, int dy8, struct match *matches)
{
    int count = 0;
    const int step_x = a->width / 24 > BLOCK ? a->width / 24 : BLOCK,
              step_y = a->height / 16 > BLOCK ? a->height / 16 : BLOCK;
    for (int y = 2; y + BLOCK + 2 <= a->height; y += step_y)
        for (int x = 2; x + BLOCK + 2 <= a->width && count < MATCHES_MOST; x += step_x) {
            const double detail = texture(a, x, y);
            if (detail < 1.2) continue;
            int dx = dx8 * 2, dy = dy8 * 2;
            search(a4, b4, x / 4 - 1, y / 4 - 1, BLOCK / 4 + 3, BLOCK / 4 + 3, 5, &dx, &dy);
            dx *= 4, dy *= 4;
            const double least = search(a, b, x, y, BLOCK, BLOCK, 4, &dx, &dy);
            if (least > 14 || x + dx < 1 || y + dy < 1 || x + dx + BLOCK >= b->width - 1 ||
                y + dy + BLOCK >= b->height - 1)
                continue;
            const double mx = between(differ(a, b, x, y, BLOCK, BLOCK, dx - 1, dy), least,
                                      differ(a, b, x, y, BLOCK, BLOCK, dx + 1, dy));
            const double my = between(differ(a, b, x, y, BLOCK, BLOCK, dx, dy - 1), least,
                                      differ(a, b, x, y, BLOCK, BLOCK, dx, dy + 1));
            matches[count++] =
                (struct match){ x + BLOCK / 2 - a->width / 2.0, y + BLOCK / 2 - a->height / 2.0, dx + mx,
                                dy + my, fmin(detail, 12) / (1 + 0.2 * least) };
        }
    return count;
}

/* Least squares of dx = tx + s x - r y, dy = ty + s y + r x: around the weighted middle the equations part.
 */
static void fit(const struct match *matches, const double *trust, int count, double out[4])
{
    double w = 0, mx = 0, my = 0, mdx = 0, mdy = 0, spread = 1e-9, s = 0, r = 0;
    for (int i = 0; i < count; i++) {
        const double t = trust[i];
        w += t, mx += t * matches[i].x, my += t * matches[i].y, mdx += t * matches[i].dx,
            mdy += t * matches[i].dy;
    }
    mx /= w, my /= w, mdx /= w, mdy /= w;
    for (int i = 0; i < count; i++) {
        const double x = matches[i].x - mx, y = matches[i].y - my, dx = matches[i].dx - mdx,
                     dy = matches[i].dy - mdy;
        spread += trust[i] * (x * x + y * y);
        s += trust[i] * (x * dx + y * dy);
        r += trust[i] * (x * dy - y * dx);
    }
    out[2] = s / spread;
    out[3] = r / spread;
    out[0] = mdx - out[2] * mx + out[3] * my;
    out[1] = mdy - out[2] * my - out[3] * mx;
}

static double miss(const struct match *m, const double p[4])
{
    return hypot(m->dx - (p[0] + p[2] * m->x - p[3] * m->y), m->dy - (p[1] + p[2] * m->y + p[3] * m->x));
}

static struct motion settle(const struct match *matches, int count)
{
    double p[4] = { 0 }, trust[MATCHES_MOST];
    for (int i = 0; i < count; i++) trust[i] = matches[i].weight;
    for (int round = 0; round < ROUNDS; round++) {
        fit(matches, trust, count, p);
        const double soft = round < 4 ? 4 : 1;
        for (int i = 0; i < count; i++) {
            const double off = miss(&matches[i], p) / soft;
            trust[i] = matches[i].weight / (1 + off * off);
        }
    }
    int follow = 0;
    for (int i = 0; i < count; i++) follow += miss(&matches[i], p) < 1.5;
    const double length = hypot(1 + p[2], p[3]);
    return (struct motion){ p[0], p[1], log(length), atan2(p[3], 1 + p[2]) * 180 / M_PI,
                            (double)follow / count };
}

static struct motion measure(const uint8_t *from, const uint8_t *to, int width, int height)
{
    struct motion motion = { 0 };
    struct match matches[MATCHES_MOST];
    const struct plane a = shrink(from, width, height, 1), b = shrink(to, width, height, 1);
    const struct plane a4 = shrink(from, width, height, 4), b4 = shrink(to, width, height, 4);
    const struct plane a8 = shrink(from, width, height, 8), b8 = shrink(to, width, height, 8);
    if (a.at && b.at && a4.at && b4.at && a8.at && b8.at) {
        int dx = 0, dy = 0;
        search(&a8, &b8, 0, 0, a8.width, a8.height, 8, &dx, &dy);
        const int count = match_blocks(&a, &b, &a4, &b4, dx, dy, matches);
        if (count >= 6) motion = settle(matches, count);
    }
    free(a.at), free(b.at), free(a4.at), free(b4.at), free(a8.at), free(b8.at);
    return motion;
}

struct motion motion_between(const uint8_t *from, const uint8_t *to, int width, int height)
{
    const int by = (width > height ? width : height) / 320;
    if (by < 2) return measure(from, to, width, height);
    struct motion motion = { 0 };
    const struct plane a = shrink(from, width, height, by), b = shrink(to, width, height, by);
    if (a.at && b.at) motion = measure(a.at, b.at, a.width, a.height);
    motion.right *= by;
    motion.down *= by;
    free(a.at), free(b.at);
    return motion;
}

void motion_add(struct motion *total, const struct motion *step)
{
    total->right += step->right;
    total->down += step->down;
    total->grow += step->grow;
    total->turn += step->turn;
    total->agreement += step->agreement;
}
