/* The program's own migrations, and databases that are refused. */
#include "schema.h"

TEST(up_down_up_is_the_same_schema)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    const char *const before = schema_text(&mem, path);
    CHECK(strstr(before, "ix_jobs_ready") && strstr(before, "video_jobs"));
    CHECK_OK(migrate_down(path, 0, &err));
    CHECK_TEXT(schema_ask(&mem, path, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'"),
               "schema_migrations\n");
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    CHECK_TEXT(schema_text(&mem, path), before);
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));                    /* nothing to do */
    CHECK_INT(place_files(path, ".before-", NULL, 0),
              1); /* one for the whole way down, which alone had data */
}

/* The library's step keeps every asset, tells apart those of one moment, and knows what generated ones were
 * made with. */
TEST(assets_keep_their_data_on_the_way_to_the_library)
{
    static const char *const before =
        "INSERT INTO universes (id, name, created_at, updated_at) VALUES ('u', 'world', 1, 1);"
        "INSERT INTO video_jobs (id, owner_id, generation_type, prompt, provider, mood, created_at, "
        "updated_at)"
        " VALUES ('j', 'ann', 'text_to_video', 'a red fox', 'umam', 40, 7, 7);"
        "INSERT INTO media_assets (id, universe_id, owner_id, asset_type, title, file_path, source_job_id, "
        "tags,"
        " created_at, updated_at) VALUES ('b', 'u', 'ann', 'video', 'Fox', 'b.mp4', 'j', '[\"wild\"]', 7, 8),"
        " ('a', NULL, 'ann', 'image', NULL, 'a.png', NULL, NULL, 7, 7), ('c', NULL, 'bob', 'image', 'Moss', "
        "'c.png',"
        " NULL, '[]', 5, 5);"
        "UPDATE video_jobs SET reference_asset_id = 'a'";
    static const char *const rows =
        "SELECT id, universe_id, owner_id, asset_type, title, file_path, source_job_id, tags, "
        "created_at, updated_at FROM media_assets ORDER BY id";
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, 8, &err));
    CHECK_TEXT(schema_ask(&mem, path, before), "");
    const char *const kept = schema_ask(&mem, path, rows);
    CHECK_OK(migrate_up(path, 9, &err));
    CHECK_TEXT(schema_ask(&mem, path, rows), kept);
    CHECK_TEXT(
        schema_ask(&mem, path,
                   "SELECT seq, id, status, rating, provider, mood, prompt FROM media_assets ORDER BY seq"),
        "5|c|ready|0|||\n7|a|ready|0|||\n8|b|ready|0|umam|40|a red fox\n");
    CHECK_TEXT(schema_ask(&mem, path, "SELECT rowid FROM asset_search WHERE asset_search MATCH 'fox wild'"),
               "8\n");
    CHECK_TEXT(schema_ask(&mem, path, "SELECT reference_asset_id FROM video_jobs"), "a\n");
    CHECK_TEXT(schema_ask(&mem, path, "UPDATE media_assets SET asset_type = 'text' WHERE id = 'c'"), "");
    CHECK(!migrate_down(path, 8, &err)); /* which has no texts */
    CHECK_TEXT(schema_ask(&mem, path, "SELECT MAX(number) FROM schema_migrations"), "9\n");
    CHECK_TEXT(schema_ask(&mem, path, "UPDATE media_assets SET asset_type = 'image' WHERE id = 'c'"), "");
    CHECK_OK(migrate_down(path, 8, &err));
    CHECK_TEXT(schema_ask(&mem, path, rows), kept);
    CHECK_TEXT(schema_ask(&mem, path,
                          "DELETE FROM media_assets WHERE id = 'a'; SELECT COUNT(*) FROM video_jobs WHERE "
                          "reference_asset_id IS NULL"),
               "1\n");
}

/* Every foreign key has an index that starts with its column. */
TEST(foreign_keys_are_indexed)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    CHECK_TEXT(schema_ask(&mem, path,
                          "SELECT t.name, f.\"from\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f "
                          "WHERE t.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i, "
                          "pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = f.\"from\")"),
               "");
}

/* A page is read from where it begins, in the order of an index: its cost is its length. */
TEST(lists_read_their_page_only)
{
    static const struct {
        enum sql sql;
        const char *plan;
    } rows[] = {
        { SQL_UNIVERSE_LIST_ALL, "ix_universes_created_at ((created_at,id)>(?,?))" },
        { SQL_UNIVERSE_LIST_OWNED, "ix_universes_owner_id (owner_id=? AND (created_at,id)>(?,?))" },
        { SQL_ELEMENT_LIST, "ix_elements_universe_id (universe_id=? AND (created_at,id)>(?,?))" },
        { SQL_ELEMENT_NESTED, "ix_elements_universe_id (universe_id=?)" },
        { SQL_COMPONENT_LIST, "ix_components_element_id (element_id=? AND (created_at,id)>(?,?))" },
        { SQL_COMPONENT_NESTED, "ix_components_element_id (element_id=?)" },
        { SQL_QUOTA_BYTES_USED, "ix_components_element_id (element_id=?)" },
    };
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct statement *const statement = &statements[rows[i].sql];
        const char *const plan =
            schema_ask(&mem, path, arena_printf(&mem, "EXPLAIN QUERY PLAN %s", statement->text));
        CHECK_MSG(strstr(plan, rows[i].plan) && !strstr(plan, "TEMP B-TREE"), "%s is read so:\n%s",
                  statement->name, plan);
    }
}

