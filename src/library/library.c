#include "library/library.h"

#include "base/text.h"

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
