#include "render/brief.h"

#include "render/noise.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct subject_look subjects[SUBJECT_COUNT] = {
    [SUBJECT_LIGHTHOUSE] = { "lighthouse", 72, 7, 15, 9 },
    [SUBJECT_HOUSE] = { "house", 34, 3.2f, 4.2f, 1.6f },
    [SUBJECT_TREE] = { "tree", 34, 2.6f, 6.5f, 2.0f },
    [SUBJECT_PERSON] = { "person", 9, 1.5f, 1.35f, 0.7f },
    [SUBJECT_TOWER] = { "tower", 190, 26, 42, 1 },
};

enum field { LAND, SUBJECT, HOUR, WEATHER, FIELD_COUNT };

/* Indices into lands[]. */
enum { COAST, MOUNTAINS, HILLS, LAKE, DESERT, CANYON, SNOW, FOREST, CITY };

/* A word of the prompt decides a field when it begins with `stem`; the first word to decide wins. A word may
 * stand in several rows. */
static const struct word {
    const char *stem;
    enum field field;
    int value;
} words[] = {
    { "ocean", LAND, COAST },
    { "sea", LAND, COAST },
    { "seaside", LAND, COAST },
    { "coast", LAND, COAST },
    { "beach", LAND, COAST },
    { "cliff", LAND, COAST },
    { "island", LAND, COAST },
    { "wave", LAND, COAST },
    { "ship", LAND, COAST },
    { "harbor", LAND, COAST },
    { "harbour", LAND, COAST },
    { "mountain", LAND, MOUNTAINS },
    { "peak", LAND, MOUNTAINS },
    { "alpine", LAND, MOUNTAINS },
    { "alps", LAND, MOUNTAINS },
    { "summit", LAND, MOUNTAINS },
    { "valley", LAND, MOUNTAINS },
    { "hill", LAND, HILLS },
    { "meadow", LAND, HILLS },
    { "field", LAND, HILLS },
    { "farm", LAND, HILLS },
    { "countryside", LAND, HILLS },
    { "village", LAND, HILLS },
    { "garden", LAND, HILLS },
    { "lake", LAND, LAKE },
    { "river", LAND, LAKE },
    { "pond", LAND, LAKE },
    { "fjord", LAND, LAKE },
    { "desert", LAND, DESERT },
    { "dune", LAND, DESERT },
    { "sahara", LAND, DESERT },
    { "sand", LAND, DESERT },
    { "canyon", LAND, CANYON },
    { "mesa", LAND, CANYON },
    { "western", LAND, CANYON },
    { "mars", LAND, CANYON },
    { "gorge", LAND, CANYON },
    { "planet", LAND, CANYON },
    { "snow", LAND, SNOW },
    { "ice", LAND, SNOW },
    { "arctic", LAND, SNOW },
    { "winter", LAND, SNOW },
    { "glacier", LAND, SNOW },
    { "frozen", LAND, SNOW },
    { "forest", LAND, FOREST },
    { "wood", LAND, FOREST },
    { "jungle", LAND, FOREST },
    { "pine", LAND, FOREST },
    { "city", LAND, CITY },
    { "cities", LAND, CITY },
    { "urban", LAND, CITY },
    { "street", LAND, CITY },
    { "skyline", LAND, CITY },
    { "downtown", LAND, CITY },
    { "skyscraper", LAND, CITY },
    { "cyberpunk", LAND, CITY },
    { "metropolis", LAND, CITY },
    { "lighthouse", LAND, COAST },

    { "lighthouse", SUBJECT, SUBJECT_LIGHTHOUSE },
    { "beacon", SUBJECT, SUBJECT_LIGHTHOUSE },
    { "house", SUBJECT, SUBJECT_HOUSE },
    { "home", SUBJECT, SUBJECT_HOUSE },
    { "cabin", SUBJECT, SUBJECT_HOUSE },
    { "hut", SUBJECT, SUBJECT_HOUSE },
    { "cottage", SUBJECT, SUBJECT_HOUSE },
    { "barn", SUBJECT, SUBJECT_HOUSE },
    { "villa", SUBJECT, SUBJECT_HOUSE },
    { "tree", SUBJECT, SUBJECT_TREE },
    { "oak", SUBJECT, SUBJECT_TREE },
    { "willow", SUBJECT, SUBJECT_TREE },
    { "person", SUBJECT, SUBJECT_PERSON },
    { "man", SUBJECT, SUBJECT_PERSON },
    { "woman", SUBJECT, SUBJECT_PERSON },
    { "girl", SUBJECT, SUBJECT_PERSON },
    { "boy", SUBJECT, SUBJECT_PERSON },
    { "child", SUBJECT, SUBJECT_PERSON },
    { "figure", SUBJECT, SUBJECT_PERSON },
    { "traveler", SUBJECT, SUBJECT_PERSON },
    { "traveller", SUBJECT, SUBJECT_PERSON },
    { "wanderer", SUBJECT, SUBJECT_PERSON },
    { "astronaut", SUBJECT, SUBJECT_PERSON },
    { "hero", SUBJECT, SUBJECT_PERSON },
    { "dancer", SUBJECT, SUBJECT_PERSON },
    { "runner", SUBJECT, SUBJECT_PERSON },
    { "detective", SUBJECT, SUBJECT_PERSON },
    { "tower", SUBJECT, SUBJECT_TOWER },
    { "skyscraper", SUBJECT, SUBJECT_TOWER },
    { "city", SUBJECT, SUBJECT_TOWER },
    { "skyline", SUBJECT, SUBJECT_TOWER },

    { "day", HOUR, HOUR_DAY },
    { "noon", HOUR, HOUR_DAY },
    { "midday", HOUR, HOUR_DAY },
    { "sunny", HOUR, HOUR_DAY },
    { "afternoon", HOUR, HOUR_DAY },
    { "morning", HOUR, HOUR_DAWN },
    { "dawn", HOUR, HOUR_DAWN },
    { "sunrise", HOUR, HOUR_DAWN },
    { "daybreak", HOUR, HOUR_DAWN },
    { "sunset", HOUR, HOUR_SUNSET },
    { "evening", HOUR, HOUR_SUNSET },
    { "golden", HOUR, HOUR_SUNSET },
    { "dusk", HOUR, HOUR_DUSK },
    { "twilight", HOUR, HOUR_DUSK },
    { "gloaming", HOUR, HOUR_DUSK },
    { "night", HOUR, HOUR_NIGHT },
    { "midnight", HOUR, HOUR_NIGHT },
    { "moon", HOUR, HOUR_NIGHT },
    { "stars", HOUR, HOUR_NIGHT },
    { "starry", HOUR, HOUR_NIGHT },
    { "nocturnal", HOUR, HOUR_NIGHT },

    { "storm", WEATHER, WEATHER_STORM },
    { "thunder", WEATHER, WEATHER_STORM },
    { "lightning", WEATHER, WEATHER_STORM },
    { "tempest", WEATHER, WEATHER_STORM },
    { "hurricane", WEATHER, WEATHER_STORM },
    { "rain", WEATHER, WEATHER_RAIN },
    { "wet", WEATHER, WEATHER_RAIN },
    { "drizzle", WEATHER, WEATHER_RAIN },
    { "fog", WEATHER, WEATHER_FOG },
    { "mist", WEATHER, WEATHER_FOG },
    { "haze", WEATHER, WEATHER_FOG },
    { "snow", WEATHER, WEATHER_SNOW },
    { "snowing", WEATHER, WEATHER_SNOW },
    { "snowfall", WEATHER, WEATHER_SNOW },
    { "blizzard", WEATHER, WEATHER_SNOW },
    { "cloud", WEATHER, WEATHER_CLOUDY },
    { "overcast", WEATHER, WEATHER_CLOUDY },
    { "clear", WEATHER, WEATHER_CLEAR },
    { "sunny", WEATHER, WEATHER_CLEAR },
};

