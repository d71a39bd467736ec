/* The attacks of `umam doctor --sandbox`, without a sandbox: one that fails here would prove nothing there.
 * In a sandbox they are tried by tests/api/doctor.py. */
#include "cell/attack.h"

#include "base/text.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process to attack, a file to touch, and what a child gets. */
struct field_day {
    pid_t victim;
    char folder[40], secret[64];
    int input, output, channel[2];
};

static struct field_day begin(void)
{
    struct field_day day = { .folder = "/tmp/umam-attack-XXXXXX" };
    struct error err;
    if (!mkdtemp(day.folder) || !wire_pair(day.channel, &err)) abort();
    snprintf(day.secret, sizeof day.secret, "%s/secret", day.folder);
    close(open(day.secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const int writable = memfd_create("input", MFD_CLOEXEC);
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", writable);
    day.input = open(self, O_RDONLY | O_CLOEXEC);
    close(writable);
    day.output = memfd_create("output", MFD_CLOEXEC);
    day.victim = fork();
    if (day.victim == 0)
        for (;;) pause();
    return day;
}

static void end(struct field_day *day)
{
    char second[80];
    kill(day->victim, SIGKILL);
    waitpid(day->victim, NULL, 0);
    snprintf(second, sizeof second, "%s.second", day->secret);
    unlink(second);
    unlink(day->secret);
    rmdir(day->folder);
    close(day->input);
    close(day->output);
    close(day->channel[0]);
    close(day->channel[1]);
}

/* 0: it got through; else the error number, or -1 for another end. */
static int attempt(const struct field_day *day, int which)
{
    int status = 0;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        const struct attack_in in = { .attack = attack_rows[which].name,
                                      .server_pid = day->victim,
                                      .worker_pid = day->victim,
                                      .secret = day->secret,
                                      .port = 1 };
        struct job job = { .socket = day->channel[1],
                           .names = { "in", "out" },
                           .files = { day->input, day->output },
                           .file_count = 2 };
        struct attack attack = { .in = &in, .job = &job };
        if (chdir(day->folder) != 0) _exit(255);
        _exit(attack_runs[which](&attack) ? 0 : errno);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

static bool status_has(const char *line)
{
    char text[8192] = "";
    AUTO(fd) int status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    return status >= 0 && read(status, text, sizeof text - 1) > 0 && strstr(text, line);
}

/* What the surroundings of this test (a container, another user) forbid by themselves. */
static bool is_forbidden_here(int why, enum attack_alone alone)
{
    const bool filtered = !status_has("Seccomp:\t0"), root = status_has("CapEff:\t000001ff");
    return (why == EPERM || why == EACCES || why == ENOSYS) &&
           (filtered || (alone == ATTACK_BY_ROOT && !root));
}

TEST(without_a_sandbox_they_get_through)
{
    int tried = 0, through = 0;
    for (int i = 0; i < ATTACK_COUNT; i++) {
        if (attack_rows[i].alone == ATTACK_BY_NOBODY) continue;
        struct field_day day = begin();
        const int why = attempt(&day, i);
        end(&day);
        tried++;
        through += why == 0;
        CHECK_MSG(why == 0 || is_forbidden_here(why, attack_rows[i].alone), "%s fails by itself: %s",
                  attack_rows[i].name, why > 0 ? strerror(why) : "it crashed");
    }
    CHECK_MSG(through > tried / 2, "only %d of %d got through", through, tried);
}

TEST(names_are_unique)
{
    for (int i = 0; i < ATTACK_COUNT; i++) CHECK_INT(text_find(attack_names, attack_rows[i].name), i);
}

int main(int argc, char **argv) { return run_tests(argc, argv); }
