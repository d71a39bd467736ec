/* Dates: what is read can be written, and reads back as the same moment. */
#include "fuzz.h"

#include "base/time.h"

FUZZ(mem, in)
{
    int64_t at = 5, again = 5;
    const char *const text = input_rest(in, mem);
    if (!time_parse(text, &at)) {
        EXPECT(at == 5);
        return;
    }
    const char *const written = time_text(mem, at);
    EXPECT(written && strlen(written) >= 19 && strlen(written) <= 26);
    if (!strpbrk(text + 10, "+-")) EXPECT(strncmp(written, text, 10) == 0); /* no offset, the same day */
    EXPECT(time_parse(written, &again) && again == at);
    EXPECT(time_parse(arena_printf(mem, "%sZ", written), &again) && again == at);
    EXPECT(text_is(time_text(mem, again), written));
}
