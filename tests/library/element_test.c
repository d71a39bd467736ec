/* Elements and components: their universe's, paged by place, cut where a reply would grow too large. */
#include "base/time.h"
#include "library/asset.h"
#include "library/component.h"
#include "place.h"

struct world {
    struct place place;
    struct arena mem;
    struct universe universe;
};

static const struct actor mira = { "mira", false };

static void world_cleanup(struct world *w)
{
    place_cleanup(&w->place);
    arena_clear(&w->mem);
}

static bool make_universe(struct world *w, struct universe *out)
{
    return universe_create(&w->place.lib, &w->mem, &mira, &(struct universe_in){ NULL, "Sea", "" }, out,
                           &err);
}

static bool world_open(struct world *w) { return place_open(&w->place) && make_universe(w, &w->universe); }

static bool make_element(struct world *w, const char *name, struct element *out)
{
    const struct element_in in = { .name = name, .element_type = "Generic" };
    return element_create(&w->place.lib, &w->mem, &w->universe, &in, out, &err);
}

static bool make_component(struct world *w, const struct element *element, const char *data,
                           struct component *out)
{
    return component_create(&w->place.lib, &w->mem, "mira", element,
                            &(struct component_in){ NULL, "TextComponent", data }, out, &err);
}

TEST(an_element_belongs_to_one_universe)
{
    AUTO(world) struct world w = { 0 };
    struct universe other;
    struct element made, got;
    CHECK_OK(world_open(&w));
    CHECK_OK(make_universe(&w, &other));
    CHECK_OK(make_element(&w, "Ada", &made));
    CHECK_OK(element_get(&w.place.lib, &w.mem, &w.universe, made.id, &got, &err));
    CHECK(text_is(got.name, "Ada") && !got.entity_subtype && got.created_at == made.created_at);
    const struct element_in again = { .id = made.id, .name = "x", .element_type = "y" };
    CHECK(!element_create(&w.place.lib, &w.mem, &other, &again, &got, &err));
    CHECK_INT(err.cause, CAUSE_CONFLICT);
    const struct element_change change = { .name = "x", .keeps_subtype = true };
    CHECK(!element_get(&w.place.lib, &w.mem, &other, made.id, &got, &err));
    CHECK(!element_update(&w.place.lib, &w.mem, &other, made.id, &change, &got, &err));
    CHECK(!element_drop(&w.place.lib, &w.mem, &other, made.id, &err));
    CHECK(err.cause == CAUSE_NOT_FOUND && text_is(err.text, "Element not found"));
    CHECK_OK(universe_drop(&w.place.lib, &w.mem, &mira, other.id, &err));
    CHECK(!element_create(&w.place.lib, &w.mem, &other,
                          &(struct element_in){ .name = "x", .element_type = "y" }, &got, &err));
    CHECK(err.cause == CAUSE_NOT_FOUND && text_is(err.text, "Universe not found"));
}

TEST(each_type_starts_with_data)
{
    AUTO(world) struct world w = { 0 };
    struct element element;
    struct component made, got;
    CHECK_OK(world_open(&w));
    CHECK_OK(make_element(&w, "Ada", &element));
    for (int i = 0; component_types[i]; i++) {
        const struct component_in in = { .type = component_types[i] };
        const struct json *json;
        CHECK_OK(component_create(&w.place.lib, &w.mem, "mira", &element, &in, &made, &err));
        CHECK_OK(component_get(&w.place.lib, &w.mem, &element, made.id, &got, &err));
        CHECK_TEXT(got.type, component_types[i]);
        CHECK_OK(json_parse(got.data, strlen(got.data), &w.mem, &json, NULL, &err));
        CHECK_INT(json->kind, JSON_IS_OBJECT);
    }
    const struct component_in bad = { .id = "x", .type = "TextComponent" };
    CHECK(!component_create(&w.place.lib, &w.mem, "mira", &element, &bad, &made, &err));
    CHECK_TEXT(err.field, "id");
}

