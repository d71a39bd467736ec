#include "media/media.h"

#include "media/sniff.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <stdlib.h>
#include <vips/vips.h>
#include <vips/vector.h>

/* libvips knows its loaders by class name; blocking a class blocks its children. */
static void allow_loaders(void)
{
    static const char *const allowed[] = { "VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp",
                                           "VipsForeignLoadNsgif" };
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < COUNT_OF(allowed); i++) vips_operation_block_set(allowed[i], FALSE);
}

static void ignore_log(const char *domain, GLogLevelFlags level, const char *text, void *unused)
{
    (void)domain, (void)level, (void)text, (void)unused;
}

bool media_open(struct error *err)
{
    av_log_set_level(AV_LOG_QUIET);
    av_cpu_count();
    if (!avcodec_find_encoder_by_name("libx264") || !avcodec_find_decoder(AV_CODEC_ID_H264))
        return fail(err, CAUSE_UNAVAILABLE, "this installation's libavcodec lacks H.264");
    setenv("VIPS_DISC_THRESHOLD", "4g",
           1); /* large pictures stay in memory: there is no disc in the sandbox */
    if (vips_init("umam-media") != 0)
        return fail(err, CAUSE_UNAVAILABLE, "the picture library libvips does not start");
    g_log_set_default_handler(ignore_log, NULL);
    vips_cache_set_max(0);
    vips_concurrency_set(2);
    vips_vector_set_enabled(FALSE); /* it makes code at run time, which the sandbox forbids */
    allow_loaders();
    return sniff_open(err);
}
