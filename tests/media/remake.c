#include "remake.h"

#include "media/fdio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "remake: %s\n", what);
    abort();
}

static AVFormatContext *open_source(int fd)
{
    struct error err;
    AVFormatContext *format = avformat_alloc_context();
    must(format && fdio_open(fd, false, &format->pb, &err), "no memory");
    must(avformat_open_input(&format, NULL, NULL, NULL) >= 0, "the source cannot be read");
    must(avformat_find_stream_info(format, NULL) >= 0, "the source cannot be understood");
    return format;
}

static void copy_streams(const AVFormatContext *from, AVFormatContext *to)
{
    for (unsigned i = 0; i < from->nb_streams; i++) {
        AVStream *const stream = avformat_new_stream(to, NULL);
        must(stream && avcodec_parameters_copy(stream->codecpar, from->streams[i]->codecpar) >= 0,
             "no memory");
        stream->codecpar->codec_tag = 0;
        stream->time_base = from->streams[i]->time_base;
    }
}

static void add_captions(AVFormatContext *to, const struct remake_stream *captions)
{
    AVStream *const stream = avformat_new_stream(to, NULL);
    AVCodecParameters *const codec = stream->codecpar;
    codec->codec_type = AVMEDIA_TYPE_SUBTITLE;
    codec->codec_id = captions->codec;
    stream->time_base = (AVRational){ 1, 1000 };
    stream->disposition = captions->disposition;
    if (captions->language) av_dict_set(&stream->metadata, "language", captions->language, 0);
    if (!captions->head) return;
    codec->extradata_size = (int)strlen(captions->head);
    codec->extradata = av_mallocz(strlen(captions->head) + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(codec->extradata, captions->head, strlen(captions->head));
}

static void add_cover(AVFormatContext *to, const struct remake *how)
{
    AVStream *const stream = avformat_new_stream(to, NULL);
    AVCodecParameters *const codec = stream->codecpar;
    codec->codec_type = AVMEDIA_TYPE_VIDEO;
    codec->codec_id = how->cover_codec;
    codec->width = how->cover_width;
    codec->height = how->cover_height;
    codec->format = AV_PIX_FMT_YUVJ420P;
    stream->disposition = AV_DISPOSITION_ATTACHED_PIC;
    av_dict_set(&stream->metadata, "comment", "Cover (front)", 0);
    if (strcmp(how->muxer, "matroska") != 0) return;
    codec->codec_type = AVMEDIA_TYPE_ATTACHMENT; /* this muxer wants the bytes beforehand */
    codec->extradata = av_mallocz(how->cover_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    codec->extradata_size = (int)how->cover_bytes;
    memcpy(codec->extradata, how->cover, how->cover_bytes);
    av_dict_set(&stream->metadata, "filename", "cover.jpg", 0);
    av_dict_set(&stream->metadata, "mimetype", "image/jpeg", 0);
}

static void add_chapters(AVFormatContext *to, int count)
{
    to->chapters = av_calloc((size_t)count, sizeof *to->chapters);
    for (int i = 0; i < count; i++) {
        char title[32];
        AVChapter *const chapter = av_mallocz(sizeof *chapter);
        snprintf(title, sizeof title, "chapter %d", i + 1);
        *chapter = (AVChapter){ .id = i, .time_base = { 1, 1000 }, .start = i * 100, .end = i * 100 + 100 };
        av_dict_set(&chapter->metadata, "title", title, 0);
        to->chapters[to->nb_chapters++] = chapter;
    }
}

static void put(AVFormatContext *to, AVPacket *packet, unsigned stream, AVRational unit)
{
    packet->stream_index = (int)stream;
    packet->pos = -1;
    av_packet_rescale_ts(packet, unit, to->streams[stream]->time_base);
    must(av_interleaved_write_frame(to, packet) >= 0, "a packet is not taken");
}

static void put_bytes(AVFormatContext *to, unsigned stream, const void *bytes, size_t size, double at_s,
                      double length_s)
{
    AVPacket *packet = av_packet_alloc();
    must(packet && av_new_packet(packet, (int)size) >= 0, "no memory");
    if (size) memcpy(packet->data, bytes, size);
    packet->pts = packet->dts = (int64_t)(at_s * 1000);
    packet->duration = (int64_t)(length_s * 1000);
    packet->flags = AV_PKT_FLAG_KEY;
    put(to, packet, stream, (AVRational){ 1, 1000 });
    av_packet_free(&packet);
}

/* MP4 has the length of the words before them. */
static void put_cue(AVFormatContext *to, unsigned stream, const struct remake_cue *cue)
{
    const size_t size = strlen(cue->words);
    uint8_t *const bytes = malloc(size + 2);
    const bool timed_text = to->streams[stream]->codecpar->codec_id == AV_CODEC_ID_MOV_TEXT;
    bytes[0] = (uint8_t)(size >> 8);
    bytes[1] = (uint8_t)size;
    memcpy(bytes + 2, cue->words, size);
    put_bytes(to, stream, timed_text ? bytes : bytes + 2, timed_text ? size + 2 : size, cue->start_s,
              cue->length_s);
    free(bytes);
}

static void copy_packets(AVFormatContext *from, AVFormatContext *to)
{
    AVPacket *packet = av_packet_alloc();
    while (av_read_frame(from, packet) >= 0) {
        const unsigned stream = (unsigned)packet->stream_index;
        put(to, packet, stream, from->streams[stream]->time_base);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

static void fill(AVFormatContext *from, AVFormatContext *to, const struct remake *how)
{
    const unsigned own = from->nb_streams, cover = own + (unsigned)how->caption_streams;
    if (how->cover && strcmp(how->muxer, "matroska") != 0)
        put_bytes(to, cover, how->cover, how->cover_bytes, 0, 0);
    for (unsigned i = 0; i < how->caption_streams; i++)
        for (size_t k = 0; k < how->captions[i].count; k++) put_cue(to, own + i, &how->captions[i].cues[k]);
    copy_packets(from, to);
}

int remake(int fd, const struct remake *how)
{
    struct error err;
    AVFormatContext *from = open_source(fd), *to = NULL;
    AVIOContext *io = from->pb;
    const int made = memfd_create("remade", MFD_CLOEXEC);
    must(avformat_alloc_output_context2(&to, NULL, how->muxer, NULL) >= 0, how->muxer);
    fdio_confine(to);
    to->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    must(fdio_open(made, true, &to->pb, &err), "no memory");
    copy_streams(from, to);
    for (size_t i = 0; i < how->caption_streams; i++) add_captions(to, &how->captions[i]);
    if (how->cover) add_cover(to, how);
    if (how->chapters) add_chapters(to, how->chapters);
    must(avformat_write_header(to, NULL) >= 0, "the muxer does not begin");
    fill(from, to, how);
    must(av_write_trailer(to) >= 0, "the muxer does not end");
    avio_flush(to->pb);
    fdio_close(&to->pb);
    avformat_free_context(to);
    avformat_close_input(&from);
    fdio_close(&io);
    return made;
}
