#include "cli/notify.h"

#include "base/scope.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

void notify(const char *state)
{
    const char *const name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (!name || !*name || strlen(name) >= sizeof to.sun_path) return;
    memcpy(to.sun_path, name, strlen(name));
    if (*name == '@') to.sun_path[0] = '\0'; /* an abstract name, which ends where the address does */
    AUTO(fd) int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    if (out >= 0) (void)!sendto(out, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, size);
}
