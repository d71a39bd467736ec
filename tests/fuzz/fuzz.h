/* A fuzz target is one function over one hostile input, and what it states about the product:
 *
 *   FUZZ(mem, in)
 *   {
 *       const char *const text = input_rest(in, mem);
 *       EXPECT(text_is(text_trim(mem, text_trim(mem, text)), text_trim(mem, text)));
 *   }
 *
 * `mem` is freed after the input. libFuzzer or main.c calls it. Inputs are text where they can be, so that a
 * person reads and writes them; a target takes its parameters from the first lines. */
#pragma once

#include "base/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const char *at, *end;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ(mem, in)                                                                                        \
    static void target(struct arena *mem, struct input *in);                                                 \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                             \
    {                                                                                                        \
        AUTO(arena) struct arena memory = { 0 };                                                             \
        target(&memory, &(struct input){ (const char *)data, (const char *)data + size });                   \
        return 0;                                                                                            \
    }                                                                                                        \
    static void target(struct arena *mem, struct input *in)

/* A statement about the product. One that does not hold is a find. */
#define EXPECT(truth)                                                                                        \
    do {                                                                                                     \
        if (!(truth)) {                                                                                      \
            fprintf(stderr, "%s:%d: expected: %s\n", __FILE__, __LINE__, #truth);                            \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* The next byte, 0 at the end. */
uint8_t input_byte(struct input *in);

/* The next line without its line feed, and all that is left. Both end at a NUL byte if one is there. */
const char *input_line(struct input *in, struct arena *mem);
const char *input_rest(struct input *in, struct arena *mem);

/* The number at the start of the next line, 0 when there is none. */
int64_t input_int(struct input *in, struct arena *mem);

/* A line feed, a tab or any other control character. */
bool has_control(const char *text);

/* The JSON text as a value; what is no JSON ends the program. */
const struct json *json_read(struct arena *mem, const char *text);
