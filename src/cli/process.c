#include "cli/process.h"

#include "base/file.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files of /proc say no size. */
static const char *read_all(struct arena *mem, pid_t pid, const char *file)
{
    enum { MOST = 1 << 14 };
    AUTO(fd) int fd = open(arena_printf(mem, "/proc/%d/%s", (int)pid, file), O_RDONLY | O_CLOEXEC);
    char *const text = arena_alloc(mem, MOST);
    return fd >= 0 && read(fd, text, MOST - 1) > 0 ? text : "";
}

const char *process_line(struct arena *mem, pid_t pid, const char *file, const char *name)
{
    for (const char *line = read_all(mem, pid, file); *line;) {
        const size_t size = strcspn(line, "\n"), named = strlen(name);
        if (size > named && strncmp(line, name, named) == 0 && (line[named] == ':' || line[named] == ' '))
            return text_trim(mem, arena_text_n(mem, line + named + 1, size - named - 1));
        line += size + (line[size] == '\n');
    }
    return NULL;
}

pid_t process_child(pid_t parent)
{
    char path[64], first[16] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    AUTO(fd) int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, first, sizeof first - 1) < 0) return -1;
    return atoi(first);
}

int process_descriptors(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    return file_entries(path);
}
