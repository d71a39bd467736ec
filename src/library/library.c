#include "library/library.h"

#include "base/text.h"

bool actor_owns(const struct actor *actor, const char *owner_id)
{
    return actor->admin || (!text_empty(actor->subject) && text_is(actor->subject, owner_id));
}
