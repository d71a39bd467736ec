/* Scope clean-up and the attributes every room uses.
 *
 * AUTO(fd) int file = -1;  closes `file` when the scope ends, on every path out.
 * A type joins by defining `<name>_cleanup(T *)` that accepts the zero value.
 * Ownership moves out with a take function or by setting the variable to its zero value. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTO(name)      __attribute__((cleanup(name##_cleanup)))
#define MUST_USE        __attribute__((warn_unused_result))
#define PRINTF(fmt, at) __attribute__((format(printf, fmt, at)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Closes the descriptor unless it is negative. For AUTO(fd). */
void fd_cleanup(int *fd);

/* Returns the descriptor and leaves -1 behind: the caller owns it now. */
static inline int fd_take(int *fd)
{
    const int taken = *fd;
    *fd = -1;
    return taken;
}
