/* Statements run on one connection; db.h and transactions are made of these. */
#pragma once

#include "store/db.h"
#include "store/sqlite.h"

bool query_run(struct sqlite *lite, enum sql sql, struct db_args args, int64_t *changed_out,
               struct error *err) MUST_USE;
bool query_find(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                const struct shape *shape, void *out, bool *found_out, struct error *err) MUST_USE;
bool query_list_within(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                       const struct shape *shape, size_t max_bytes, struct list *out, bool *whole_out,
                       struct error *err);
bool query_list(struct sqlite *lite, enum sql sql, struct db_args args, struct arena *mem,
                const struct shape *shape, struct list *out, struct error *err) MUST_USE;
bool query_count(struct sqlite *lite, enum sql sql, struct db_args args, int64_t *out,
                 struct error *err) MUST_USE;
