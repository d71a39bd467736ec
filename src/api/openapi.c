#include "api/openapi.h"

#include "api/components.h"
#include "api/server.h"

#include <ctype.h>
#include <string.h>

enum { DOCUMENT_MAX_BYTES = 16 << 20 };

#ifndef UMAM_VERSION
#define UMAM_VERSION "0.1.0"
#endif

struct writer {
    struct arena *mem;
    const struct route *const *tables;
    struct components components;
    struct json_out out;
};

static const char error_schemas[] =
    "\"Error\":{\"type\":\"object\",\"properties\":{"
    "\"detail\":{\"type\":\"string\",\"description\":\"What went wrong, as a sentence.\"},"
    "\"code\":{\"type\":\"string\",\"description\":\"The cause, for "
    "programs.\"}},\"required\":[\"detail\",\"code\"]},"
    "\"HTTPValidationError\":{\"type\":\"object\",\"properties\":{\"detail\":{\"anyOf\":["
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/"
    "ValidationError\"}},{\"type\":\"string\"}],"
    "\"description\":\"All faults of the input, or a sentence about the whole.\"},"
    "\"code\":{\"type\":\"string\"}},\"required\":[\"detail\"]},"
    "\"ValidationError\":{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"},"
    "\"loc\":{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}},"
    "\"msg\":{\"type\":\"string\"},\"input\":{},\"ctx\":{\"type\":\"object\"}},\"required\":[\"type\","
    "\"loc\",\"msg\",\"input\"]}";

static void open_member(struct json_out *out, const char *key, char bracket)
{
    json_put_key(out, key);
    json_put_open(out, bracket);
}

static void put_reference(struct writer *w, const char *name)
{
    json_put_pair(&w->out, "$ref", arena_printf(w->mem, "#/components/schemas/%s", name));
}

/* "content": {"<type>": {"schema": ... }} around what `put` writes into the schema object. */
static void open_content(struct writer *w, const char *type)
{
    open_member(&w->out, "content", '{');
    open_member(&w->out, type, '{');
    open_member(&w->out, "schema", '{');
}

static void close_content(struct writer *w)
{
    for (int i = 0; i < 3; i++) json_put_close(&w->out, '}');
}

/* ---- parameters ---- */

static void put_parameter(struct writer *w, const char *name, const char *place, bool required,
                          const struct field *field)
{
    json_put_open(&w->out, '{');
    json_put_pair(&w->out, "name", name);
    json_put_pair(&w->out, "in", place);
    json_put_key(&w->out, "required");
    json_put_bool(&w->out, required);
    if (field && field->doc) json_put_pair(&w->out, "description", field->doc);
    json_put_key(&w->out, "schema");
    if (field) {
        struct field bare = *field;
        bare.doc = NULL;
        field_schema(&bare, true, &w->out);
    } else
        json_put_raw(&w->out, "{\"type\":\"string\"}");
    json_put_close(&w->out, '}');
}

static bool has_params(const struct route *route) { return strchr(route->path, '{') != NULL; }

static void put_parameters(struct writer *w, const struct route *route)
{
    if (!has_params(route) && !route->query) return;
    open_member(&w->out, "parameters", '[');
    for (const char *at = strchr(route->path, '{'); at; at = strchr(at, '{')) {
        const size_t size = strcspn(++at, "*}");
        const char *const name = arena_text_n(w->mem, at, size);
        put_parameter(w, name, "path", true, route->params ? shape_field(route->params, name) : NULL);
    }
    for (const struct field *field = route->query ? route->query->fields : NULL; field && field->name;
         field++)
        put_parameter(w, field->name, "query", field->required, field);
    json_put_close(&w->out, ']');
}

/* ---- bodies ---- */

static void put_form(struct writer *w, const struct shape *fields)
{
    struct json_out *const out = &w->out;
    json_put_pair(out, "type", "object");
    open_member(out, "properties", '{');
    json_put_key(out, "file");
    json_put_raw(out, "{\"type\":\"string\",\"format\":\"binary\"}");
    for (const struct field *field = fields ? fields->fields : NULL; field && field->name; field++) {
        json_put_key(out, field->name);
        field_schema(field, true, out);
    }
    json_put_close(out, '}');
    open_member(out, "required", '[');
    json_put_text(out, "file");
    for (const struct field *field = fields ? fields->fields : NULL; field && field->name; field++)
        if (field->required) json_put_text(out, field->name);
    json_put_close(out, ']');
}

