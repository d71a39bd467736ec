#include "render/prop.h"

#include "render/noise.h"
#include "render/world.h"

#include <stdlib.h>

enum { PROPS_MOST = 1400 };

static struct prop *put(struct world *world, struct prop prop)
{
    if (world->props.count == PROPS_MOST) return &world->props.at[PROPS_MOST - 1];
    struct prop *at = &world->props.at[world->props.count++];
    *at = prop;
    at->z = world_floor(world, prop.x, prop.y) - 0.02f * prop.height;
    return at;
}

static enum sprite tree_sprite(enum tree tree)
{
    return tree == TREE_LEAF   ? SPRITE_LEAF
           : tree == TREE_PALM ? SPRITE_PALM
           : tree == TREE_BARE ? SPRITE_BARE
                               : SPRITE_CONIFER;
}

static void put_house(struct world *world, float lamps)
{
    const float turn = world->brief.seed & 2 ? 0.5f : -0.5f;
    put(world, (struct prop){ .shape = SHAPE_BLOCK,
                              .width = 11,
                              .depth = 7,
                              .height = 3.6f,
                              .roof = 3.4f,
                              .turn = turn,
                              .color = { 0.56f, 0.47f, 0.36f },
                              .cap = { 0.16f, 0.075f, 0.05f },
                              .lamps = lamps,
                              .seed = world->brief.seed });
    put(world, (struct prop){ .shape = SHAPE_BLOCK,
                              .x = 3.1f * cosf(turn),
                              .y = 3.1f * sinf(turn),
                              .width = 0.9f,
                              .depth = 0.9f,
                              .height = 2.4f,
                              .turn = turn,
                              .color = { 0.20f, 0.11f, 0.08f },
                              .cap = { 0.05f, 0.04f, 0.04f } })
        ->z += 5.6f;
}

static void put_tower(struct world *world, float lamps)
{
    put(world, (struct prop){ .shape = SHAPE_BLOCK,
                              .width = 24,
                              .depth = 24,
                              .height = 92,
                              .turn = 0.4f,
                              .color = { 0.15f, 0.17f, 0.20f },
                              .cap = { 0.1f, 0.1f, 0.1f },
                              .lamps = lamps,
                              .seed = 1 });
    put(world, (struct prop){ .shape = SHAPE_BLOCK,
                              .width = 15,
                              .depth = 15,
                              .height = 112,
                              .turn = 0.4f,
                              .color = { 0.17f, 0.18f, 0.21f },
                              .cap = { 0.1f, 0.1f, 0.1f },
                              .lamps = lamps,
                              .seed = 2 });
    put(world, (struct prop){ .shape = SHAPE_BLOCK,
                              .width = 1.2f,
                              .depth = 1.2f,
                              .height = 140,
                              .color = { 0.2f, 0.2f, 0.2f },
                              .cap = { 0.2f, 0.2f, 0.2f } });
}

static void put_subject(struct world *world)
{
    const float lamps = 0.1f + 0.75f * world->air.lamps;
    struct prop sprite = { .shape = SHAPE_SPRITE, .color = splat(1), .seed = world->brief.seed };
    switch (world->brief.subject) {
    case SUBJECT_HOUSE:
        put_house(world, lamps);
        return;
    case SUBJECT_TOWER:
        put_tower(world, lamps);
        return;
    case SUBJECT_LIGHTHOUSE:
        sprite.sprite = SPRITE_LIGHTHOUSE, sprite.height = 25;
        break;
    case SUBJECT_TREE:
        sprite.sprite = world->ground.land->tree == TREE_BARE || world->ground.land->relief_m == 130
                            ? SPRITE_BARE
                            : SPRITE_LEAF;
        sprite.height = 14;
        break;
    default:
        sprite.sprite = SPRITE_PERSON, sprite.height = 1.8f;
        break;
    }
    sprite.width = sprite.height * 0.5f;
    put(world, sprite);
}

/* A tree may not stand in the picture's middle in front of the subject, in water, or on cliffs. */
static bool free_spot(const struct world *world, float x, float y)
{
    const float unit = world->look->unit_m;
    if (y < 0.35f * unit && fabsf(x) < 0.35f * unit + 0.28f * maxf(0, y + unit)) return false;
    if (x * x + y * y < 0.12f * unit * unit) return false;
    const float height = world_floor(world, x, y), cell = 4;
    if (height < 0.7f ||
        height > world->ground.land->top_m * 0.95f + (world->ground.land->top_m < 100 ? 150.0f : 0))
        return false;
    const float slope =
        fabsf(world_floor(world, x + cell, y) - height) + fabsf(world_floor(world, x, y + cell) - height);
    return slope < 1.1f * cell;
}

