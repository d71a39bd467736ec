/* A shape is the field table of a struct. One table serves five users: it reads JSON into the struct and
 * validates it (all faults at once), writes it as JSON, reads database rows, fills statements, and emits the
 * JSON Schema of the API description. Settings and command-line options are shapes too.
 *
 *   struct note { const char *title; int64_t stars; };
 *   static const struct field note_fields[] = {
 *       TEXT(struct note, title, .required = true, .min = 1, .max = 200, .doc = "What it is called."),
 *       INT(struct note, stars, .min = 0, .max = 5, .doc = "How good it is."),
 *       { 0 },
 *   };
 *   const struct shape note_shape = SHAPE("Note", struct note, note_fields);
 *
 * TEXT(S, m) refuses at compile time a member `m` of another type than the kind stores.
 *
 * Absent values: text, JSON and lists are NULL (count 0), integers INT_NONE, reals NaN, times 0. A field that
 * is not required and not `nullable` takes `initial`, `initial_real` or `initial_text`.
 * Reading accepts what the API contract accepts: integers as 60, 60.0, "60" or true; booleans as true, 1,
 * "yes" and so on; text only as text; unknown members are ignored. */
#pragma once

#include "base/json.h"
#include "base/text.h"

#define INT_NONE INT64_MIN

enum field_kind {
    FIELD_TEXT,  /* const char *; min..max count code points */
    FIELD_ENUM,  /* const char *, one of `names` */
    FIELD_INT,   /* int64_t */
    FIELD_REAL,  /* double */
    FIELD_BOOL,  /* bool */
    FIELD_TIME,  /* int64_t microseconds UTC, ISO 8601 in JSON */
    FIELD_JSON,  /* const struct json *, any value */
    FIELD_DATA,  /* const char *, a JSON object as its text, passed on without a look inside; max in bytes */
    FIELD_TEXTS, /* struct texts; min..max count items */
    FIELD_SHAPE, /* const struct S *, of `shape`; NULL is null */
    FIELD_LIST,  /* struct list of `shape` */
};

struct shape;

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    bool required;             /* must be there when read */
    bool nullable;             /* absent or null is a value of its own */
    bool secret;               /* never repeated in faults, listings or help */
    bool tag;                  /* ENUM: tells a union's members apart; a wrong one is a fault of each */
    int64_t min, max;          /* bounds, inclusive, when max > min or max != 0; meaning by kind */
    int64_t initial;           /* INT, BOOL */
    double initial_real;       /* REAL */
    const char *initial_text;  /* TEXT, ENUM */
    const char *const *names;  /* ENUM: NULL-terminated */
    const struct shape *shape; /* SHAPE, LIST */
    const char *format;        /* JSON Schema format: "uuid", "uri-reference", ...; DATA that is only written:
                                * its type, when that is no object */
    const char *env;           /* settings: environment variable */
    const char *doc;           /* one sentence for the API description and --help */
};

struct list {
    void *items; /* `count` structs of the shape, one after the other */
    size_t count;
};

struct shape {
    const char *name; /* of the schema component */
    size_t size;      /* of the struct */
    const struct field *fields;
};

#define SHAPE(schema_name, S, table)                                                                         \
    {                                                                                                        \
        .name = (schema_name), .size = sizeof(S), .fields = (table)                                          \
    }

#define OFFSET_IF(S, m, T) (offsetof(S, m) + 0 * sizeof(_Generic(((S *)0)->m, T : (char)0)))
#define FIELD(k, S, m, T, ...)                                                                               \
    {                                                                                                        \
        .name = #m, .kind = (k), .offset = OFFSET_IF(S, m, T), __VA_ARGS__                                   \
    }
