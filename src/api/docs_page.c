#include "api/docs_page.h"

#include "api/openapi.h"

static bool page_show(struct request *rq, struct reply *rp, struct error *err)
{
    (void)rq;
    (void)err;
    reply_header(rp, "Content-Security-Policy", docs_page_policy);
    reply_header(rp, "Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=()");
    reply_header(rp, "Cross-Origin-Opener-Policy", "same-origin");
    reply_bytes(rp, "text/html; charset=utf-8", docs_page_html, docs_page_html_size);
    return true;
}

const struct route docs_routes[] = {
    { METHOD_GET, "/openapi.json", openapi_show, .needs = NEED_NOTHING, .rate = RATE_NONE, .hidden = true,
      .doc = "This description." },
    { METHOD_GET, "/docs", page_show, .needs = NEED_NOTHING, .rate = RATE_NONE, .hidden = true,
      .doc = "A page to read and try the API." },
    { 0 },
};
