#include "media/cover.h"

#include "base/text.h"
#include "media/image.h"
#include "media/thumbhash.h"

static bool is_front(const AVStream *stream)
{
    const AVDictionaryEntry *const what = av_dict_get(stream->metadata, "comment", NULL, 0);
    return what && text_is(what->value, "Cover (front)");
}

static const AVPacket *choose(const AVFormatContext *format)
{
    const AVStream *chosen = NULL;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *const stream = format->streams[i];
        if (!(stream->disposition & AV_DISPOSITION_ATTACHED_PIC) || stream->attached_pic.size <= 0) continue;
        if (!chosen || (is_front(stream) && !is_front(chosen))) chosen = stream;
    }
    return chosen ? &chosen->attached_pic : NULL;
}

bool cover_show(const struct source *source, int fd, struct arena *mem, struct media_analysis *out,
                enum cover_state *state_out, struct error *err)
{
    AUTO(image) struct image picture = { 0 };
    struct error unreadable;
    const AVPacket *const packet = choose(source->format);
    *state_out = COVER_NONE;
    if (!packet) return true;
    *state_out = COVER_BAD;
    if (packet->size > COVER_MAX_BYTES ||
        !image_load_bytes(packet->data, (size_t)packet->size, COVER_MAX_SIDE, &picture, &unreadable))
        return true;
    *state_out = COVER_GOOD;
    out->thumbhash = thumbhash_of(&picture, mem);
    return fd < 0 || image_write(&picture, IMAGE_JPEG, 0, fd, err);
}
