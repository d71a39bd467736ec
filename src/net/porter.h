/* The life of umam-net: it waits for orders on one socket and forks a child for each, which fetches one file
 * and ends. What a hostile sender can break is one child. */
#pragma once

#include "base/text.h"

/* Until the server's end of `control` closes; the exit status of the process. */
int porter_main(int control);

/* One fetch by hand: `umam-net get URL FILE [ADDRESS...]`, where the private addresses may be reached as
 * well. The exit status is that of the error's cause. */
int porter_get(const char *url, const char *path, struct texts allowed);
