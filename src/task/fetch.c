#include "task/fetch.h"

static const struct field in_fields[] = {
    TEXT(struct fetch_in, url, .required = true, .min = 1, .max = 4000, .doc = "Where the file is."),
    INT(struct fetch_in, max_bytes, .required = true, .min = 1, .max = 1LL << 50,
        .doc = "Bytes that are taken at most."),
    INT(struct fetch_in, wait_s, .required = true, .min = 1, .max = 86400, .doc = "Seconds for all of it."),
    { 0 },
};
const struct shape fetch_in_shape = SHAPE("FetchIn", struct fetch_in, in_fields);

static const struct field out_fields[] = {
    TEXT(struct fetch_out, url, .required = true, .max = 8000, .doc = "Where it was in the end."),
    TEXT(struct fetch_out, type, .nullable = true, .max = 200, .doc = "Content type as said by the sender."),
    TEXT(struct fetch_out, filename, .max = 300, .doc = "Name as said by the sender."),
    INT(struct fetch_out, size_bytes, .required = true, .doc = "Bytes."),
    INT(struct fetch_out, attempts, .required = true, .min = 1, .max = 1000, .doc = "Connections it took."),
    { 0 },
};
const struct shape fetch_out_shape = SHAPE("FetchOut", struct fetch_out, out_fields);
