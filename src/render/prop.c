#include "render/prop.h"

#include "render/world.h"

#include <stdlib.h>

bool props_place(struct world *world, bool gate)
{
    (void)world;
    (void)gate;
    return true;
}

void props_clear(struct props *props)
{
    free(props->at);
    for (int i = 0; i < SPRITE_COUNT; i++) free(props->sprites[i]);
}
