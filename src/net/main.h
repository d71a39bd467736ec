/* What umam-net was told when it was started. */
#pragma once

#include "base/text.h"

/* Private addresses that may be reached all the same. */
extern struct texts net_private;
