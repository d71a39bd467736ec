#include "store/row.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { JSON_MAX_BYTES = 64 << 20, SHAPE_DEPTH_MAX = 8 };

/* ---- out of a struct ---- */

/* NULL, and why in SQLite's terms, when it does not fit. */
static const char *json_of(const struct field *field, const void *at, struct arena *mem, int *code_out)
{
    AUTO(buf) struct buf text = BUF(JSON_MAX_BYTES);
    struct json_out out = { .buf = &text };
    if (field->kind == FIELD_SHAPE) {
        shape_write(field->shape, *(const void *const *)at, &out);
    } else if (field->kind == FIELD_LIST) {
        shape_write_list(field->shape, at, &out);
    } else if (field->kind == FIELD_TEXTS) {
        const struct texts *const texts = at;
        json_put_texts(&out, texts->items, texts->count);
    } else {
        json_put_value(&out, *(const struct json *const *)at);
    }
    *code_out = !text.full ? SQLITE_OK : text.starved ? SQLITE_NOMEM : SQLITE_TOOBIG;
    return text.full ? NULL : arena_text_n(mem, buf_str(&text), text.size);
}

static bool field_absent(const struct field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_DATA:
        return !*(const char *const *)at;
    case FIELD_INT:
        return *(const int64_t *)at == INT_NONE;
    case FIELD_REAL:
        return isnan(*(const double *)at);
    case FIELD_BOOL:
        return false;
    case FIELD_TIME:
        return *(const int64_t *)at == 0;
    case FIELD_JSON:
    case FIELD_SHAPE:
        return !*(const void *const *)at;
    case FIELD_TEXTS:
        return field->nullable && !((const struct texts *)at)->count;
    case FIELD_LIST:
        return field->nullable && !((const struct list *)at)->count;
    }
    return true;
}

static int bind_text(sqlite3_stmt *stmt, int place, const char *text)
{
    return sqlite3_bind_text64(stmt, place, text, strlen(text), SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_field(sqlite3_stmt *stmt, int place, const struct field *field, const void *at,
                      struct arena *mem)
{
    if (field_absent(field, at)) return sqlite3_bind_null(stmt, place);
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_DATA:
        return bind_text(stmt, place, *(const char *const *)at);
    case FIELD_INT:
    case FIELD_TIME:
        return sqlite3_bind_int64(stmt, place, *(const int64_t *)at);
    case FIELD_REAL:
        return sqlite3_bind_double(stmt, place, *(const double *)at);
    case FIELD_BOOL:
        return sqlite3_bind_int(stmt, place, *(const bool *)at);
    case FIELD_JSON:
    case FIELD_TEXTS:
    case FIELD_SHAPE:
    case FIELD_LIST:
        break;
    }
    int code;
    const char *const json = json_of(field, at, mem, &code);
    return json ? bind_text(stmt, place, json) : code;
}

static int bind_value(sqlite3_stmt *stmt, int place, const struct db_value *value)
{
    switch (value->kind) {
    case DB_INT:
        return sqlite3_bind_int64(stmt, place, value->integer);
    case DB_TEXT:
        return bind_text(stmt, place, value->text);
    case DB_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, place);
}

static const struct db_value *find_value(struct db_args args, const char *name)
{
    for (size_t i = 0; i < args.count; i++)
        if (strcmp(args.values[i].name, name) == 0) return &args.values[i];
    return NULL;
}

/* A value no parameter asks for is a slip of the pen. */
static bool check_values(const struct statement *statement, struct db_args args, struct error *err)
{
    for (size_t i = 0; i < args.count; i++) {
        const char *const name = args.values[i].name;
        if (text_find(statement->parameters, name) < 0)
            return fail(err, CAUSE_INTERNAL, "the statement '%s' has no parameter '%s'", statement->name,
                        name);
    }
    return true;
}

static void map_parameters(struct prepared *stmt, const struct shape *shape)
{
    if (!shape || stmt->parameters_of == shape) return;
    for (int i = 0; i < stmt->statement->count; i++)
        stmt->parameters[i] = shape_field(shape, stmt->statement->parameters[i]);
    stmt->parameters_of = shape;
}

bool row_bind(struct sqlite *lite, struct prepared *stmt, struct db_args args, struct arena *scratch,
              struct error *err)
{
    const struct statement *const statement = stmt->statement;
    if (!check_values(statement, args, err)) return false;
    map_parameters(stmt, args.shape);
    for (int i = 0; i < statement->count; i++) {
        const char *const name = statement->parameters[i];
        const struct db_value *const value = find_value(args, name);
        const struct field *const field = args.shape ? stmt->parameters[i] : NULL;
        int code;
        if (value)
            code = bind_value(stmt->handle, i + 1, value);
        else if (field)
            code = bind_field(stmt->handle, i + 1, field, (const char *)args.object + field->offset, scratch);
        else
            return fail(err, CAUSE_INTERNAL, "the statement '%s' needs a value for '%s'", statement->name,
                        name);
        if (code == SQLITE_TOOBIG)
            return fail_field(err, CAUSE_TOO_LARGE, name, "'%s' is too large to store", name);
        if (code == SQLITE_NOMEM)
            return fail(err, CAUSE_UNAVAILABLE, "there is not enough memory to store '%s' right now", name);
        if (code != SQLITE_OK) return sqlite_fail(lite, err);
    }
    return true;
}

/* ---- into a struct ---- */

static bool map_columns(struct prepared *stmt, const struct shape *shape, struct error *err)
{
    if (stmt->columns_of == shape) return true;
    stmt->columns_of = NULL;
    const int count = sqlite3_column_count(stmt->handle);
    for (int i = 0; i < count; i++) {
        const char *const name = sqlite3_column_name(stmt->handle, i);
        stmt->columns[i] = shape_field(shape, name);
        if (!stmt->columns[i])
            return fail(err, CAUSE_INTERNAL, "the statement '%s' gives '%s', which '%s' has no field for",
                        stmt->statement->name, name, shape->name);
    }
    stmt->columns_of = shape;
    return true;
}

static const struct shape *bare_shape(const struct shape *shape, int depth, struct arena *mem);

/* The field without its limits: what is stored was valid when it was stored, and a limit that came later must
 * not make it unreadable. */
static struct field bare_field(const struct field *field, int depth, struct arena *mem)
{
    struct field bare = *field;
    bare.kind = field->kind == FIELD_ENUM ? FIELD_TEXT : field->kind;
    bare.required = false;
    bare.nullable = true;
    bare.min = bare.max = bare.initial = 0;
    bare.initial_real = 0;
    bare.initial_text = NULL;
    if (field->shape) bare.shape = bare_shape(field->shape, depth + 1, mem);
    return bare;
}

static const struct shape *bare_shape(const struct shape *shape, int depth, struct arena *mem)
{
    if (depth > SHAPE_DEPTH_MAX) return shape; /* of a shape within itself the rest stays as it is */
    size_t count = 0;
    while (shape->fields[count].name) count++;
    struct field *const fields = arena_array(mem, count + 1, sizeof *fields);
    for (size_t i = 0; i < count; i++) fields[i] = bare_field(&shape->fields[i], depth, mem);
    struct shape *const bare = arena_new(mem, struct shape);
    *bare = (struct shape){ shape->name, shape->size, fields };
    return bare;
}

/* The one field from its JSON text, into the struct at `out`. */
static bool take_json(const struct field *field, const char *text, size_t size_bytes, struct arena *mem,
                      void *out, struct error *err)
{
    const struct json *json;
    if (!json_parse(text, size_bytes, mem, &json, NULL, err)) return false;
    if (field->kind == FIELD_JSON) {
        *(const struct json **)((char *)out + field->offset) = json;
        return true;
    }
    const struct field fields[] = { bare_field(field, 0, mem), { 0 } };
    const char *keys[] = { field->name };
    const struct json object = { .kind = JSON_IS_OBJECT, .items = json, .keys = keys, .count = 1 };
    return shape_take(&(const struct shape){ field->name, sizeof(void *), fields }, &object, mem, out, err);
}

static bool read_json(const struct field *field, const char *text, size_t size_bytes, struct arena *mem,
                      void *out, struct error *err)
{
    struct error why;
    if (take_json(field, text, size_bytes, mem, out, &why)) return true;
    return fail(err, CAUSE_INTERNAL, "what is stored as '%s' cannot be read: %s", field->name, why.text);
}

/* The database type a field is read from; a whole number is good for a REAL. */
static bool type_fits(const struct field *field, int type)
{
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_BOOL:
    case FIELD_TIME:
        return type == SQLITE_INTEGER;
    case FIELD_REAL:
        return type == SQLITE_FLOAT || type == SQLITE_INTEGER;
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_JSON:
    case FIELD_DATA:
    case FIELD_TEXTS:
    case FIELD_SHAPE:
    case FIELD_LIST:
        return type == SQLITE_TEXT;
    }
    return false;
}

