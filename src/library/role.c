#include "library/role.h"

const char *const permission_names[] = { "read", "create", "others", "admin", NULL };
static_assert(MAY_ALL == (1 << (COUNT_OF(permission_names) - 1)) - 1, "one name per permission");

static const struct {
    const char *name;
    unsigned permits;
} roles_known[] = {
    { "viewer", MAY_READ },
    { "creator", MAY_READ | MAY_CREATE },
    { "editor", MAY_READ | MAY_CREATE | MAY_OTHERS },
    { "admin", MAY_ALL },
    { "user", MAY_READ | MAY_CREATE },
};

const char *permission_name(unsigned permission)
{
    for (size_t i = 0; permission_names[i]; i++)
        if (permission == 1u << i) return permission_names[i];
    assert(!"one permission");
    return NULL;
}

char *permissions_text(struct arena *mem, unsigned permissions)
{
    const char *held[COUNT_OF(permission_names)] = { NULL };
    size_t count = 0;
    for (size_t i = 0; permission_names[i]; i++)
        if (permissions & 1u << i) held[count++] = permission_names[i];
    return text_join(mem, held, "", ", ");
}

static unsigned permits(const char *role)
{
    for (size_t i = 0; i < COUNT_OF(roles_known); i++)
        if (text_is(roles_known[i].name, role)) return roles_known[i].permits;
    return 0;
}

unsigned roles_permit(const struct texts *roles)
{
    unsigned permitted = MAY_READ;
    for (size_t i = 0; i < roles->count; i++) permitted |= permits(roles->items[i]);
    return permitted;
}

bool roles_check(const struct texts *roles, struct error *err)
{
    for (size_t i = 0; i < roles->count; i++)
        if (!permits(roles->items[i]))
            return fail_field(err, CAUSE_INVALID, "roles",
                              "there is no role '%.64s'; roles are admin, editor, creator, viewer, user",
                              roles->items[i]);
    return true;
}