static void put_trees(struct world *world)
{
    const struct land *land = world->ground.land;
    const float unit = maxf(world->look->unit_m, 24);
    uint64_t state = world->brief.seed * 977ULL;
    for (int i = 0; i < land->trees * 3 && world->props.count < land->trees; i++) {
        const float far = unit * (0.5f + 22 * powf(chance(&state), 1.7f)),
                    way = (chance(&state) - 0.5f) * 4.4f;
        const float x = sinf(way) * far, y = cosf(way) * far, tall = 5 + 9 * chance(&state);
        if (noise(world->brief.seed + 80, x * 0.012f, y * 0.012f) < -0.12f || !free_spot(world, x, y))
            continue;
        put(world, (struct prop){ .shape = SHAPE_SPRITE,
                                  .sprite = tree_sprite(land->tree),
                                  .x = x,
                                  .y = y,
                                  .width = tall * 0.5f,
                                  .height = tall,
                                  .color = splat(0.75f + 0.5f * chance(&state)) });
    }
}

static void put_town(struct world *world)
{
    const float unit = world->look->unit_m, lamps = 0.12f + 0.5f * world->air.lamps;
    uint64_t state = world->brief.seed * 613ULL;
    for (int i = 0; i < world->ground.land->houses * 3 && world->props.count < world->ground.land->houses;
         i++) {
        const float x = (chance(&state) - 0.5f) * 9 * unit, y = unit * (-0.3f + 4.2f * chance(&state));
        const float crowd = expf(-(x * x + (y - unit) * (y - unit)) / (6 * unit * unit));
        const float tall = 14 + chance(&state) * 46 + crowd * chance(&state) * 80,
                    wide = 13 + 13 * chance(&state);
        if (y < 0.5f * unit && fabsf(x) < 0.55f * unit) continue;
        if (world_floor(world, x, y) < 0.5f || x * x + y * y < 0.05f * unit * unit) continue;
        const float grey = 0.09f + 0.16f * chance(&state);
        put(world, (struct prop){ .shape = SHAPE_BLOCK,
                                  .x = x,
                                  .y = y,
                                  .width = wide,
                                  .depth = 12 + 12 * chance(&state),
                                  .height = tall,
                                  .turn = 0.4f,
                                  .color = rgb(grey, grey * 0.97f, grey * 0.93f),
                                  .cap = splat(0.09f),
                                  .lamps = lamps * (0.4f + chance(&state)),
                                  .seed = (uint32_t)i });
    }
}

/* Something close to the lens, so that planes part and focus has somewhere to go. */
static void put_foreground(struct world *world)
{
    if (world->brief.subject == SUBJECT_TOWER) return;
    const float unit = world->look->unit_m, tall = 0.16f * unit, side = world->brief.seed & 4 ? 1.0f : -1.0f;
    for (int i = 0; i < 5; i++) {
        const float x = side * unit * (0.10f + 0.035f * (float)i),
                    y = -unit * (0.76f - 0.025f * (float)(i * i % 5));
        struct prop *tuft = put(world, (struct prop){ .shape = SHAPE_SPRITE,
                                                      .sprite = SPRITE_GRASS,
                                                      .x = x,
                                                      .y = y,
                                                      .width = tall * 0.6f,
                                                      .height = tall,
                                                      .color = splat(1) });
        if (world->ground.land->water != WATER_NONE) tuft->z = minf(tuft->z, 0);
    }
}

static void put_gate(struct world *world)
{
    const float unit = world->look->unit_m;
    put(world, (struct prop){ .shape = SHAPE_GATE,
                              .y = -1.02f * unit,
                              .width = 0.15f * unit,
                              .depth = 0.05f * unit,
                              .height = 0.26f * unit,
                              .color = { 0.20f, 0.18f, 0.16f },
                              .seed = 5 })
        ->z = world->eye_m;
}

bool props_place(struct world *world, bool gate, bool tufts)
{
    struct props *props = &world->props;
    props->at = calloc(PROPS_MOST, sizeof *props->at);
    if (!props->at) return false;
    put_subject(world);
    put_trees(world);
    put_town(world);
    if (tufts || world->ground.land->water == WATER_NONE) put_foreground(world);
    if (gate) put_gate(world);
    for (int i = 0; i < props->count; i++) {
        const struct prop *prop = &props->at[i];
        if (prop->shape != SHAPE_SPRITE || props->sprites[prop->sprite]) continue;
        props->sprites[prop->sprite] = sprite_new(prop->sprite, world->brief.seed);
        if (!props->sprites[prop->sprite]) return false;
    }
    return true;
}

void props_clear(struct props *props)
{
    free(props->at);
    for (int i = 0; i < SPRITE_COUNT; i++) free(props->sprites[i]);
}