/* Whatever is looked for in the library, an index leads to it: no table is read whole, and what is walked is
 * not sorted. */
TEST(searches_read_no_whole_table)
{
    static const struct {
        enum sql sql;
        const char *plan;
        bool sorts;
    } rows[] = {
        { SQL_ASSET_SEARCH_ASC, "SCAN s VIRTUAL TABLE INDEX", false },
        { SQL_ASSET_SEARCH_DESC, "SCAN s VIRTUAL TABLE INDEX", false },
        { SQL_ASSET_WALK_AMONG_OWNED_TITLE_ASC, "ix_media_assets_owner_title (owner_id=? AND <expr>>?)",
          false },
        { SQL_ASSET_WALK_AMONG_OWNED_DURATION_DESC,
          "ix_media_assets_owner_duration (owner_id=? AND <expr><?)", false },
        { SQL_ASSET_WALK_COLUMNS_OWNED_SIZE_ASC, "ix_media_assets_owner_bytes (owner_id=? AND <expr>>?)",
          false },
        { SQL_ASSET_WALK_EACH_OWNED_RATING_DESC, "ix_media_assets_owner_rating (owner_id=? AND rating<?)",
          false },
        { SQL_ASSET_WALK_AMONG_ALL_TITLE_DESC, "ix_media_assets_title (<expr><?)", false },
        { SQL_ASSET_HASHES_NEAR, "ix_media_assets_phash_3 (<expr>=?)", true },
        { SQL_ASSET_HASHES, "SEARCH m USING INTEGER PRIMARY KEY (rowid>?)", false },
        { SQL_ASSET_BY_CHECKSUM, "ix_media_assets_checksum (checksum=?)", false },
        { SQL_ASSET_CHECKSUMS_TWICE, "COVERING INDEX ix_media_assets_checksum (checksum>?)", true },
        { SQL_ASSET_BY_SEQS, "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)", true },
        { SQL_COLLECTION_ASSETS, "ix_collection_assets_position (collection_id=?)", false },
        { SQL_COLLECTION_LIST_OWNED, "ix_collections_owner_id (owner_id=? AND (created_at,id)>(?,?))",
          false },
        { SQL_SAVED_SEARCH_LIST_OWNED, "ix_saved_searches_owner_id (owner_id=? AND (created_at,id)>(?,?))",
          false },
    };
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct statement *const statement = &statements[rows[i].sql];
        const char *const plan =
            schema_ask(&mem, path, arena_printf(&mem, "EXPLAIN QUERY PLAN %s", statement->text));
        CHECK_MSG(strstr(plan, rows[i].plan) && !strstr(plan, "SCAN m\n") && !strstr(plan, "SCAN m USING") &&
                      (rows[i].sorts || !strstr(plan, "TEMP B-TREE")),
                  "%s is read so:\n%s", statement->name, plan);
    }
}

/* The queue reads its indexes, whatever the number of jobs. */
TEST(the_queue_reads_no_whole_table)
{
    static const struct {
        enum sql sql;
        const char *indexes[2];
    } plans[] = {
        { SQL_JOB_FIRST, { "ix_jobs_ready" } },      { SQL_JOB_TURN, { "ix_jobs_turns", "ix_jobs_ready" } },
        { SQL_JOB_DUE, { "ix_jobs_due" } },          { SQL_JOB_NEXT_AT, { "ix_jobs_due" } },
        { SQL_JOB_READY, { "ix_jobs_" } },      { SQL_JOB_ABANDONED, { "ix_jobs_leases" } },
        { SQL_JOB_RENEW_ALL, { "ix_jobs_leases" } }, { SQL_JOB_CLAIM, { "sqlite_autoindex_jobs_1" } },
    };
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    for (size_t i = 0; i < COUNT_OF(plans); i++) {
        const char *const text = statements[plans[i].sql].text;
        const char *const plan = schema_ask(&mem, path, arena_printf(&mem, "EXPLAIN QUERY PLAN %s", text));
        for (size_t k = 0; k < COUNT_OF(plans[i].indexes) && plans[i].indexes[k]; k++)
            CHECK_MSG(strstr(plan, plans[i].indexes[k]), "the plan of\n%s\nis\n%s", text, plan);
        CHECK_MSG(!strstr(plan, "SCAN jobs\n"), "it reads all:\n%s", plan);
    }
    CHECK(!strstr(schema_ask(&mem, path,
                             arena_printf(&mem, "EXPLAIN QUERY PLAN %s", statements[SQL_JOB_FIRST].text)),
                  "TEMP B-TREE"));
}

