/* A small service to try the server on. */
#pragma once

#include "api/server.h"

struct toy {
    const char *file; /* path of what /files/one sends */
    _Atomic int slow_done, releases;
};

extern const struct route toy_routes[];
extern const struct route *const toy_tables[];

#define TOY_SECRET "a secret that is long enough for HS256"

/* A token of this role, valid now; NULL makes one without roles. */
char *toy_token(struct arena *mem, const char *role);
