#include "library/test_user.h"

#define ROLES(...)                                                                                           \
    {                                                                                                        \
        (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)            \
    }

const struct test_user test_users[] = {
    { "test_admin", "TestAdmin123!", "admin@test.local", "Test Admin User",
      ROLES("admin", "editor", "viewer") },
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

struct purging {
    struct list users;
    bool *gone;
};

static bool purge_body(struct tx *tx, void *with, struct error *err)
{
    const struct purging *const p = with;
    const struct user *const users = p->users.items;
    for (size_t i = 0; i < p->users.count; i++)
        if (!user_purge(tx, &users[i], &p->gone[i], err)) return false;
    return true;
}

bool test_users_purge(struct library *lib, struct arena *mem, struct list *users_out, const bool **gone_out,
                      struct error *err)
{
    struct purging p;
    if (!test_users_list(lib, mem, &p.users, err)) return false;
    p.gone = arena_array(mem, p.users.count, sizeof *p.gone);
    if (!db_write(lib->db, purge_body, &p, err)) return false;
    *users_out = p.users;
    *gone_out = p.gone;
    return true;
}
