/* Every field kind there and back, what is absent, and the faults of arguments and rows. */
#include "place.h"

#include "store/sqlite.h"

struct size {
    int64_t width, height;
};
static const struct field size_fields[] = {
    INT(struct size, width, .required = true, .min = 1, .max = 100),
    INT(struct size, height, .required = true),
    { 0 },
};
static const struct shape size_shape = SHAPE("Size", struct size, size_fields);

struct asset_row {
    const char *id, *owner_id, *asset_type, *file_path, *title;
    int64_t file_size, width;
    double duration, fps;
    const struct size *dimensions;
    struct texts tags;
    struct list extra_metadata;
    const struct json *recipe;
    int64_t created_at, updated_at;
    const char *thumbnail_url, *universe_id, *element_id, *description, *public_url, *mime_type, *video_codec,
        *checksum;
    const char *source_job_id, *source_type;
    int64_t height, bit_rate;
    const char *status, *status_reason, *original_name, *audio_codec, *thumbhash, *analysis, *provider,
        *mood_category, *camera_movement, *prompt, *trashed_by, *trash_reason;
    int64_t rating, sample_rate, channels, phash, mood, trashed_at;
    double loudness, tempo;
    bool has_captions;
};
static const char *const asset_types[] = { "video", "audio", "image", NULL };
static const struct field asset_row_fields[] = {
    TEXT(struct asset_row, id),
    TEXT(struct asset_row, owner_id),
    ENUM(struct asset_row, asset_type, asset_types),
    TEXT(struct asset_row, file_path),
    TEXT(struct asset_row, title, .nullable = true),
    INT(struct asset_row, file_size, .nullable = true),
    INT(struct asset_row, width, .nullable = true),
    INT(struct asset_row, height, .nullable = true),
    INT(struct asset_row, bit_rate, .nullable = true),
    REAL(struct asset_row, duration, .nullable = true),
    REAL(struct asset_row, fps, .nullable = true),
    OBJECT(struct asset_row, dimensions, struct size, &size_shape, .nullable = true),
    TEXTS(struct asset_row, tags, .max = 2),
    LIST(struct asset_row, extra_metadata, &size_shape, .nullable = true),
    JSON(struct asset_row, recipe, .nullable = true),
    TIME(struct asset_row, created_at),
    TIME(struct asset_row, updated_at),
    TEXT(struct asset_row, universe_id, .nullable = true),
    TEXT(struct asset_row, element_id, .nullable = true),
    TEXT(struct asset_row, description, .nullable = true),
    TEXT(struct asset_row, public_url, .nullable = true),
    TEXT(struct asset_row, thumbnail_url, .nullable = true),
    TEXT(struct asset_row, mime_type, .nullable = true),
    TEXT(struct asset_row, video_codec, .nullable = true),
    TEXT(struct asset_row, checksum, .nullable = true),
    TEXT(struct asset_row, source_job_id, .nullable = true),
    TEXT(struct asset_row, source_type, .nullable = true),
    TEXT(struct asset_row, status, .initial_text = "ready"),
    TEXT(struct asset_row, status_reason, .nullable = true),
    TEXT(struct asset_row, original_name, .nullable = true),
    INT(struct asset_row, rating, .max = 5),
    TEXT(struct asset_row, audio_codec, .nullable = true),
    INT(struct asset_row, sample_rate, .nullable = true),
    INT(struct asset_row, channels, .nullable = true),
    INT(struct asset_row, phash, .nullable = true),
    TEXT(struct asset_row, thumbhash, .nullable = true),
    REAL(struct asset_row, loudness, .nullable = true),
    REAL(struct asset_row, tempo, .nullable = true),
    BOOL(struct asset_row, has_captions),
    TEXT(struct asset_row, analysis, .nullable = true),
    TEXT(struct asset_row, provider, .nullable = true),
    INT(struct asset_row, mood, .nullable = true),
    TEXT(struct asset_row, mood_category, .nullable = true),
    TEXT(struct asset_row, camera_movement, .nullable = true),
    TEXT(struct asset_row, prompt, .nullable = true),
    TIME(struct asset_row, trashed_at, .nullable = true),
    TEXT(struct asset_row, trashed_by, .nullable = true),
    TEXT(struct asset_row, trash_reason, .nullable = true),
    { 0 },
};
static const struct shape asset_row_shape = SHAPE("AssetRow", struct asset_row, asset_row_fields);

