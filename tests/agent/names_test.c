/* Two programs, one vocabulary: whatever the strategy may choose, the renderer can draw. */
#include "agent/strategy.h"
#include "base/text.h"
#include "render/render.h"
#include "test.h"

static bool drawn(const char *(*name_at)(size_t), const char *name)
{
    for (size_t i = 0; name_at(i); i++)
        if (text_is(name_at(i), name)) return true;
    return false;
}

static void check_names(const char *const *names, const char *(*name_at)(size_t))
{
    for (int i = 0; names[i]; i++)
        CHECK_MSG(drawn(name_at, names[i]), "the renderer does not know '%s'", names[i]);
}

TEST(the_renderer_knows_every_word_of_the_strategy)
{
    check_names(strategy_category_names, render_category_name);
    check_names(strategy_camera_names, render_camera_name);
    check_names(strategy_lighting_names, render_lighting_name);
    check_names(strategy_grade_names, render_grade_name);
}

TEST_MAIN
