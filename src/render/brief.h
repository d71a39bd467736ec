/* What the words of a prompt ask for: land, hour, weather and subject. A table of words decides; what no word
 * decides follows the lighting and a hash of prompt and seed, so that different prompts give different
 * worlds. */
#pragma once

#include "render/land.h"
#include "render/light.h"

enum subject {
    SUBJECT_LIGHTHOUSE,
    SUBJECT_HOUSE,
    SUBJECT_TREE,
    SUBJECT_PERSON,
    SUBJECT_TOWER,
    SUBJECT_COUNT
};

struct subject_look {
    const char *name;
    float unit_m;  /* distance of the opening camera */
    float eye_m;   /* height of the opening camera over the water or the ground around */
    float aim_m;   /* height of what the camera looks at, over the subject's foot */
    float mound_m; /* the rise it stands on */
};
extern const struct subject_look subjects[SUBJECT_COUNT];

struct brief {
    bool subject_told; /* by a word of the prompt; else one that suits the land stands in */
    const struct land *land;
    enum subject subject;
    enum hour hour;
    enum weather weather;
    uint32_t seed;
};

/* What is going to be drawn, in words: "coast at sunset, clear, with a lighthouse". */
void brief_describe(const struct brief *brief, char *out, size_t size);

struct brief brief_read(const char *prompt, const struct light *light, uint64_t seed);
