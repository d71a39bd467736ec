#include "net/fetch.h"

#include "base/file.h"
#include "base/time.h"
#include "net/dialer.h"
#include "net/name.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    ATTEMPTS_MAX = 5,
    REDIRECTS_MAX = 5,
    ASIDE_MAX_BYTES = 1 << 20, /* of what comes with a redirect */
    AUTHORITIES_MAX_BYTES = 16 << 20,
    SLOW_BYTES_PER_S = 512, /* for SLOW_S ends an attempt */
    SLOW_S = 30,
    HEADER_MAX_BYTES = 200, /* as fetch_out takes them */
    PAUSE_US = SECOND / 2, /* before the second attempt; doubled for each further one */
};

/* What the head of the last reply said. */
struct head {
    const char *etag, *modified, *type;
    int64_t range_start, range_total; /* of the whole file; -1: none */
};

struct transfer {
    const struct fetch_in *in;
    struct job *job;
    int fd;
    int connected;   /* from the dialer, for libcurl to take; -1: none */
    const char *url; /* where it is now, after redirects */
    struct arena *mem;
    CURL *curl;
    struct head head;
    const char *validator; /* of what is in the file so far; NULL: it cannot be gone on with */
    int64_t got;           /* bytes in the file */
    bool ranged;           /* this attempt asks for what is missing */
    bool placed;           /* the body of this attempt has its place in the file */
    bool barred, too_large, misplaced;
    int64_t aside_bytes;
    int disk_errno;
};

/* ---- what libcurl calls ---- */

static curl_socket_t open_socket(void *with, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *const transfer = with;
    (void)purpose;
    (void)address;
    return transfer->connected < 0 ? CURL_SOCKET_BAD : fd_take(&transfer->connected);
}

static int say_connected(void *with, curl_socket_t socket, curlsocktype purpose)
{
    (void)with;
    (void)socket;
    (void)purpose;
    return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static bool fetching; /* this process is one that fetches */

/* libcurl 7.88 connects even what it was told is connected, and calls that a failure. So this takes the place
 * of the C library's for the whole program: it says that the connection is under way, and libcurl finds it
 * done. */
__attribute__((visibility("default"))) int own_connect(int fd, const struct sockaddr *to,
                                                       socklen_t size) __asm__("connect");
int own_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    if (!fetching) return (int)syscall(SYS_connect, fd, to, size);
    errno = EINPROGRESS;
    return -1;
}

static const char *value_of(struct transfer *transfer, const char *line, size_t size, const char *name)
{
    const size_t length = strlen(name);
    if (size <= length || size > length + HEADER_MAX_BYTES || strncasecmp(line, name, length) != 0 ||
        line[length] != ':')
        return NULL;
    const char *const value =
        text_trim(transfer->mem, arena_text_n(transfer->mem, line + length + 1, size - length - 1));
    for (const char *at = value; *at; at++)
        if (*at < ' ' || *at > '~') return NULL;
    return value;
}

/* "500-1023/1024" */
static void read_range(const char *text, struct head *head)
{
    const char *const total = strchr(text, '/');
    head->range_start = isdigit((unsigned char)*text) ? strtoll(text, NULL, 10) : -1;
    head->range_total = total && isdigit((unsigned char)total[1]) ? strtoll(total + 1, NULL, 10) : -1;
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
    if (size > 5 && strncmp(line, "HTTP/", 5) == 0)
        *head = (struct head){ .range_start = -1, .range_total = -1 };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const char *const value = value_of(transfer, line, size, wanted[i].name);
        if (value) *wanted[i].to = value;
    }
    const char *const range = value_of(transfer, line, size, "content-range");
    if (range && strncasecmp(range, "bytes ", 6) == 0) read_range(range + 6, head);
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
    transfer->misplaced =
        status == 206 && !(transfer->ranged && transfer->head.range_start == transfer->got &&
                           text_is(validator_of(&transfer->head), transfer->validator));
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

