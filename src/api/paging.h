/* How a page of a list tells where the next one begins. */
#pragma once

#include "api/http.h"

/* X-Next-Cursor, and Link with the same request for the next page (RFC 8288); nothing for a NULL cursor. */
void reply_next_page(const struct request *rq, struct reply *rp, const char *cursor);
