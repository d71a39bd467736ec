/* The server's end of the worker, against the real program given as the first argument. */
#include "base/text.h"
#include "base/time.h"
#include "test.h"
#include "work/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *program;
static struct error err;

static void worker_cleanup(struct worker **worker) { worker_close(*worker); }

static const struct render_in clip = { .prompt = "a fox",
                                       .mood_category = "luxury_reveal",
                                       .camera_movement = "dolly_slow",
                                       .lighting = "golden_hour",
                                       .color_grade = "cinematic",
                                       .width = 320,
                                       .height = 180,
                                       .fps = 24,
                                       .seed = 1,
                                       .duration_s = 1 };

static int empty_file(void) { return memfd_create("out", MFD_CLOEXEC); }

static bool make_clip(struct worker *worker, enum task_kind kind, const struct render_in *in, int out,
                      int cancel)
{
    AUTO(arena) struct arena mem = { 0 };
    const struct worker_file files[] = { { "out", out } };
    const struct worker_call call = {
        .kind = kind, .in = in, .files = files, .file_count = 1, .cancel_fd = cancel
    };
    struct render_out made;
    return worker_run(worker, &call, &mem, &made, &err) &&
           made.frames == (int64_t)(in->duration_s * (double)in->fps);
}

TEST(a_clip_is_made_and_checked_through_descriptors)
{
    AUTO(arena) struct arena mem = { 0 };
    AUTO(worker) struct worker *worker = NULL;
    AUTO(fd) int out = empty_file();
    AUTO(fd) int poster = empty_file();
    CHECK_OK(worker_open(program, &worker, &err));
    struct worker_layers layers;
    CHECK_OK(worker_ready(worker, &layers, &err));
    CHECK(worker_alive(worker) && layers.known && layers.no_new_privs);
    CHECK_OK(make_clip(worker, TASK_RENDER, &clip, out, -1));
    const struct verify_in expected = { .duration_s = 1, .width = 320, .height = 180, .fps = 24 };
    const struct worker_file files[] = { { "in", out }, { "poster", poster } };
    const struct worker_call call = {
        .kind = TASK_VERIFY, .in = &expected, .files = files, .file_count = 2, .cancel_fd = -1
    };
    struct media_facts facts;
    CHECK_OK(worker_run(worker, &call, &mem, &facts, &err));
    CHECK_INT(facts.frames, 24);
    CHECK_TEXT(facts.video_codec, "h264");
    CHECK(lseek(poster, 0, SEEK_END) > 500);
}

TEST(the_child_s_own_error_comes_back_whole)
{
    AUTO(worker) struct worker *worker = NULL;
    AUTO(fd) int out = empty_file();
    struct render_in odd = clip;
    odd.camera_movement = "sideways";
    CHECK_OK(worker_open(program, &worker, &err));
    CHECK(!make_clip(worker, TASK_RENDER, &odd, out, -1));
    CHECK_INT(err.cause, CAUSE_INVALID);
    CHECK(strstr(err.text, "sideways"));
}

TEST(a_running_task_is_cancelled_at_once)
{
    AUTO(worker) struct worker *worker = NULL;
    AUTO(fd) int out = empty_file();
    AUTO(fd) int cancel = eventfd(1, EFD_CLOEXEC);
    struct render_in slow = clip;
    slow.duration_s = 60;
    slow.width = 1920;
    slow.height = 1080;
    CHECK_OK(worker_open(program, &worker, &err));
    const int64_t began = time_mono();
    CHECK(!make_clip(worker, TASK_RENDER, &slow, out, cancel));
    CHECK_INT(err.cause, CAUSE_CANCELLED);
    CHECK(time_mono() - began < SECOND);
}

/* As many long tasks as may run at once, all stopped by one descriptor. */
struct crowd {
    struct worker *worker;
    int cancel;
    atomic_int running; /* that have told their progress */
    pthread_t threads[8];
};

static void note_running(void *with, double progress, const char *stage, double eta_s)
{
    (void)progress, (void)stage, (void)eta_s;
    _Thread_local static bool told;
    if (!told) ((struct crowd *)with)->running++;
    told = true;
}

static void *crowd_main(void *with)
{
    struct crowd *const crowd = with;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int out = empty_file();
    struct render_in slow = clip;
    slow.duration_s = 60;
    const struct worker_file files[] = { { "out", out } };
    const struct worker_call call = { .kind = TASK_RENDER,
                                      .in = &slow,
                                      .files = files,
                                      .file_count = 1,
                                      .cancel_fd = crowd->cancel,
                                      .progress = note_running,
                                      .with = crowd };
    struct render_out made;
    struct error why;
    return worker_run(crowd->worker, &call, &mem, &made, &why) ? NULL : with;
}

