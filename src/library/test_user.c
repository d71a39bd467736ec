#include "library/test_user.h"

#define ROLES(...)                                                                                           \
    {                                                                                                        \
        (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)            \
    }

const struct test_user test_users[] = {
    { "test_admin", "TestAdmin123!", "admin@test.local", "Test Admin User", ROLES("admin", "editor", "viewer") },
    { "test_editor", "TestEditor123!", "editor@test.local", "Test Editor User", ROLES("editor", "viewer") },
    { "test_viewer", "TestViewer123!", "viewer@test.local", "Test Viewer User", ROLES("viewer") },
    { "test_creator", "TestCreator123!", "creator@test.local", "Test Content Creator",
      ROLES("creator", "viewer") },
};
const size_t test_users_count = COUNT_OF(test_users);

bool test_users_seed(struct library *lib, struct arena *mem, bool *made, struct error *err)
{
    for (size_t i = 0; i < test_users_count; i++) {
        const struct test_user *const t = &test_users[i];
        const struct register_in in = { .username = t->username,
                                        .password = t->password,
                                        .email = t->email,
                                        .display_name = t->display_name,
                                        .is_test_user = true };
        struct user user;
        bool there = false;
        if (!user_find(lib, mem, t->username, &user, &there, err)) return false;
        if (!there && !user_register(lib, mem, &in, &t->roles, &user, err)) return false;
        made[i] = !there;
    }
    return true;
}

bool test_users_list(struct library *lib, struct arena *mem, struct list *out, struct error *err)
{
    return db_list(lib->db, SQL_USER_TEST_LIST, NO_ARGS, mem, &user_row_shape, out, err);
}

static bool purge_body(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return user_remember(tx, NULL, err) && user_keep_an_admin(tx, SQL_USER_TEST_PURGE, NO_ARGS, err);
}

bool test_users_purge(struct library *lib, struct arena *mem, struct list *purged_out, struct error *err)
{
    return test_users_list(lib, mem, purged_out, err) && db_write(lib->db, purge_body, NULL, err);
}
