#include "library/page.h"

#include "base/id.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { CURSOR_MAX_BYTES = 64, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

bool cursor_read(struct arena *mem, const char *text, struct cursor *out, struct error *err)
{
    char bytes[CURSOR_MAX_BYTES + 1] = "";
    size_t size;
    struct cursor found = { .at = -1, .id = "" };
    if (!text_empty(text)) {
        const bool plain = sodium_base642bin((unsigned char *)bytes, CURSOR_MAX_BYTES, text, strlen(text),
                                             NULL, &size, NULL, VARIANT) == 0;
        char *const comma = plain ? strchr(bytes, ',') : NULL;
        if (comma) *comma = '\0';
        if (!comma || !text_to_int(bytes, &found.at) || !id_valid(comma + 1))
            return fail_field(err, CAUSE_INVALID, "cursor",
                              "this is no cursor of a list; take the one of the page before, or none");
        found.id = arena_text(mem, comma + 1);
    }
    *out = found;
    return true;
}

int64_t page_rows(int64_t limit) { return (limit > PAGE_MAX ? PAGE_MAX : limit) + 1; }

bool page_cut(struct list *rows, int64_t limit)
{
    const size_t most = (size_t)page_rows(limit) - 1;
    if (rows->count <= most) return false;
    rows->count = most;
    return true;
}

const char *page_next(struct arena *mem, const struct list *rows, const struct shape *shape)
{
    if (!rows->count) return NULL;
    const char *const last = (const char *)rows->items + (rows->count - 1) * shape->size;
    const int64_t *const at = (const void *)(last + shape_field(shape, "created_at")->offset);
    const char *const *const id = (const void *)(last + shape_field(shape, "id")->offset);
    const char *const bytes = arena_printf(mem, "%lld,%s", (long long)*at, *id);
    const size_t room = sodium_base64_encoded_len(strlen(bytes), VARIANT);
    return sodium_bin2base64(arena_alloc(mem, room), room, (const unsigned char *)bytes, strlen(bytes),
                             VARIANT);
}
