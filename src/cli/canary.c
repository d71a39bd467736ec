#include "cli/canary.h"

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "cli/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the cage ---- */

static bool make_secret(struct canary *canary, struct error *err)
{
    snprintf(canary->folder, sizeof canary->folder, "/tmp/umam-doctor-XXXXXX");
    if (!mkdtemp(canary->folder)) {
        canary->folder[0] = '\0';
        return fail_errno(err, errno, "a folder for the test could not be made in /tmp");
    }
    snprintf(canary->secret, sizeof canary->secret, "%s/secret.key", canary->folder);
    snprintf(canary->word, sizeof canary->word, "%s", id_new().text);
    return file_write(canary->secret, canary->word, strlen(canary->word), 0600, err);
}

/* The input is a file of a disk, as media are: Landlock leaves files in memory alone. */
static bool make_files(struct canary *canary, struct error *err)
{
    char path[96];
    snprintf(path, sizeof path, "%s/input", canary->folder);
    canary->input = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    canary->output = memfd_create("output", MFD_CLOEXEC);
    unlink(path);
    if (canary->input < 0 || canary->output < 0)
        return fail_errno(err, errno, "a file for the test could not be made");
    return file_put(canary->input, canary->word, strlen(canary->word), err);
}

static bool listen_somewhere(struct canary *canary, struct error *err)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    canary->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (canary->listener < 0 || bind(canary->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(canary->listener, 8) != 0 || getsockname(canary->listener, (struct sockaddr *)&at, &size) != 0)
        return fail_errno(err, errno, "a port of the loopback address could not be opened");
    canary->port = ntohs(at.sin_port);
    return true;
}

bool canary_open(struct canary *out, struct error *err)
{
    *out = (struct canary){ .input = -1, .output = -1, .listener = -1 };
    if (!make_secret(out, err) || !make_files(out, err) || !listen_somewhere(out, err)) {
        canary_cleanup(out);
        return false;
    }
    out->descriptors = process_descriptors(getpid());
    return true;
}

void canary_cleanup(struct canary *canary)
{
    if (!canary->folder[0]) return;
    unlink(canary->secret);
    rmdir(canary->folder);
    fd_cleanup(&canary->input);
    fd_cleanup(&canary->output);
    fd_cleanup(&canary->listener);
    canary->folder[0] = '\0';
}

/* ---- is it still singing? ---- */

static bool is_whole(int fd, const char *word)
{
    char text[64] = "";
    return pread(fd, text, sizeof text - 1, 0) == (ssize_t)strlen(word) && text_is(text, word);
}

static bool secret_is_whole(const struct canary *canary)
{
    struct stat info;
    AUTO(fd) int secret = open(canary->secret, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return secret >= 0 && fstat(secret, &info) == 0 && (info.st_mode & 07777) == 0600 && info.st_nlink == 1 &&
           is_whole(secret, canary->word);
}

static bool somebody_called(const struct canary *canary)
{
    AUTO(fd) int caller = accept4(canary->listener, NULL, NULL, SOCK_CLOEXEC);
    return caller >= 0;
}

const char *canary_harm(const struct canary *canary, pid_t worker)
{
    if (!secret_is_whole(canary)) return "the secret file was changed";
    if (file_entries(canary->folder) != 1) return "files were made in the folder of the secret";
    if (!is_whole(canary->input, canary->word)) return "the input file was changed";
    if (somebody_called(canary)) return "somebody connected to the port on the loopback address";
    if (process_descriptors(getpid()) != canary->descriptors) return "descriptors stayed open in the server";
    const pid_t child = process_child(worker);
    if (child < 0) return "/proc does not tell whether its process lives on";
    return child ? "its process lives on" : NULL;
}
