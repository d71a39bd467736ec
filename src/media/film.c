#include "media/film.h"

#include "media/cover.h"
#include "media/sight.h"
#include "media/sound.h"
#include "media/source_facts.h"
#include "media/subtitles.h"

#include <math.h>

/* What is under way while the packets pass by. */
struct film {
    struct source source;
    struct sight *sight;
    struct track audio;
    struct sound *sound;
    struct subtitles *subtitles;
    double duration_s; /* as the container says, 0: it does not */
    double reached_s;
    enum cover_state cover;
};

static void film_cleanup(struct film *film)
{
    sight_close(film->sight);
    sound_close(film->sound);
    subtitles_close(film->subtitles);
    track_close(&film->audio);
    source_close(&film->source);
}

static bool open_film(struct film *film, int fd, struct arena *mem, struct error *err)
{
    struct source *const source = &film->source;
    if (!source_skim(source, fd, err)) return false;
    if (!source_video(source) && !source_audio(source))
        return fail(err, CAUSE_BAD_MEDIA, "the file has neither video nor sound in it");
    film->duration_s = source_duration_s(source);
    film->sound = sound_new(mem);
    film->sight = sight_new(source, source_video(source), mem, err);
    film->subtitles = film->sight ? subtitles_new(source, mem, err) : NULL;
    return film->subtitles && track_open(&film->audio, source, source_audio(source), TRACK_ALL, err);
}

/* A packet of the sound, or NULL at the end. */
static bool hear(struct film *film, const AVPacket *packet, struct error *err)
{
    const struct track *const audio = &film->audio;
    if (!audio->stream || (packet && packet->stream_index != audio->stream->index)) return true;
    const AVFrame *frame;
    track_send(&film->audio, packet);
    while ((frame = track_next(&film->audio)))
        if (!sound_hear(film->sound, frame, err)) return false;
    return true;
}

static void note_place(struct film *film, const AVPacket *packet, const struct analysis_watch *watch)
{
    const AVStream *const stream = film->source.format->streams[packet->stream_index];
    if (packet->pts == AV_NOPTS_VALUE) return;
    film->reached_s = fmax(film->reached_s, (double)packet->pts * av_q2d(stream->time_base));
    if (film->duration_s > 0)
        watch->progress(watch->with, fmin(1, film->reached_s / film->duration_s), "analyse");
}

static bool pass_all(struct film *film, const struct analysis_watch *watch, struct error *err)
{
    AVPacket *packet = av_packet_alloc();
    bool good = packet || fail(err, CAUSE_TOO_LARGE, "there is not enough memory to read the file");
    while (good && av_read_frame(film->source.format, packet) >= 0) {
        note_place(film, packet, watch);
        good = sight_see(film->sight, packet, err) && hear(film, packet, err);
        if (good) subtitles_read(film->subtitles, packet);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return good && hear(film, NULL, err);
}

/* The container's words again, now with what the decoders know. */
static bool describe(const struct film *film, struct arena *mem, struct media_analysis *out,
                     struct error *err)
{
    return sight_learn(film->sight, err) &&
           (!film->audio.frames || source_learn(film->audio.stream, film->audio.codec, err)) &&
           source_describe(&film->source, mem, out, err);
}

/* ---- what is wrong with a file that can be used all the same ---- */

static void warn(struct media_analysis *out, const char *text)
{
    out->warnings.items[out->warnings.count++] = text;
}

static void warn_of_damage(const struct film *film, struct arena *mem, struct media_analysis *out)
{
    enum { MOST = 6 };
    const double sight_s = sight_damaged_s(film->sight), sound_s = film->audio.damaged_s;
    out->warnings.items = arena_array(mem, MOST, sizeof *out->warnings.items);
    if (sight_s >= 0) warn(out, arena_printf(mem, "the video is damaged after %.1f seconds", sight_s));
    if (sound_s >= 0) warn(out, arena_printf(mem, "the sound is damaged after %.1f seconds", sound_s));
    if (sound_changed(film->sound))
        warn(out, "the sound changes its format; only what is like its beginning was measured");
    if (subtitles_cut(film->subtitles)) warn(out, "there are more captions than are read");
    if (film->cover == COVER_BAD) warn(out, "the cover picture cannot be read");
    if (film->reached_s < film->duration_s * 0.95 - 1)
        warn(out, arena_printf(mem, "the file ends after %.1f of %.1f seconds", film->reached_s,
                               film->duration_s));
}

bool film_see(const struct analysis_files *files, const struct analysis_watch *watch, struct arena *mem,
              struct media_analysis *out, struct error *err)
{
    AUTO(film) struct film film = { 0 };
    bool seen;
    if (!open_film(&film, files->in, mem, err) || !source_describe(&film.source, mem, out, err) ||
        !pass_all(&film, watch, err) || !describe(&film, mem, out, err) ||
        !sight_sum_up(film.sight, files->poster, files->sprite, out, &seen, err) ||
        !sound_sum_up(film.sound, files->peaks, out, err) ||
        !subtitles_sum_up(film.subtitles, files->text, out, err))
        return false;
    if (!seen && !cover_show(&film.source, files->poster, mem, out, &film.cover, err)) return false;
    if (!seen && !film.audio.frames)
        return fail(err, CAUSE_BAD_MEDIA,
                    "nothing in the file can be decoded: it is encrypted, or damaged throughout");
    if (isnan(out->duration_s)) out->duration_s = fmax(film.reached_s, sound_length_s(film.sound));
    warn_of_damage(&film, mem, out);
    return true;
}