static bool read_column(struct prepared *stmt, int column, const struct field *field, struct arena *mem,
                        void *out, struct error *err)
{
    sqlite3_stmt *const row = stmt->handle;
    void *const at = (char *)out + field->offset;
    const int type = sqlite3_column_type(row, column);
    if (type == SQLITE_NULL) {
        field_set_absent(field, at);
        return true;
    }
    if (!type_fits(field, type))
        return fail(err, CAUSE_INTERNAL, "the statement '%s' gives another type for '%s' than its field has",
                    stmt->statement->name, field->name);
    if (type == SQLITE_TEXT) {
        const char *const text = (const char *)sqlite3_column_text(row, column);
        if (!text) return fail(err, CAUSE_UNAVAILABLE, "there is no memory to read '%s'", field->name);
        const size_t size = (size_t)sqlite3_column_bytes(row, column);
        if (field->kind != FIELD_TEXT && field->kind != FIELD_ENUM && field->kind != FIELD_DATA)
            return read_json(field, text, size, mem, out, err);
        *(const char **)at = arena_text_n(mem, text, size);
    } else if (field->kind == FIELD_REAL) {
        *(double *)at = sqlite3_column_double(row, column);
    } else if (field->kind == FIELD_BOOL) {
        *(bool *)at = sqlite3_column_int64(row, column) != 0;
    } else {
        *(int64_t *)at = sqlite3_column_int64(row, column);
    }
    return true;
}

bool row_read(struct prepared *stmt, struct arena *mem, const struct shape *shape, void *out,
              struct error *err)
{
    if (!map_columns(stmt, shape, err)) return false;
    const int count = sqlite3_column_count(stmt->handle);
    shape_init(shape, out);
    for (int i = 0; i < count; i++)
        if (!read_column(stmt, i, stmt->columns[i], mem, out, err)) return false;
    return true;
}
