#include "cell/pages.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

/* One mapping as /proc/self/smaps tells it. */
struct mapping {
    uintptr_t from, to;
    bool of_file;
};

static bool read_head(const char *line, struct mapping *out)
{
    unsigned long from, to, offset, inode;
    char rights[8], device[16];
    if (sscanf(line, "%lx-%lx %7s %lx %15s %lu", &from, &to, rights, &offset, device, &inode) != 6)
        return false;
    *out = (struct mapping){ from, to, inode != 0 && rights[3] == 'p' };
    return true;
}

void pages_release(void)
{
    char line[8192];
    struct mapping mapping = { 0 };
    unsigned long anonymous_kb;
    FILE *const smaps = fopen("/proc/self/smaps", "re");
    if (!smaps) return;
    while (fgets(line, sizeof line, smaps)) {
        if (read_head(line, &mapping)) continue;
        /* no anonymous page: nothing in it differs from the file */
        if (mapping.of_file && sscanf(line, "Anonymous: %lu kB", &anonymous_kb) == 1 && anonymous_kb == 0)
            (void)madvise((void *)mapping.from, mapping.to - mapping.from, MADV_DONTNEED);
    }
    fclose(smaps);
}
