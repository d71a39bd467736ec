#include "media/filters.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

enum { FPS_USUAL = 30 /* of a source that does not tell */ };

static AVRational square(AVRational aspect)
{
    return aspect.num > 0 && aspect.den > 0 ? aspect : (AVRational){ 1, 1 };
}

struct size filters_shown_size(const AVStream *stream)
{
    const struct size size = { (int)lrint(stream->codecpar->width *
                                          av_q2d(square(stream->codecpar->sample_aspect_ratio))),
                               stream->codecpar->height };
    return source_rotation(stream) % 180 ? (struct size){ size.height, size.width } : size;
}

static int even(double pixels) { return (int)fmax(16, 2 * round(pixels / 2)); }

struct size filters_size(const struct transcode_in *in, const AVStream *stream)
{
    const struct size shown = filters_shown_size(stream);
    if (!text_is(in->fit, "inside")) return (struct size){ (int)in->width, (int)in->height };
    const double scale = fmin(1, fmin((double)in->width / shown.width, (double)in->height / shown.height));
    return (struct size){ even(shown.width * scale), even(shown.height * scale) };
}

AVRational filters_rate(const AVStream *stream, int64_t fps_max)
{
    const AVRational rate = source_frame_rate(stream), most = { (int)fps_max, 1 }, least = { 1, 1 };
    if (rate.num <= 0) return (AVRational){ (int)(fps_max < FPS_USUAL ? fps_max : FPS_USUAL), 1 };
    if (av_cmp_q(rate, least) < 0) return least;
    return av_cmp_q(rate, most) > 0 ? most : rate;
}

/* The words for the part that is wanted; `a` is "a" for sound. */
static void put_span(const char *a, const struct span *span, char *out, size_t size_bytes)
{
    const int got = snprintf(out, size_bytes, "%strim=start_pts=%lld", a, (long long)span->begin);
    if (span->end != INT64_MAX)
        snprintf(out + got, size_bytes - (size_t)got, ":end_pts=%lld", (long long)span->end);
}

/* The last conversion of the picture. Streams often state a part of what they are. */
static const char *range_filter(const AVStream *stream)
{
#define DOWN(transfer)                                                                                       \
    "zscale=tin=" transfer ":pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,"      \
    "tonemap=mobius:desat=0,zscale=t=bt709:m=bt709:r=tv,"
    switch (stream->codecpar->color_trc) {
    case AVCOL_TRC_SMPTE2084:
        return DOWN("smpte2084");
    case AVCOL_TRC_ARIB_STD_B67:
        return DOWN("arib-std-b67");
    default:
        return "";
    }
}

void filters_picture(const struct transcode_in *in, const AVStream *stream, AVRational rate,
                     const struct span *span, char out[FILTERS_BYTES])
{
    static const char *const turns[] = { "", "transpose=clock,", "hflip,vflip,", "transpose=cclock," };
    const struct size size = filters_size(in, stream);
    const bool crop = text_is(in->fit, "crop"), pad = text_is(in->fit, "pad");
    const char *const down = range_filter(stream);
    char box[96] = "", part[96];
    if (crop) snprintf(box, sizeof box, "crop=%d:%d,", size.width, size.height);
    if (pad) snprintf(box, sizeof box, "pad=%d:%d:(ow-iw)/2:(oh-ih)/2,", size.width, size.height);
    put_span("", span, part, sizeof part);
    snprintf(out, FILTERS_BYTES,
             "fps=%d/%d,%s%s,scale=w=trunc(iw*if(sar\\,sar\\,1)/2)*2:h=ih,setsar=1,"
             "%sscale=%d:%d:flags=bicubic:force_original_aspect_ratio=%s%s,%s%ssetsar=1,format=yuv420p",
             rate.num, rate.den, span->full ? "tpad=stop=-1:stop_mode=clone," : "", part,
             turns[source_rotation(stream) / 90], size.width, size.height,
             crop  ? "increase"
             : pad ? "decrease"
                   : "disable",
             *down ? "" : ":out_color_matrix=bt709:out_range=tv", box, down);
}

/* In two steps, because `first_pts` is right only where the rate stays (libswresample counts it at the rate
 * that comes). */
void filters_sound(double gain_db, enum AVSampleFormat format, const struct span *span,
                   char out[FILTERS_BYTES])
{
    char gain[96] = "", part[96];
    if (gain_db != 0)
        snprintf(gain, sizeof gain, ",volume=%.2fdB,alimiter=limit=%.3f:attack=2:release=50:level=0", gain_db,
                 pow(10, FILTERS_PEAK_DB / 20));
    put_span("a", span, part, sizeof part);
    snprintf(out, FILTERS_BYTES,
             "aresample=%d,aresample=async=1:min_comp=0.00002:first_pts=%lld%s%s,%s,"
             "aformat=sample_fmts=%s:channel_layouts=stereo",
             FILTERS_SAMPLE_RATE, (long long)span->begin, gain, span->full ? ",apad" : "", part,
             av_get_sample_fmt_name(format));
}
