/* One file over HTTP into a descriptor, by libcurl, which gets its connections from net/dialer.h.
 *
 * Only http and https, also after redirects (five at most); no proxy, no cookies, no stored passwords. A
 * transfer that breaks off goes on where it stopped when the sender says the file is still the same (RFC
 * 9110: Range with If-Range), otherwise it starts over. */
#pragma once

#include "cell/job.h"
#include "task/fetch.h"

/* Loads libcurl and the certificates of authorities, while files can be opened. */
bool fetch_open(struct error *err) MUST_USE;

/* Writes the file into `fd`, which is empty and seekable and stays the caller's; texts of `out` lie in the
 * job's memory. Fails with INVALID (no such address can be), FORBIDDEN (it may not be reached, or its owner
 * lets nobody), NOT_FOUND, TOO_LARGE, BAD_REQUEST (what came makes no sense), UNAVAILABLE, TIMEOUT, IO,
 * NO_SPACE. */
bool fetch_file(struct job *job, int fd, const struct fetch_in *in, struct fetch_out *out,
                struct error *err) MUST_USE;
