#include "library/search_words.h"

#include "base/buf.h"

#include <ctype.h>
#include <string.h>

enum { TERMS_MAX_BYTES = 64 << 10, INDEXED_BEGINNING = 4 /* of migration 0009 */ };

/* The punctuation of Unicode that keyboards make: U+2000..U+206F and U+3000..U+303F, three bytes each. */
static bool is_mark(const unsigned char *at)
{
    return (at[0] == 0xE2 && (at[1] == 0x80 || at[1] == 0x81)) || (at[0] == 0xE3 && at[1] == 0x80);
}

/* Whether the index finds a word in it; a term without one would match nothing. */
static bool has_word(const char *text, size_t size)
{
    const unsigned char *const at = (const unsigned char *)text;
    for (size_t i = 0; i < size; i++) {
        if (isalnum(at[i])) return true;
        if (at[i] < 0x80) continue;
        if (size - i < 3 || !is_mark(at + i)) return true;
        i += 2;
    }
    return false;
}

static void add_term(struct buf *out, const char *between, const char *text, size_t size, bool prefix)
{
    if (out->size) buf_text(out, between);
    buf_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') buf_char(out, '"');
        buf_char(out, text[i]);
    }
    buf_text(out, prefix ? "\"*" : "\"");
}

/* The next term from `at`: where its text is, and where the rest begins. */
struct term {
    const char *text, *rest;
    size_t size;
    bool without, prefix;
};

static struct term term_at(const char *at)
{
    struct term term = { .without = at[0] == '-' && at[1] && !isspace((unsigned char)at[1]) };
    if (term.without) at++;
    const bool quoted = *at == '"';
    term.text = at + quoted;
    term.size = quoted ? strcspn(term.text, "\"") : strcspn(term.text, " \t\r\n\"");
    term.rest = term.text + term.size;
    if (quoted && *term.rest) term.rest++;
    if (quoted && *term.rest == '*') {
        term.prefix = true;
        term.rest++;
    }
    while (!quoted && term.size && term.text[term.size - 1] == '*') {
        term.prefix = true;
        term.size--;
    }
    return term;
}

bool search_words_read(struct arena *mem, const char *text, struct search_words *out, struct error *err)
{
    AUTO(buf) struct buf all = BUF(TERMS_MAX_BYTES);
    AUTO(buf) struct buf any = BUF(TERMS_MAX_BYTES);
    AUTO(buf) struct buf none = BUF(TERMS_MAX_BYTES);
    int count = 0;
    bool gathers = false;
    for (const char *at = text ? text : ""; *(at += strspn(at, " \t\r\n"));) {
        const struct term term = term_at(at);
        at = term.rest;
        if (!has_word(term.text, term.size)) continue;
        if (++count > SEARCH_WORDS_MAX)
            return fail_field(err, CAUSE_INVALID, "q", "a search takes %d words and phrases at most",
                              SEARCH_WORDS_MAX);
        gathers |= term.prefix && term.size > INDEXED_BEGINNING;
        if (!term.without) add_term(&any, " OR ", term.text, term.size, term.prefix);
        add_term(term.without ? &none : &all, term.without ? " OR " : " AND ", term.text, term.size,
                 term.prefix);
    }
    *out =
        (struct search_words){ all.size ? buf_copy(&all, mem) : NULL, any.size ? buf_copy(&any, mem) : NULL,
                               none.size ? buf_copy(&none, mem) : NULL, gathers };
    return buf_check(&all, "the search", err) && buf_check(&any, "the search", err) &&
           buf_check(&none, "the search", err);
}

const char *search_facet(struct arena *mem, char letter, const char *value)
{
    const size_t size = strlen(value);
    char *const word = arena_alloc(mem, 2 * size + 2);
    word[0] = letter;
    for (size_t i = 0; i < size; i++) {
        word[2 * i + 1] = "0123456789ABCDEF"[(unsigned char)value[i] >> 4];
        word[2 * i + 2] = "0123456789ABCDEF"[value[i] & 15];
    }
    return word;
}