struct user_row {
    const char *id, *username, *email, *display_name, *password_hash;
    struct texts roles;
    bool is_active, is_test_user;
    int64_t created_at, last_login;
};
static const struct field user_row_fields[] = {
    TEXT(struct user_row, id),
    TEXT(struct user_row, username),
    TEXT(struct user_row, email, .nullable = true),
    TEXT(struct user_row, display_name, .nullable = true),
    TEXT(struct user_row, password_hash, .nullable = true),
    TEXTS(struct user_row, roles),
    BOOL(struct user_row, is_active, .initial = true),
    BOOL(struct user_row, is_test_user),
    TIME(struct user_row, created_at),
    TIME(struct user_row, last_login, .nullable = true),
    { 0 },
};
static const struct shape user_row_shape = SHAPE("UserRow", struct user_row, user_row_fields);

static struct asset_row asset_new(const char *id)
{
    struct asset_row row;
    shape_init(&asset_row_shape, &row);
    row.id = id;
    row.owner_id = "ann";
    row.asset_type = "video";
    row.file_path = "a/b.mp4";
    row.created_at = row.updated_at = 1700000000123456;
    return row;
}

TEST(every_kind_there_and_back)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    const struct json *recipe;
    const char *const json = "{\"a\":[1,2.5,\"\xC3\xA9\\n\"],\"b\":null}";
    CHECK_OK(json_parse(json, strlen(json), &mem, &recipe, NULL, &err));
    struct asset_row in = asset_new("a1"), out;
    in.title = "quote ' and \xF0\x9F\x8E\xAC";
    in.file_size = INT64_MAX;
    in.width = -7;
    in.duration = 0.1;
    in.fps = 30;
    in.dimensions = &(const struct size){ 1920, 1080 }; /* beyond the shape's limits: stored is stored */
    in.tags = (struct texts){ (const char *[]){ "one", "two, \"three\"", "" }, 3 };
    in.extra_metadata = (struct list){ (struct size[]){ { 1, 2 }, { 3, 4 } }, 2 };
    in.recipe = recipe;
    CHECK_OK(db_run(db, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_row_shape, &in), NULL, &err));
    bool found;
    CHECK_OK(db_find(db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", "a1")), &mem, &asset_row_shape, &out, &found,
                     &err));
    CHECK(found);
    CHECK_TEXT(out.title, in.title);
    CHECK_TEXT(out.asset_type, "video");
    CHECK_INT(out.file_size, INT64_MAX);
    CHECK_INT(out.width, -7);
    CHECK(out.duration == 0.1);
    CHECK(out.fps == 30);
    CHECK(out.dimensions);
    CHECK_INT(out.dimensions->width, 1920);
    CHECK_INT(out.tags.count, 3);
    CHECK_TEXT(out.tags.items[1], "two, \"three\"");
    CHECK_INT(out.extra_metadata.count, 2);
    CHECK_INT(((const struct size *)out.extra_metadata.items)[1].height, 4);
    CHECK_TEXT(json_print(&mem, out.recipe), json);
    CHECK_INT(out.created_at, 1700000000123456);
    db_close(db);
}

