#include "net/porter.h"

#include "base/time.h"
#include "net/confine.h"
#include "net/fetch.h"
#include "task/wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { TELL_US = SECOND / 4 };

static const int64_t GET_MAX_BYTES = (int64_t)1 << 40;

/* ---- in a child ---- */

struct teller {
    int socket;
    int64_t told_at;
};

static void say(int socket, struct buf *text)
{
    struct error ignored;
    if (!text->full && !wire_send(socket, buf_str(text), NULL, 0, &ignored))
        return; /* nobody listens: told() sees it */
}

/* False once the server has closed its end. */
static bool tell(void *with, int64_t bytes, int64_t total)
{
    struct teller *const teller = with;
    const int64_t now = time_mono();
    if (now - teller->told_at < TELL_US) return true;
    teller->told_at = now;
    struct pollfd state = { .fd = teller->socket };
    if (poll(&state, 1, 0) > 0) return false;
    AUTO(buf) struct buf text = BUF(256);
    buf_printf(&text, "{\"event\":\"progress\",\"bytes\":%lld,\"total\":%lld}", (long long)bytes,
               (long long)total);
    say(teller->socket, &text);
    return true;
}

static void say_end(int socket, const struct fetch_out *done, const struct error *err)
{
    AUTO(buf) struct buf text = BUF(WIRE_MESSAGE_MAX);
    struct json_out out = { .buf = &text };
    json_put_open(&out, '{');
    json_put_pair(&out, "event", done ? "result" : "error");
    if (done) {
        json_put_key(&out, "output");
        shape_write(&fetch_out_shape, done, &out);
    } else {
        json_put_pair(&out, "cause", cause_code(err->cause));
        json_put_pair(&out, "text", err->text);
    }
    json_put_close(&out, '}');
    say(socket, &text);
}

static void serve_order(int socket)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct fetch_in in;
    struct fetch_out out;
    struct error err;
    struct teller teller = { .socket = socket };
    if (!wire_receive(socket, &mem, &packet, &err) || !packet.message || packet.file_count != 1) return;
    const bool good = shape_take(&fetch_in_shape, json_get(packet.message, "fetch"), &mem, &in, &err) &&
                      fetch_file(&in, packet.files[0], tell, &teller, &mem, &out, &err);
    say_end(socket, good ? &out : NULL, &err);
}

/* ---- the parent ---- */

static bool obey(int control)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error err;
    if (!wire_receive(control, &mem, &packet, &err)) return err.cause == CAUSE_INVALID;
    if (!packet.message) return false;
    const pid_t pid = packet.file_count == 1 ? fork() : -1; /* without a child the closed socket says it */
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(control);
        serve_order(packet.files[0]);
        _exit(EXIT_SUCCESS);
    }
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    return true;
}

static bool prepare(struct error *err)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* children are not waited for */
    signal(SIGXFSZ, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, CAUSE_UNAVAILABLE, "there is no memory to start umam-net");
    return confine_enter(err);
}

static bool report(const struct error *err)
{
    fprintf(stderr, "umam-net: %s\n", err->text);
    return false;
}

int porter_main(int control)
{
    struct error err;
    if (!prepare(&err)) return report(&err) ? EXIT_SUCCESS : EXIT_FAILURE;
    while (obey(control)) continue;
    return EXIT_SUCCESS;
}

static bool show(void *with, int64_t bytes, int64_t total)
{
    (void)with;
    if (isatty(STDERR_FILENO)) fprintf(stderr, "\r%lld of %lld bytes ", (long long)bytes, (long long)total);
    return true;
}

int porter_get(const char *url, const char *path, struct texts allowed)
{
    AUTO(arena) struct arena mem = { 0 };
    struct fetch_in in = { .url = url, .max_bytes = GET_MAX_BYTES, .wait_s = 86400, .allowed = allowed };
    struct fetch_out out;
    struct error err;
    AUTO(fd) int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    if (fd < 0) fail_errno(&err, errno, "'%s' cannot be written", path);
    if (fd < 0 || !prepare(&err) || !fetch_file(&in, fd, show, NULL, &mem, &out, &err))
        return report(&err) ? EXIT_SUCCESS : cause_exit_code(err.cause);
    printf("%lld bytes of %s, called '%s', in %lld connections\n", (long long)out.size_bytes, out.url,
           out.filename, (long long)out.attempts);
    return EXIT_SUCCESS;
}
