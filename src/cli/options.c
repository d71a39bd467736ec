/* The words of the command line: --name value, --name=value, --flag, -o FILE, and positionals. */
#include "cli/cli.h"

#include "base/text.h"
#include "library/settings.h"

#include <string.h>

static const struct {
    const char *letter, *name;
} short_names[] = {
    { "-o", "output" }, { "-m", "mood" }, { "-p", "port" }, { "-d", "data_dir" }, { "-n", "variations" }
};

/* Names people expect for settings and fields. */
static const struct {
    const char *spoken, *name;
} aliases[] = { { "data", "data_dir" },
                { "seconds", "duration" },
                { "ratio", "aspect_ratio" },
                { "camera", "camera_movement" },
                { "grade", "color_grade" } };

static const struct field *option_field(const struct command *command, const char *name)
{
    const struct field *field = command->shape ? shape_field(command->shape, name) : NULL;
    if (!field && command->takes_settings) field = shape_field(&settings_shape, name);
    return field;
}

/* "--aspect-ratio" or "-o" as a field name; the value after '=' if any. */
static const char *spoken_name(struct arena *mem, const char *word, const char **value_out)
{
    for (size_t i = 0; i < COUNT_OF(short_names); i++)
        if (text_is(word, short_names[i].letter)) return short_names[i].name;
    char *const name = arena_text(mem, word + strspn(word, "-"));
    char *const equals = strchr(name, '=');
    if (equals) {
        *equals = '\0';
        *value_out = equals + 1;
    }
    for (char *at = name; *at; at++)
        if (*at == '-') *at = '_';
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (text_is(name, aliases[i].spoken)) return aliases[i].name;
    return name;
}

struct given {
    const char **names, **values;
    size_t count;
};

static void add(struct given *given, const char *name, const char *value)
{
    given->names[given->count] = name;
    given->values[given->count++] = value;
}

/* A number below zero is none. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9');
}

static bool take_option(const struct command *command, char **words, int count, int *at, struct arena *mem,
                        struct given *given, bool *json, struct error *err)
{
    const char *value = NULL;
    const char *const word = words[*at];
    const char *const name = spoken_name(mem, word, &value);
    if (text_is(name, "json")) return *json = true;
    const struct field *const field =
        text_is(name, "config") && command->takes_settings ? NULL : option_field(command, name);
    if (field && field->secret)
        return fail(err, CAUSE_INVALID,
                    "everybody can read a command line; put %s in the environment or the settings file",
                    field->env);
    if (!field && !(text_is(name, "config") && command->takes_settings))
        return fail(err, CAUSE_INVALID, "there is no option '%s'; see `umam %s --help`", word, command->name);
    if (!value && field && field->kind == FIELD_BOOL) value = "true";
    if (!value && ++*at < count) value = words[*at];
    if (!value)
        return fail(err, CAUSE_INVALID, "the option '%s' needs a value; see `umam %s --help`", word,
                    command->name);
    add(given, name, value);
    return true;
}

static bool take_positional(const struct command *command, const char *word, size_t *position,
                            struct given *given, struct error *err)
{
    if (!command->positionals || !command->positionals[*position])
        return fail(err, CAUSE_INVALID, "'%s' is one word too many; usage: umam %s %s", word, command->name,
                    command->usage);
    const char *const name = command->positionals[*position];
    const struct field *const field = option_field(command, name);
    if (!field || field->kind != FIELD_TEXTS) (*position)++; /* a list takes all that follows */
    add(given, name, word);
    return true;
}

/* What was given, as an object: lists of what may be given several times, texts. */
static const struct json *object_of(const struct command *command, const struct given *given,
                                    struct arena *mem)
{
    struct json *const object = arena_new(mem, struct json), *const items = arena_array(mem, given->count,
                                                                                        sizeof *items);
    *object = (struct json){ .kind = JSON_IS_OBJECT,
                             .items = items,
                             .keys = arena_array(mem, given->count, sizeof(char *)) };
    for (size_t i = 0; i < given->count; i++) {
        const struct json text = { .kind = JSON_IS_TEXT, .text = given->values[i] };
        const struct field *const field = option_field(command, given->names[i]);
        const bool several = field && field->kind == FIELD_TEXTS;
        size_t at = 0;
        while (at < object->count && (!several || !text_is(object->keys[at], given->names[i]))) at++;
        if (at == object->count) {
            object->keys[object->count++] = given->names[i];
            items[at] = several ? (struct json){ .kind = JSON_IS_ARRAY,
                                                 .items = arena_array(mem, given->count, sizeof text) }
                                : text;
        }
        if (several) ((struct json *)items[at].items)[items[at].count++] = text;
    }
    return object;
}

static const char *spelled(struct arena *mem, const struct field *field)
{
    const char *name = field->name;
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (text_is(aliases[i].name, name)) name = aliases[i].spoken;
    char *const text = arena_printf(mem, "--%s", name);
    for (char *at = text; *at; at++)
        if (*at == '_') *at = '-';
    return text;
}

static bool is_positional(const struct command *command, const struct field *field)
{
    return command->positionals && text_find(command->positionals, field->name) >= 0;
}

