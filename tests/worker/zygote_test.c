#include "cell/zygote.h"

#include "base/text.h"
#include "base/time.h"
#include "task/task.h"
#include "task/wire.h"
#include "test.h"
#include "cell/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIP_INPUT(w, h, seconds)                                                                            \
    "{\"prompt\":\"x\",\"mood_category\":\"\",\"camera_movement\":\"\",\"lighting\":\"\",\"color_grade\":"   \
    "\"\","                                                                                                  \
    "\"width\":" #w ",\"height\":" #h ",\"fps\":30,\"duration_s\":" #seconds "}"

/* A zygote in a process of its own, and its first message. */
struct house {
    pid_t pid;
    int control;
    char ready[512];
};

/* What a task said, with everything in `mem`. */
struct said {
    const struct json *result, *error, *exit;
    int progress;
};

static char *received(int socket, struct arena *mem)
{
    struct wire_packet packet;
    struct error err;
    struct pollfd wait = { .fd = socket, .events = POLLIN };
    if (poll(&wait, 1, 30000) != 1 || !wire_receive(socket, mem, &packet, &err) || !packet.message)
        return NULL;
    return json_print(mem, packet.message);
}

static struct house open_house(void)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = { 0 };
    struct error err;
    int pair[2];
    if (!wire_pair(pair, &err)) abort();
    fflush(NULL);
    house.pid = fork();
    if (house.pid == 0) {
        close(pair[0]);
        _exit(zygote_main(pair[1]));
    }
    close(pair[1]);
    house.control = pair[0];
    const char *const ready = received(house.control, &mem);
    snprintf(house.ready, sizeof house.ready, "%s", ready ? ready : "");
    return house;
}

/* The zygote's exit status after its server is gone. */
static int close_house(struct house *house)
{
    int status = 0;
    close(house->control);
    waitpid(house->pid, &status, 0);
    return status;
}

static int start(const struct house *house, int number, const char *kind, const char *limits)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err;
    int pair[2];
    if (!wire_pair(pair, &err)) abort();
    const char *const order = arena_printf(&mem, "{\"start\":%d,\"kind\":\"%s\"%s}", number, kind, limits);
    if (!wire_send(house->control, order, &pair[1], 1, &err)) abort();
    close(pair[1]);
    return pair[0];
}

static void ask(int socket, const char *kind, const char *input, const char *names, const int *files,
                size_t count)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err;
    const char *const request =
        arena_printf(&mem, "{\"kind\":\"%s\",\"input\":%s,\"files\":%s}", kind, input, names);
    if (!wire_send(socket, request, files, count, &err)) fprintf(stderr, "%s\n", err.text);
}

static struct said listen_to(int socket, struct arena *mem)
{
    struct said said = { 0 };
    for (const char *text; (text = received(socket, mem));) {
        const struct json *message;
        struct error err;
        if (!json_parse(text, strlen(text), mem, &message, NULL, &err)) continue;
        const char *const event = json_get_text(message, "event", "");
        if (text_is(event, "progress")) said.progress++;
        if (text_is(event, "result")) said.result = json_get(message, "output");
        if (text_is(event, "error")) said.error = message;
        if (text_is(event, "exit")) said.exit = message;
    }
    close(socket);
    return said;
}

static struct said run(const struct house *house, const char *kind, const char *input, const char *names,
                       const int *files, size_t count, struct arena *mem)
{
    const int socket = start(house, 1, kind, "");
    ask(socket, kind, input, names, files, count);
    return listen_to(socket, mem);
}

static void order_kill(const struct house *house, int number)
{
    char text[32];
    struct error err;
    snprintf(text, sizeof text, "{\"kill\":%d}", number);
    if (!wire_send(house->control, text, NULL, 0, &err)) fprintf(stderr, "%s\n", err.text);
}

static const char *cause(const struct said *said) { return json_get_text(said->error, "cause", "(none)"); }

/* The newest child of the zygote, 0 when it has none. */
static pid_t child_of(pid_t zygote)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", zygote, zygote);
    AUTO(fd) int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) return 0;
    return atoi(text);
}

static pid_t wait_for_child(pid_t zygote)
{
    for (int turn = 0; turn < 5000 && !child_of(zygote); turn++) time_sleep(MS);
    return child_of(zygote);
}

TEST(it_is_ready_with_its_layers)
{
    struct house house = open_house();
    const int status = close_house(&house);
    CHECK(strstr(house.ready, "\"event\":\"ready\""));
    CHECK(strstr(house.ready, "\"seccomp\":true"));
    CHECK(strstr(house.ready, "\"landlock\":"));
    CHECK_INT(status, 0);
}