TEST(absent_is_null_and_back)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    const struct asset_row in = asset_new("a1");
    struct asset_row out;
    CHECK_OK(db_run(db, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_row_shape, &in), NULL, &err));
    bool found;
    CHECK_OK(db_find(db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", "a1")), &mem, &asset_row_shape, &out, &found,
                     &err));
    CHECK(!out.title && !out.dimensions && !out.recipe);
    CHECK_INT(out.file_size, INT_NONE);
    CHECK(isnan(out.duration));
    CHECK_INT(out.tags.count, 0);
    CHECK_INT(out.extra_metadata.count, 0);
    CHECK_OK(db_find(db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", "no")), &mem, &asset_row_shape, &out, &found,
                     &err));
    CHECK(!found);
    CHECK_TEXT(out.id, "a1"); /* untouched */

    struct user_row user = { .id = "u1", .username = "ann", .is_test_user = true, .created_at = 5 }, again;
    CHECK_OK(db_run(db, SQL_USER_INSERT, ARGS_OF(&user_row_shape, &user), NULL, &err));
    CHECK_OK(db_find(db, SQL_USER_BY_USERNAME, ARGS(db_text("username", "ann")), &mem, &user_row_shape,
                     &again, &found, &err));
    CHECK(found && !again.is_active && again.is_test_user);
    CHECK_INT(again.roles.count, 0);
    CHECK_INT(again.last_login, 0);
    db_close(db);
}

TEST(lists_keep_order_and_limits)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "u%02d", i);
        const struct universe_row row = {
            id, i % 2 ? "100% odd_one" : "Even \\ one", NULL, "ann", 1000 + i, 1
        };
        CHECK_OK(db_run(db, SQL_UNIVERSE_INSERT, ARGS_OF(&universe_row_shape, &row), NULL, &err));
    }
    struct list list;
    CHECK_OK(db_list(db, SQL_UNIVERSE_LIST_OWNED, UNIVERSE_PAGE("ann", NULL, 30, 5), &mem,
                     &universe_row_shape, &list, &err));
    CHECK_INT(list.count, 30);
    CHECK_TEXT(((const struct universe_row *)list.items)[0].id, "u05");
    CHECK_TEXT(((const struct universe_row *)list.items)[29].id, "u34");
    CHECK_OK(db_list(db, SQL_UNIVERSE_LIST_OWNED, UNIVERSE_PAGE("bob", NULL, 30, 0), &mem,
                     &universe_row_shape, &list, &err));
    CHECK_INT(list.count, 0);
    CHECK_INT(universe_count(db, NULL), 50);
    CHECK_INT(universe_count(db, "ODD_"), 25);
    CHECK_INT(universe_count(db, "100%"), 25);
    CHECK_INT(universe_count(db, "even \\"), 25);
    CHECK_INT(universe_count(db, "e%n"), 0);
    CHECK_INT(universe_count(db, "_"), 25);
    db_close(db);
}

TEST(slips_in_arguments_are_named)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    struct universe_row row;
    struct size size;
    bool found;
    CHECK_OK(db_open(place_new(), &db, &err));
    CHECK(!db_find(db, SQL_UNIVERSE_GET, NO_ARGS, &mem, &universe_row_shape, &row, &found, &err));
    CHECK_INT(err.cause, CAUSE_INTERNAL);
    CHECK(strstr(err.text, "universe_get") && strstr(err.text, "'id'"));
    const struct db_args slip = ARGS(db_text("id", "1"), db_text("idd", "1"));
    CHECK(!db_find(db, SQL_UNIVERSE_GET, slip, &mem, &universe_row_shape, &row, &found, &err));
    CHECK(strstr(err.text, "'idd'"));
    CHECK_OK(put_universe(db, "1", "one", &err));
    CHECK(!db_find(db, SQL_UNIVERSE_GET, ARGS(db_text("id", "1")), &mem, &size_shape, &size, &found, &err));
    CHECK_INT(err.cause, CAUSE_INTERNAL);
    CHECK(strstr(err.text, "Size"));
    int64_t ignored;
    CHECK(!db_count(db, SQL_UNIVERSE_DELETE, ARGS(db_text("id", "1")), &ignored,
                    &err)); /* writes on a reader */
    CHECK_INT(universe_count(db, NULL), 1);
    db_close(db);
}

