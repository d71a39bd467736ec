#include "media/peaks.h"

#include "base/file.h"

#include <math.h>
#include <unistd.h>

void peaks_init(struct peaks *peaks, struct arena *mem)
{
    *peaks = (struct peaks){ .step = PEAKS_FIRST_STEP };
    peaks->pairs = arena_array(mem, PEAKS_MAX, sizeof *peaks->pairs);
}

static int8_t level(float sample) { return (int8_t)lrintf(fmaxf(-1, fminf(sample, 1)) * 127); }

static void halve(struct peaks *peaks)
{
    for (size_t i = 0; i < PEAKS_MAX / 2; i++) {
        const int8_t *const one = peaks->pairs[2 * i], *const two = peaks->pairs[2 * i + 1];
        const int8_t low = one[0] < two[0] ? one[0] : two[0], high = one[1] > two[1] ? one[1] : two[1];
        peaks->pairs[i][0] = low;
        peaks->pairs[i][1] = high;
    }
    peaks->count = PEAKS_MAX / 2;
    peaks->step *= 2;
}

static void finish_pair(struct peaks *peaks)
{
    peaks->pairs[peaks->count][0] = level(peaks->low);
    peaks->pairs[peaks->count++][1] = level(peaks->high);
    peaks->filled = 0;
    if (peaks->count == PEAKS_MAX) halve(peaks);
}

void peaks_add(struct peaks *peaks, const float *mono, int count)
{
    for (int i = 0; i < count;) {
        const int room = peaks->step - peaks->filled, take = count - i < room ? count - i : room;
        float low = peaks->filled ? peaks->low : mono[i], high = peaks->filled ? peaks->high : mono[i];
        for (int end = i + take; i < end; i++) {
            low = mono[i] < low ? mono[i] : low;
            high = mono[i] > high ? mono[i] : high;
        }
        peaks->low = low;
        peaks->high = high;
        peaks->filled += take;
        if (peaks->filled == peaks->step) finish_pair(peaks);
    }
}

static void put_word(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (8 * i));
}

bool peaks_write(struct peaks *peaks, int sample_rate, int fd, struct ingest_peaks *out, struct error *err)
{
    enum { VERSION = 2, EIGHT_BITS = 1, CHANNELS = 1 };
    if (peaks->filled) finish_pair(peaks);
    const uint32_t words[] = { VERSION,  EIGHT_BITS, (uint32_t)sample_rate, (uint32_t)peaks->step,
                               (uint32_t)peaks->count, CHANNELS };
    uint8_t head[sizeof words];
    for (size_t i = 0; i < COUNT_OF(words); i++) put_word(head + 4 * i, words[i]);
    *out = (struct ingest_peaks){ sample_rate, peaks->step, (int64_t)peaks->count, CHANNELS, 8 };
    return fd < 0 || (lseek(fd, 0, SEEK_SET) == 0 && file_put(fd, head, sizeof head, err) &&
                      file_put(fd, peaks->pairs, peaks->count * sizeof *peaks->pairs, err));
}
