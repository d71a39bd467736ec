/* Uploads in pieces on disk: which bytes count after whatever ended the server. */
#include "library/arrival.h"

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "library/library.h"
#include "test.h"

#include <string.h>
#include <unistd.h>

static struct error err;
static const struct actor mira = { .subject = "mira" }, other = { .subject = "other" };

struct desk {
    char folder[64];
    struct arrivals arrivals;
    struct arena mem;
};

static bool open_again(struct desk *desk)
{
    arrivals_close(&desk->arrivals);
    return arrivals_open(desk->folder, 3600 * (int64_t)SECOND, &desk->arrivals, &err);
}

static bool desk_open(struct desk *desk)
{
    snprintf(desk->folder, sizeof desk->folder, "/tmp/umam-arrival-XXXXXX");
    desk->arrivals.folder = -1;
    return mkdtemp(desk->folder) && open_again(desk);
}

static void desk_cleanup(struct desk *desk)
{
    char command[96];
    arrivals_close(&desk->arrivals);
    arena_clear(&desk->mem);
    snprintf(command, sizeof command, "rm -rf %s", desk->folder);
    if (system(command) != 0) fprintf(stderr, "%s stays behind\n", desk->folder);
}

static bool begin(struct desk *desk, struct arrival *out)
{
    *out = (struct arrival){ .owner_id = "mira", .length_bytes = 1000 };
    return arrival_begin(&desk->arrivals, &desk->mem, out, &err);
}

/* 100 bytes that are acknowledged, and 50 that came behind them. */
static bool leave_tail(struct desk *desk, struct arrival *arrival, bool strict)
{
    AUTO(fd) int fd = -1;
    char bytes[150] = { 0 };
    return begin(desk, arrival) &&
           arrival_open(&desk->arrivals, &desk->mem, &mira, arrival->id, arrival, &fd, &err) &&
           file_put(fd, bytes, 100, &err) && arrival_advance(&desk->arrivals, fd, arrival, 100, &err) &&
           arrival_be_strict(&desk->arrivals, arrival, strict, &err) && file_put(fd, bytes, 50, &err);
}

static int64_t offset_of(struct desk *desk, const char *id)
{
    AUTO(fd) int fd = -1;
    struct arrival arrival;
    return arrival_open(&desk->arrivals, &desk->mem, &mira, id, &arrival, &fd, &err) ? arrival.synced_bytes
                                                                                     : -1;
}

TEST(bytes_that_came_before_a_kill_count)
{
    AUTO(desk) struct desk desk = { 0 };
    struct arrival arrival;
    CHECK(desk_open(&desk) && leave_tail(&desk, &arrival, false) && open_again(&desk));
    CHECK(offset_of(&desk, arrival.id) == 150);
}

TEST(bytes_under_a_checksum_do_not)
{
    AUTO(desk) struct desk desk = { 0 };
    struct arrival arrival;
    CHECK(desk_open(&desk) && leave_tail(&desk, &arrival, true) && open_again(&desk));
    CHECK(offset_of(&desk, arrival.id) == 100);
}

/* The state says which run of the machine the bytes came in. */
static bool reboot(struct desk *desk, const char *id)
{
    const char *text;
    const char *const path = arena_printf(&desk->mem, "%s/%s.json", desk->folder, id);
    if (!file_read(&desk->mem, path, 4096, &text, NULL, &err)) return false;
    char *const boot = strstr(text, "\"boot\":\"");
    if (!boot) return false;
    boot[strlen("\"boot\":\"")] ^= 1;
    return file_write(path, text, strlen(text), 0600, &err);
}

TEST(bytes_that_were_not_synced_when_the_machine_went_down_do_not)
{
    AUTO(desk) struct desk desk = { 0 };
    struct arrival arrival;
    CHECK(desk_open(&desk) && leave_tail(&desk, &arrival, false) && reboot(&desk, arrival.id) &&
          open_again(&desk));
    CHECK(offset_of(&desk, arrival.id) == 100);
}

TEST(one_at_a_time_and_only_its_owner)
{
    AUTO(desk) struct desk desk = { 0 };
    struct arrival arrival, again;
    AUTO(fd) int fd = -1;
    int second;
    CHECK(desk_open(&desk) && begin(&desk, &arrival));
    CHECK(!arrival_open(&desk.arrivals, &desk.mem, &other, arrival.id, &again, &second, &err) &&
          err.cause == CAUSE_NOT_FOUND);
    CHECK(arrival_open(&desk.arrivals, &desk.mem, &mira, arrival.id, &arrival, &fd, &err));
    CHECK(!arrival_open(&desk.arrivals, &desk.mem, &mira, arrival.id, &again, &second, &err) &&
          err.cause == CAUSE_CONFLICT);
}

TEST(it_counts_until_it_is_gone)
{
    AUTO(desk) struct desk desk = { 0 };
    struct arrival arrival;
    CHECK(desk_open(&desk) && leave_tail(&desk, &arrival, false) && open_again(&desk));
    CHECK(arrivals_of(&desk.arrivals, "mira") == 1000 && arrivals_of(&desk.arrivals, "other") == 0);
    CHECK(arrivals_missing(&desk.arrivals) == 850);
    arrivals_sweep(&desk.arrivals);
    CHECK(arrivals_of(&desk.arrivals, "mira") == 1000);
    time_shift(3601 * (int64_t)SECOND);
    arrivals_sweep(&desk.arrivals);
    time_shift(-3601 * (int64_t)SECOND);
    CHECK(arrivals_of(&desk.arrivals, "mira") == 0 && file_entries(desk.folder) == 0);
}

TEST_MAIN