/* A stem of up to three letters must be the whole word or its plural: "man" is not "many". */
static bool matches(const char *word, const char *stem)
{
    const size_t n = strlen(stem);
    if (strncmp(word, stem, n) != 0) return false;
    return n > 4 || !word[n] || (word[n] == 's' && !word[n + 1]) || (n > 3 && strlen(word) <= n + 3);
}

static void note(const char *word, int found[FIELD_COUNT])
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (found[words[i].field] < 0 && matches(word, words[i].stem)) found[words[i].field] = words[i].value;
}

static void scan(const char *prompt, int found[FIELD_COUNT])
{
    char word[24];
    size_t n = 0;
    for (;; prompt++) {
        if (isalpha((unsigned char)*prompt)) {
            if (n < sizeof word - 1) word[n++] = (char)tolower((unsigned char)*prompt);
            continue;
        }
        word[n] = 0;
        if (n > 0) note(word, found);
        n = 0;
        if (!*prompt) return;
    }
}

/* A subject that suits the land when no word names one. */
static enum subject usual_subject(int land, uint32_t hash)
{
    static const enum subject usual[][3] = {
        [COAST] = { SUBJECT_LIGHTHOUSE, SUBJECT_LIGHTHOUSE, SUBJECT_PERSON },
        [MOUNTAINS] = { SUBJECT_HOUSE, SUBJECT_TREE, SUBJECT_PERSON },
        [HILLS] = { SUBJECT_TREE, SUBJECT_HOUSE, SUBJECT_TREE },
        [LAKE] = { SUBJECT_HOUSE, SUBJECT_TREE, SUBJECT_HOUSE },
        [DESERT] = { SUBJECT_PERSON, SUBJECT_TREE, SUBJECT_PERSON },
        [CANYON] = { SUBJECT_PERSON, SUBJECT_TREE, SUBJECT_HOUSE },
        [SNOW] = { SUBJECT_HOUSE, SUBJECT_TREE, SUBJECT_PERSON },
        [FOREST] = { SUBJECT_HOUSE, SUBJECT_TREE, SUBJECT_PERSON },
        [CITY] = { SUBJECT_TOWER, SUBJECT_TOWER, SUBJECT_TOWER },
    };
    return usual[land][hash % 3];
}

