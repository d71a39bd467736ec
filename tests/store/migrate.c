/* Steps of the schema that the program does not have: a rebuilt table, a step that fails. */
#include "schema.h"

static const char *const element =
    "INSERT INTO universes (id, name, created_at, updated_at) VALUES ('u', 'world', 1, 1);"
    "INSERT INTO elements (id, universe_id, name, created_at, updated_at) VALUES ('e', 'u', 'hero', 1, 1)";

TEST(a_rebuilt_table_keeps_what_refers_to_it)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    char copy[256];
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, 1, &err));
    CHECK_INT(place_files(path, ".before-", NULL, 0), 0); /* there was nothing to keep */
    CHECK_TEXT(schema_ask(&mem, path, element), "");
    CHECK_OK(migrate_up(path, 2, &err));
    CHECK_TEXT(
        schema_ask(&mem, path,
                   "SELECT e.name, u.name, u.mood FROM elements e JOIN universes u ON u.id = universe_id"),
        "hero|world|\n");
    CHECK_INT(place_files(path, "umam.db.before-0002-", copy, sizeof copy), 1);
    CHECK_TEXT(schema_ask(&mem, copy, "SELECT MAX(number) FROM schema_migrations"), "1\n");
    CHECK_TEXT(schema_ask(&mem, copy, "SELECT name FROM elements"), "hero\n");
    CHECK_OK(migrate_down(path, 1, &err));
    CHECK_TEXT(schema_ask(&mem, path, "SELECT name FROM elements"), "hero\n");
    CHECK_TEXT(schema_ask(&mem, path, "DELETE FROM universes; SELECT COUNT(*) FROM elements"),
               "0\n"); /* enforced */
}

TEST(a_step_that_fails_changes_nothing)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct list list;
    struct db *db;
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, 1, &err));
    CHECK_TEXT(schema_ask(&mem, path, element), "");
    CHECK(!db_open(path, &db, &err)); /* 0002 is good, 0003 is not */
    CHECK_MSG(strstr(err.text, "0003 'orphans' failed and changed nothing"), "%s", err.text);
    CHECK_TEXT(schema_ask(&mem, path, "SELECT COUNT(*) FROM elements JOIN universes"), "1\n");
    CHECK_TEXT(schema_ask(&mem, path, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'half_done'"), "0\n");
    CHECK_OK(migrate_status(path, &mem, &list, &err));
    const struct migration_status *const rows = list.items;
    CHECK_INT(list.count, 3);
    CHECK(!rows[0].pending && !rows[1].pending && rows[2].pending);
}

TEST(targets_are_checked)
{
    struct error err;
    const char *const path = place_new();
    CHECK(!migrate_up(path, 4, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK(!migrate_up(path, -2, &err));
    CHECK_OK(migrate_up(path, 2, &err));
    CHECK(!migrate_down(path, -1, &err));
    CHECK_OK(migrate_down(path, 2, &err));
    CHECK_OK(migrate_up(path, 1, &err)); /* up never goes down */
}

TEST_MAIN
