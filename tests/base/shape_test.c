/* One table: reading, validating, writing, describing. */
#include "base/shape.h"
#include "base/time.h"
#include "test.h"

static const char *const colours[] = { "red", "blue", NULL };

struct part {
    const char *name;
};
static const struct field part_fields[] = {
    TEXT(struct part, name, .required = true, .min = 1, .doc = "Name."), { 0 }
};
static const struct shape part_shape = SHAPE("Part", struct part, part_fields);

struct thing {
    const char *title, *colour;
    int64_t stars, maybe, when;
    double weight, unknown;
    bool on;
    struct texts tags;
    struct list parts;
    const struct part *best;
    const struct json *extra;
    const char *data, *kind;
};
static const char *const kinds[] = { "Boat", "Car", NULL };
static const struct field thing_fields[] = {
    TEXT(struct thing, title, .required = true, .min = 1, .max = 5, .doc = "Title."),
    ENUM(struct thing, colour, colours, .initial_text = "red", .doc = "Colour."),
    INT(struct thing, stars, .min = 0, .max = 5, .initial = 3, .doc = "Stars."),
    INT(struct thing, maybe, .nullable = true, .doc = "Perhaps."),
    TIME(struct thing, when, .nullable = true, .doc = "When."),
    REAL(struct thing, weight, .min = 1, .max = 10, .initial_real = 2.5, .doc = "Weight."),
    REAL(struct thing, unknown, .nullable = true, .doc = "Unknown."),
    BOOL(struct thing, on, .doc = "On."),
    TEXTS(struct thing, tags, .max = 2, .doc = "Tags."),
    LIST(struct thing, parts, &part_shape, .doc = "Parts."),
    OBJECT(struct thing, best, struct part, &part_shape, .nullable = true, .doc = "Best."),
    JSON(struct thing, extra, .nullable = true, .doc = "Extra."),
    DATA(struct thing, data, .max = 20, .doc = "Data."),
    ENUM(struct thing, kind, kinds, .tag = true, .initial_text = "Car", .doc = "Kind."),
    { 0 },
};
static const struct shape thing_shape = SHAPE("Thing", struct thing, thing_fields);

static bool read_thing(struct arena *mem, const char *text, struct thing *out, struct issues *issues)
{
    const struct json *json;
    return json_parse(text, strlen(text), mem, &json, NULL, NULL) &&
           shape_read(&thing_shape, json, "body", mem, out, issues);
}

/* The only fault of this text as "type loc". */
static const char *fault_of(struct arena *mem, const char *text)
{
    struct thing thing;
    struct issues issues = { 0 };
    if (read_thing(mem, text, &thing, &issues) || issues.count != 1) return "not exactly one fault";
    return arena_printf(mem, "%s %s", issues.first->type, issues.first->loc);
}

TEST(absent_members_take_their_initial_values)
{
    AUTO(arena) struct arena mem = { 0 };
    struct thing thing;
    struct issues issues = { 0 };
    CHECK(read_thing(&mem, "{\"title\":\"x\",\"ignored\":1}", &thing, &issues));
    CHECK_TEXT(thing.colour, "red");
    CHECK_INT(thing.stars, 3);
    CHECK(thing.maybe == INT_NONE && isnan(thing.unknown) && !thing.when && !thing.best && !thing.extra);
    CHECK_NEAR(thing.weight, 2.5, 0);
    CHECK(!thing.on && !thing.tags.count && !thing.parts.count);
}

TEST(zero_is_zero_and_null_is_absent)
{
    AUTO(arena) struct arena mem = { 0 };
    struct thing thing;
    struct issues issues = { 0 };
    CHECK(read_thing(&mem, "{\"title\":\"x\",\"stars\":0,\"maybe\":null,\"best\":null}", &thing, &issues));
    CHECK_INT(thing.stars, 0);
    CHECK(thing.maybe == INT_NONE && !thing.best);
}