TEST(a_clip_is_made_and_verified)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int clip = memfd_create("clip", MFD_CLOEXEC);
    AUTO(fd) int poster = memfd_create("poster", MFD_CLOEXEC);
    const int both[] = { clip, poster };
    const struct said made = run(&house, "mock_clip", CLIP_INPUT(320, 180, 1), "[\"out\"]", &clip, 1, &mem);
    const struct said seen = run(&house, "verify", "{\"duration_s\":1,\"width\":320,\"fps\":30}",
                                 "[\"in\",\"poster\"]", both, 2, &mem);
    const struct said picture =
        run(&house, "image", "{}", "[\"in\",\"thumb\"]", (int[]){ poster, clip }, 2, &mem);
    const struct said probed = run(&house, "probe", "{}", "[\"in\"]", &poster, 1, &mem);
    close_house(&house);
    CHECK_INT(json_get_int(made.result, "frames", 0), 30);
    CHECK_INT(json_get_int(made.exit, "status", -1), 0);
    CHECK_INT(json_get_int(made.exit, "signal", -1), 0);
    CHECK(json_get_int(made.exit, "max_rss_kb", 0) > 1000);
    CHECK_INT(json_get_int(seen.result, "frames", 0), 30);
    CHECK_TEXT(json_get_text(seen.result, "video_codec", ""), "h264");
    CHECK_INT(json_get_int(picture.result, "width", 0), 320);
    CHECK_TEXT(json_get_text(probed.result, "mime_type", ""), "image/jpeg");
}

TEST(a_shot_is_rendered_with_progress)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int shot = memfd_create("shot", MFD_CLOEXEC);
    static const char input[] =
        "{\"prompt\":\"a lighthouse in a storm\",\"mood_category\":\"intimate_story\","
        "\"camera_movement\":\"static_focus\",\"lighting\":\"\",\"color_grade\":\"\","
        "\"width\":160,\"height\":90,\"fps\":24,\"duration_s\":1}";
    const struct said made = run(&house, "render", input, "[\"out\"]", &shot, 1, &mem);
    const struct said seen =
        run(&house, "verify", "{\"duration_s\":1,\"width\":160,\"height\":90,\"fps\":24}", "[\"in\"]", &shot,
            1, &mem);
    close_house(&house);
    CHECK_MSG(made.result, "%s", json_get_text(made.error, "text", "no result"));
    CHECK(made.progress > 0);
    CHECK_INT(json_get_int(made.result, "frames", 0), 24);
    CHECK_MSG(seen.result, "%s", json_get_text(seen.error, "text", "no result"));
}

TEST(bad_orders_and_bad_files_are_answered)
{
    static const struct {
        const char *kind, *input, *names, *cause;
    } rows[] = {
        { "no_such_task", "{}", "[\"in\"]", "invalid" },
        { "verify", "{}", "[\"in\"]", "bad_media" },
        { "image", "{}", "[\"in\"]", "bad_media" },
        { "probe", "{}", "[\"in\"]", "bad_media" },
        { "verify", "{}", "[\"other\"]", "invalid" },
        { "verify", "{}", "[]", "invalid" },
        { "verify", "{}", "[\"in\",\"poster\"]", "invalid" },
        { "verify", "{\"width\":\"wide\"}", "[\"in\"]", "invalid" },
        { "verify", "17", "[\"in\"]", "invalid" },
        { "mock_clip", "{}", "[\"out\"]", "invalid" },
        { "mock_clip", CLIP_INPUT(321, 180, 1), "[\"out\"]", "invalid" },
        { "mock_clip", CLIP_INPUT(320, 180, 0), "[\"out\"]", "invalid" },
    };
    struct house house = open_house();
    AUTO(fd) int noise = memfd_create("noise", MFD_CLOEXEC);
    const bool written = write(noise, "this is no media file", 21) == 21;
    const char *wrong = NULL;
    for (size_t i = 0; !wrong && i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const struct said said = run(&house, rows[i].kind, rows[i].input, rows[i].names, &noise, 1, &mem);
        if (!text_is(cause(&said), rows[i].cause) || !said.exit || said.result) wrong = rows[i].input;
        if (wrong) fprintf(stderr, "%s %s: got %s\n", rows[i].kind, wrong, cause(&said));
    }
    close_house(&house);
    CHECK(written);
    CHECK(!wrong);
}