TEST(edits_leave_what_they_do_not_name)
{
    AUTO(world) struct world w = { 0 };
    struct element made, got;
    CHECK_OK(world_open(&w));
    CHECK_OK(make_element(&w, "Ada", &made));
    const struct element_change part = { .entity_subtype = "character" };
    CHECK_OK(element_update(&w.place.lib, &w.mem, &w.universe, made.id, &part, &got, &err));
    CHECK(text_is(got.name, "Ada") && text_is(got.entity_subtype, "character"));
    CHECK(got.updated_at > made.updated_at);
    const struct element_change name = { .name = "Ida", .keeps_subtype = true, .updated_at = got.updated_at };
    CHECK_OK(element_update(&w.place.lib, &w.mem, &w.universe, made.id, &name, &got, &err));
    CHECK(text_is(got.name, "Ida") && text_is(got.entity_subtype, "character"));
    CHECK(!element_update(&w.place.lib, &w.mem, &w.universe, made.id, &name, &got, &err)); /* read before */
    CHECK_INT(err.cause, CAUSE_CHANGED);
    CHECK_OK(element_update(&w.place.lib, &w.mem, &w.universe, made.id, &(struct element_change){ 0 }, &got,
                            &err));
    CHECK(!got.entity_subtype);
}

/* The clock may go back; the time of a change may not. */
TEST(every_edit_is_later_than_the_one_before)
{
    AUTO(world) struct world w = { 0 };
    struct element element;
    struct component made, got;
    CHECK_OK(world_open(&w));
    CHECK_OK(make_element(&w, "Ada", &element));
    CHECK_OK(make_component(&w, &element, "{}", &made));
    const int64_t future = time_now() + (int64_t)3600 * SECOND;
    const struct component_change change = { .data = "{\"a\":1}" };
    struct db_args args =
        ARGS(db_text("id", made.id), db_text("element_id", element.id), db_int("now", future));
    args.shape = &component_change_shape;
    args.object = &change;
    CHECK_OK(db_run(w.place.lib.db, SQL_COMPONENT_UPDATE, args, NULL, &err));
    CHECK_OK(component_update(&w.place.lib, &w.mem, "mira", &element, made.id, &change, &got, &err));
    CHECK_INT(got.updated_at, future + 1);
    CHECK_TEXT(got.data, "{\"a\":1}");
}

static bool page(struct world *w, const char *cursor, struct list *out, const char **next)
{
    const struct elements_query query = { .limit = 7, .cursor = cursor };
    return element_list(&w->place.lib, &w->mem, &w->universe, &query, out, next, &err);
}

/* What was on a page may go, what comes later may come: nothing is shown twice or skipped. */
TEST(pages_by_cursor_are_stable)
{
    AUTO(world) struct world w = { 0 };
    struct element element;
    struct list list;
    const char *next = NULL;
    int seen = 0;
    CHECK_OK(world_open(&w));
    for (int i = 0; i < 30; i++) CHECK_OK(make_element(&w, arena_printf(&w.mem, "%d", i), &element));
    do {
        CHECK_OK(page(&w, next, &list, &next));
        const struct element *const rows = list.items;
        for (size_t i = 0; i < list.count; i++)
            CHECK_TEXT(rows[i].name, seen + (int)i < 30 ? arena_printf(&w.mem, "%d", seen + (int)i) : "late");
        seen += (int)list.count;
        CHECK_OK(element_drop(&w.place.lib, &w.mem, &w.universe, rows[list.count - 1].id, &err));
        if (seen == 14) CHECK_OK(make_element(&w, "late", &element));
    } while (next);
    CHECK_INT(seen, 31);
}

