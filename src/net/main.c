/* umam-net: everything that calls other machines, without database, media folder and decoders. */
#include "net/porter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "umam-net fetches files for umam, one confined process per file.\n"
    "\n"
    "  umam-net porter           started by the server, which talks with it on descriptor 3\n"
    "  umam-net get URL FILE [ADDRESS ...]\n"
    "                            fetches one file by hand, from public addresses and those named\n"
    "  umam-net --help | --version\n";

/* Without what libraries do at an exit: confined, a leak checker for one could only complain. */
static int leave(int status)
{
    fflush(NULL);
    _exit(status);
}

int main(int argc, char **argv)
{
    const char *const word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "porter") == 0 && argc == 2) return leave(porter_main(3));
    if (strcmp(word, "get") == 0 && argc >= 4)
        return leave(
            porter_get(argv[2], argv[3], (struct texts){ (const char **)argv + 4, (size_t)argc - 4 }));
    if (strcmp(word, "--version") == 0) return puts("umam-net " UMAM_VERSION) == EOF;
    fputs(help, stdout);
    return strcmp(word, "--help") == 0 ? 0 : 2;
}