TEST(two_at_once_and_one_killed)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int one = memfd_create("one", MFD_CLOEXEC);
    AUTO(fd) int two = memfd_create("two", MFD_CLOEXEC);
    const int long_one = start(&house, 7, "mock_clip", ""), short_one = start(&house, 8, "mock_clip", "");
    ask(long_one, "mock_clip", CLIP_INPUT(1920, 1080, 60), "[\"out\"]", &one, 1);
    ask(short_one, "mock_clip", CLIP_INPUT(320, 180, 1), "[\"out\"]", &two, 1);
    const struct said finished = listen_to(short_one, &mem);
    const int64_t ordered_us = time_mono();
    order_kill(&house, 7);
    order_kill(&house, 99);
    const struct said killed = listen_to(long_one, &mem);
    const int64_t took_us = time_mono() - ordered_us;
    const struct said after = run(&house, "mock_clip", CLIP_INPUT(320, 180, 1), "[\"out\"]", &two, 1, &mem);
    close_house(&house);
    CHECK_INT(json_get_int(finished.result, "frames", 0), 30);
    CHECK(!killed.result && !killed.error);
    CHECK_INT(json_get_int(killed.exit, "signal", 0), SIGKILL);
    CHECK(took_us < SECOND);
    CHECK(after.result);
}

TEST(a_crash_costs_one_task)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int one = memfd_create("one", MFD_CLOEXEC);
    const int socket = start(&house, 1, "mock_clip", "");
    ask(socket, "mock_clip", CLIP_INPUT(1920, 1080, 60), "[\"out\"]", &one, 1);
    const pid_t child = wait_for_child(house.pid);
    const bool hit = child > 0 && kill(child, SIGABRT) == 0;
    const struct said said = listen_to(socket, &mem);
    AUTO(fd) int two = memfd_create("two", MFD_CLOEXEC);
    const struct said after = run(&house, "mock_clip", CLIP_INPUT(320, 180, 1), "[\"out\"]", &two, 1, &mem);
    close_house(&house);
    CHECK(hit);
    CHECK(!said.result);
    CHECK_INT(json_get_int(said.exit, "signal", 0), SIGABRT);
    CHECK(after.result);
}

TEST(processor_time_is_limited_by_order)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int out = memfd_create("out", MFD_CLOEXEC);
    const int socket = start(&house, 1, "mock_clip", ",\"cpu_s\":1");
    ask(socket, "mock_clip", CLIP_INPUT(1920, 1080, 60), "[\"out\"]", &out, 1);
    const struct said said = listen_to(socket, &mem);
    close_house(&house);
    CHECK_INT(json_get_int(said.exit, "signal", 0), SIGXCPU);
    CHECK(json_get_int(said.exit, "cpu_ms", 0) >= 900);
}

TEST(a_file_cannot_grow_beyond_its_limit)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int out = memfd_create("out", MFD_CLOEXEC);
    const int socket = start(&house, 1, "mock_clip", ",\"file_mb\":1");
    ask(socket, "mock_clip", CLIP_INPUT(640, 360, 60), "[\"out\"]", &out, 1);
    const struct said said = listen_to(socket, &mem);
    struct stat info;
    const bool known = fstat(out, &info) == 0;
    close_house(&house);
    CHECK(known && info.st_size <= 1 << 20);
    CHECK(said.result || text_is(cause(&said), "no_space"));
}

TEST(no_child_survives_the_server)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int out = memfd_create("out", MFD_CLOEXEC);
    const int socket = start(&house, 1, "mock_clip", "");
    ask(socket, "mock_clip", CLIP_INPUT(1920, 1080, 60), "[\"out\"]", &out, 1);
    const pid_t child = wait_for_child(house.pid);
    const int status = close_house(&house);
    const bool gone = child > 0 && kill(child, 0) < 0 && errno == ESRCH;
    listen_to(socket, &mem); /* ends, because nobody holds the other end */
    CHECK_INT(status, 0);
    CHECK(gone);
}

TEST(no_child_survives_the_zygote)
{
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int out = memfd_create("out", MFD_CLOEXEC);
    const int socket = start(&house, 1, "mock_clip", "");
    ask(socket, "mock_clip", CLIP_INPUT(1920, 1080, 60), "[\"out\"]", &out, 1);
    const bool started = wait_for_child(house.pid) > 0;
    kill(house.pid, SIGKILL);
    close_house(&house);
    const struct said said = listen_to(socket, &mem);
    CHECK(started);
    CHECK(!said.exit && !said.result);
}

TEST(a_child_without_a_request_ends)
{
    struct house house = open_house();
    close(start(&house, 1, "mock_clip", ""));
    wait_for_child(house.pid);
    int turns = 0;
    while (child_of(house.pid) && turns++ < 2000) time_sleep(MS);
    close_house(&house);
    CHECK(turns < 2000);
}

static const int unasked[20]; /* descriptor 0, again and again */

