#include "media/sink.h"

#include "media/averror.h"
#include "media/fdio.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Times in fragments are those of the packets (frag_discont without edit lists): else each stream would begin
 * at 0 and picture and sound drift apart by what lay between them. Negative offsets let the first picture be
 * shown at 0. */
#define FRAGMENTS                                                                                            \
    "movflags=+frag_custom+empty_moov+default_base_moof+frag_discont+negative_cts_offsets:use_editlist=0"

enum ending { TRAILER, SEGMENT, NOTHING };

static const struct sink_kind {
    const char *container, *muxer, *options;
    enum ending ending;
    bool headless;
} kinds[] = {
    { "mp4", "mp4", "movflags=+faststart", TRAILER, false },
    { "webm", "webm", "cues_to_front=1", TRAILER, false },
    { "head", "mp4", FRAGMENTS, NOTHING, false },
    { "piece", "mp4", FRAGMENTS, SEGMENT, true },
    { "hls", "mp4", FRAGMENTS, SEGMENT, false },
};

static bool io_fail(struct error *err, int code)
{
    return averror_fail(err, code, CAUSE_IO, "the media file cannot be written");
}

bool sink_open(struct sink *sink, const char *container, int fd, int index, struct error *err)
{
    const struct sink_kind *kind = kinds;
    while (kind < &kinds[COUNT_OF(kinds) - 1] && strcmp(kind->container, container) != 0) kind++;
    *sink = (struct sink){
        .kind = kind, .index = strcmp(container, "hls") == 0 ? index : -1, .begun_s = NAN, .reached_s = NAN
    };
    if (!fdio_open(fd, true, &sink->io, err)) return false;
    const int got = avformat_alloc_output_context2(&sink->format, NULL, kind->muxer, NULL);
    if (got < 0) {
        sink_close(sink);
        return io_fail(err, got);
    }
    fdio_confine(sink->format);
    sink->format->pb = sink->io;
    sink->format->flags |= AVFMT_FLAG_BITEXACT;
    return true;
}

bool sink_add(struct sink *sink, const AVCodecParameters *codec, AVRational time_base, int *number_out,
              struct error *err)
{
    AVStream *const stream = avformat_new_stream(sink->format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, codec) < 0)
        return fail(err, CAUSE_TOO_LARGE, "there is not enough memory to write the media file");
    stream->codecpar->codec_tag = 0; /* as this container calls it */
    stream->time_base = time_base;
    *number_out = stream->index;
    return true;
}

static int64_t bytes_so_far(struct sink *sink)
{
    avio_flush(sink->io);
    return avio_tell(sink->io);
}

static bool note(struct sink *sink, const char *line, struct error *err)
{
    const int size = (int)strlen(line);
    return dprintf(sink->index, "%s", line) == size || fail_errno(err, errno, "the index cannot be written");
}

/* Writes the description; without a head to where nobody reads it. */
static int write_head(struct sink *sink, AVDictionary **options)
{
    AVIOContext *aside = NULL;
    uint8_t *unread = NULL;
    int got = sink->kind->headless ? avio_open_dyn_buf(&aside) : 0;
    if (got < 0) return got;
    if (aside) sink->format->pb = aside;
    got = avformat_write_header(sink->format, options);
    sink->format->pb = sink->io;
    if (aside) avio_close_dyn_buf(aside, &unread);
    av_free(unread);
    return got;
}

bool sink_start(struct sink *sink, struct error *err)
{
    AVDictionary *options = NULL;
    char line[32];
    int got = av_dict_parse_string(&options, sink->kind->options, "=", ":", 0);
    if (got >= 0) got = write_head(sink, &options);
    av_dict_free(&options);
    if (got < 0) return io_fail(err, got);
    if (sink->index < 0) return true;
    sink->begun_bytes = bytes_so_far(sink);
    snprintf(line, sizeof line, "%lld\n", (long long)sink->begun_bytes);
    return note(sink, line, err);
}

static bool write_segment(struct sink *sink, struct error *err)
{
    int got = av_interleaved_write_frame(sink->format, NULL);
    if (got >= 0) got = av_write_frame(sink->format, NULL);
    avio_flush(sink->io);
    if (got >= 0) got = sink->io->error;
    return got >= 0 || io_fail(err, got);
}

/* Ends the open segment at this time. */
static bool cut(struct sink *sink, double at_s, struct error *err)
{
    char line[64];
    if (!write_segment(sink, err)) return false;
    const int64_t bytes = bytes_so_far(sink);
    snprintf(line, sizeof line, "%lld %lld\n", (long long)(bytes - sink->begun_bytes),
             llround((at_s - sink->begun_s) * 1e6));
    sink->begun_bytes = bytes;
    sink->begun_s = at_s;
    return note(sink, line, err);
}

static bool lead(struct sink *sink, const AVPacket *packet, AVRational time_base, struct error *err)
{
    const double at_s = (double)packet->pts * av_q2d(time_base);
    const double end_s = at_s + (double)packet->duration * av_q2d(time_base);
    if (isnan(sink->begun_s)) sink->begun_s = at_s;
    if (packet->flags & AV_PKT_FLAG_KEY && at_s - sink->begun_s >= SINK_SEGMENT_S - 0.01 &&
        !cut(sink, at_s, err))
        return false;
    if (!(end_s <= sink->reached_s)) sink->reached_s = end_s;
    return true;
}

bool sink_put(struct sink *sink, AVPacket *packet, int number, AVRational time_base, struct error *err)
{
    if (sink->index >= 0 && number != sink->leader &&
        packet->pts < 0) { /* what a sound codec needs to begin */
        av_packet_unref(packet);
        return true;
    }
    packet->stream_index = number;
    packet->pos = -1;
    if (sink->index >= 0 && number == sink->leader && !lead(sink, packet, time_base, err)) return false;
    av_packet_rescale_ts(packet, time_base, sink->format->streams[number]->time_base);
    const int got = av_interleaved_write_frame(sink->format, packet);
    return got >= 0 || io_fail(err, got);
}

bool sink_finish(struct sink *sink, struct error *err)
{
    if (sink->index >= 0)
        return isnan(sink->begun_s) ? fail(err, CAUSE_BAD_MEDIA, "there is nothing to play in the file")
                                    : cut(sink, sink->reached_s, err);
    if (sink->kind->ending == SEGMENT) return write_segment(sink, err);
    int got = sink->kind->ending == TRAILER ? av_write_trailer(sink->format) : 0;
    avio_flush(sink->io);
    if (got >= 0) got = sink->io->error;
    return got >= 0 || io_fail(err, got);
}

void sink_close(struct sink *sink)
{
    avformat_free_context(sink->format);
    sink->format = NULL;
    fdio_close(&sink->io);
}
