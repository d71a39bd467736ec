/* Roles and what they permit: one table. A role is a word in an account or a token; what may be done hangs on
 * permissions alone, never on the word.
 *
 *              read  create  others  admin
 *   viewer      x
 *   creator     x     x
 *   editor      x     x       x
 *   admin       x     x       x       x
 *   user        x     x                      the word that foreign issuers of tokens use for everybody
 *
 * Reading and creating are about what is one's own; `others` lets both reach what belongs to others. Whoever
 * is known may read: no role, or an unknown one, gives that and nothing else. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum permission {
    MAY_READ = 1,   /* see what is one's own */
    MAY_CREATE = 2, /* make, change and remove it */
    MAY_OTHERS = 4, /* the same with what belongs to others */
    MAY_ADMIN = 8,  /* accounts, the audit log, the server */
    MAY_ALL = 15
};

/* Names of the permissions, NULL-terminated, from the lowest bit up. */
extern const char *const permission_names[];

/* The name of one permission. */
const char *permission_name(unsigned permission);

/* "read, create" */
char *permissions_text(struct arena *mem, unsigned permissions) MUST_USE;

/* What all these roles permit together, a set of enum permission. */
unsigned roles_permit(const struct texts *roles);

/* INVALID, naming the first word that is no role. */
bool roles_check(const struct texts *roles, struct error *err) MUST_USE;