TEST(constraints_have_causes)
{
    struct error err;
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    struct user_row user = { .id = "u1", .username = "ann", .email = "a@b", .created_at = 5 };
    const struct db_args args = ARGS_OF(&user_row_shape, &user);
    CHECK_OK(db_run(db, SQL_USER_INSERT, args, NULL, &err));
    CHECK(!db_run(db, SQL_USER_INSERT, args, NULL, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    user.id = "u2";
    user.username = "bob";
    CHECK(!db_run(db, SQL_USER_INSERT, args, NULL, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    CHECK_TEXT(err.field, "email");
    CHECK(!strstr(err.text, "INSERT") && !strstr(err.text, "users."));
    user.email = NULL;
    user.username = NULL;
    CHECK(!db_run(db, SQL_USER_INSERT, args, NULL, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK_TEXT(err.field, "username");
    struct asset_row asset = asset_new("a1");
    asset.universe_id = "none";
    CHECK(!db_run(db, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_row_shape, &asset), NULL, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    asset.universe_id = NULL;
    asset.asset_type = "virus";
    CHECK(!db_run(db, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_row_shape, &asset), NULL, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK_TEXT(err.field, "asset_type");
    int64_t changed = -1;
    CHECK_OK(db_run(db, SQL_USER_DELETE, ARGS(db_text("id", "nobody")), &changed, &err));
    CHECK_INT(changed, 0);
    CHECK_OK(db_run(db, SQL_USER_DELETE, ARGS(db_text("id", "u1")), &changed, &err));
    CHECK_INT(changed, 1);
    db_close(db);
}

TEST(results_outlive_their_universe)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    CHECK_OK(put_universe(db, "w", "world", &err));
    struct asset_row asset = asset_new("a1"), out;
    asset.universe_id = "w";
    CHECK_OK(db_run(db, SQL_MEDIA_ASSET_INSERT, ARGS_OF(&asset_row_shape, &asset), NULL, &err));
    CHECK_OK(db_run(db, SQL_UNIVERSE_DELETE, ARGS(db_text("id", "w")), NULL, &err));
    bool found;
    CHECK_OK(db_find(db, SQL_MEDIA_ASSET_GET, ARGS(db_text("id", "a1")), &mem, &asset_row_shape, &out, &found,
                     &err));
    CHECK(found && !out.universe_id);
    db_close(db);
}

/* Every statement of every subject is one the schema understands. */
TEST(all_statements_prepare)
{
    struct error err;
    struct db *db;
    const char *const path = place_new();
    CHECK_OK(db_open(path, &db, &err));
    db_close(db);
    AUTO(sqlite) struct sqlite *lite = NULL;
    CHECK_OK(sqlite_open(path, SQLITE_WRITING, &lite, &err));
    for (enum sql sql = 0; sql < SQL_COUNT; sql++) {
        struct prepared *stmt;
        CHECK_MSG(sqlite_prepare(lite, sql, &stmt, &err), "%s: %s", statements[sql].name,
                  sqlite3_errmsg(lite->handle));
    }
}

/* ---- video jobs ---- */

/* A job with the columns this test looks at; the others are NULL. */
static bool put_video_job(struct db *db, const char *id, const char *owner, int64_t at, int64_t completed_at,
                          struct error *err)
{
    const struct statement *const insert = &statements[SQL_VIDEO_JOB_INSERT];
    const struct db_value set[] = {
        db_text("id", id),
        db_text("owner_id", owner),
        db_text("generation_type", "text_to_video"),
        db_text("prompt", "a storm"),
        db_text("aspect_ratio", "16:9"),
        db_int("duration", 60 - at),
        db_int("mood", 0),
        db_int("audio_sync_enabled", 0),
        db_text("status", completed_at ? "completed" : "pending"),
        db_int("created_at", at),
        db_int("updated_at", at),
    };
    struct db_value values[64];
    for (int i = 0; i < insert->count; i++) {
        values[i] = db_text(insert->parameters[i], NULL);
        for (size_t k = 0; k < COUNT_OF(set); k++)
            if (strcmp(set[k].name, values[i].name) == 0) values[i] = set[k];
        if (completed_at && strcmp(values[i].name, "completed_at") == 0)
            values[i] = db_int("completed_at", completed_at);
    }
    return db_run(db, SQL_VIDEO_JOB_INSERT,
                  (struct db_args){ .values = values, .count = (size_t)insert->count }, NULL, err);
}

/* The id of the first job of ann in a list. */
static const char *first_of(struct db *db, enum sql sql, struct arena *mem)
{
    static struct field fields[64];
    static struct shape shape = { "VideoRow", 64 * sizeof(const char *), fields };
    const struct statement *const insert = &statements[SQL_VIDEO_JOB_INSERT];
    for (int i = 0; i < insert->count; i++) {
        const char *const name = insert->parameters[i];
        const bool text = strcmp(name, "id") == 0;
        const bool real = strcmp(name, "fps") == 0 || strcmp(name, "duration_actual") == 0;
        const bool number = strstr(name, "_at") || strcmp(name, "duration") == 0 ||
                            strcmp(name, "mood") == 0 || strcmp(name, "audio_sync_enabled") == 0;
        fields[i] = (struct field){ .name = name,
                                    .kind = text     ? FIELD_TEXT
                                            : real   ? FIELD_REAL
                                            : number ? FIELD_INT
                                                     : FIELD_TEXT,
                                    .offset = (size_t)i * sizeof(const char *) };
    }
    const char **const row = arena_alloc(mem, shape.size);
    const struct db_args args =
        ARGS(db_text("universe_id", NULL), db_text("status", NULL), db_text("provider", NULL),
             db_text("owner_id", "ann"), db_int("limit", 10), db_int("offset", 0));
    struct error err;
    bool found = false;
    if (!db_find(db, sql, args, mem, &shape, row, &found, &err))
        return err.text[0] ? arena_text(mem, err.text) : "?";
    return found ? row[0] : "none";
}

TEST(sorting_is_a_list_of_statements)
{
    struct error err;
    AUTO(arena) struct arena mem = { 0 };
    struct db *db;
    CHECK_OK(db_open(place_new(), &db, &err));
    CHECK_OK(put_video_job(db, "old", "ann", 1, 20, &err) && put_video_job(db, "open", "ann", 2, 0, &err) &&
             put_video_job(db, "new", "ann", 3, 10, &err) && put_video_job(db, "alien", "bob", 9, 99, &err));
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_CREATED_AT_DESC, &mem), "new");
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_CREATED_AT_ASC, &mem), "old");
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_COMPLETED_AT_DESC, &mem),
               "old"); /* unfinished ones stand last */
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_COMPLETED_AT_ASC, &mem), "new");
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_DURATION_DESC, &mem), "old");
    CHECK_TEXT(first_of(db, SQL_VIDEO_JOB_LIST_DURATION_ASC, &mem), "new");
    db_close(db);
}