static bool leads_on(long status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

static size_t take_aside(struct transfer *transfer, size_t size)
{
    transfer->aside_bytes += (int64_t)size;
    return transfer->aside_bytes > ASIDE_MAX_BYTES ? CURL_WRITEFUNC_ERROR : size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *with)
{
    struct transfer *const transfer = with;
    long status = 0;
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (leads_on(status)) return take_aside(transfer, one * size);
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
    if (!transfer->got) return 0; /* nothing has come yet */
    job_progress(transfer->job, total > 0 ? (double)transfer->got / (double)(total + before) : 0, "fetch");
    return 0;
}

/* ---- one attempt ---- */

/* An address for every host, so that libcurl resolves none: the dialer has done it. */
static struct curl_slist nowhere = { .data = (char[]){ "::192.0.2.1:" } };

static struct curl_blob authorities = { .flags = CURL_BLOB_NOCOPY };

bool fetch_open(struct error *err)
{
    static struct arena mem;
    const char *path = NULL, *text = "";
    struct error none;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start umam-net");
    signal(SIGPIPE, SIG_IGN);
    CURL *const curl = curl_easy_init();
    if (curl) curl_easy_getinfo(curl, CURLINFO_CAINFO, &path);
    size_t size = 0;
    if (path && file_read(&mem, path, AUTHORITIES_MAX_BYTES, &text, &size, &none))
        authorities = (struct curl_blob){ (void *)(uintptr_t)text, size, CURL_BLOB_NOCOPY };
    curl_easy_cleanup(curl);
    return true; /* without authorities no certificate holds, and http goes on */
}

static void set_up(struct transfer *transfer, int64_t left_s)
{
    CURL *const curl = transfer->curl;
    const struct fetch_in *const in = transfer->in;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, transfer->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "UMAM/" UMAM_VERSION);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, &nowhere);
    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &authorities);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)left_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES_PER_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)in->max_bytes);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_SOCKOPTFUNCTION, say_connected);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* The socket that libcurl takes next. */
static CURLcode dial(struct transfer *transfer)
{
    CURLU *const parts = curl_url();
    char *host = NULL, *port = NULL;
    struct error err = { 0 };
    int64_t number = 0;
    const bool good = parts && curl_url_set(parts, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
                      curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                      curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                      text_to_int(port, &number) &&
                      dialer_dial(transfer->job->helper, name_bare_host(transfer->mem, host), number,
                                  &transfer->connected, &err);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    transfer->barred |= err.cause == CAUSE_FORBIDDEN;
    return good                           ? CURLE_OK
           : err.cause == CAUSE_NOT_FOUND ? CURLE_COULDNT_RESOLVE_HOST
                                          : CURLE_COULDNT_CONNECT;
}

static CURLcode ask(struct transfer *transfer, int64_t left_s)
{
    struct curl_slist *headers = NULL;
    const CURLcode dialed = dial(transfer);
    if (dialed != CURLE_OK) return dialed;
    set_up(transfer, left_s);
    transfer->placed = transfer->misplaced = false;
    transfer->aside_bytes = 0;
    transfer->head = (struct head){ .range_start = -1, .range_total = -1 };
    transfer->ranged = transfer->got && transfer->validator;
    if (transfer->ranged) {
        curl_easy_setopt(transfer->curl, CURLOPT_RANGE,
                         arena_printf(transfer->mem, "%lld-", (long long)transfer->got));
        headers = curl_slist_append(NULL, arena_printf(transfer->mem, "If-Range: %s", transfer->validator));
        curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, headers);
    }
    const CURLcode code = curl_easy_perform(transfer->curl);
    curl_slist_free_all(headers);
    fd_cleanup(&transfer->connected);
    return code;
}

/* ---- what came of it ---- */

struct outcome {
    CURLcode code;
    long status;
};

static struct outcome ask_here(struct transfer *transfer, int64_t left_s)
{
    struct outcome outcome = { .code = ask(transfer, left_s) };
    curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &outcome.status);
    return outcome;
}

/* From the address as given to where it leads. Each step is dialled anew, so that none goes past the guard.
 */
static struct outcome attempt(struct transfer *transfer, int64_t left_s)
{
    transfer->url = transfer->in->url;
    for (int steps = 0;; steps++) {
        struct outcome outcome = ask_here(transfer, left_s);
        char *next = NULL;
        struct error none;
        if (outcome.code != CURLE_OK || !leads_on(outcome.status)) return outcome;
        curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &next);
        if (!next) return outcome;
        if (steps == REDIRECTS_MAX) outcome.code = CURLE_TOO_MANY_REDIRECTS;
        if (steps < REDIRECTS_MAX && !name_check_url(next, &none)) outcome.code = CURLE_UNSUPPORTED_PROTOCOL;
        if (outcome.code != CURLE_OK) return outcome;
        transfer->url = arena_text(transfer->mem, next);
    }
}

