#define _DEFAULT_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, struct tk_buf *out)
{
    for (;;) {
        char *room = tk_buf_room(out, 1);
        size_t space = room == NULL ? 0 : out->cap - out->len - 1;
        ssize_t got;

        if (room == NULL) return out->failed;
        if (space > out->max - out->len) space = out->max - out->len;
        got = read(fd, room, space);
        if (got == 0) return 0;
        if (got < 0 && errno != EINTR) return TK_EIO;
        if (got > 0) out->len += (size_t)got;
        if (out->len == out->max && read(fd, &(char){0}, 1) == 0) return 0;
    }
}

int tk_file_read(const char *path, struct tk_buf *out, struct tk_why *why)
{
    /* O_NONBLOCK so that opening a pipe returns and can be refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    int rc;

    if (fd < 0) {
        return tk_fail(why, errno == ENOENT ? TK_ENOENT : TK_EIO, "%s: %s",
                       path, strerror(errno));
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return tk_fail(why, TK_EIO, "%s: not a regular file", path);
    }
    rc = read_all(fd, out);
    close(fd);
    if (rc == TK_ETOOBIG) {
        return tk_fail(why, rc, "%s: larger than %zu bytes", path, out->max);
    }
    return rc == 0 ? 0 : tk_fail(why, rc, "%s: %s", path, tk_err_text(rc));
}

static int write_all(int fd, struct tk_str bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);

        if (put < 0 && errno != EINTR) return TK_EIO;
        if (put > 0) bytes = tk_str_skip(bytes, (size_t)put);
    }
    return fsync(fd) == 0 ? 0 : TK_EIO;
}

/* Through a new file beside it, `beside`. */
static int replace(const char *path, const char *beside, unsigned mode,
                   struct tk_str bytes)
{
    int fd, rc;

    (void)unlink(beside); /* of a process that died and had our number */
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return TK_EIO;
    rc = write_all(fd, bytes);
    if (rc == 0 && rename(beside, path) != 0) rc = TK_EIO;
    if (rc != 0) {
        int cause = errno;

        unlink(beside);
        errno = cause;
    }
    close(fd);
    return rc;
}

int tk_file_write(const char *path, unsigned mode, struct tk_str bytes,
                  struct tk_why *why)
{
    char beside[PATH_MAX];
    struct stat info;
    int len =
        snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid());

    if (len < 0 || len >= (int)sizeof beside) {
        return tk_fail(why, TK_EINVAL, "the path is too long: %s", path);
    }
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return tk_fail(why, TK_EEXIST, "%s: not a regular file", path);
    }
    if (replace(path, beside, mode, bytes) != 0) {
        return tk_fail(why, TK_EIO, "%s: %s", path, strerror(errno));
    }
    return 0;
}

int tk_file_make_dir(const char *path, unsigned mode, struct tk_why *why)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    struct stat info;

    if (len == 0 || len >= sizeof part) {
        return tk_fail(why, TK_EINVAL, "'%s' is no path of a directory", path);
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST) {
            return tk_fail(why, TK_EIO, "%s: %s", part, strerror(errno));
        }
    }
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return tk_fail(why, TK_EEXIST, "%s: not a directory", path);
    }
    return 0;
}

static int64_t in_ns(const struct timespec *at)
{
    return (int64_t)at->tv_sec * 1000000000 + at->tv_nsec;
}

bool tk_file_stamp(const char *path, struct tk_stamp *out)
{
    struct stat info;

    *out = (struct tk_stamp){0};
    if (stat(path, &info) != 0) return false;
    *out = (struct tk_stamp){
        .device = info.st_dev,
        .inode = info.st_ino,
        .size = info.st_size,
        .modified_ns = in_ns(&info.st_mtim),
        .changed_ns = in_ns(&info.st_ctim),
    };
    return true;
}

bool tk_stamp_same(const struct tk_stamp *a, const struct tk_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}