#define TEXT(S, m, ...)          FIELD(FIELD_TEXT, S, m, const char *, __VA_ARGS__)
#define ENUM(S, m, table, ...)   FIELD(FIELD_ENUM, S, m, const char *, .names = (table), __VA_ARGS__)
#define INT(S, m, ...)           FIELD(FIELD_INT, S, m, int64_t, __VA_ARGS__)
#define REAL(S, m, ...)          FIELD(FIELD_REAL, S, m, double, __VA_ARGS__)
#define BOOL(S, m, ...)          FIELD(FIELD_BOOL, S, m, bool, __VA_ARGS__)
#define TIME(S, m, ...)          FIELD(FIELD_TIME, S, m, int64_t, __VA_ARGS__)
#define JSON(S, m, ...)          FIELD(FIELD_JSON, S, m, const struct json *, __VA_ARGS__)
#define DATA(S, m, ...)          FIELD(FIELD_DATA, S, m, const char *, __VA_ARGS__)
#define TEXTS(S, m, ...)         FIELD(FIELD_TEXTS, S, m, struct texts, __VA_ARGS__)
#define OBJECT(S, m, T, of, ...) FIELD(FIELD_SHAPE, S, m, const T *, .shape = (of), __VA_ARGS__)
#define LIST(S, m, of, ...)      FIELD(FIELD_LIST, S, m, struct list, .shape = (of), __VA_ARGS__)

/* One fault of an input, in the contract's words (the 422 list of the API). */
struct issue {
    const char *type, *msg;
    const char *loc;          /* JSON array text: ["body","mood"] */
    const struct json *input; /* what was there */
    const char *ctx;          /* JSON object text or NULL */
    struct issue *next;
};

struct issues {
    struct issue *first;
    size_t count;
};

/* Reads `in` into the struct at `out`, every field set. `place` is where it came from: body, query, form, ...
 * Texts are copied into `mem`. Each fault is added to `issues`; false when there was any. `in` NULL is a
 * fault of its own. */
bool shape_read(const struct shape *shape, const struct json *in, const char *place, struct arena *mem,
                void *out, struct issues *issues) MUST_USE;

/* shape_read for callers that want one sentence: the first fault becomes `err`, cause INVALID. */
bool shape_take(const struct shape *shape, const struct json *in, struct arena *mem, void *out,
                struct error *err) MUST_USE;

/* The absent value of the field's kind, whether or not the field is nullable. */
void field_set_absent(const struct field *field, void *at);

/* Every field at its initial or absent value. */
void shape_init(const struct shape *shape, void *out);

/* The contract's list of faults: [{type, loc, msg, input, ctx?}, ...]. */
void issues_write(const struct issues *issues, struct json_out *out);
void issues_add(struct issues *issues, struct arena *mem, const char *type, const char *loc, const char *msg,
                const struct json *input, const char *ctx);

/* The struct as a JSON object, members in table order. */
void shape_write(const struct shape *shape, const void *in, struct json_out *out);
void shape_write_list(const struct shape *shape, const struct list *list,
                      struct json_out *out); /* an array */
void shape_write_fields(const struct shape *shape, const void *in,
                        struct json_out *out); /* without the braces */

/* What shape_write writes, as text; for structs of a bounded size. */
char *shape_text(struct arena *mem, const struct shape *shape, const void *in) MUST_USE;

/* JSON Schema (2020-12). A FIELD_SHAPE or FIELD_LIST refers to #/components/schemas/<name>.
 * `reading`: as input (required as stated); otherwise as output (every field is always there). */
void shape_schema(const struct shape *shape, bool reading, struct json_out *out);
void field_schema(const struct field *field, bool reading, struct json_out *out);

/* The field called `name`, NULL when absent. */
const struct field *shape_field(const struct shape *shape, const char *name);

/* What a value of the field is, for a sentence: "a whole number from 0 to 100", "one of a, b", "true or
 * false". NULL for kinds that take more words. */
const char *field_takes(const struct field *field, struct arena *mem) MUST_USE;

/* Checks the table itself (docs there, limits sensible); NULL or a sentence. For tests. */
const char *shape_fault(const struct shape *shape, struct arena *mem);