TEST(integers_come_in_many_spellings)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const good[] = { "4", "4.0", "\"4\"", "4e0", "\"4.0\"" };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct thing thing;
        struct issues issues = { 0 };
        CHECK_MSG(
            read_thing(&mem, arena_printf(&mem, "{\"title\":\"x\",\"stars\":%s}", good[i]), &thing, &issues),
            "%s", good[i]);
        CHECK_INT(thing.stars, 4);
    }
    struct thing thing;
    struct issues issues = { 0 };
    CHECK(read_thing(&mem, "{\"title\":\"x\",\"stars\":true,\"on\":\"yes\"}", &thing, &issues));
    CHECK(thing.stars == 1 && thing.on);
}

TEST(each_fault_has_the_contract_s_words)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct {
        const char *text, *fault;
    } rows[] = {
        { "{}", "missing [\"body\",\"title\"]" },
        { "[]", "model_attributes_type [\"body\"]" },
        { "{\"title\":1}", "string_type [\"body\",\"title\"]" },
        { "{\"title\":null}", "string_type [\"body\",\"title\"]" },
        { "{\"title\":\"\"}", "string_too_short [\"body\",\"title\"]" },
        { "{\"title\":\"123456\"}", "string_too_long [\"body\",\"title\"]" },
        { "{\"title\":\"x\",\"stars\":6}", "less_than_equal [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"stars\":-1}", "greater_than_equal [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"stars\":1.5}", "int_from_float [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"stars\":1e300}", "less_than_equal [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"maybe\":9.3e18}", "int_parsing_size [\"body\",\"maybe\"]" },
        { "{\"title\":\"x\",\"maybe\":-9223372036854775808}", "int_parsing_size [\"body\",\"maybe\"]" },
        { "{\"title\":\"x\",\"stars\":\"a\"}", "int_parsing [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"stars\":null}", "int_type [\"body\",\"stars\"]" },
        { "{\"title\":\"x\",\"colour\":\"green\"}", "literal_error [\"body\",\"colour\"]" },
        { "{\"title\":\"x\",\"weight\":\"a\"}", "float_parsing [\"body\",\"weight\"]" },
        { "{\"title\":\"x\",\"weight\":0}", "greater_than_equal [\"body\",\"weight\"]" },
        { "{\"title\":\"x\",\"on\":7}", "bool_parsing [\"body\",\"on\"]" },
        { "{\"title\":\"x\",\"when\":\"soon\"}", "datetime_from_date_parsing [\"body\",\"when\"]" },
        { "{\"title\":\"x\",\"tags\":[\"a\",\"b\",\"c\"]}", "too_long [\"body\",\"tags\"]" },
        { "{\"title\":\"x\",\"tags\":\"a\"}", "list_type [\"body\",\"tags\"]" },
        { "{\"title\":\"x\",\"parts\":[{\"name\":\"a\"},{}]}", "missing [\"body\",\"parts\",1,\"name\"]" },
        { "{\"title\":\"x\",\"data\":[]}", "dict_type [\"body\",\"data\"]" },
        { "{\"title\":\"x\",\"data\":null}", "dict_type [\"body\",\"data\"]" },
        { "{\"title\":\"x\",\"data\":{\"a\":\"234567890123456\"}}", "dict_too_large [\"body\",\"data\"]" },
        { "{\"title\":\"x\",\"best\":{\"name\":\"\"}}", "string_too_short [\"body\",\"best\",\"name\"]" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) CHECK_TEXT(fault_of(&mem, rows[i].text), rows[i].fault);
}

TEST(a_wrong_tag_is_a_fault_of_each_member)
{
    AUTO(arena) struct arena mem = { 0 };
    struct thing thing;
    struct issues issues = { 0 };
    CHECK(!read_thing(&mem, "{\"title\":\"x\",\"kind\":\"Plane\"}", &thing, &issues));
    CHECK_INT(issues.count, 2);
    CHECK_TEXT(issues.first->loc, "[\"body\",\"Boat\",\"kind\"]");
    CHECK_TEXT(issues.first->next->loc, "[\"body\",\"Car\",\"kind\"]");
    CHECK_TEXT(issues.first->next->msg, "Input should be 'Car'");
    CHECK_TEXT(issues.first->next->ctx, "{\"expected\":\"'Car'\"}");
}

