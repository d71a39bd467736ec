#include "net/fetch.h"

#include "base/time.h"
#include "net/guard.h"
#include "net/name.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    ATTEMPTS_MAX = 5,
    REDIRECTS_MAX = 5,
    CONNECT_S = 15,
    SLOW_BYTES_PER_S = 512, /* for SLOW_S ends an attempt */
    SLOW_S = 30,
    PAUSE_US = SECOND / 2, /* before the second attempt; doubled for each further one */
};

/* What the head of the last reply said. */
struct head {
    const char *etag, *modified, *type;
    int64_t range_start; /* -1: none */
};

struct transfer {
    const struct fetch_in *in;
    int fd;
    fetch_told *told;
    void *with;
    struct arena *mem;
    CURL *curl;
    struct head head;
    const char *validator; /* of what is in the file so far; NULL: it cannot be gone on with */
    int64_t got;           /* bytes in the file */
    bool placed;           /* the body of this attempt has its place in the file */
    bool barred, too_large, misplaced, cancelled;
    int disk_errno;
};

/* ---- what libcurl calls ---- */

static curl_socket_t open_socket(void *with, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *const transfer = with;
    (void)purpose;
    if (guard_allows(&address->addr, &transfer->in->allowed))
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    transfer->barred = true;
    return CURL_SOCKET_BAD;
}

static const char *value_of(struct transfer *transfer, const char *line, size_t size, const char *name)
{
    const size_t length = strlen(name);
    if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':') return NULL;
    return text_trim(transfer->mem, arena_text_n(transfer->mem, line + length + 1, size - length - 1));
}

static size_t take_header(char *line, size_t one, size_t size, void *with)
{
    struct transfer *const transfer = with;
    struct head *const head = &transfer->head;
    const struct {
        const char *name, **to;
    } wanted[] = { { "etag", &head->etag },
                   { "last-modified", &head->modified },
                   { "content-type", &head->type } };
    if (size > 5 && strncmp(line, "HTTP/", 5) == 0) *head = (struct head){ .range_start = -1 };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const char *const value = value_of(transfer, line, size, wanted[i].name);
        if (value) *wanted[i].to = value;
    }
    const char *const range = value_of(transfer, line, size, "content-range");
    if (range && strncasecmp(range, "bytes ", 6) == 0) head->range_start = strtoll(range + 6, NULL, 10);
    return one * size;
}

/* Only a strong one says that every byte is the same. */
static const char *validator_of(const struct head *head)
{
    if (head->etag && head->etag[0] == '"') return head->etag;
    return head->etag ? NULL : head->modified;
}

/* Where the body belongs: behind what is there, or in its place. */
static bool place(struct transfer *transfer, long status)
{
    transfer->placed = true;
    transfer->misplaced = status == 206 && transfer->head.range_start != transfer->got;
    if (status == 206) return !transfer->misplaced;
    transfer->got = 0;
    transfer->validator = validator_of(&transfer->head);
    if (ftruncate(transfer->fd, 0) != 0) transfer->disk_errno = errno;
    return !transfer->disk_errno;
}

static bool write_all(struct transfer *transfer, const char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t now =
            pwrite(transfer->fd, bytes + done, size - done, (off_t)(transfer->got + (int64_t)done));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) transfer->disk_errno = errno;
        if (now < 0) return false;
        done += (size_t)now;
    }
    transfer->got += (int64_t)size;
    return true;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *with)
{
    struct transfer *const transfer = with;
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206) return CURL_WRITEFUNC_ERROR; /* a page about what is wrong */
    if (!transfer->placed && !place(transfer, status)) return CURL_WRITEFUNC_ERROR;
    transfer->too_large = transfer->got + (int64_t)size > transfer->in->max_bytes;
    return !transfer->too_large && write_all(transfer, bytes, size) ? one * size : CURL_WRITEFUNC_ERROR;
}

static int tell(void *with, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    struct transfer *const transfer = with;
    (void)up_total;
    (void)up_now;
    const int64_t before = transfer->got - now > 0 ? transfer->got - now : 0;
    transfer->cancelled = !transfer->told(transfer->with, transfer->got, total > 0 ? total + before : 0);
    return transfer->cancelled;
}

/* ---- one attempt ---- */

static void set_up(struct transfer *transfer, int64_t left_s)
{
    CURL *const curl = transfer->curl;
    const struct fetch_in *const in = transfer->in;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, in->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "UMAM/" UMAM_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)left_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)in->max_bytes);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static CURLcode attempt(struct transfer *transfer, int64_t left_s)
{
    struct curl_slist *headers = NULL;
    set_up(transfer, left_s);
    transfer->placed = transfer->misplaced = false;
    transfer->head = (struct head){ .range_start = -1 };
    if (transfer->got && transfer->validator) {
        curl_easy_setopt(transfer->curl, CURLOPT_RANGE,
                         arena_printf(transfer->mem, "%lld-", (long long)transfer->got));
        headers = curl_slist_append(NULL, arena_printf(transfer->mem, "If-Range: %s", transfer->validator));
        curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, headers);
    }
    const CURLcode code = curl_easy_perform(transfer->curl);
    curl_slist_free_all(headers);
    return code;
}

/* ---- what came of it ---- */

struct outcome {
    CURLcode code;
    long status;
};

