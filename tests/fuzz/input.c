#include "fuzz.h"

uint8_t input_byte(struct input *in) { return in->at < in->end ? (uint8_t)*in->at++ : 0; }

static const char *take(struct input *in, struct arena *mem, const char *end)
{
    const char *const text = arena_text_n(mem, in->at, strnlen(in->at, (size_t)(end - in->at)));
    in->at = end + (end < in->end);
    return text;
}

const char *input_line(struct input *in, struct arena *mem)
{
    const char *const feed = in->at < in->end ? memchr(in->at, '\n', (size_t)(in->end - in->at)) : NULL;
    return take(in, mem, feed ? feed : in->end);
}

const char *input_rest(struct input *in, struct arena *mem) { return take(in, mem, in->end); }

int64_t input_int(struct input *in, struct arena *mem) { return strtoll(input_line(in, mem), NULL, 10); }

bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127) return true;
    return false;
}

const struct json *json_read(struct arena *mem, const char *text)
{
    const struct json *value = NULL;
    struct error err;
    if (!json_parse(text, strlen(text), mem, &value, NULL, &err)) {
        fprintf(stderr, "this is no JSON (%s): %s\n", err.text, text);
        abort();
    }
    return value;
}
