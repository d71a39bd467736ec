/* Runs a target over its corpus where no fuzzer is linked: the empty input and every file of the folder, each
 * one a test. A child does the work; the input that kills or stalls it fails, and the next child goes on. */
#include "fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INPUT_MAX_BYTES = 1 << 20, PATIENCE_S = 20 };

static int a_file(const struct dirent *entry) { return entry->d_name[0] != '.'; }

/* The input in a block of exactly its size, so that reading past it is noticed. */
static void run(const char *folder, const char *name)
{
    char path[4096];
    static char bytes[INPUT_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = *name ? fopen(path, "re") : NULL;
    const size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    uint8_t *const data = malloc(size);
    if (size) memcpy(data, bytes, size);
    if (file) fclose(file);
    alarm(PATIENCE_S);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

int main(int argc, char **argv)
{
    static struct dirent **files;
    const char *const folder = argv[argc - 1];
    const int count = argc < 2 ? -1 : scandir(folder, &files, a_file, alphasort);
    volatile int *const at =
        mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (count <= 0 || at == MAP_FAILED) {
        fprintf(stderr, "%s: give a folder of inputs\n", argv[0]);
        return 2;
    }
    int failed = 0;
    for (*at = -1; *at < count; ++*at) { /* -1 is the empty input */
        const pid_t child = fork();
        if (child == 0) {
            for (; *at < count; ++*at) run(folder, *at < 0 ? "" : files[*at]->d_name);
            exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) < 0) return 2;
        if (*at == count) break;
        fprintf(stderr, "FAILED %s/%s (status %#x)\n", folder, *at < 0 ? "" : files[*at]->d_name, status);
        failed++;
    }
    printf("%d passed, %d failed\n", count + 1 - failed, failed);
    return failed ? 1 : 0;
}