TEST(the_bytes_somebody_has_are_summed_from_an_index)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    const char *const plan = schema_ask(
        &mem, path, arena_printf(&mem, "EXPLAIN QUERY PLAN %s", statements[SQL_QUOTA_BYTES_USED].text));
    CHECK_MSG(strstr(plan, "COVERING INDEX ix_media_assets_owner_size"), "the plan is\n%s", plan);
}

TEST(status_tells_what_is_pending)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct list list;
    const char *const path = place_new();
    CHECK(!migrate_down(path, 0, &err));
    CHECK_INT(err.cause, CAUSE_NOT_FOUND);
    CHECK_OK(migrate_status(path, &mem, &list, &err));
    CHECK_INT(list.count, migrations_count);
    const struct migration_status *row = list.items;
    CHECK(row[0].pending && row[0].applied_at == 0);
    CHECK_TEXT(row[0].name, "core");
    CHECK(access(path, F_OK) != 0); /* asking makes nothing */
    struct db *db;
    CHECK_OK(db_open(path, &db, &err));
    CHECK_OK(migrate_status(path, &mem, &list, &err)); /* while it runs */
    row = list.items;
    CHECK(!row[0].pending && row[0].applied_at > 0);
    db_close(db);
}

TEST(one_umam_for_one_database)
{
    struct error err;
    struct db *db, *second;
    const char *const path = place_new();
    CHECK_OK(db_open(path, &db, &err));
    CHECK(!db_open(path, &second, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(strstr(err.text, "another umam") && !strstr(err.text, path));
    CHECK(!migrate_down(path, 0, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(put_universe(db, "1", "still", &err));
    db_close(db);
    CHECK_OK(db_open(path, &db, &err));
    CHECK_INT(universe_count(db, NULL), 1);
    db_close(db);
}

/* Refused with a sentence, and left as it was. */
static void check_refused(const char *path, const char *change, const char *because)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK(*schema_ask(&mem, path, change) != '?');
    const char *const before = schema_text(&mem, path);
    CHECK(!db_open(path, &db, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK_MSG(strstr(err.text, because), "%s", err.text);
    CHECK(!migrate_down(path, 0, &err));
    CHECK_TEXT(schema_text(&mem, path), before);
}

TEST(a_database_from_the_future_is_refused)
{
    struct error err;
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    check_refused(path, "INSERT INTO schema_migrations VALUES (999, 'wings', 'x', 1)", "newer umam");
}

TEST(another_checksum_is_refused)
{
    struct error err;
    const char *const path = place_new();
    CHECK_OK(migrate_up(path, MIGRATE_LATEST, &err));
    check_refused(path, "UPDATE schema_migrations SET checksum = 'x' WHERE number = 1", "another form");
}

TEST(a_database_of_others_is_refused)
{
    struct error err;
    const char *const path = place_new();
    CHECK_OK(migrate_create_file(path, &err));
    check_refused(path, "CREATE TABLE notes (id INTEGER)", "another program");
}

TEST(a_damaged_database_is_a_sentence)
{
    struct error err;
    struct db *db;
    const char *const path = place_new();
    FILE *const file = fopen(path, "w");
    CHECK(file);
    for (int i = 0; i < 1000; i++) fputs("this is not a database ", file);
    fclose(file);
    CHECK(!db_open(path, &db, &err));
    CHECK_INT(err.cause, CAUSE_INTERNAL);
    CHECK(strstr(err.text, "backup"));
    CHECK(!db_open("/nonexistent/umam.db", &db, &err));
    CHECK_INT(err.cause, CAUSE_IO);
}

TEST(a_backup_in_use_opens)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db, *copy;
    const char *const path = place_new();
    const char *const kept = arena_printf(&mem, "%s.copy", path);
    CHECK_OK(db_open(path, &db, &err));
    CHECK(put_universe(db, "1", "one", &err));
    CHECK_OK(db_backup(db, kept, &err));
    CHECK(!db_backup(db, kept, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK(put_universe(db, "2", "two", &err));
    CHECK_OK(db_open(kept, &copy, &err));
    CHECK_INT(universe_count(copy, NULL), 1);
    CHECK_INT(universe_count(db, NULL), 2);
    db_close(copy);
    db_close(db);
    struct stat facts;
    CHECK(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    CHECK(stat(kept, &facts) == 0 && (facts.st_mode & 0777) == 0600);
}

TEST_MAIN
