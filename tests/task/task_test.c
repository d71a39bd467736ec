/* Kinds, formats, and messages between processes. */
#include "base/text.h"
#include "task/format.h"
#include "task/task.h"
#include "task/wire.h"
#include "test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(every_kind_is_complete_and_found_by_its_word)
{
    AUTO(arena) struct arena mem = { 0 };
    for (int kind = 0; kind < TASK_KIND_COUNT; kind++) {
        const struct task_kind_row *const row = &task_kinds[kind];
        CHECK_INT(task_kind_find(row->word), kind);
        CHECK(row->cpu_s > 0 && row->wall_s > 0 && row->memory_mb > 0 && row->file_mb > 0);
        CHECK(!shape_fault(row->in, &mem) && !shape_fault(row->out, &mem));
    }
    CHECK_INT(task_kind_find("nothing"), -1);
}

TEST(formats_are_even_and_have_the_right_shape)
{
    for (int r = 0; format_ratio_names[r]; r++)
        for (int s = 0; format_size_names[s]; s++) {
            struct format format;
            int wide, high;
            CHECK(format_find(format_ratio_names[r], format_size_names[s], &format));
            CHECK(sscanf(format_ratio_names[r], "%d:%d", &wide, &high) == 2);
            CHECK(format.width % 2 == 0 && format.height % 2 == 0);
            CHECK(format.width <= FORMAT_SIDE_MAX && format.height <= FORMAT_SIDE_MAX);
            CHECK_NEAR((double)format.width / (double)format.height, (double)wide / high, 0.01);
        }
    struct format full;
    CHECK(format_find("16:9", "standard", &full) && full.width == 1920 && full.height == 1080);
    CHECK(format_find("4:5", "standard", &full) && full.width == 1080 && full.height == 1350);
    CHECK(!format_find("3:2", "standard", &full) && !format_find("16:9", "huge", &full));
}

TEST(a_message_arrives_with_its_descriptors)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    int pair[2], pipe_ends[2];
    struct wire_packet packet;
    char byte = 0;
    CHECK_OK(wire_pair(pair, &err));
    CHECK(pipe2(pipe_ends, O_CLOEXEC) == 0);
    CHECK_OK(wire_send(pair[0], "{\"a\":1}", pipe_ends, 2, &err));
    CHECK_OK(wire_receive(pair[1], &mem, &packet, &err));
    CHECK_INT(json_get_int(packet.message, "a", 0), 1);
    CHECK_INT(packet.file_count, 2);
    CHECK(write(packet.files[1], "x", 1) == 1 && read(pipe_ends[0], &byte, 1) == 1 && byte == 'x');
    CHECK(fcntl(packet.files[0], F_GETFD) & FD_CLOEXEC);
    for (int i = 0; i < 2; i++) close(packet.files[i]), close(pipe_ends[i]);
    close(pair[0]);
    CHECK_OK(wire_receive(pair[1], &mem, &packet, &err));
    CHECK(!packet.message);
    close(pair[1]);
}

TEST(what_is_no_message_is_refused_and_its_descriptors_closed)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    int pair[2];
    struct wire_packet packet;
    CHECK_OK(wire_pair(pair, &err));
    AUTO(fd) int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int before = dup(file);
    close(before);
    CHECK_OK(wire_send(pair[0], "not json", &file, 1, &err));
    CHECK(!wire_receive(pair[1], &mem, &packet, &err));
    const int after = dup(file);
    CHECK_INT(after, before); /* the received copy is gone again */
    close(after);
    char *const big = arena_alloc(&mem, WIRE_MESSAGE_MAX + 2);
    memset(big, ' ', WIRE_MESSAGE_MAX + 1);
    CHECK(!wire_send(pair[0], big, NULL, 0, &err) && err.cause == CAUSE_TOO_LARGE);
    CHECK(send(pair[0], big, WIRE_MESSAGE_MAX + 1, 0) > 0);
    CHECK(!wire_receive(pair[1], &mem, &packet, &err));
    close(pair[0]);
    close(pair[1]);
}

TEST(an_empty_packet_is_not_the_end)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    int pair[2];
    struct wire_packet packet;
    CHECK_OK(wire_pair(pair, &err));
    CHECK(send(pair[0], "", 0, 0) == 0);
    CHECK(!wire_receive(pair[1], &mem, &packet, &err) && err.cause == CAUSE_INVALID);
    CHECK(send(pair[0], "", 0, 0) == 0);
    CHECK_OK(wire_send(pair[0], "{}", NULL, 0, &err));
    close(pair[0]);
    CHECK(!wire_receive(pair[1], &mem, &packet, &err) && err.cause == CAUSE_INVALID);
    CHECK_OK(wire_receive(pair[1], &mem, &packet, &err));
    CHECK(packet.message);
    CHECK_OK(wire_receive(pair[1], &mem, &packet, &err));
    CHECK(!packet.message);
    close(pair[1]);
}

TEST_MAIN
