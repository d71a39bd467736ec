/* Linked into a whole `umam`: fault points that a test orders through the pipe named in UMAM_FAULT_ORDERS. */
#include "points.h"

#include <stdlib.h>

__attribute__((constructor)) static void begin(void)
{
    const char *const path = getenv("UMAM_FAULT_ORDERS");
    if (path && !points_obey(path)) abort();
}
