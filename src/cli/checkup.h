/* The parts of `umam doctor` that look at the instance: its folder, its database, its settings. */
#pragma once

#include "cli/finding.h"
#include "library/settings.h"

/* Group "data". Leaves the folder as it is; a server may be using it. */
void checkup_data(const struct settings *settings, struct findings *findings);

/* Group "settings": what is dangerous for an instance that others can reach. */
void checkup_settings(const struct settings *settings, struct findings *findings);
