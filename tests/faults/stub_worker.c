/* Stands in for umam-media where a test is about what the server does with the outcome: speaks the zygote's
 * protocol, makes a small file at once, and for the task "render" does nothing until it is killed. */
#include "base/json.h"
#include "base/text.h"
#include "task/wire.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTROL = 3, WAITING_MAX = 16 };

static struct waiting {
    int64_t number;
    int socket;
} waiting[WAITING_MAX];
static size_t waiting_count;

static bool say(int socket, const char *json)
{
    struct error ignored;
    return wire_send(socket, json, NULL, 0, &ignored);
}

static bool end(int socket, int signal)
{
    char text[128];
    snprintf(text, sizeof text, "{\"event\":\"exit\",\"status\":0,\"signal\":%d,\"cpu_ms\":1,\"max_rss_kb\":1}", signal);
    const bool said = say(socket, text);
    close(socket);
    return said;
}

static const char *result_of(const char *kind)
{
    if (text_is(kind, "mock_clip")) return "{\"frames\":24,\"render_s\":0.1}";
    return "{\"format\":\"mp4\",\"mime_type\":\"video/mp4\",\"file_size\":10000,\"duration_s\":1,\"width\":960,"
           "\"height\":540,\"fps\":24,\"video_codec\":\"h264\",\"bit_rate\":80000,\"frames\":24,\"mean_luma\":90}";
}

/* What a task writes: the clip 10000 bytes that differ from task to task, the poster fewer. */
static void fill(const struct wire_packet *packet, int64_t number)
{
    const struct json *const names = json_get(packet->message, "files");
    char bytes[10000];
    memset(bytes, (int)('a' + number % 26), sizeof bytes);
    for (size_t i = 0; i < packet->file_count && names && i < names->count; i++) {
        const bool clip = text_is(names->items[i].text, "out"), poster = text_is(names->items[i].text, "poster");
        const size_t size = clip ? sizeof bytes : poster ? 2000 : 0;
        if (size && write(packet->files[i], bytes, size) != (ssize_t)size) _exit(1);
    }
}

static void work(int64_t number, int socket)
{
    AUTO(arena) struct arena mem = { 0 };
    struct wire_packet packet;
    struct error ignored;
    if (!wire_receive(socket, &mem, &packet, &ignored) || !packet.message) {
        close(socket);
        return;
    }
    const char *const kind = json_get_text(packet.message, "kind", "");
    fill(&packet, number);
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    if (text_is(kind, "render") && waiting_count < WAITING_MAX) {
        waiting[waiting_count++] = (struct waiting){ number, socket };
        return;
    }
    say(socket, arena_printf(&mem, "{\"event\":\"result\",\"output\":%s}", result_of(kind)));
    end(socket, 0);
}

static void stop(int64_t number)
{
    for (size_t i = 0; i < waiting_count; i++)
        if (waiting[i].number == number) {
            end(waiting[i].socket, 9);
            waiting[i] = waiting[--waiting_count];
        }
}

int main(void)
{
    if (!say(CONTROL, "{\"event\":\"ready\",\"layers\":{\"landlock\":3,\"seccomp\":true,\"rlimits\":true,"
                      "\"no_new_privs\":true}}"))
        return 0;
    for (;;) {
        AUTO(arena) struct arena mem = { 0 };
        struct wire_packet packet;
        struct error ignored;
        if (!wire_receive(CONTROL, &mem, &packet, &ignored) || !packet.message) return 0;
        if (json_get(packet.message, "kill"))
            stop(json_get_int(packet.message, "kill", 0));
        else if (packet.file_count == 1)
            work(json_get_int(packet.message, "start", 0), packet.files[0]);
    }
}
