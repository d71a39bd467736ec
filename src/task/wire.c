#include "task/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

bool wire_pair(int out[2], struct error *err)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) < 0)
        return fail_errno(err, errno, "a socket to a worker could not be made");
    return true;
}

union control {
    char bytes[CMSG_SPACE(sizeof(int) * WIRE_FILES_MAX)];
    struct cmsghdr align;
};

bool wire_send(int socket, const char *json, const int *files, size_t count, struct error *err)
{
    const size_t size = strlen(json);
    if (size > WIRE_MESSAGE_MAX || count > WIRE_FILES_MAX)
        return fail(err, CAUSE_TOO_LARGE, "a message to or from a worker is too large (%zu bytes)", size);
    union control control = { 0 };
    struct iovec part = { (void *)(uintptr_t)json, size };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    if (count) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *const rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(rights), files, sizeof(int) * count);
    }
    ssize_t sent;
    while ((sent = sendmsg(socket, &header, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
    if (sent < 0) return fail_errno(err, errno, "a message to or from a worker could not be sent");
    return true;
}

static void take_files(struct msghdr *header, struct wire_packet *packet)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(header); at; at = CMSG_NXTHDR(header, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int file;
            memcpy(&file, CMSG_DATA(at) + i * sizeof(int), sizeof file);
            if (packet->file_count < WIRE_FILES_MAX)
                packet->files[packet->file_count++] = file;
            else
                close(file);
        }
    }
}

static bool refuse(struct wire_packet *packet, struct error *err, const char *why)
{
    for (size_t i = 0; i < packet->file_count; i++) close(packet->files[i]);
    return fail(err, CAUSE_INVALID, "a worker message was refused: %s", why);
}

/* An empty packet looks like the end; at the end nobody can send any more and nothing waits. */
static bool at_end(int socket)
{
    struct pollfd state = { .fd = socket, .events = POLLRDHUP };
    int waiting = 0;
    return poll(&state, 1, 0) == 1 && ioctl(socket, FIONREAD, &waiting) == 0 && waiting == 0;
}

bool wire_receive(int socket, struct arena *mem, struct wire_packet *out, struct error *err)
{
    char *const text = arena_alloc(mem, WIRE_MESSAGE_MAX);
    union control control = { 0 };
    struct iovec part = { text, WIRE_MESSAGE_MAX };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control
    };
    ssize_t size;
    /* a reset is told once, ahead of packets that are still queued */
    for (bool reset = false; (size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0;
         reset = errno == ECONNRESET)
        if (errno != EINTR && (errno != ECONNRESET || reset)) break;
    const bool cut = size < 0 && errno == ECONNRESET;
    if (size < 0 && !cut) return fail_errno(err, errno, "a message from a worker could not be read");
    struct wire_packet packet = { 0 };
    take_files(&header, &packet);
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) return refuse(&packet, err, "it is too long");
    if (size == 0 && (packet.file_count || !at_end(socket))) return refuse(&packet, err, "it is empty");
    if (size > 0 && !json_parse(text, (size_t)size, mem, &packet.message, NULL, err))
        return refuse(&packet, err, "it is no JSON");
    *out = packet;
    return true;
}
