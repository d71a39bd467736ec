/* umam-media: everything that touches media files, without network and without file system. */
#include "task/task.h"
#include "cell/hand.h"
#include "cell/zygote.h"
#include "worker/kinds.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "umam-media does the media work of umam, one confined process per task.\n"
    "\n"
    "  umam-media zygote                             started by the server, which talks with it on "
    "descriptor 3\n"
    "  umam-media run TASK INPUT [name=path ...]     does one task and prints its messages as lines of JSON\n"
    "  umam-media --help | --version\n"
    "\n"
    "Files called out, poster, thumb, sprite, peaks, text and index are written, all others are read. For "
    "example:\n"
    "  umam-media run verify '{}' in=shot.mp4 poster=shot.jpg\n"
    "  umam-media run mock_clip "
    "'{\"prompt\":\"\",\"mood_category\":\"\",\"camera_movement\":\"\",\"lighting\":\"\","
    "\"color_grade\":\"\",\"width\":320,\"height\":180,\"fps\":30,\"duration_s\":1}' out=clip.mp4\n"
    "\n"
    "Tasks and their input:\n";

static void print_help(void)
{
    fputs(help, stdout);
    for (int kind = 0; kind < TASK_KIND_COUNT; kind++) {
        if (!program.runs[kind]) continue;
        printf("  %s\n", task_kinds[kind].word);
        for (const struct field *field = task_kinds[kind].in->fields; field->name; field++)
            printf("    %-16s %s%s\n", field->name, field->doc, field->required ? " Required." : "");
    }
}

int main(int argc, char **argv)
{
    const char *const word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "zygote") == 0 && argc == 2) return zygote_main(3);
    if (strcmp(word, "run") == 0) return hand_main(argc - 2, argv + 2);
    if (strcmp(word, "--version") == 0) return puts("umam-media " UMAM_VERSION) == EOF;
    print_help();
    return strcmp(word, "--help") == 0 ? 0 : 2;
}
