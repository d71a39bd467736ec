/* Cursors of pages: what is taken is a place in a list, and its cursor reads back as the same place. */
#include "fuzz.h"

#include "base/id.h"
#include "library/page.h"

struct place {
    int64_t created_at;
    const char *id;
};
static const struct field place_fields[] = {
    TIME(struct place, created_at, .doc = "When."),
    TEXT(struct place, id, .doc = "Which."),
    { 0 },
};
static const struct shape place_shape = SHAPE("Place", struct place, place_fields);

FUZZ(mem, in)
{
    struct cursor cursor, again;
    struct error err = { 0 };
    if (!cursor_read(mem, input_rest(in, mem), &cursor, &err)) {
        EXPECT(err.cause == CAUSE_INVALID && text_is(err.field, "cursor"));
        return;
    }
    struct place place = { cursor.at, cursor.id };
    if (!*place.id) return; /* the start of the list */
    EXPECT(id_valid(place.id));
    const char *const next = page_next(mem, &(struct list){ &place, 1 }, &place_shape);
    EXPECT(cursor_read(mem, next, &again, &err) && again.at == place.created_at &&
           text_is(again.id, place.id));
}
