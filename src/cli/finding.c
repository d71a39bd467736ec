#include "cli/finding.h"

#include "base/text.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const state_names[] = { "ok", "warn", "fail", NULL };

static const struct {
    const char *mark, *colour; /* shown; ECMA-48 sequence */
} shown[FINDING_STATES] = {
    [FINDING_OK] = { "ok", "\x1b[32m" },
    [FINDING_WARN] = { "warn", "\x1b[33m" },
    [FINDING_FAIL] = { "FAIL", "\x1b[1;31m" },
};

static const struct field finding_fields[] = {
    TEXT(struct finding, group, .required = true, .doc = "What it is about."),
    TEXT(struct finding, name, .required = true, .doc = "What was looked at."),
    TEXT(struct finding, what, .nullable = true, .doc = "The same in words."),
    ENUM(struct finding, state, state_names, .required = true, .doc = "How it is."),
    TEXT(struct finding, text, .required = true, .doc = "What was seen."),
    TEXT(struct finding, advice, .nullable = true, .doc = "What to do about it."),
    { 0 },
};
static const struct shape finding_shape = SHAPE("Finding", struct finding, finding_fields);

static bool coloured(void) { return isatty(STDOUT_FILENO) && text_empty(getenv("NO_COLOR")); }

static void show(const struct findings *findings, enum finding_state state, const struct finding *finding)
{
    const bool colours = coloured();
    const char *const before = findings->count > 1 ? finding[-1].group : NULL;
    const char *const on = colours ? shown[state].colour : "", *const off = colours ? "\x1b[0m" : "";
    const char *const what = finding->what ? finding->what : finding->name;
    if (!text_is(before, finding->group)) say("\n%s%s%s\n", colours ? "\x1b[1m" : "", finding->group, off);
    say("  %s%-4s%s  %-*s  %s\n", on, shown[state].mark, off, findings->width, what, finding->text);
    if (finding->advice) say("        %s-> %s%s\n", on, finding->advice, off);
}

void finding_add(struct findings *findings, enum finding_state state, const struct finding *finding)
{
    if (findings->count == findings->room) {
        const size_t room = findings->room ? 2 * findings->room : 64;
        struct finding *const more = arena_array(findings->mem, room, sizeof *more);
        if (findings->count) memcpy(more, findings->items, findings->count * sizeof *more);
        findings->items = more;
        findings->room = room;
    }
    struct finding *const kept = &findings->items[findings->count++];
    *kept = *finding;
    kept->state = state_names[state];
    if (state == FINDING_OK) kept->advice = NULL;
    findings->states[state]++;
    if (!findings->quiet) show(findings, state, kept);
}

void finding_note(struct findings *findings, enum finding_state state, const char *group, const char *name,
                  const char *advice, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *const text = arena_vprintf(findings->mem, format, args);
    va_end(args);
    finding_add(findings, state,
                &(struct finding){ .group = group, .name = name, .text = text, .advice = advice });
}

void findings_print_json(const struct findings *findings)
{
    AUTO(buf) struct buf text = BUF(1u << 20);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_key(&out, "healthy");
    json_put_bool(&out, findings->states[FINDING_FAIL] == 0);
    for (int i = 0; i < FINDING_STATES; i++) {
        json_put_key(&out, state_names[i]);
        json_put_int(&out, (int64_t)findings->states[i]);
    }
    json_put_key(&out, "findings");
    shape_write_list(&finding_shape, &(struct list){ findings->items, findings->count }, &out);
    json_put_close(&out, '}');
    say("%s\n", buf_str(&text));
}
