#include "net/name.h"

#include <curl/curl.h>
#include <string.h>

static bool parse(CURLU *parts, const char *url)
{
    return parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
}

static bool has(CURLU *parts, CURLUPart part)
{
    char *text = NULL;
    const bool there = curl_url_get(parts, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return there;
}

/* A copy in `mem`; "" when the part is absent. */
static const char *part_of(struct arena *mem, CURLU *parts, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    const char *const copy =
        curl_url_get(parts, part, &text, flags) == CURLUE_OK ? arena_text(mem, text) : "";
    curl_free(text);
    return copy;
}

bool name_check_url(const char *url, struct error *err)
{
    AUTO(arena) struct arena mem = { 0 };
    CURLU *const parts = curl_url();
    const bool readable = parse(parts, url),
               secret = readable && (has(parts, CURLUPART_USER) || has(parts, CURLUPART_PASSWORD));
    const char *const scheme = readable ? part_of(&mem, parts, CURLUPART_SCHEME, 0) : "";
    const char *const host = readable ? part_of(&mem, parts, CURLUPART_HOST, 0) : "";
    const bool plain = text_plain(host, strlen(host)); /* "%7f" is a character by now */
    curl_url_cleanup(parts);
    if (secret) return fail_field(err, CAUSE_INVALID, "url", "an address must hold no user and no password");
    if (plain && (text_is(scheme, "http") || text_is(scheme, "https"))) return true;
    return fail_field(err, CAUSE_INVALID, "url",
                      "this is no address to fetch from; it begins with http:// or https://");
}

const char *name_plain_url(struct arena *mem, const char *url)
{
    CURLU *const parts = curl_url();
    const char *plain = "";
    if (parse(parts, url)) {
        static const CURLUPart dropped[] = { CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_USER,
                                             CURLUPART_PASSWORD };
        for (size_t i = 0; i < COUNT_OF(dropped); i++) curl_url_set(parts, dropped[i], NULL, 0);
        plain = part_of(mem, parts, CURLUPART_URL, 0);
    }
    curl_url_cleanup(parts);
    return plain;
}

const char *name_of_file(struct arena *mem, const char *url)
{
    CURLU *const parts = curl_url();
    const char *path = "";
    if (parse(parts, url)) path = part_of(mem, parts, CURLUPART_PATH, CURLU_URLDECODE);
    curl_url_cleanup(parts);
    const char *const last = strrchr(path, '/');
    const char *const name = text_line(mem, last ? last + 1 : path);
    return text_valid_utf8(name, strlen(name)) ? text_cut(mem, name, 255) : "";
}

const char *name_bare_host(struct arena *mem, const char *host)
{
    const size_t size = strlen(host);
    return *host == '[' && size > 2 ? arena_text_n(mem, host + 1, size - 2) : host;
}