TEST(all_faults_are_told_at_once_in_field_order)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf text = BUF(10000);
    struct thing thing;
    struct issues issues = { 0 };
    CHECK(!read_thing(&mem, "{\"stars\":9,\"colour\":1}", &thing, &issues));
    CHECK_INT(issues.count, 3);
    issues_write(&issues, &(struct json_out){ .buf = &text });
    CHECK(
        strstr(buf_str(&text),
               "{\"type\":\"missing\",\"loc\":[\"body\",\"title\"],\"msg\":\"Field required\",\"input\":{"));
    CHECK(strstr(buf_str(&text), "\"ctx\":{\"le\":5}"));
    CHECK(strstr(buf_str(&text), "\"ctx\":{\"expected\":\"'red' or 'blue'\"}"));
}

TEST(one_fault_becomes_a_sentence_with_its_field)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    struct thing thing;
    const struct json *json;
    CHECK(json_parse("{\"title\":\"x\",\"stars\":9}", 23, &mem, &json, NULL, NULL));
    CHECK(!shape_take(&thing_shape, json, &mem, &thing, &err));
    CHECK_TEXT(err.field, "stars");
    CHECK_TEXT(err.text, "stars: Input should be less than or equal to 5");
}

TEST(what_is_written_reads_back_the_same)
{
    AUTO(arena) struct arena mem = { 0 };
    struct thing thing;
    struct issues issues = { 0 };
    const char *const text =
        "{\"title\":\"x\",\"colour\":\"blue\",\"stars\":2,\"maybe\":7,\"when\":\"2026-01-03T10:00:00\","
        "\"weight\":3.25,\"unknown\":null,\"on\":true,\"tags\":[\"a\"],\"parts\":[{\"name\":\"p\"}],"
        "\"best\":{\"name\":\"q\"},\"extra\":{\"deep\":[1]},\"data\":{\"b\":[1.5],\"a\":null},\"kind\":"
        "\"Boat\"}";
    CHECK(read_thing(&mem, text, &thing, &issues));
    const char *const once = shape_text(&mem, &thing_shape, &thing);
    CHECK_TEXT(once, text);
    CHECK(read_thing(&mem, once, &thing, &issues));
    CHECK_TEXT(shape_text(&mem, &thing_shape, &thing), text);
}

TEST(the_schema_says_what_the_table_says)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(buf) struct buf text = BUF(20000);
    const struct json *schema;
    shape_schema(&thing_shape, true, &(struct json_out){ .buf = &text });
    CHECK(json_parse(buf_str(&text), text.size, &mem, &schema, NULL, NULL));
    const struct json *const properties = json_get(schema, "properties");
    CHECK_INT(properties->count, COUNT_OF(thing_fields) - 1);
    CHECK_INT(json_get_int(json_get(properties, "stars"), "maximum", 0), 5);
    CHECK_INT(json_get(schema, "required")->count, 1);
    CHECK_TEXT(json_get_text(json_get(json_get(properties, "parts"), "items"), "$ref", ""),
               "#/components/schemas/Part");
}

TEST(a_careless_table_is_found)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct field undocumented[] = { TEXT(struct thing, title), { 0 } };
    const struct field twice[] = { TEXT(struct thing, title, .doc = "A."),
                                   TEXT(struct thing, title, .doc = "B."),
                                   { 0 } };
    CHECK(!shape_fault(&thing_shape, &mem));
    CHECK(shape_fault(&(struct shape)SHAPE("A", struct thing, undocumented), &mem));
    CHECK(shape_fault(&(struct shape)SHAPE("B", struct thing, twice), &mem));
}

TEST(a_field_says_what_it_takes)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct {
        const char *field, *takes;
    } rows[] = { { "stars", "a whole number from 0 to 5" }, { "maybe", "a whole number" },
                 { "weight", "a number from 1 to 10" },     { "colour", "one of red, blue" },
                 { "on", "true or false" } };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_TEXT(field_takes(shape_field(&thing_shape, rows[i].field), &mem), rows[i].takes);
    CHECK(!field_takes(shape_field(&thing_shape, "title"), &mem));
}

TEST_MAIN