/* A status changes only from one that allows it. */
TEST(status_changes_are_guarded)
{
    struct error err;
    struct db *db;
    int64_t changed;
    CHECK_OK(db_open(place_new(), &db, &err));
    CHECK_OK(put_video_job(db, "v", "ann", 1, 0, &err));
    const struct db_args start = ARGS(db_text("id", "v"), db_int("now", 5));
    const struct db_args end = ARGS(db_text("id", "v"), db_text("status", "failed"),
                                    db_text("error_message", "why"), db_int("now", 9));
    CHECK_OK(db_run(db, SQL_VIDEO_JOB_START, start, &changed, &err));
    CHECK_INT(changed, 1);
    CHECK_OK(db_run(db, SQL_VIDEO_JOB_START, start, &changed, &err));
    CHECK_INT(changed, 0);
    CHECK_OK(db_run(db, SQL_VIDEO_JOB_END, end, &changed, &err));
    CHECK_INT(changed, 1);
    CHECK_OK(db_run(db, SQL_VIDEO_JOB_END, end, &changed, &err));
    CHECK_INT(changed, 0);
    const struct db_args wrong =
        ARGS(db_text("id", "v"), db_text("status", "lost"), db_text("error_message", NULL), db_int("now", 9));
    CHECK_OK(db_run(db, SQL_VIDEO_JOB_RETRY, start, &changed, &err));
    CHECK(!db_run(db, SQL_VIDEO_JOB_END, wrong, &changed, &err));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK_TEXT(err.field, "status");
    db_close(db);
}

TEST_MAIN
