#include "library/search_words.h"

#include "base/buf.h"

#include <ctype.h>
#include <string.h>

enum {
    TERMS_MAX_BYTES = 64 << 10,
    ENDINGS_MAX_BYTES = 8 << 10,
    INDEXED_BEGINNING = 4 /* of migration 0009 */
};

struct ending {
    const char *word;
};

static const struct field ending_fields[] = { TEXT(struct ending, word, .doc = "As the index has it."),
                                              { 0 } };
static const struct shape ending_shape = SHAPE("Ending", struct ending, ending_fields);

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

/* A term of the index. */
static void put_quoted(struct buf *out, const char *text, size_t size)
{
    buf_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') buf_char(out, '"');
        buf_char(out, text[i]);
    }
    buf_char(out, '"');
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

/* Whether the words that begin so can be told from here: letters and digits of ASCII are in the index as they
 * are, but small. */
static bool has_endings(const struct term *term)
{
    if (!term->prefix || term->size <= INDEXED_BEGINNING) return false;
    for (size_t i = 0; i < term->size; i++)
        if ((unsigned char)term->text[i] >= 0x80 || !isalnum((unsigned char)term->text[i])) return false;
    return true;
}

/* (this OR that); nothing where there are none, or more than are left of SEARCH_ENDINGS_MAX. */
static bool put_endings(struct library *lib, struct arena *mem, const struct term *term, size_t *left,
                        struct buf *out, struct error *err)
{
    struct list rows;
    const char *const beginning = text_lower(mem, arena_text_n(mem, term->text, term->size));
    if (!db_list(lib->db, SQL_ASSET_WORDS_WITH,
                 ARGS(db_text("beginning", beginning), db_int("limit", (int64_t)*left + 1)), mem,
                 &ending_shape, &rows, err))
        return false;
    const struct ending *const endings = rows.items;
    size_t bytes = 0;
    for (size_t i = 0; i < rows.count; i++) bytes += strlen(endings[i].word) + sizeof "\"\" OR ";
    if (!rows.count || rows.count > *left || bytes > ENDINGS_MAX_BYTES) return true;
    *left -= rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        buf_text(out, i ? " OR " : "(");
        put_quoted(out, endings[i].word, strlen(endings[i].word));
    }
    buf_char(out, ')');
    return true;
}

/* What people typed on its way to terms. */
struct reading {
    struct buf all, any, none;
    size_t count, left; /* terms; words that beginnings may still be replaced by */
    bool gathers;
};

static void reading_cleanup(struct reading *reading)
{
    buf_cleanup(&reading->all);
    buf_cleanup(&reading->any);
    buf_cleanup(&reading->none);
}

static bool add_term(struct library *lib, struct arena *mem, const struct term *term, struct reading *to,
                     struct error *err)
{
    AUTO(buf) struct buf text = BUF(TERMS_MAX_BYTES);
    if (++to->count > SEARCH_WORDS_MAX)
        return fail_field(err, CAUSE_INVALID, "q", "a search takes %d words and phrases at most",
                          SEARCH_WORDS_MAX);
    if (has_endings(term) && !put_endings(lib, mem, term, &to->left, &text, err)) return false;
    if (!text.size) {
        to->gathers |= term->prefix && term->size > INDEXED_BEGINNING;
        put_quoted(&text, term->text, term->size);
        if (term->prefix) buf_char(&text, '*');
    }
    struct buf *const needed = term->without ? &to->none : &to->all;
    buf_printf(needed, "%s%s", !needed->size ? "" : term->without ? " OR " : " AND ", buf_str(&text));
    if (!term->without) buf_printf(&to->any, "%s%s", to->any.size ? " OR " : "", buf_str(&text));
    return true;
}

bool search_words_read(struct library *lib, struct arena *mem, const char *text, struct search_words *out,
                       struct error *err)
{
    AUTO(reading)
    struct reading read = { BUF(TERMS_MAX_BYTES), BUF(TERMS_MAX_BYTES),
                            BUF(TERMS_MAX_BYTES), 0,
                            SEARCH_ENDINGS_MAX,   false };
    for (const char *at = text ? text : ""; *(at += strspn(at, " \t\r\n"));) {
        const struct term term = term_at(at);
        at = term.rest;
        if (has_word(term.text, term.size) && !add_term(lib, mem, &term, &read, err)) return false;
    }
    *out = (struct search_words){ read.all.size ? buf_copy(&read.all, mem) : NULL,
                                  read.any.size ? buf_copy(&read.any, mem) : NULL,
                                  read.none.size ? buf_copy(&read.none, mem) : NULL, read.gathers };
    return buf_check(&read.all, "the search", err) && buf_check(&read.any, "the search", err) &&
           buf_check(&read.none, "the search", err);
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
