/* Addresses of files, taken apart by libcurl's own parser, so that we and it never read one differently. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* INVALID for what is no http or https address, or has a user or a password in it: those would end up in
 * places where addresses are shown. */
bool name_check_url(const char *url, struct error *err) MUST_USE;

/* The address without query and fragment, which may be secrets: signatures, tokens. */
const char *name_plain_url(struct arena *mem, const char *url);

/* The last part of its path, decoded, in one line; "" when there is none. */
const char *name_of_file(struct arena *mem, const char *url);

/* A host as addresses write it, without the brackets around an IPv6 address. */
const char *name_bare_host(struct arena *mem, const char *host);
