#include "cli/short_id.h"

#include <string.h>

enum { ID_LENGTH = 36 };

bool short_id_read(struct arena *mem, const char *given, const char *what, const char **out,
                   struct error *err)
{
    const char *const id = text_lower(mem, given);
    const size_t length = strlen(id);
    if (length < SHORT_ID_MIN || length > ID_LENGTH || id[strspn(id, "0123456789abcdef-")])
        return fail(err, CAUSE_INVALID,
                    "'%.64s' is no id of a %s, nor the first %d or more characters of one", given, what,
                    SHORT_ID_MIN);
    *out = id;
    return true;
}

bool short_id_choose(struct arena *mem, const char *given, const char *what, struct texts found,
                     const char **out, struct error *err)
{
    enum { NAMED = SHORT_ID_LOOK - 1 };
    if (!found.count)
        return fail(err, CAUSE_NOT_FOUND, "there is no %s whose id begins with %s", what, given);
    if (found.count > 1) {
        const char *names[NAMED + 1] = { NULL };
        for (size_t i = 0; i < found.count && i < NAMED; i++) names[i] = found.items[i];
        return fail(err, CAUSE_INVALID, "%s is the beginning of several ids: %s%s", given,
                    text_join(mem, names, "", ", "), found.count > NAMED ? ", ..." : "");
    }
    *out = found.items[0];
    return true;
}
