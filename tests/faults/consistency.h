/* What must be true of a data folder that no server has open, whatever happened to the server before. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The database is whole, its rows agree with each other and with the files: each row's files are there with
 * their size and digest, each file has its row, nothing is unfinished. Else a sentence in `why`. */
bool consistent(const char *data, char *why, size_t size_bytes);

/* The first column of the first row, 0 when there is none, -1 when the question cannot be asked. */
int64_t store_ask(const char *data, const char *sql);

/* The same as text, "" when there is none. */
void store_ask_text(const char *data, const char *sql, char *out, size_t size_bytes);

/* Files and folders, whole trees; false when one cannot be copied. */
bool tree_copy(const char *from, const char *to);
void tree_remove(const char *path);