static const char *const body_types[] = { [BODY_JSON] = "application/json",
                                          [BODY_FILE] = "multipart/form-data",
                                          [BODY_RAW] = "application/octet-stream" };

static void put_binary(struct writer *w)
{
    json_put_pair(&w->out, "type", "string");
    json_put_pair(&w->out, "format", "binary");
}

static void put_request_body(struct writer *w, const struct route *route)
{
    if (route->body == BODY_NONE) return;
    open_member(&w->out, "requestBody", '{');
    json_put_key(&w->out, "required");
    json_put_bool(&w->out, true);
    open_content(w, body_types[route->body]);
    if (route->body == BODY_FILE)
        put_form(w, route->in);
    else if (route->body == BODY_RAW)
        put_binary(w);
    else if (route->in)
        put_reference(w, components_name(&w->components, route->in, true));
    close_content(w);
    json_put_close(&w->out, '}');
}

/* ---- responses ---- */

static void put_reply(struct writer *w, const struct route *route, int status, const char *doc)
{
    open_member(&w->out, arena_printf(w->mem, "%d", status), '{');
    json_put_pair(&w->out, "description", doc);
    if (status != 204) {
        open_content(w, route->out_type ? route->out_type : "application/json");
        if (route->out_type) {
            json_put_pair(&w->out, "type", "string");
            if (!text_starts(route->out_type, "text/")) json_put_pair(&w->out, "format", "binary");
        } else if (route->out && route->list) {
            json_put_pair(&w->out, "type", "array");
            open_member(&w->out, "items", '{');
            put_reference(w, components_name(&w->components, route->out, false));
            json_put_close(&w->out, '}');
        } else if (route->out)
            put_reference(w, components_name(&w->components, route->out, false));
        close_content(w);
    }
    json_put_close(&w->out, '}');
}

static void put_success(struct writer *w, const struct route *route)
{
    const int status = route->status ? route->status : 200;
    put_reply(w, route, status, status == 201 ? "Created" : status == 204 ? "Done" : "Success");
    if (route->other_status) put_reply(w, route, route->other_status, "The same, as bad news");
}

static void put_failure(struct writer *w, bool applies, const char *status, const char *doc,
                        const char *schema)
{
    if (!applies) return;
    open_member(&w->out, status, '{');
    json_put_pair(&w->out, "description", doc);
    open_content(w, "application/json");
    put_reference(w, schema);
    close_content(w);
    json_put_close(&w->out, '}');
}

static void put_responses(struct writer *w, const struct route *route)
{
    const bool closed = route->needs != NEED_NOTHING, body = route->body != BODY_NONE;
    open_member(&w->out, "responses", '{');
    put_success(w, route);
    put_failure(w, closed, "401", "No token, or not a good one", "Error");
    put_failure(w, closed, "403", "Not allowed", "Error");
    put_failure(w, has_params(route), "404", "Not found", "Error");
    put_failure(w, body, "413", "Too large", "Error");
    put_failure(w, body || route->query || route->params, "422", "Not valid", "HTTPValidationError");
    put_failure(w, true, "default", "Another failure", "Error");
    json_put_close(&w->out, '}');
}

/* ---- operations ---- */

/* post /api/video/jobs/{job_id}/retry -> post_api_video_jobs_job_id_retry */
static const char *operation_id(struct arena *mem, const struct route *route)
{
    char *const text = arena_printf(mem, "%s%s", method_names[route->method], route->path);
    char *to = text;
    for (const char *at = text; *at; at++)
        if (isalnum((unsigned char)*at))
            *to++ = (char)tolower((unsigned char)*at);
        else if (to > text && to[-1] != '_')
            *to++ = '_';
    while (to > text && to[-1] == '_') to--;
    *to = '\0';
    return text;
}

static void put_needs(struct writer *w, const struct route *route)
{
    const unsigned permission = route_permission(route);
    if (permission)
        json_put_pair(&w->out, "description",
                      arena_printf(w->mem, "Needs the permission `%s`.", permission_name(permission)));
    json_put_pair(&w->out, "x-needs", need_names[route_needs(route)]);
}

