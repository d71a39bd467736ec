#include "library/library.h"

#include "base/file.h"
#include "base/text.h"
#include "library/asset.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool actor_owns(const struct actor *actor, const char *owner_id)
{
    return actor->others || (!text_empty(actor->subject) && text_is(actor->subject, owner_id));
}

bool actor_may_own(const struct actor *actor, struct error *err)
{
    return !text_empty(actor->subject) ||
           fail(err, CAUSE_FORBIDDEN,
                "this token names nobody (it has no sub), so nothing can belong to its bearer");
}

/* The rows say which files stay, whatever came of this attempt: an earlier one may have been stored. Where
 * they cannot be asked, the marks stay for the next start. */
static void settle(struct library *lib, const struct blob *files, size_t count)
{
    bool known;
    struct error ignored;
    for (size_t i = 0; i < count; i++)
        if (asset_file_known(lib, files[i].name, &known, &ignored))
            blob_settle(&lib->blobs, &files[i], 1, known);
}

/* After a commit that failed with CAUSE_IO nobody knows what the disk has taken: the marks stay. */
static bool commit(struct library *lib, const struct blob *files, size_t count,
                   bool (*body)(struct tx *tx, void *with, struct error *err), void *with, struct error *err)
{
    const bool stored = db_write(lib->db, body, with, err);
    if (stored || err->cause != CAUSE_IO) settle(lib, files, count);
    return stored;
}

bool library_keep(struct library *lib, const struct blob *files, size_t count,
                  bool (*body)(struct tx *tx, void *with, struct error *err), void *with, struct error *err)
{
    return blob_keep(&lib->blobs, files, count, err) && commit(lib, files, count, body, with, err);
}

bool library_drop(struct library *lib, const struct blob *files, size_t count,
                  bool (*body)(struct tx *tx, void *with, struct error *err), void *with, struct error *err)
{
    return blob_condemn(&lib->blobs, files, count, err) && commit(lib, files, count, body, with, err);
}

bool library_copy_database(struct library *lib, struct arena *mem, struct blob_file *out, struct error *err)
{
    const char *const path = blob_unfinished(&lib->blobs, mem);
    struct blob_file file = { .fd = -1 };
    if (!db_backup(lib->db, path, err)) return false;
    AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    unlink(path);
    if (fd < 0) return fail_errno(err, errno, "the copy of the database could not be opened");
    if (!file_size(fd, &file.size_bytes, err)) return false;
    file.fd = fd_take(&fd);
    *out = file;
    return true;
}
