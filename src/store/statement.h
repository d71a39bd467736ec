/* What tools/sqlgen makes of the .sql files: the texts behind `enum sql`, and the migrations. */
#pragma once

#include "store/sql.h"

#include <stddef.h>
#include <stdint.h>

struct statement {
    const char *name;
    const char *text;              /* parameters are $1..$count; NULL: not on this engine */
    const char *const *parameters; /* their names, in that order */
    int count;
};

extern const struct statement statements[SQL_COUNT];

/* One step of the schema and the way back. The checksum is of `up` without comments and indentation. */
struct migration {
    int64_t number;
    const char *name, *checksum, *up, *down;
};

extern const struct migration migrations[]; /* number i stands at i - 1 */
extern const int migrations_count;
