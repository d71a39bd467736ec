/* Attacks by what a child asks of the helper that connects for it. */
#include "cell/attack.h"

#include "base/text.h"

#include <string.h>
#include <unistd.h>

/* What the helper answers: a connection is what it may not be. */
static bool answered(struct attack *with)
{
    struct wire_packet packet;
    struct error gone;
    with->how = "it hung up";
    if (!wire_receive(with->job->helper, with->job->mem, &packet, &gone) || !packet.message) return false;
    with->how = arena_text(with->job->mem, json_get_text(packet.message, "cause", "nothing said"));
    for (size_t i = 0; i < packet.file_count; i++) close(packet.files[i]);
    return packet.file_count > 0;
}

static bool asks(struct attack *with, const char *message)
{
    struct error gone;
    with->how = "it hung up";
    return wire_send(with->job->helper, message, NULL, 0, &gone) && answered(with);
}

static bool dials(struct attack *with, const char *host, int64_t port)
{
    return asks(with, arena_printf(with->job->mem, "{\"dial\":\"%s\",\"port\":%lld}", host, (long long)port));
}

bool attack_dial_loopback(struct attack *with)
{
    return dials(with, "127.0.0.1", with->in->port) || dials(with, "127.77.0.1", with->in->port) ||
           dials(with, "::1", with->in->port);
}

bool attack_dial_by_name(struct attack *with) { return dials(with, "localhost", with->in->port); }

bool attack_dial_every_address(struct attack *with)
{
    return dials(with, "0.0.0.0", with->in->port) || dials(with, "::", with->in->port);
}

bool attack_dial_mapped(struct attack *with)
{
    return dials(with, "::ffff:127.0.0.1", with->in->port) || dials(with, "::127.0.0.1", with->in->port) ||
           dials(with, "64:ff9b::7f00:1", with->in->port);
}

bool attack_dial_as_number(struct attack *with)
{
    return dials(with, "2130706433", with->in->port) || dials(with, "0x7f.1", with->in->port);
}

bool attack_dial_private(struct attack *with)
{
    return dials(with, "10.0.0.1", 80) || dials(with, "192.168.0.1", 80) || dials(with, "172.16.0.1", 80) ||
           dials(with, "fd00::1", 80) || dials(with, "fe80::1%lo", 80);
}

bool attack_dial_metadata(struct attack *with)
{
    return dials(with, "169.254.169.254", 80) || dials(with, "100.100.100.200", 80);
}

bool attack_dial_with_own_rules(struct attack *with)
{
    return asks(with, arena_printf(with->job->mem,
                                   "{\"dial\":\"127.0.0.1\",\"port\":%lld,\"allowed\":[\"127.0.0.1\"]}",
                                   (long long)with->in->port));
}

bool attack_dial_a_path(struct attack *with)
{
    return dials(with, "/run/systemd/private", 0) || dials(with, with->in->secret, 0);
}

bool attack_dial_garbage(struct attack *with) { return asks(with, "\xff{]") || answered(with); }

/* Up to its patience with one task; then the end of the channel is the answer. */
bool attack_dial_without_end(struct attack *with)
{
    enum { MANY = 1000 };
    for (int i = 0; i < MANY; i++) {
        if (dials(with, "127.0.0.1", with->in->port)) return true;
        if (text_is(with->how, "it hung up")) return false;
    }
    return true;
}
