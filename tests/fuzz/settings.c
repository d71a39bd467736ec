/* The settings file, with overrides as a JSON object on the first line. */
#include "fuzz.h"

#include "library/settings.h"

#include <sys/mman.h>
#include <unistd.h>

#define BAD_SECRET "Zq9-too-few"

static bool load(struct arena *mem, const struct json *overrides, const char *text, struct settings *out,
                 struct error *err)
{
    AUTO(fd) int fd = memfd_create("settings", MFD_CLOEXEC);
    EXPECT(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return settings_load(mem, overrides, arena_printf(mem, "/proc/self/fd/%d", fd), out, err);
}

/* The settings as the command line would give them. */
static const struct json *as_overrides(struct arena *mem, const struct settings *settings)
{
    const struct json *const values = json_read(mem, shape_text(mem, &settings_shape, settings));
    const char **const texts = arena_array(mem, values->count, sizeof *texts);
    const char **const names = arena_array(mem, values->count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < values->count; i++) {
        const struct json *const value = &values->items[i];
        if (value->kind == JSON_IS_NULL) continue;
        names[count] = values->keys[i];
        texts[count++] = value->text ? value->text : json_print(mem, value);
    }
    return json_from_pairs(mem, names, texts, count);
}

FUZZ(mem, in)
{
    struct settings settings, again;
    struct error err = { 0 };
    const struct json *overrides = NULL;
    const char *const line = input_line(in, mem), *const text = input_rest(in, mem);
    if (!json_parse(line, strlen(line), mem, &overrides, NULL, NULL)) overrides = NULL;
    clearenv();
    const char *const leaky = arena_printf(mem, "JWT_SECRET=" BAD_SECRET "\n%s", text);
    EXPECT(load(mem, NULL, leaky, &settings, &err) || !strstr(err.text, BAD_SECRET));
    if (!load(mem, overrides, text, &settings, &err)) {
        EXPECT(err.cause == CAUSE_INVALID && err.text[0]);
        return;
    }
    EXPECT(!text_is(settings.environment, "production") ||
           !(settings.disable_auth || settings.allow_dev_token));
    EXPECT(load(mem, as_overrides(mem, &settings), "", &again, &err));
    EXPECT(text_is(shape_text(mem, &settings_shape, &again), shape_text(mem, &settings_shape, &settings)));
}
