#include "media/captions.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VTT_MAX_BYTES = 64 * 1000 * 1000 };

/* One cue while a text is read: its times and where its words stand. */
struct cue {
    double start_s, end_s;
    const char *words;
    size_t size;
};

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

/* Up to `most` digits from `*at` on, which moves behind them. */
static bool read_digits(const char **at, int most, unsigned *out)
{
    const char *const from = *at;
    for (*out = 0; *at - from < most && isdigit((unsigned char)**at); ++*at)
        *out = *out * 10 + (unsigned)(**at - '0');
    return *at > from;
}

/* [HH:]MM:SS(,|.)mmm */
static bool read_time(const char **at, double *out)
{
    unsigned part[3] = { 0 }, milliseconds;
    int count = 0;
    const char *from = *at;
    while (count < 3 && read_digits(&from, 4, &part[count])) {
        count++;
        if (*from != ':') break;
        from++;
    }
    if (count < 2 || (*from != ',' && *from != '.')) return false;
    from++;
    if (!read_digits(&from, 3, &milliseconds)) return false;
    *at = from;
    const unsigned hours = count == 3 ? part[0] : 0, minutes = part[count - 2], seconds = part[count - 1];
    *out = hours * 3600.0 + minutes * 60.0 + seconds + milliseconds / 1000.0;
    return minutes < 60 && seconds < 60;
}

static bool read_times(const char *line, struct cue *out)
{
    const char *at = line + strspn(line, " \t");
    if (!read_time(&at, &out->start_s)) return false;
    at += strspn(at, " \t");
    if (strncmp(at, "-->", 3) != 0) return false;
    at += 3;
    at += strspn(at, " \t");
    return read_time(&at, &out->end_s) && out->end_s >= out->start_s;
}

static bool is_blank(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '\n' || *line == 0;
}

/* The next cue from `*at` on, which moves behind it. */
static bool take_cue(const char **at, struct cue *out)
{
    for (const char *line = *at; *line; line = next_line(line)) {
        if (!read_times(line, out)) continue;
        const char *end = out->words = next_line(line);
        while (!is_blank(end)) end = next_line(end);
        out->size = (size_t)(end - out->words);
        *at = end;
        return true;
    }
    return false;
}

bool captions_look_like_srt(const char *text)
{
    struct cue cue;
    const size_t digits = strspn(text, "0123456789");
    return digits && is_blank(text + digits) && read_times(next_line(text), &cue);
}

/* Words without tags, in one line. */
static char *plain(const struct cue *cue, struct arena *mem)
{
    AUTO(buf) struct buf words = BUF(cue->size + 1);
    bool tag = false;
    for (size_t i = 0; i < cue->size; i++) {
        const char c = cue->words[i];
        if (c == '<') tag = true;
        if (!tag && c != '\r') buf_char(&words, c == '\n' || c == '\t' ? ' ' : c);
        if (c == '>') tag = false;
    }
    return text_trim(mem, buf_str(&words));
}

bool captions_read(const char *text, bool captions, struct arena *mem, struct ingest_text *facts,
                   struct media_analysis *out)
{
    struct ingest_span *const items = arena_array(mem, INGEST_CUES_MAX, sizeof *items);
    struct cue cue;
    double reached_s = 0;
    if (!captions) return true;
    facts->cues = 0;
    facts->spoken_s = 0;
    while (take_cue(&text, &cue)) {
        if (facts->cues < INGEST_CUES_MAX)
            items[facts->cues] = (struct ingest_span){ cue.start_s, cue.end_s,
                                                       text_cut(mem, plain(&cue, mem), CAPTIONS_CUE_BYTES) };
        facts->cues++;
        facts->spoken_s += fmax(0, cue.end_s - fmax(cue.start_s, reached_s));
        reached_s = fmax(reached_s, cue.end_s);
    }
    out->cues =
        (struct list){ items, (size_t)(facts->cues < INGEST_CUES_MAX ? facts->cues : INGEST_CUES_MAX) };
    out->duration_s = reached_s;
    out->has_captions = true;
    return facts->cues > 0;
}

static void put_time(struct buf *out, double at_s)
{
    const long long ms = llround(at_s * 1000);
    buf_printf(out, "%02lld:%02lld:%02lld.%03lld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

void captions_put_times(struct buf *out, double start_s, double end_s)
{
    buf_text(out, "\n");
    put_time(out, start_s);
    buf_text(out, " --> ");
    put_time(out, end_s);
    buf_text(out, "\n");
}

char *captions_as_vtt(const char *text, struct arena *mem)
{
    AUTO(buf) struct buf out = BUF(VTT_MAX_BYTES);
    AUTO(arena) struct arena words = { 0 };
    struct cue cue;
    buf_text(&out, "WEBVTT\n");
    while (take_cue(&text, &cue)) {
        captions_put_times(&out, cue.start_s, cue.end_s);
        buf_printf(&out, "%s\n", plain(&cue, &words));
    }
    return buf_copy(&out, mem);
}
