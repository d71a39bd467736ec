#include "media/analysis.h"

#include "base/hash.h"
#include "media/film.h"
#include "media/image.h"
#include "media/origin.h"
#include "media/phash.h"
#include "media/picture_facts.h"
#include "media/scene.h"
#include "media/sniff.h"
#include "media/story.h"
#include "media/thumbhash.h"

enum { PICTURE_MAX_SIDE = 1280 };

static bool see_picture(const struct analysis_files *files, struct arena *mem, struct media_analysis *out,
                        struct error *err)
{
    AUTO(image) struct image image = { 0 };
    struct media_facts facts;
    if (!image_load(files->in, PICTURE_MAX_SIDE, &image, &facts, err)) return false;
    out->kind = "image";
    out->mime_type = facts.mime_type;
    out->format = facts.format;
    out->extension = facts.format[0] == 'j' ? "jpg" : facts.format;
    out->file_size = facts.file_size;
    out->width = facts.width;
    out->height = facts.height;
    out->phash = phash_text(mem, phash_of(&image));
    out->thumbhash = thumbhash_of(&image, mem);
    if (!picture_describe(files->in, mem, out, err)) return false;
    return files->poster < 0 || image_write(&image, IMAGE_JPEG, 0, files->poster, err);
}

static bool look(const struct analysis_files *files, const struct analysis_watch *watch, struct arena *mem,
                 struct media_analysis *out, struct error *err)
{
    enum sniff_way way;
    if (!sniff_file(files->in, &way, err)) return false;
    switch (way) {
    case SNIFF_PICTURE: return see_picture(files, mem, out, err);
    case SNIFF_FILM: return film_see(files, watch, mem, out, err);
    case SNIFF_MODEL: return scene_measure(files->in, mem, out, err);
    case SNIFF_TEXT: return story_read(files, mem, out, err);
    }
    return fail(err, CAUSE_INTERNAL, "the file is of no known kind");
}

bool analysis_run(const struct analysis_files *files, const struct ingest_in *in,
                  const struct analysis_watch *watch, struct arena *mem, struct media_analysis *out,
                  struct error *err)
{
    struct media_analysis found;
    shape_init(&media_analysis_shape, &found);
    if (!look(files, watch, mem, &found, err) || !origin_find(files->in, mem, &found.origin, err))
        return false;
    if (in->checksum) {
        struct digest digest;
        if (!hash_file(files->in, &digest, err)) return false;
        found.sha256 = arena_text(mem, digest.hex);
    }
    *out = found;
    return true;
}
