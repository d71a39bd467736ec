/* Walks every table the API is made of: each route and field is documented, and its limits make sense. */
#include "api/app.h"
#include "base/text.h"
#include "library/universe.h"
#include "test.h"

static void check_shape(const struct shape *shape)
{
    AUTO(arena) struct arena mem = { 0 };
    if (!shape) return;
    const char *const fault = shape_fault(shape, &mem);
    CHECK_MSG(!fault, "%s", fault);
    for (const struct field *field = shape->fields; field->name; field++)
        if (field->shape) check_shape(field->shape);
}

TEST(every_route_is_documented_and_whole)
{
    for (int t = 0; app_routes[t]; t++)
        for (const struct route *route = app_routes[t]; route->path; route++) {
            const char *const at = route->path;
            CHECK_MSG(route->handle && route->path[0] == '/', "%s", at);
            CHECK_MSG(route->hidden || (!text_empty(route->doc) && !text_empty(route->tag)),
                      "%s has no doc or tag", at);
            CHECK_MSG(route->body != BODY_JSON || route->in, "%s reads JSON without a shape", at);
            CHECK_MSG(route->hidden || route->out || route->out_type || route->status == 204,
                      "%s has no reply", at);
            CHECK_MSG(!(route->out && route->out_type), "%s replies twice", at);
            check_shape(route->in);
            check_shape(route->query);
            check_shape(route->out);
            if (test_failed) return;
        }
}

TEST(writing_needs_a_token)
{
    static const char *const open[] = { "/auth/register", "/auth/login", "/auth/refresh", "/auth/dev-token",
                                        NULL };
    for (int t = 0; app_routes[t]; t++)
        for (const struct route *route = app_routes[t]; route->path; route++)
            CHECK_MSG(route->method == METHOD_GET || route->method == METHOD_OPTIONS ||
                          route->needs != NEED_NOTHING || text_find(open, route->path) >= 0,
                      "%s is open to anybody", route->path);
}

TEST(rows_and_settings_are_documented)
{
    const struct shape *const shapes[] = { &settings_shape, &video_job_row_shape, &asset_shape,
                                           &user_row_shape, &job_shape,           &universe_shape,
                                           &video_job_shape };
    for (size_t i = 0; i < COUNT_OF(shapes); i++) check_shape(shapes[i]);
    for (const struct field *field = settings_shape.fields; field->name; field++) CHECK(field->env);
}

TEST_MAIN
