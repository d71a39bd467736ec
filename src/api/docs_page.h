/* The page at /docs: reads /openapi.json and lets people try it. One self-contained file, nothing from
 * elsewhere; its sources stand in docs_page/ and are embedded at build time. */
#pragma once

#include "api/http.h"

/* GET /docs and GET /openapi.json, for the server's list of tables. */
extern const struct route docs_routes[];

/* Made by tools/embed-page. */
extern const unsigned char docs_page_html[];
extern const size_t docs_page_html_size;
extern const char docs_page_policy[];
