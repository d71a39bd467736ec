/* One file over HTTP into a descriptor, by libcurl.
 *
 * Only http and https, also after redirects (five at most); only addresses that net/guard.h allows, checked
 * for every connection; no proxy, no cookies, no stored passwords. A transfer that breaks off goes on where
 * it stopped when the sender says the file is still the same (RFC 9110: Range with If-Range), otherwise it
 * starts over. */
#pragma once

#include "task/fetch.h"

/* Hears how far it is, several times a second; total 0 is unknown. False ends the transfer. */
typedef bool fetch_told(void *with, int64_t bytes, int64_t total);

/* Writes the file into `fd`, which is empty and seekable and stays the caller's; texts of `out` lie in `mem`.
 * Fails with INVALID (no such address can be), FORBIDDEN (it may not be reached, or its owner lets nobody),
 * NOT_FOUND, TOO_LARGE, BAD_REQUEST (what came makes no sense), UNAVAILABLE, TIMEOUT, CANCELLED, IO,
 * NO_SPACE. */
bool fetch_file(const struct fetch_in *in, int fd, fetch_told *told, void *with, struct arena *mem,
                struct fetch_out *out, struct error *err) MUST_USE;
