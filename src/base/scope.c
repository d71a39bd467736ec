#include "base/scope.h"

#include <unistd.h>

void fd_cleanup(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}
