/* Folders that people browse: DIR/universe/element or type/title [end of the id].ext, each a symbolic link to
 * the stored file, whose own name is made of ids. The tree is derived from the rows: it may be removed or
 * made anew at any time, and says nothing that the database does not. */
#pragma once

#include "library/library.h"

/* A name that every file system takes, Windows' among them, out of any text: no control characters, none of
 * / \ < > : " | ? *, no dot or space at either end, no name of a device, BROWSE_NAME_BYTES at most. `instead`
 * where nothing is left. */
enum { BROWSE_NAME_BYTES = 180 };
const char *browse_name(struct arena *mem, const char *text, const char *instead) MUST_USE;

struct browse_report {
    int64_t links, left_out; /* where something else has the name */
};
extern const struct shape browse_report_shape;

/* Brings the tree in `folder`, which is made when it is missing, up to date with `db`; of one universe alone,
 * or of all for NULL. `media` is the absolute path of the media folder. Of what is in `folder` only links
 * into the media folder are ever removed, with the folders that are empty then. CONFLICT while another one
 * does the same. */
bool browse_make(struct db *db, const char *media, const char *folder, const char *universe_id,
                 struct browse_report *out, struct error *err) MUST_USE;
