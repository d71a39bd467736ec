/* The API description (OpenAPI 3.1), emitted from the routes and shapes that the server runs on. Same tables,
 * same text, byte for byte. */
#pragma once

#include "api/http.h"

struct openapi_info {
    const char *title, *doc, *version;
};

void openapi_write(const struct route *const *tables, const struct openapi_info *info, struct buf *out);

/* GET /openapi.json of the running server. */
bool openapi_show(struct request *rq, struct reply *rp, struct error *err);