struct brief brief_read(const char *prompt, const struct light *light, uint64_t seed)
{
    int found[FIELD_COUNT] = { -1, -1, -1, -1 };
    scan(prompt, found);
    const uint64_t hash = hash_text(seed * 0x9e3779b97f4a7c15ULL, prompt);
    const uint32_t pick = hash_mix((uint32_t)(hash ^ (hash >> 32)));
    static const int often[] = { COAST, MOUNTAINS, HILLS, LAKE, DESERT, CANYON, SNOW, FOREST };
    if (found[LAND] < 0) found[LAND] = found[SUBJECT] == SUBJECT_TOWER ? CITY : often[pick % COUNT_OF(often)];
    const bool subject_told = found[SUBJECT] >= 0;
    if (!subject_told) found[SUBJECT] = (int)usual_subject(found[LAND], pick >> 8);
    if (found[HOUR] < 0) found[HOUR] = (int)light->hour;
    static const enum hour hours[] = { HOUR_DAY, HOUR_SUNSET, HOUR_DAY, HOUR_DAWN };
    if (found[HOUR] == HOUR_ANY) found[HOUR] = (int)hours[(pick >> 12) % COUNT_OF(hours)];
    if (found[WEATHER] < 0) found[WEATHER] = (pick >> 16) % 3 ? WEATHER_CLEAR : WEATHER_CLOUDY;
    return (struct brief){
        .subject_told = subject_told,
        .land = &lands[found[LAND]],
        .subject = (enum subject)found[SUBJECT],
        .hour = (enum hour)found[HOUR],
        .weather = (enum weather)found[WEATHER],
        .seed = hash_mix(pick + 1),
    };
}

void brief_describe(const struct brief *brief, char *out, size_t size)
{
    static const char *const hours[] = {
        [HOUR_ANY] = "any time",  [HOUR_DAY] = "day",   [HOUR_DAWN] = "dawn",
        [HOUR_SUNSET] = "sunset", [HOUR_DUSK] = "dusk", [HOUR_NIGHT] = "night"
    };
    static const char *const weathers[] = {
        [WEATHER_ANY] = "any weather", [WEATHER_CLEAR] = "clear", [WEATHER_CLOUDY] = "cloudy",
        [WEATHER_STORM] = "storm",     [WEATHER_RAIN] = "rain",   [WEATHER_FOG] = "fog",
        [WEATHER_SNOW] = "snow"
    };
    snprintf(out, size, "%s, %s, %s, with a %s%s", brief->land->name, hours[brief->hour],
             weathers[brief->weather], subjects[brief->subject].name,
             brief->subject_told
                 ? ""
                 : " standing in (no word of the prompt names a subject this renderer can draw)");
}
