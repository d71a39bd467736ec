#include "media/reel.h"

#include <math.h>

static const double key_pause_s = 0.5;
static const double small_of_mean = 0.25;
static const double jump_of_key = 0.6, jump_of_mean = 2.5; /* sizes of packets */

bool reel_open(struct reel *reel, const struct source *source, AVStream *stream, struct error *err)
{
    *reel = (struct reel){ .source = source, .every.damaged_s = -1 };
    return track_open(&reel->key, source, stream, TRACK_KEY, err);
}

bool reel_empty(const struct reel *reel) { return !reel->key.stream; }

bool reel_is_of(const struct reel *reel, const AVPacket *packet)
{
    return !reel_empty(reel) && packet->stream_index == reel->key.stream->index;
}

static double time_of(const struct reel *reel, const AVPacket *packet)
{
    const int64_t at = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
    const int64_t start = reel->key.stream->start_time == AV_NOPTS_VALUE ? 0 : reel->key.stream->start_time;
    return at == AV_NOPTS_VALUE ? reel->until_s : (double)(at - start) * av_q2d(reel->key.stream->time_base);
}

bool reel_begins(const struct reel *reel, const AVPacket *packet)
{
    if (!(packet->flags & AV_PKT_FLAG_KEY)) return false;
    return !reel->count || fabs(time_of(reel, packet) - reel->since_s) >= key_pause_s;
}

/* Drained at once: a decoder keeps frames back as long as others may have to be shown before them. */
const AVFrame *reel_still(struct reel *reel, const AVPacket *packet)
{
    track_flush(&reel->key);
    track_send(&reel->key, packet);
    const AVFrame *const early = track_next(&reel->key);
    if (early) return early;
    track_send(&reel->key, NULL);
    return track_next(&reel->key);
}

void reel_clear(struct reel *reel)
{
    while (reel->count) av_packet_free(&reel->held[--reel->count]);
    reel->bytes = 0;
    reel->full = false;
}

bool reel_hold(struct reel *reel, const AVPacket *packet, struct error *err)
{
    if (!reel->count) reel->since_s = time_of(reel, packet);
    reel->until_s = fmax(reel->count ? reel->until_s : 0, time_of(reel, packet));
    reel->full =
        reel->full || reel->count == REEL_HELD_MAX || reel->bytes + packet->size > REEL_HELD_BYTES_MAX;
    if (reel->full) return true;
    AVPacket *const copy = reel->held[reel->count] = av_packet_clone(packet);
    if (!copy) return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to read the file");
    reel->count++;
    reel->bytes += packet->size;
    return true;
}

static double mean_of(const struct reel *reel)
{
    return (double)(reel->bytes - reel->held[0]->size) / (reel->count - 1);
}

static bool is_large(const struct reel *reel, int at)
{
    return reel->held[at]->size > jump_of_mean * mean_of(reel);
}

bool reel_jumps(const struct reel *reel)
{
    for (int i = 1; i < reel->count; i++)
        if (reel->held[i]->size > jump_of_key * reel->held[0]->size && is_large(reel, i)) return true;
    return false;
}

bool reel_look(struct reel *reel, bool thrifty, struct error *err)
{
    reel->sent = 0;
    reel->draining = false;
    reel->thrifty = thrifty;
    reel->looked_s += reel->until_s - reel->since_s;
    if (!reel->every.stream) return track_open(&reel->every, reel->source, reel->key.stream, TRACK_ALL, err);
    track_flush(&reel->every);
    return true;
}

/* Of a common size, and not among those that are shown around a large one or a key frame, which may be a cut:
 * packets come in another order than they are shown in. */
static bool is_common(const struct reel *reel, int at)
{
    enum { AROUND = 8 };
    if (at < AROUND || at + AROUND >= reel->count) return false;
    if (reel->held[at]->size < small_of_mean * mean_of(reel)) return false;
    for (int i = at - AROUND; i <= at + AROUND; i++)
        if (i > 0 && is_large(reel, i)) return false;
    return true;
}

/* The codec itself knows which frames no other needs. */
static void send_next(struct reel *reel)
{
    const bool spare = reel->thrifty && is_common(reel, reel->sent);
    reel->every.codec->skip_frame = spare ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    track_send(&reel->every, reel->held[reel->sent++]);
}

const AVFrame *reel_next(struct reel *reel)
{
    const AVFrame *frame;
    while (!(frame = track_next(&reel->every)) && !reel->draining) {
        reel->draining = reel->sent == reel->count;
        if (reel->draining)
            track_send(&reel->every, NULL);
        else
            send_next(reel);
    }
    return frame;
}

void reel_close(struct reel *reel)
{
    reel_clear(reel);
    track_close(&reel->key);
    track_close(&reel->every);
}