/* The credentials that will do; none is one of them where it says {}. */
static void put_security(struct writer *w, const struct route *route)
{
    const char *const ways = route->optional_login           ? "[{},{\"bearer\":[]},{\"key\":[]}]"
                             : route->needs == NEED_NOTHING ? NULL
                             : route_takes_key(route)       ? "[{\"bearer\":[]},{\"key\":[]}]"
                                                            : "[{\"bearer\":[]}]";
    if (!ways) return;
    json_put_key(&w->out, "security");
    json_put_raw(&w->out, ways);
}

static void put_operation(struct writer *w, const struct route *route)
{
    struct json_out *const out = &w->out;
    open_member(out, text_lower(w->mem, method_names[route->method]), '{');
    if (route->tag) {
        open_member(out, "tags", '[');
        json_put_text(out, route->tag);
        json_put_close(out, ']');
    }
    if (route->doc) json_put_pair(out, "summary", route->doc);
    put_needs(w, route);
    json_put_pair(out, "operationId", operation_id(w->mem, route));
    put_security(w, route);
    put_parameters(w, route);
    put_request_body(w, route);
    put_responses(w, route);
    json_put_close(out, '}');
}

/* The path without the star of a rest parameter. */
static const char *template(struct arena *mem, const char *path)
{
    const char *const star = strchr(path, '*');
    return star ? arena_printf(mem, "%.*s%s", (int)(star - path), path, star + 1) : path;
}

/* All operations of the path, if `first` is the first row that has it. */
static void put_path(struct writer *w, const struct route *first)
{
    bool open = false;
    for (size_t t = 0; w->tables[t]; t++)
        for (const struct route *route = w->tables[t]; route->path; route++) {
            if (route->hidden || strcmp(route->path, first->path) != 0) continue;
            if (!open && route != first) return;
            if (!open) open_member(&w->out, template(w->mem, first->path), '{');
            open = true;
            put_operation(w, route);
        }
    if (open) json_put_close(&w->out, '}');
}

static void put_tags(struct writer *w)
{
    const char *seen[128] = { NULL };
    size_t count = 0;
    open_member(&w->out, "tags", '[');
    for (size_t t = 0; w->tables[t]; t++)
        for (const struct route *route = w->tables[t]; route->path; route++) {
            if (route->hidden || !route->tag || text_find(seen, route->tag) >= 0) continue;
            assert(count + 1 < COUNT_OF(seen));
            seen[count++] = route->tag;
            json_put_open(&w->out, '{');
            json_put_pair(&w->out, "name", route->tag);
            json_put_close(&w->out, '}');
        }
    json_put_close(&w->out, ']');
}

static void put_components(struct writer *w)
{
    open_member(&w->out, "components", '{');
    open_member(&w->out, "schemas", '{');
    components_write(&w->components, &w->out);
    json_put_raw(&w->out, error_schemas);
    json_put_close(&w->out, '}');
    json_put_key(&w->out, "securitySchemes");
    json_put_raw(&w->out, "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"},"
                          "\"key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-API-Key\"}}");
    json_put_close(&w->out, '}');
}

void openapi_write(const struct route *const *tables, const struct openapi_info *info, struct buf *out)
{
    AUTO(arena) struct arena mem = { 0 };
    struct writer w = { .mem = &mem, .tables = tables, .out = { .buf = out } };
    w.components = components_collect(&mem, tables);
    json_put_open(&w.out, '{');
    json_put_pair(&w.out, "openapi", "3.1.0");
    open_member(&w.out, "info", '{');
    json_put_pair(&w.out, "title", info->title);
    if (info->doc) json_put_pair(&w.out, "description", info->doc);
    json_put_pair(&w.out, "version", info->version);
    json_put_close(&w.out, '}');
    put_tags(&w);
    open_member(&w.out, "paths", '{');
    for (size_t t = 0; tables[t]; t++)
        for (const struct route *route = tables[t]; route->path; route++) put_path(&w, route);
    json_put_close(&w.out, '}');
    put_components(&w);
    json_put_close(&w.out, '}');
}

bool openapi_show(struct request *rq, struct reply *rp, struct error *err)
{
    const struct server_config *const config = rq->config;
    const struct openapi_info info = { config->title ? config->title : "Unified Media Asset Manager API",
                                       config->doc, UMAM_VERSION };
    AUTO(buf) struct buf text = BUF(DOCUMENT_MAX_BYTES);
    openapi_write(config->tables, &info, &text);
    if (text.full) return fail(err, CAUSE_INTERNAL, "the API description is too long");
    reply_bytes(rp, "application/json", text.at, text.size);
    return true;
}