/* All of one file. */
static bool is_good(const struct transfer *transfer, struct outcome outcome)
{
    return outcome.code == CURLE_OK &&
           (outcome.status == 200 || (outcome.status == 206 && transfer->placed && !transfer->misplaced &&
                                      transfer->got == transfer->head.range_total));
}

/* What was asked for is not there, or not of the same file. */
static bool cannot_go_on(const struct transfer *transfer, struct outcome outcome)
{
    return transfer->ranged && (transfer->misplaced || outcome.status == 416);
}

/* Connections break, and some give a file in parts; what the sender said on purpose stays so. */
static bool worth_another(const struct transfer *transfer, struct outcome outcome)
{
    static const CURLcode broken[] = { CURLE_PARTIAL_FILE,    CURLE_RECV_ERROR,
                                       CURLE_SEND_ERROR,      CURLE_GOT_NOTHING,
                                       CURLE_HTTP2,           CURLE_HTTP2_STREAM,
                                       CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT };
    if (transfer->barred || transfer->too_large || transfer->disk_errno) return false;
    if (cannot_go_on(transfer, outcome) || outcome.status == 429 || outcome.status >= 500) return true;
    if (outcome.code == CURLE_OK && outcome.status == 206) return true;
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
    if (transfer->disk_errno) return fail_errno(err, transfer->disk_errno, "the file could not be written");
    if (transfer->too_large || outcome.code == CURLE_FILESIZE_EXCEEDED)
        return fail(err, CAUSE_TOO_LARGE, "the file is larger than the %lld MiB taken in",
                    (long long)(transfer->in->max_bytes >> 20));
    if (transfer->barred)
        return fail(err, CAUSE_FORBIDDEN,
                    "the address leads to a machine of a private network, which is not fetched from");
    if (transfer->misplaced)
        return fail(err, CAUSE_BAD_REQUEST, "the sender goes on in another place than it was asked to");
    if (outcome.code == CURLE_OK && outcome.status == 206)
        return fail(err, CAUSE_UNAVAILABLE, "the sender gave a part of the file instead of all of it");
    const bool told = outcome.code == CURLE_OK || outcome.code == CURLE_WRITE_ERROR;
    if (told && outcome.status >= 300) return explain_status(outcome.status, err);
    return explain_code(outcome.code, err);
}

/* ---- the whole ---- */

static int64_t left_s(int64_t until) { return (until - time_mono()) / SECOND; }

static struct outcome try_all(struct transfer *transfer, int64_t *attempts_out)
{
    const int64_t until = time_mono() + transfer->in->wait_s * (int64_t)SECOND;
    int64_t pause = PAUSE_US;
    for (int64_t count = 1;; count++, pause *= 2) {
        const struct outcome outcome = attempt(transfer, left_s(until) > 0 ? left_s(until) : 1);
        *attempts_out = count;
        if (is_good(transfer, outcome) || count == ATTEMPTS_MAX || left_s(until) <= pause / SECOND + 1 ||
            !worth_another(transfer, outcome))
            return outcome;
        if (cannot_go_on(transfer, outcome)) transfer->validator = NULL; /* from the start */
        time_sleep(pause);
    }
}

bool fetch_file(struct job *job, int fd, const struct fetch_in *in, struct fetch_out *out, struct error *err)
{
    struct transfer transfer = { .in = in, .job = job, .fd = fd, .connected = -1, .mem = job->mem };
    struct fetch_out result = { 0 };
    fetching = true;
    if (!name_check_url(in->url, err)) return false;
    if (!(transfer.curl = curl_easy_init()))
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to fetch a file");
    const struct outcome outcome = try_all(&transfer, &result.attempts);
    bool good = is_good(&transfer, outcome) || explain(&transfer, outcome, err);
    if (good && !transfer.placed) { /* an empty file */
        transfer.got = 0;
        good = ftruncate(fd, 0) == 0 || fail_errno(err, errno, "the file could not be written");
    }
    if (good) {
        result.url = name_plain_url(job->mem, transfer.url);
        result.type = transfer.head.type;
        result.filename = name_of_file(job->mem, result.url);
        result.size_bytes = transfer.got;
        *out = result;
    }
    curl_easy_cleanup(transfer.curl);
    return good;
}
