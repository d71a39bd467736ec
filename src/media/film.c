#include "media/film.h"

#include "media/poster.h"
#include "media/probe.h"
#include "media/sound.h"
#include "media/source_facts.h"
#include "media/track.h"

#include <math.h>

/* What is under way while the packets pass by. */
struct film {
    struct source source;
    struct track video, audio;
    struct luma_meter meter;
    struct poster poster;
    struct sound *sound;
    double duration_s; /* as the container says, 0: it does not */
    double reached_s;
};

static void film_cleanup(struct film *film)
{
    sound_close(film->sound);
    poster_close(&film->poster);
    luma_meter_close(&film->meter);
    track_close(&film->video);
    track_close(&film->audio);
    source_close(&film->source);
}

static bool open_film(struct film *film, int fd, struct error *err)
{
    struct source *const source = &film->source;
    if (!source_open(source, fd, err)) return false;
    if (!source_video(source) && !source_audio(source))
        return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    film->duration_s = source_duration_s(source);
    return track_open(&film->video, source, source_video(source), TRACK_KEY, err) &&
           track_open(&film->audio, source, source_audio(source), TRACK_ALL, err);
}

static bool see_frames(struct film *film, struct error *err)
{
    const AVFrame *frame;
    struct luma luma;
    while ((frame = track_next(&film->video))) {
        const double at_s = track_time_s(&film->video, frame);
        const double progress = film->duration_s > 0 ? fmin(1, fmax(0, at_s / film->duration_s)) : 0.5;
        if (!luma_measure(&film->meter, frame, &luma, err) ||
            !poster_consider(&film->poster, frame, &luma, progress, err))
            return false;
    }
    return true;
}

static bool hear_frames(struct film *film, struct error *err)
{
    const AVFrame *frame;
    while ((frame = track_next(&film->audio)))
        if (!sound_hear(film->sound, frame, err)) return false;
    return true;
}

static bool belongs(const struct track *track, const AVPacket *packet)
{
    return track->stream && (!packet || packet->stream_index == track->stream->index);
}

/* One packet, or NULL at the end, to the track it belongs to. */
static bool pass_packet(struct film *film, const AVPacket *packet, struct error *err)
{
    if (belongs(&film->video, packet)) {
        track_send(&film->video, packet);
        if (!see_frames(film, err)) return false;
    }
    if (belongs(&film->audio, packet)) {
        track_send(&film->audio, packet);
        if (!hear_frames(film, err)) return false;
    }
    return true;
}

static void note_place(struct film *film, const AVPacket *packet, const struct analysis_watch *watch)
{
    const AVStream *const stream = film->source.format->streams[packet->stream_index];
    if (packet->pts == AV_NOPTS_VALUE) return;
    film->reached_s = fmax(film->reached_s, (double)packet->pts * av_q2d(stream->time_base));
    if (film->duration_s > 0) watch->progress(watch->with, fmin(1, film->reached_s / film->duration_s), "analyse");
}

static bool pass_all(struct film *film, const struct analysis_watch *watch, struct error *err)
{
    AVPacket *packet = av_packet_alloc();
    bool good = packet || fail(err, CAUSE_TOO_LARGE, "there is not enough memory to read the file");
    while (good && av_read_frame(film->source.format, packet) >= 0) {
        note_place(film, packet, watch);
        good = pass_packet(film, packet, err);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return good && pass_packet(film, NULL, err);
}

bool film_see(const struct analysis_files *files, const struct analysis_watch *watch, struct arena *mem,
              struct media_analysis *out, struct error *err)
{
    AUTO(film) struct film film = { 0 };
    film.sound = sound_new(mem);
    if (!open_film(&film, files->in, err) || !source_describe(&film.source, mem, out, err) ||
        !pass_all(&film, watch, err))
        return false;
    if (!film.video.frames && !film.audio.frames)
        return fail(err, CAUSE_BAD_MEDIA, "nothing in the file can be decoded");
    if (!sound_sum_up(film.sound, files->peaks, out, err)) return false;
    return files->poster < 0 || !film.poster.best ||
           poster_write(&film.poster, source_rotation(film.video.stream), files->poster, err);
}