static bool send_bytes(int socket, const char *bytes, size_t size, size_t files)
{
    union {
        char bytes[CMSG_SPACE(sizeof unasked)];
        struct cmsghdr head;
    } control = { .head = { CMSG_LEN(sizeof(int) * files), SOL_SOCKET, SCM_RIGHTS } };
    memcpy(CMSG_DATA(&control.head), unasked, sizeof(int) * files);
    struct iovec part = { (void *)(uintptr_t)bytes, size };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    if (files) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * files);
    }
    return sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)size;
}

#define TEXT_OF(literal) literal, sizeof literal - 1

TEST(nonsense_on_its_channel_is_passed_over)
{
    static char long_one[WIRE_MESSAGE_MAX + 1];
    memset(long_one, '[', sizeof long_one);
    static const struct {
        const char *bytes;
        size_t size, files;
    } rows[] = {
        { TEXT_OF(""), 0 },
        { TEXT_OF(""), 3 },
        { TEXT_OF("\xff\x00"), 8 },
        { TEXT_OF("{"), 20 },
        { TEXT_OF("{}"), 20 },
        { TEXT_OF("{}"), 8 },
        { TEXT_OF("17"), 1 },
        { TEXT_OF("[[1]]"), 0 },
        { TEXT_OF("{\"start\":\"x\",\"kind\":7}"), 1 },
        { TEXT_OF("{\"start\":1,\"kind\":\"probe\"}"), 0 },
        { TEXT_OF("{\"start\":1,\"kind\":\"probe\",\"memory_mb\":9223372036854775807}"), 1 },
        { TEXT_OF("{\"kill\":{}}"), 0 },
        { long_one, 40000, 0 },
        { long_one, sizeof long_one, 0 },
    };
    AUTO(arena) struct arena mem = { 0 };
    struct house house = open_house();
    AUTO(fd) int out = memfd_create("out", MFD_CLOEXEC);
    bool sent = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        sent &= send_bytes(house.control, rows[i].bytes, rows[i].size, rows[i].files);
    const struct said after = run(&house, "mock_clip", CLIP_INPUT(320, 180, 1), "[\"out\"]", &out, 1, &mem);
    CHECK_INT(close_house(&house), 0);
    CHECK(sent);
    CHECK(after.result);
}

TEST(limits_out_of_range_are_refused)
{
    static const char *const rows[] = { ",\"memory_mb\":0", ",\"cpu_s\":-1", ",\"file_mb\":2147483648",
                                        ",\"memory_mb\":9223372036854775807" };
    struct house house = open_house();
    const char *wrong = NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena) struct arena mem = { 0 };
        const struct said said = listen_to(start(&house, 1, "probe", rows[i]), &mem);
        if (!text_is(cause(&said), "invalid") || !said.exit) wrong = rows[i];
    }
    close_house(&house);
    CHECK_MSG(!wrong, "not refused: %s", wrong);
}

TEST(nonsense_from_a_task_by_hand_ends_it)
{
    const char *const attacks[] = { "garbage", "emptiness", "huge_answer" };
    for (size_t i = 0; i < COUNT_OF(attacks); i++) {
        AUTO(arena) struct arena mem = { 0 };
        int status = 0;
        fflush(NULL);
        const pid_t pid = fork();
        if (pid == 0) {
            char kind[] = "attack";
            char *const input = arena_printf(&mem,
                                             "{\"attack\":\"%s\",\"server_pid\":1,\"worker_pid\":1,"
                                             "\"secret\":\"\",\"port\":1}",
                                             attacks[i]);
            dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
            _exit(hand_main(2, (char *[]){ kind, input, NULL }));
        }
        waitpid(pid, &status, 0);
        CHECK_MSG(WIFEXITED(status) && WEXITSTATUS(status) == cause_exit_code(CAUSE_CRASHED), "%s: status %d",
                  attacks[i], status);
    }
}

TEST(a_task_runs_by_hand)
{
    char path[] = "/tmp/umam-hand-XXXXXX", argument[64], output[2048] = "";
    AUTO(fd) int clip = mkstemp(path);
    AUTO(fd) int printed = memfd_create("printed", MFD_CLOEXEC);
    int status = 0;
    snprintf(argument, sizeof argument, "out=%s", path);
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        char kind[] = "mock_clip", input[] = CLIP_INPUT(160, 90, 1);
        dup2(printed, STDOUT_FILENO);
        const int done = hand_main(3, (char *[]){ kind, input, argument, NULL });
        fflush(stdout);
        _exit(done);
    }
    waitpid(pid, &status, 0);
    const bool read_back = pread(printed, output, sizeof output - 1, 0) > 0;
    unlink(path);
    CHECK(read_back);
    CHECK_INT(status, 0);
    CHECK(strstr(output, "\"frames\":30"));
    CHECK(strstr(output, "\"event\":\"exit\""));
}

TEST_MAIN