TEST(strange_cursors_are_refused)
{
    AUTO(arena) struct arena mem = { 0 };
    struct cursor cursor;
    const char *const bad[] = {
        "x",
        "MQ",
        "MSwy",
        "====",
        "MSwyIC0tJw",
        "LCw",
        "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OSw2ZWMzN2YyMi1lYzljLTQ1NzYtYmYyOC1kNzhjNDgwNjdiOWM"
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        CHECK_MSG(!cursor_read(&mem, bad[i], &cursor, &err), "'%s' was taken", bad[i]);
        CHECK_TEXT(err.field, "cursor");
    }
    CHECK_OK(cursor_read(&mem, "", &cursor, &err));
    CHECK_INT(cursor.at, -1);
    CHECK_OK(cursor_read(&mem, "MTIsNmVjMzdmMjItZWM5Yy00NTc2LWJmMjgtZDc4YzQ4MDY3Yjlj", &cursor, &err));
    CHECK(cursor.at == 12 && text_is(cursor.id, "6ec37f22-ec9c-4576-bf28-d78c48067b9c"));
}

static bool asset_body(struct tx *tx, void *with, struct error *error) { return asset_put(tx, with, error); }

/* What was made for an element outlives it, and its universe. */
TEST(media_stay_when_their_element_goes)
{
    AUTO(world) struct world w = { 0 };
    struct element element;
    struct asset got;
    CHECK_OK(world_open(&w));
    CHECK_OK(make_element(&w, "Ada", &element));
    struct asset asset = asset_new(&w.mem, "mira", "image", &(struct media_facts){ 0 });
    asset.file_path = "images/a.png";
    asset.universe_id = w.universe.id;
    asset.element_id = element.id;
    CHECK_OK(db_write(w.place.lib.db, asset_body, &asset, &err));
    CHECK_OK(element_drop(&w.place.lib, &w.mem, &w.universe, element.id, &err));
    CHECK_OK(asset_by_url(&w.place.lib, &w.mem, &mira, "/media/images/a.png", &got, &err));
    CHECK(!got.element_id && text_is(got.universe_id, w.universe.id));
    CHECK_OK(universe_drop(&w.place.lib, &w.mem, &mira, w.universe.id, &err));
    CHECK_OK(asset_by_url(&w.place.lib, &w.mem, &mira, "/media/images/a.png", &got, &err));
    CHECK(!got.universe_id);
}

/* Elements full to the brim: two fit into one reply with what stands around the data, a third does not. */
TEST(a_page_ends_before_it_grows_too_large)
{
    AUTO(world) struct world w = { 0 };
    struct element elements[3];
    struct component component, first;
    struct list list;
    const char *next;
    CHECK_OK(world_open(&w));
    char *const filler = arena_alloc(&w.mem, COMPONENT_DATA_MAX_BYTES + 1);
    memset(filler, 'x', COMPONENT_DATA_MAX_BYTES - 1000);
    const char *const data = arena_printf(&w.mem, "{\"text\":\"%s\"}", filler);
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        CHECK_OK(make_element(&w, "full", &elements[i]));
        CHECK_OK(make_component(&w, &elements[i], "{}", &first));
        for (int n = 0; n < 16; n++) CHECK_OK(make_component(&w, &elements[i], data, &component));
        CHECK(!make_component(&w, &elements[i], data, &component) && err.cause == CAUSE_CONFLICT);
        const struct component_change larger = { .data = data };
        CHECK(!component_update(&w.place.lib, &w.mem, "mira", &elements[i], first.id, &larger, &component,
                                &err));
        CHECK_INT(err.cause, CAUSE_CONFLICT);
        CHECK_OK(component_update(&w.place.lib, &w.mem, "mira", &elements[i], component.id, &larger,
                                  &component, &err));
    }
    CHECK_OK(page(&w, NULL, &list, &next));
    CHECK(list.count == 2 && next && ((struct element *)list.items)[1].components.count == 17);
    CHECK_OK(page(&w, next, &list, &next));
    CHECK(list.count == 1 && !next && ((struct element *)list.items)->components.count == 17);
    CHECK_OK(element_add_to(&w.place.lib, &w.mem, &(struct list){ &w.universe, 1 }, &err));
    CHECK(w.universe.elements.count == 2 && w.universe.element_count == 3);
}

TEST_MAIN
