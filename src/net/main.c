/* umam-net: everything that calls other machines, without database, media folder and decoders. */
#include "base/arena.h"
#include "cell/hand.h"
#include "cell/zygote.h"
#include "net/main.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "umam-net fetches files for umam, one confined process per file.\n"
    "\n"
    "  umam-net zygote [ADDRESS,...]   started by the server, which talks with it on descriptor 3; the "
    "addresses\n"
    "                                  are private ones that may be reached all the same\n"
    "  umam-net run [ADDRESS,...] fetch '{\"url\":\"https://...\",\"max_bytes\":1000000,\"wait_s\":60}' "
    "out=FILE\n"
    "                                  fetches one file and prints its messages as lines of JSON\n"
    "  umam-net --help | --version\n";

/* A list of addresses in front of a task is no task: it has a dot or a colon. */
static bool takes_addresses(struct arena *mem, const char *word)
{
    const bool some = word && strpbrk(word, ".:");
    if (some) net_private = text_split(mem, word, ',');
    return some;
}

int main(int argc, char **argv)
{
    AUTO(arena) struct arena mem = { 0 };
    const char *const word = argc > 1 ? argv[1] : "";
    const int taken = argc > 2 && takes_addresses(&mem, argv[2]);
    if (strcmp(word, "zygote") == 0) return zygote_main(3);
    if (strcmp(word, "run") == 0) return hand_main(argc - 2 - taken, argv + 2 + taken);
    if (strcmp(word, "--version") == 0) return puts("umam-net " UMAM_VERSION) == EOF;
    fputs(help, stdout);
    return strcmp(word, "--help") == 0 ? 0 : 2;
}