TEST(who_waits_for_its_turn_is_cancelled_at_once)
{
    AUTO(worker) struct worker *worker = NULL;
    AUTO(fd) int out = empty_file();
    AUTO(fd) int cancel = eventfd(1, EFD_CLOEXEC);
    AUTO(fd) int end = eventfd(0, EFD_CLOEXEC);
    CHECK_OK(worker_open(program, &worker, &err));
    struct crowd crowd = { .worker = worker, .cancel = end };
    for (int i = 0; i < 8; i++) CHECK(pthread_create(&crowd.threads[i], NULL, crowd_main, &crowd) == 0);
    for (int i = 0; i < 2000 && crowd.running < 8; i++) time_sleep(10 * MS);
    const int running = crowd.running;
    const int64_t began = time_mono();
    const bool made = make_clip(worker, TASK_RENDER, &clip, out, cancel);
    const int64_t took = time_mono() - began;
    CHECK(write(end, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0);
    void *unfinished[8];
    for (int i = 0; i < 8; i++) CHECK(pthread_join(crowd.threads[i], &unfinished[i]) == 0);
    for (int i = 0; i < 8; i++) CHECK_MSG(unfinished[i], "task %d ended before its time", i);
    CHECK_INT(running, 8);
    CHECK(!made && err.cause == CAUSE_CANCELLED);
    CHECK_MSG(took < SECOND, "%lld us", (long long)took);
}

/* The zygote is the only child of this process. */
static pid_t zygote(void)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *const file = fopen(path, "r");
    if (!file) return -1;
    if (!fgets(line, sizeof line, file)) line[0] = '\0';
    fclose(file);
    return (pid_t)atoi(line);
}

TEST(a_killed_zygote_is_started_again)
{
    AUTO(worker) struct worker *worker = NULL;
    AUTO(fd) int out = empty_file();
    CHECK_OK(worker_open(program, &worker, &err));
    const pid_t first = zygote();
    CHECK(first > 0 && kill(first, SIGKILL) == 0);
    for (int i = 0; i < 200 && worker_alive(worker); i++) time_sleep(10 * MS);
    CHECK(!worker_alive(worker));
    CHECK_OK(make_clip(worker, TASK_MOCK_CLIP, &clip, out, -1));
    CHECK(zygote() != first);
}

static void kill_zygote(void *with, double progress, const char *stage, double eta_s)
{
    (void)progress, (void)stage, (void)eta_s;
    kill(worker_pid(with), SIGKILL);
}

TEST(a_task_taken_along_by_its_zygote_is_not_to_blame)
{
    AUTO(worker) struct worker *worker = NULL;
    AUTO(arena) struct arena mem = { 0 };
    AUTO(fd) int out = empty_file();
    CHECK_OK(worker_open(program, &worker, &err));
    struct render_in slow = clip;
    slow.duration_s = 60;
    const struct worker_file files[] = { { "out", out } };
    const struct worker_call call = { .kind = TASK_RENDER,
                                      .in = &slow,
                                      .files = files,
                                      .file_count = 1,
                                      .cancel_fd = -1,
                                      .progress = kill_zygote,
                                      .with = worker };
    struct render_out made;
    CHECK(!worker_run(worker, &call, &mem, &made, &err));
    CHECK_MSG(err.cause == CAUSE_ABANDONED, "%s", err.text);
    CHECK_OK(make_clip(worker, TASK_MOCK_CLIP, &clip, out, -1));
}

TEST(a_missing_program_is_a_clear_error)
{
    struct worker *worker = NULL;
    CHECK(!worker_open("/nowhere/umam-media", &worker, &err));
    CHECK(strstr(err.text, "/nowhere/umam-media"));
    struct worker_layers layers;
    CHECK_OK(worker_open("/bin/true", &worker, &err));
    const int64_t began = time_mono();
    for (int i = 0; i < 2; i++) { /* the second finds it dropped by the first */
        CHECK(!worker_ready(worker, &layers, &err));
        CHECK_INT(err.cause, CAUSE_UNAVAILABLE);
    }
    CHECK(time_mono() - began < 10 * SECOND);
    worker_close(worker);
}

int main(int argc, char **argv)
{
    program = argc > 1 ? argv[1] : NULL;
    return run_tests(argc - 1, argv + 1);
}
