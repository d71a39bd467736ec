/* Names of things: ids in any spelling, and media names opened in a folder full of links that lead out of it.
 */
#include "fuzz.h"

#include "base/id.h"
#include "library/asset.h"
#include "library/blob.h"

#include <fcntl.h>
#include <unistd.h>

static void check_id(struct arena *mem, const char *text)
{
    const char *const id = id_canonical(mem, text);
    EXPECT(id || !id_valid(text));
    if (!id) return;
    EXPECT(id_valid(id) && text_is(id_canonical(mem, id), id));
    EXPECT(!id_valid(text) || text_is(id, text));
    EXPECT(text_is(id_canonical(mem, arena_printf(mem, "urn:uuid:{%s}", id)), id));
}

static void check_url(struct arena *mem, const char *text)
{
    const char *const blob = media_url_blob(mem, text);
    if (blob) EXPECT(text_is(media_url_blob(mem, media_url(mem, blob)), blob));
}

/* /proc/self leads out by cwd, root, exe and the numbers under fd. */
static void check_open(struct arena *mem, const char *name)
{
    static struct blobs blobs = { .root = "/proc/self" };
    static char root[64];
    char path[512] = "";
    struct blob_file file;
    struct error err = { 0 };
    if (!blobs.folder) {
        blobs.folder = open(blobs.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        snprintf(root, sizeof root, "/proc/%d/", (int)getpid());
    }
    if (!blob_open(&blobs, name, &file, &err)) {
        EXPECT(err.cause == CAUSE_NOT_FOUND);
        return;
    }
    const char *const link = arena_printf(mem, "/proc/self/fd/%d", file.fd);
    EXPECT(readlink(link, path, sizeof path - 1) > 0 && text_starts(path, root));
    close(file.fd);
}

FUZZ(mem, in)
{
    const char *const text = input_rest(in, mem);
    check_id(mem, text);
    check_url(mem, text);
    check_open(mem, text);
}
