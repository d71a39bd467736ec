#include "base/file.h"
#include "base/hash.h"
#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(a_written_file_is_whole_private_and_replaced_at_once)
{
    AUTO(arena) struct arena mem = { 0 };
    struct error err = { 0 };
    char folder[] = "/tmp/umam-file-XXXXXX";
    CHECK(mkdtemp(folder));
    const char *const deep = arena_printf(&mem, "%s/a/b", folder), *const path =
                                                                       arena_printf(&mem, "%s/x", deep);
    const char *text;
    size_t size;
    struct stat facts;
    CHECK_OK(file_make_dirs(deep, &err));
    CHECK_OK(file_make_dirs(deep, &err));
    CHECK_OK(file_write(path, "one", 3, 0600, &err));
    CHECK_OK(file_write(path, "second", 6, 0600, &err));
    CHECK_OK(file_read(&mem, path, 100, &text, &size, &err));
    CHECK_TEXT(text, "second");
    CHECK_INT(size, 6);
    CHECK(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0600);
    CHECK(!file_read(&mem, path, 5, &text, &size, &err) && err.cause == CAUSE_TOO_LARGE);
    CHECK(!file_read(&mem, deep, 5, &text, &size, &err));
    CHECK_OK(file_remove(path, &err));
    CHECK_OK(file_remove(path, &err));
    CHECK(!file_read(&mem, path, 5, &text, &size, &err) && err.cause == CAUSE_NOT_FOUND);
    CHECK(rmdir(deep) == 0); /* nothing unfinished stayed behind */
    CHECK(rmdir(arena_printf(&mem, "%s/a", folder)) == 0 && rmdir(folder) == 0);
}

TEST(hashing_a_file_leaves_its_offset_alone)
{
    struct error err = { 0 };
    struct digest digest;
    AUTO(fd) int fd = memfd_create("x", 0);
    CHECK_OK(file_put(fd, "abc", 3, &err));
    CHECK_OK(hash_file(fd, &digest, &err));
    CHECK_TEXT(digest.hex, hash_bytes("abc", 3).hex);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 3);
}

TEST_MAIN
