#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES = 512, NODES_MAX = 8192 };

struct content {
    char *at;
    size_t size;
};

/* What happened to a file or a folder since its last sync, in order. */
struct change {
    struct record record;
    const char *bytes;
};

struct name {
    char text[128];
    int node;
};

struct names {
    struct name *at;
    size_t count;
};

struct node {
    bool folder;
    struct content now, synced;
    struct names names, synced_names;
    struct change *pending;
    size_t pending_count;
};

struct disk {
    struct node nodes[NODES_MAX];
};

static void *again(void *at, size_t size)
{
    void *const moved = realloc(at, size ? size : 1);
    if (!moved) abort();
    return moved;
}

struct disk *disk_new(void)
{
    struct disk *const disk = calloc(1, sizeof *disk);
    if (!disk) abort();
    disk->nodes[0].folder = true;
    return disk;
}

void disk_free(struct disk *disk)
{
    for (int i = 0; i < NODES_MAX; i++) {
        struct node *const node = &disk->nodes[i];
        free(node->now.at), free(node->synced.at), free(node->pending);
        free(node->names.at), free(node->synced_names.at);
    }
    free(disk);
}

/* ---- contents ---- */

static void content_length(struct content *content, size_t size)
{
    content->at = again(content->at, size);
    if (size > content->size) memset(content->at + content->size, 0, size - content->size);
    content->size = size;
}

static void content_write(struct content *content, const char *bytes, size_t size, size_t offset)
{
    if (offset + size > content->size) content_length(content, offset + size);
    memcpy(content->at + offset, bytes, size);
}

static void content_copy(struct content *to, const struct content *from)
{
    content_length(to, from->size);
    if (from->size) memcpy(to->at, from->at, from->size);
}

/* ---- names ---- */

static void names_drop(struct names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->at[i].text, text) == 0) {
            names->at[i] = names->at[--names->count];
            return;
        }
}

static void names_apply(struct names *names, const struct record *record)
{
    names_drop(names, record->name);
    if (record->type == RECORD_UNLINK) return;
    names->at = again(names->at, (names->count + 1) * sizeof *names->at);
    struct name *const name = &names->at[names->count++];
    snprintf(name->text, sizeof name->text, "%s", record->name);
    name->node = record->node;
}

static void names_copy(struct names *to, const struct names *from)
{
    to->at = again(to->at, from->count * sizeof *to->at);
    to->count = from->count;
    if (from->count) memcpy(to->at, from->at, from->count * sizeof *to->at);
}

/* ---- the stream ---- */

static void note_pending(struct node *node, const struct record *record, const char *bytes)
{
    node->pending = again(node->pending, (node->pending_count + 1) * sizeof *node->pending);
    node->pending[node->pending_count++] = (struct change){ *record, bytes };
}

static void apply_sync(struct node *node)
{
    content_copy(&node->synced, &node->now);
    names_copy(&node->synced_names, &node->names);
    node->pending_count = 0;
}

void disk_apply(struct disk *disk, const struct record *record, const char *bytes)
{
    struct node *const node = &disk->nodes[record->node], *const folder = &disk->nodes[record->folder];
    switch (record->type) {
    case RECORD_WRITE:
        content_write(&node->now, bytes, record->size, (size_t)record->offset);
        note_pending(node, record, bytes);
        break;
    case RECORD_TRUNCATE:
        content_length(&node->now, (size_t)record->offset);
        note_pending(node, record, NULL);
        break;
    case RECORD_FOLDER:
        node->folder = true;
        /* fall through */
    case RECORD_FILE:
    case RECORD_UNLINK:
        names_apply(&folder->names, record);
        note_pending(folder, record, NULL);
        break;
    case RECORD_SYNC:
        apply_sync(node);
        break;
    case RECORD_ACK:
        break;
    }
}

/* ---- writing it out ---- */

/* Each sector of a write arrives or not. */
static void tear(struct content *content, const struct change *change, unsigned *dice)
{
    const size_t size = change->record.size, offset = (size_t)change->record.offset;
    for (size_t done = 0; done < size;) {
        const size_t room = SECTOR_BYTES - (offset + done) % SECTOR_BYTES,
                     part = size - done < room ? size - done : room;
        if (rand_r(dice) & 64) content_write(content, change->bytes + done, part, offset + done);
        done += part;
    }
}

static bool write_file(const struct node *node, enum disk_view view, unsigned *dice, const char *path)
{
    struct content torn = { 0 };
    content_copy(&torn, view == DISK_ALL ? &node->now : &node->synced);
    for (size_t i = 0; view == DISK_TORN && i < node->pending_count; i++)
        if (node->pending[i].record.type == RECORD_WRITE)
            tear(&torn, &node->pending[i], dice);
        else if (rand_r(dice) & 64)
            content_length(&torn, (size_t)node->pending[i].record.offset);
    const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    const bool good = fd >= 0 && (!torn.size || write(fd, torn.at, torn.size) == (ssize_t)torn.size);
    if (fd >= 0) close(fd);
    free(torn.at);
    return good;
}

static bool write_folder(const struct disk *disk, const struct node *node, enum disk_view view,
                         unsigned *dice, const char *path)
{
    struct names names = { 0 };
    bool good = mkdir(path, 0700) == 0;
    names_copy(&names, view == DISK_ALL ? &node->names : &node->synced_names);
    const size_t arrived = view == DISK_TORN ? (size_t)rand_r(dice) % (node->pending_count + 1) : 0;
    for (size_t i = 0; i < arrived; i++) names_apply(&names, &node->pending[i].record);
    for (size_t i = 0; good && i < names.count; i++) {
        char inner[1024];
        const struct node *const one = &disk->nodes[names.at[i].node];
        const char *const text = names.at[i].text, *const shm = strstr(text, "-shm");
        snprintf(inner, sizeof inner, "%s/%s", path, text);
        if (shm && !shm[4]) continue; /* memory shared by processes: gone with them */
        good = one->folder ? write_folder(disk, one, view, dice, inner) : write_file(one, view, dice, inner);
    }
    free(names.at);
    return good;
}

bool disk_write(const struct disk *disk, enum disk_view view, unsigned dice, const char *path)
{
    return write_folder(disk, &disk->nodes[0], view, &dice, path);
}