/* Connections break; what the sender said on purpose stays so. */
static bool worth_another(const struct transfer *transfer, struct outcome outcome)
{
    static const CURLcode broken[] = { CURLE_PARTIAL_FILE,    CURLE_RECV_ERROR,
                                       CURLE_SEND_ERROR,      CURLE_GOT_NOTHING,
                                       CURLE_HTTP2,           CURLE_HTTP2_STREAM,
                                       CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT };
    if (transfer->barred || transfer->too_large || transfer->cancelled || transfer->disk_errno) return false;
    if (transfer->misplaced || outcome.status == 429 || outcome.status >= 500) return true;
    for (size_t i = 0; i < COUNT_OF(broken); i++)
        if (broken[i] == outcome.code) return true;
    return false;
}

static bool explain_status(long status, struct error *err)
{
    if (status == 404 || status == 410)
        return fail(err, CAUSE_NOT_FOUND, "nothing is at this address (%ld)", status);
    if (status == 401 || status == 403)
        return fail(err, CAUSE_FORBIDDEN, "the sender does not give this file to us (%ld)", status);
    if (status == 429 || status >= 500)
        return fail(err, CAUSE_UNAVAILABLE, "the sender cannot give the file now (%ld); try again later",
                    status);
    return fail(err, CAUSE_BAD_REQUEST, "the sender answers with %ld where a file was expected", status);
}

static bool explain_code(CURLcode code, struct error *err)
{
    static const struct {
        CURLcode code;
        enum cause cause;
        const char *text;
    } known[] = {
        { CURLE_URL_MALFORMAT, CAUSE_INVALID, "the address cannot be read" },
        { CURLE_UNSUPPORTED_PROTOCOL, CAUSE_INVALID, "only http and https can be fetched from" },
        { CURLE_COULDNT_RESOLVE_HOST, CAUSE_UNAVAILABLE, "the host of the address is not known" },
        { CURLE_COULDNT_CONNECT, CAUSE_UNAVAILABLE, "nobody answers at this address" },
        { CURLE_OPERATION_TIMEDOUT, CAUSE_TIMEOUT, "the sender is too slow" },
        { CURLE_TOO_MANY_REDIRECTS, CAUSE_BAD_REQUEST,
          "the address leads on and on; five times are followed" },
        { CURLE_PEER_FAILED_VERIFICATION, CAUSE_BAD_REQUEST, "the sender's certificate does not hold" },
        { CURLE_PARTIAL_FILE, CAUSE_UNAVAILABLE, "the connection broke before the file was whole" },
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i].code == code) return fail(err, known[i].cause, "%s", known[i].text);
    return fail(err, CAUSE_UNAVAILABLE, "the file could not be fetched: %s", curl_easy_strerror(code));
}

static bool explain(const struct transfer *transfer, struct outcome outcome, struct error *err)
{
    if (transfer->cancelled) return fail(err, CAUSE_CANCELLED, "the transfer was cancelled");
    if (transfer->disk_errno) return fail_errno(err, transfer->disk_errno, "the file could not be written");
    if (transfer->too_large || outcome.code == CURLE_FILESIZE_EXCEEDED)
        return fail(err, CAUSE_TOO_LARGE, "the file is larger than the %lld MiB taken in",
                    (long long)(transfer->in->max_bytes >> 20));
    if (transfer->barred)
        return fail(err, CAUSE_FORBIDDEN,
                    "the address leads to a machine of a private network, which is not fetched from");
    if (transfer->misplaced)
        return fail(err, CAUSE_BAD_REQUEST, "the sender goes on in another place than it was asked to");
    const bool told = outcome.code == CURLE_OK || outcome.code == CURLE_WRITE_ERROR;
    if (told && outcome.status >= 300) return explain_status(outcome.status, err);
    return explain_code(outcome.code, err);
}

static bool is_good(struct outcome outcome)
{
    return outcome.code == CURLE_OK && (outcome.status == 200 || outcome.status == 206);
}

/* ---- the whole ---- */

static int64_t left_s(int64_t until) { return (until - time_mono()) / SECOND; }

static struct outcome try_all(struct transfer *transfer, int64_t *attempts_out)
{
    const int64_t until = time_mono() + transfer->in->wait_s * (int64_t)SECOND;
    int64_t pause = PAUSE_US;
    for (int64_t count = 1;; count++, pause *= 2) {
        struct outcome outcome = { .code = attempt(transfer, left_s(until) > 0 ? left_s(until) : 1) };
        curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &outcome.status);
        *attempts_out = count;
        if (is_good(outcome) || count == ATTEMPTS_MAX || left_s(until) <= pause / SECOND + 1 ||
            !worth_another(transfer, outcome))
            return outcome;
        time_sleep(pause);
    }
}

bool fetch_file(const struct fetch_in *in, int fd, fetch_told *told, void *with, struct arena *mem,
                struct fetch_out *out, struct error *err)
{
    struct transfer transfer = { .in = in, .fd = fd, .told = told, .with = with, .mem = mem };
    struct fetch_out result = { 0 };
    char *final = NULL;
    if (!name_check_url(in->url, err)) return false;
    if (!(transfer.curl = curl_easy_init()))
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to fetch a file");
    const struct outcome outcome = try_all(&transfer, &result.attempts);
    curl_easy_getinfo(transfer.curl, CURLINFO_EFFECTIVE_URL, &final);
    bool good = is_good(outcome) || explain(&transfer, outcome, err);
    if (good && !transfer.placed) { /* an empty file */
        transfer.got = 0;
        good = ftruncate(fd, 0) == 0 || fail_errno(err, errno, "the file could not be written");
    }
    if (good) {
        result.url = name_plain_url(mem, final ? final : in->url);
        result.type = transfer.head.type;
        result.filename = name_of_file(mem, result.url);
        result.size_bytes = transfer.got;
        *out = result;
    }
    curl_easy_cleanup(transfer.curl);
    return good;
}
