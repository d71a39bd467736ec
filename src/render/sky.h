/* Bakes the sky tables of a world: gradients and glow, and clouds lit by the sun. */
#pragma once

#include "render/world.h"

void sky_bake(struct world *world, struct team *team);
