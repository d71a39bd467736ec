#include "media/sight.h"

#include "media/poster.h"
#include "media/sheet.h"
#include "media/shots.h"
#include "media/thumbhash.h"

#include <math.h>

static const double far_apart_s = 2.6;  /* between key frames: a usual distance is two seconds */
static const double look_most_s = 1800; /* frame by frame, in one file */
static const double look_far_s = 600;   /* only because key frames are far apart */

struct sight {
    struct arena *mem;
    struct reel reel;
    struct luma_meter meter;
    struct poster poster;
    struct sheet sheet;
    struct shots shots, before;   /* `before` a look that may have to be repeated */
    struct glimpse next, between; /* of the key frame at hand, of a frame before it */
    double duration_s, end_s;
    int64_t packets, keys;
    bool gap; /* frames were left out since the last one seen */
};

struct sight *sight_new(const struct source *source, AVStream *stream, struct arena *mem, struct error *err)
{
    struct sight *const sight = arena_new(mem, struct sight);
    if (!reel_open(&sight->reel, source, stream, err)) return NULL;
    sight->mem = mem;
    sight->duration_s = source_duration_s(source);
    shots_init(&sight->shots);
    sheet_init(&sight->sheet, sight->duration_s, stream ? source_rotation(stream) : 0);
    return sight;
}

/* One frame to all who look; `glimpse` gets what they remember. */
static bool show(struct sight *sight, const AVFrame *frame, double at_s, struct glimpse *glimpse,
                 struct error *err)
{
    struct luma luma;
    const double progress = sight->duration_s > 0 ? fmin(1, fmax(0, at_s / sight->duration_s)) : 0.5;
    if (!luma_measure(&sight->meter, frame, &luma, err) ||
        !poster_consider(&sight->poster, frame, &luma, progress, err))
        return false;
    glimpse_take(&sight->meter, &luma, at_s, glimpse);
    return !sheet_wants(&sight->sheet, at_s) || sheet_show(&sight->sheet, frame, at_s, err);
}

enum look { LOOK_NOT, LOOK_THRIFTY, LOOK_FULL };

static enum look worth_a_look(const struct sight *sight, const struct glimpse *next)
{
    const struct reel *const reel = &sight->reel;
    if (reel->full || reel->count < 2 || reel->looked_s > look_most_s) return LOOK_NOT;
    if (reel_jumps(reel)) return LOOK_THRIFTY;
    if (reel->until_s - reel->since_s > far_apart_s && reel->looked_s < look_far_s) return LOOK_THRIFTY;
    if (next) return shots_suspects(&sight->shots, next) ? LOOK_FULL : LOOK_NOT;
    return sight->keys == 1 || sight->shots.last.black ? LOOK_THRIFTY : LOOK_NOT;
}

/* Whether frames were left out before this one in a place that matters. */
static bool left_out(const struct sight *sight, const struct glimpse *next)
{
    const AVRational rate = source_frame_rate(sight->reel.key.stream);
    const double most_s = rate.num ? 1.5 / av_q2d(rate) : 0;
    return next->at_s - sight->shots.last.at_s > most_s && shots_matter(&sight->shots, next);
}

/* The frames since the last key frame, which was seen already. False in `settled_out`: it takes a full look.
 */
static bool look_at(struct sight *sight, const struct glimpse *next, bool thrifty, bool *settled_out,
                    struct error *err)
{
    struct shots *const shots = &sight->shots;
    const AVFrame *frame;
    *settled_out = true;
    if (!reel_look(&sight->reel, thrifty, err)) return false;
    while (*settled_out && (frame = reel_next(&sight->reel))) {
        const double at_s = track_time_s(&sight->reel.every, frame);
        if (at_s <= shots->last.at_s || (next && at_s >= next->at_s)) continue;
        if (!show(sight, frame, at_s, &sight->between, err)) return false;
        *settled_out = !thrifty || !left_out(sight, &sight->between);
        shots_see(shots, &sight->between, true);
    }
    if (thrifty && next && left_out(sight, next)) *settled_out = false;
    return true;
}

static bool look_between(struct sight *sight, const struct glimpse *next, struct error *err)
{
    const enum look look = worth_a_look(sight, next);
    bool settled;
    sight->gap = look == LOOK_NOT;
    if (sight->gap) return true;
    sight->before = sight->shots;
    if (!look_at(sight, next, look == LOOK_THRIFTY, &settled, err)) return false;
    if (settled) return true;
    sight->shots = sight->before;
    return look_at(sight, next, false, &settled, err);
}

static bool begin_stretch(struct sight *sight, const AVPacket *packet, struct error *err)
{
    const AVFrame *const frame = reel_still(&sight->reel, packet);
    if (frame) {
        if (!show(sight, frame, track_time_s(&sight->reel.key, frame), &sight->next, err) ||
            !look_between(sight, &sight->next, err))
            return false;
        shots_see(&sight->shots, &sight->next, !sight->gap);
        sight->keys++;
    }
    reel_clear(&sight->reel);
    return reel_hold(&sight->reel, packet, err);
}

bool sight_see(struct sight *sight, const AVPacket *packet, struct error *err)
{
    if (!reel_is_of(&sight->reel, packet)) return true;
    sight->packets++;
    if (reel_begins(&sight->reel, packet)) return begin_stretch(sight, packet, err);
    return !sight->reel.count || reel_hold(&sight->reel, packet, err);
}

bool sight_learn(const struct sight *sight, struct error *err)
{
    const struct track *const key = &sight->reel.key;
    return !sight->keys || source_learn(key->stream, key->codec, err);
}

static bool write_poster(struct sight *sight, int fd, struct media_analysis *out, struct error *err)
{
    AUTO(image) struct image picture = { 0 };
    if (!poster_draw(&sight->poster, sight->sheet.rotation, &picture, err)) return false;
    out->thumbhash = thumbhash_of(&picture, sight->mem);
    return fd < 0 || image_write(&picture, IMAGE_JPEG, 0, fd, err);
}

bool sight_sum_up(struct sight *sight, int poster_fd, int sprite_fd, struct media_analysis *out,
                  bool *seen_out, struct error *err)
{
    if (sight->keys && !look_between(sight, NULL, err)) return false;
    *seen_out = sight->keys > 0;
    if (!*seen_out) return true;
    out->frames = sight->packets;
    const double end_s = fmax(sight->duration_s, sight->reel.until_s);
    shots_sum_up(&sight->shots, end_s, sight->mem, out);
    return write_poster(sight, poster_fd, out, err) &&
           sheet_write(&sight->sheet, end_s, sprite_fd, sight->mem, out, err);
}

double sight_damaged_s(const struct sight *sight)
{
    const double key = sight->reel.key.damaged_s, every = sight->reel.every.damaged_s;
    return key < 0 ? every : every < 0 ? key : fmin(key, every);
}

void sight_close(struct sight *sight)
{
    if (!sight) return;
    sheet_close(&sight->sheet);
    poster_close(&sight->poster);
    luma_meter_close(&sight->meter);
    reel_close(&sight->reel);
}