/* The error of a field as a sentence about the option, or about the word of the command that was given in its
 * place. */
static bool name_option(const struct command *command, const struct json *options, struct arena *mem,
                        struct error *err)
{
    const struct field *const field = shape_field(command->shape, err->field);
    const char *const given = json_get_text(options, err->field, NULL), *const what = strstr(err->text, ": ");
    if (!field || !what) return false;
    const char *const takes = given ? field_takes(field, mem) : NULL,
                     *const shown = given ? text_line(mem, text_cut(mem, given, 64)) : "";
    if (is_positional(command, field) && takes && field->kind == FIELD_ENUM)
        return fail_field(err, err->cause, field->name, "umam %s has no '%s'; it has: %s", command->name,
                          shown, text_join(mem, field->names, "", ", "));
    if (is_positional(command, field) && !json_get(options, field->name))
        return fail_field(err, err->cause, field->name, "say which %s: umam %s %s", field->name,
                          command->name, command->usage);
    const char *const name = is_positional(command, field) ? field->name : spelled(mem, field);
    if (!takes) return fail_field(err, err->cause, field->name, "%s%s", name, what);
    return fail_field(err, err->cause, field->name, "%s is %s, not '%s'", name, takes, shown);
}

bool options_parse(const struct command *command, int count, char **words, struct arena *mem, struct cli *out,
                   struct error *err)
{
    struct given given = { arena_array(mem, (size_t)count + 1, sizeof(char *)),
                           arena_array(mem, (size_t)count + 1, sizeof(char *)), 0 };
    struct cli cli = { .mem = mem };
    size_t position = 0;
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        if (!only_words && text_is(words[i], "--"))
            only_words = true;
        else if (!only_words && is_option(words[i])) {
            if (!take_option(command, words, count, &i, mem, &given, &cli.json, err)) return false;
        } else if (!take_positional(command, words[i], &position, &given, err))
            return false;
    }
    for (size_t i = 0; i < given.count; i++)
        if (!text_valid_utf8(given.values[i], strlen(given.values[i])))
            return fail(err, CAUSE_INVALID, "the value of '%s' is not valid UTF-8", given.names[i]);
    cli.options = object_of(command, &given, mem);
    if (command->shape) {
        void *const own = arena_alloc(mem, command->shape->size);
        if (!shape_take(command->shape, cli.options, mem, own, err))
            return name_option(command, cli.options, mem, err);
        cli.own = own;
    }
    *out = cli;
    return true;
}

/* ---- help ---- */

/* "-m, --mood" */
static const char *both_names(struct arena *mem, const struct field *field)
{
    for (size_t i = 0; i < COUNT_OF(short_names); i++)
        if (text_is(short_names[i].name, field->name))
            return arena_printf(mem, "%s, %s", short_names[i].letter, spelled(mem, field));
    return spelled(mem, field);
}

static const char *limits(struct arena *mem, const struct field *field)
{
    if (field->kind == FIELD_ENUM)
        return arena_printf(mem, " One of %s.", text_join(mem, field->names, "", ", "));
    if (field->kind == FIELD_INT && field->max)
        return arena_printf(mem, " %lld..%lld.", (long long)field->min, (long long)field->max);
    return "";
}

static const char *initial(struct arena *mem, const struct field *field)
{
    if (field->initial_text && *field->initial_text) return arena_printf(mem, " [%s]", field->initial_text);
    if (field->kind == FIELD_INT && (field->initial || !field->nullable))
        return arena_printf(mem, " [%lld]", (long long)field->initial);
    if (field->kind == FIELD_BOOL && field->initial) return " Switch off with =false.";
    return "";
}

static void help_field(const struct command *command, const struct field *field, struct buf *out)
{
    AUTO(arena) struct arena mem = { 0 };
    if (field->secret || is_positional(command, field)) return; /* the usage line shows those */
    buf_printf(out, "  %-22s %s%s%s\n", both_names(&mem, field), field->doc, limits(&mem, field),
               initial(&mem, field));
}

static void help_shape(const struct command *command, const struct shape *shape, struct buf *out)
{
    for (const struct field *field = shape->fields; field->name; field++) help_field(command, field, out);
}

void options_help(const struct command *command, struct buf *out)
{
    buf_printf(out, "umam %s - %s\n\nusage: umam %s %s\n\n%s\n", command->name, command->summary,
               command->name, command->usage, command->text);
    buf_text(out, "\noptions:\n");
    if (command->shape) help_shape(command, command->shape, out);
    buf_printf(out, "  %-22s %s\n", "--json", "Machine-readable output.");
    if (!command->takes_settings) return;
    buf_text(out, "\nsettings (also by environment and file):\n");
    buf_printf(out, "  %-22s %s\n", "--config", "Settings file; else $UMAM_CONFIG or ./.env.");
    if (text_is(command->name, "serve"))
        help_shape(command, &settings_shape, out);
    else {
        help_field(command, shape_field(&settings_shape, "data_dir"), out);
        buf_text(out, "all settings: umam settings\n");
    }
}
