/* Stands in for umam-media where a test is about what the server does with the outcome: speaks the zygote's
 * protocol, makes a small file at once, and for the task "render" does nothing until it is killed. */
#include "base/json.h"
#include "base/text.h"
#include "task/wire.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL = 3, TASKS_MAX = 16 };

static struct task {
    int64_t number;
    int socket;
    bool endless; /* its request came, and it does nothing */
} tasks[TASKS_MAX];
static nfds_t task_count;

static bool say(int socket, const char *json)
{
    struct error ignored;
    return wire_send(socket, json, NULL, 0, &ignored);
}

static void end(nfds_t at, int signal)
{
    char text[128];
    snprintf(text, sizeof text,
             "{\"event\":\"exit\",\"status\":0,\"signal\":%d,\"cpu_ms\":1,\"max_rss_kb\":1}", signal);
    say(tasks[at].socket, text);
    close(tasks[at].socket);
    tasks[at] = tasks[--task_count];
}

static const char *result_of(const char *kind)
{
    if (text_is(kind, "mock_clip")) return "{\"frames\":24,\"render_s\":0.1}";
    if (text_is(kind, "ingest"))
        return "{\"kind\":\"image\",\"mime_type\":\"image/png\",\"extension\":\"png\",\"format\":\"png\","
               "\"file_size\":3000}";
    return "{\"format\":\"mp4\",\"mime_type\":\"video/"
           "mp4\",\"file_size\":10000,\"duration_s\":1,\"width\":960,"
           "\"height\":540,\"fps\":24,\"video_codec\":\"h264\",\"bit_rate\":80000,\"frames\":24,\"mean_"
           "luma\":90}";
}

/* What a task writes: the clip 10000 bytes that differ from task to task, the poster fewer. */
static void fill(const struct wire_packet *packet, int64_t number)
{
    const struct json *const names = json_get(packet->message, "files");
    char bytes[10000];
    memset(bytes, (int)('a' + number % 26), sizeof bytes);
    for (size_t i = 0; i < packet->file_count && names && i < names->count; i++) {
        const bool clip = text_is(names->items[i].text, "out"),
                   poster = text_is(names->items[i].text, "poster");
        const size_t size = clip ? sizeof bytes : poster ? 2000 : 0;
        if (size && write(packet->files[i], bytes, size) != (ssize_t)size) _exit(1);
    }
}

/* The request has come, or nobody wants it any more. */
static void work(nfds_t at)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error ignored;
    if (!wire_receive(tasks[at].socket, &mem, &packet, &ignored) || !packet.message) {
        end(at, 0);
        return;
    }
    const char *const kind = json_get_text(packet.message, "kind", "");
    fill(&packet, tasks[at].number);
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    tasks[at].endless = text_is(kind, "render");
    if (tasks[at].endless) return;
    say(tasks[at].socket, arena_printf(&mem, "{\"event\":\"result\",\"output\":%s}", result_of(kind)));
    end(at, 0);
}

/* False when the server is gone. */
static bool obey(void)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error ignored;
    if (!wire_receive(CONTROL, &mem, &packet, &ignored) || !packet.message) return false;
    const int64_t kill = json_get_int(packet.message, "kill", 0);
    for (nfds_t i = task_count; i-- > 0;)
        if (tasks[i].number == kill) end(i, 9);
    if (packet.file_count == 1 && task_count < TASKS_MAX)
        tasks[task_count++] =
            (struct task){ json_get_int(packet.message, "start", 0), packet.files[0], false };
    return true;
}

int main(void)
{
    struct pollfd wait[1 + TASKS_MAX] = { { .fd = CONTROL, .events = POLLIN } };
    if (!say(CONTROL, "{\"event\":\"ready\",\"layers\":{\"landlock\":3,\"seccomp\":true,\"rlimits\":true,"
                      "\"no_new_privs\":true}}"))
        return 0;
    for (;;) {
        const nfds_t count = task_count;
        for (nfds_t i = 0; i < count; i++)
            wait[1 + i] = (struct pollfd){ .fd = tasks[i].endless ? -1 : tasks[i].socket, .events = POLLIN };
        if (poll(wait, 1 + count, -1) < 0) return 1;
        for (nfds_t i = count; i-- > 0;)
            if (wait[1 + i].revents) work(i);
        if (wait[0].revents && !obey()) return 0;
    }
}
