#include "library/role.h"
#include "test.h"

static struct error err;

static unsigned permits(const char *first, const char *second)
{
    const char *words[] = { first, second };
    return roles_permit(&(struct texts){ words, first ? second ? 2 : 1 : 0 });
}

TEST(each_role_permits_its_row)
{
    CHECK_INT(permits("viewer", NULL), MAY_READ);
    CHECK_INT(permits("creator", NULL), MAY_READ | MAY_CREATE);
    CHECK_INT(permits("editor", NULL), MAY_READ | MAY_CREATE | MAY_OTHERS);
    CHECK_INT(permits("admin", NULL), MAY_ALL);
    CHECK_INT(permits("user", NULL), MAY_READ | MAY_CREATE);
}

TEST(roles_add_up_and_unknown_ones_add_nothing)
{
    CHECK_INT(permits("viewer", "editor"), MAY_READ | MAY_CREATE | MAY_OTHERS);
    CHECK_INT(permits(NULL, NULL), MAY_READ);
    CHECK_INT(permits("Admin", "administrator"), MAY_READ);
}

TEST(permissions_have_names)
{
    AUTO(arena) struct arena mem = { 0 };
    CHECK_TEXT(permission_name(MAY_OTHERS), "others");
    CHECK_TEXT(permissions_text(&mem, MAY_READ | MAY_ADMIN), "read, admin");
    CHECK_TEXT(permissions_text(&mem, 0), "");
}

TEST(words_that_are_no_roles_are_refused)
{
    CHECK(roles_check(&(struct texts){ (const char *[]){ "viewer", "admin" }, 2 }, &err));
    CHECK(roles_check(&(struct texts){ 0 }, &err));
    CHECK(!roles_check(&(struct texts){ (const char *[]){ "viewer", "king" }, 2 }, &err));
    CHECK_TEXT(err.field, "roles");
    CHECK(err.cause == CAUSE_INVALID && strstr(err.text, "'king'"));
}

TEST_MAIN
