#define _GNU_SOURCE
#include "cache/segment.h"

#include "cache/boot.h"
#include "cache/segment_head.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* Readers look at the mark at each call, but one may be in the middle of
     * copying: it is given this long. */
    PUNCH_AFTER_MS = 10 * 1000,
};

/* Owned by the engine. */
struct tk_segment {
    char dir[PATH_MAX];
    char name[NAME_MAX / 2];
    char first_name[NAME_MAX]; /* until it is published; "" afterwards */
    int dir_fd;
    int fd;
    struct tk_segment_head *head;
    size_t size;
    int old_fd; /* the retired file, until it is punched out; -1: none */
    int64_t punch_at;
};

static int fail(struct tk_why *why, const struct tk_segment *segment,
                const char *what)
{
    int code = errno == ENOSPC || errno == EDQUOT  ? TK_EFULL
               : errno == EACCES || errno == EPERM ? TK_EDENIED
               : errno == ENOENT                   ? TK_ENOENT
               : errno == EEXIST                   ? TK_EEXIST
                                                   : TK_EIO;

    return tk_fail(why, code, "shared cache %s/%s: %s: %s", segment->dir,
                   segment->name, what, strerror(errno));
}

static int allocate(int fd, uint64_t at, uint64_t len)
{
    int rc;

    do {
        rc = posix_fallocate(fd, (off_t)at, (off_t)len);
    } while (rc == EINTR);
    errno = rc;
    return rc;
}

/* Nobody has it open but this process, so its rights are set without a race. */
static int create(struct tk_segment *segment,
                  const struct tk_segment_options *options, struct tk_why *why)
{
    snprintf(segment->first_name, sizeof segment->first_name, "%s.%ld",
             segment->name, (long)getpid());
    unlinkat(segment->dir_fd, segment->first_name, 0);
    segment->fd =
        openat(segment->dir_fd, segment->first_name,
               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (segment->fd < 0) return fail(why, segment, "cannot be made");
    if (options->group != (gid_t)-1 &&
        fchown(segment->fd, (uid_t)-1, options->group) != 0) {
        return fail(why, segment, "cannot be given to its group");
    }
    if (fchmod(segment->fd, 0640) != 0 ||
        ftruncate(segment->fd, (off_t)segment->size) != 0 ||
        allocate(segment->fd, 0, TK_SEGMENT_PAGE + options->fixed) != 0) {
        return fail(why, segment, "cannot get its size");
    }
    return 0;
}

static int map(struct tk_segment *segment,
               const struct tk_segment_options *options, struct tk_why *why)
{
    void *start = mmap(NULL, segment->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                       segment->fd, 0);

    if (start == MAP_FAILED) return fail(why, segment, "cannot be mapped");
    madvise(start, segment->size, MADV_DONTDUMP);
    segment->head = start;
    *segment->head = (struct tk_segment_head){
        .magic = TK_SEGMENT_MAGIC,
        .version = TK_SEGMENT_VERSION,
        .page = TK_SEGMENT_PAGE,
        .size = segment->size,
        .pid = (uint64_t)getpid(),
        .demand_inode = options->demand,
    };
    tk_boot_id(segment->head->boot_id);
    return 0;
}

int tk_segment_make(const struct tk_segment_options *options,
                    struct tk_segment **out, struct tk_why *why)
{
    struct tk_segment *segment = calloc(1, sizeof *segment);
    int rc = 0;

    if (segment == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    snprintf(segment->dir, sizeof segment->dir, "%s", options->dir);
    snprintf(segment->name, sizeof segment->name, "%s", options->name);
    segment->size = TK_SEGMENT_PAGE + options->size;
    segment->fd = segment->old_fd = -1;
    segment->dir_fd = open(options->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (segment->dir_fd < 0) rc = fail(why, segment, "no such directory");
    if (rc == 0) rc = create(segment, options, why);
    if (rc == 0) rc = map(segment, options, why);
    if (rc != 0) {
        tk_segment_close(segment);
        return rc;
    }
    *out = segment;
    return 0;
}

static int open_old(int dir_fd, const char *name)
{
    struct stat st;
    int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) return -1;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_size < TK_SEGMENT_PAGE) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool mark(int fd)
{
    struct tk_segment_head *old =
        mmap(NULL, TK_SEGMENT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (old == MAP_FAILED) return false;
    __atomic_store_n(&old->is_retired, 1, __ATOMIC_RELEASE);
    munmap(old, TK_SEGMENT_PAGE);
    return true;
}

/* Its writer is dead, or not the one engine of this directory any more. */
static void retire(struct tk_segment *segment, int fd)
{
    if (!mark(fd)) {
        close(fd);
        return;
    }
    segment->old_fd = fd;
    segment->punch_at = segment->head->beat_at + PUNCH_AFTER_MS;
}

static void remove_leftovers(const struct tk_segment *segment)
{
    size_t len = strlen(segment->name);
    DIR *dir = opendir(segment->dir);
    struct dirent *entry;

    if (dir == NULL) return;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, segment->name, len) == 0 &&
            entry->d_name[len] == '.') {
            unlinkat(segment->dir_fd, entry->d_name, 0);
        }
    }
    closedir(dir);
}

int tk_segment_publish(struct tk_segment *segment, struct tk_why *why)
{
    int old = open_old(segment->dir_fd, segment->name);

    if (renameat(segment->dir_fd, segment->first_name, segment->dir_fd,
                 segment->name) != 0) {
        int rc = fail(why, segment, "cannot get its name");

        if (old >= 0) close(old);
        return rc;
    }
    segment->first_name[0] = '\0';
    if (old >= 0) retire(segment, old);
    remove_leftovers(segment);
    return 0;
}

/* Returns false where holes are not known: the memory goes with the last
 * reader. */
static bool punch(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 &&
           (st.st_size <= TK_SEGMENT_PAGE ||
            fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      TK_SEGMENT_PAGE, st.st_size - TK_SEGMENT_PAGE) == 0);
}

static void overwrite(int fd)
{
    static const char zeros[64 * 1024];
    off_t at = TK_SEGMENT_PAGE;
    struct stat st;

    if (fstat(fd, &st) != 0) return;
    while (at < st.st_size) {
        off_t left = st.st_size - at;
        size_t len = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
        ssize_t done = pwrite(fd, zeros, len, at);

        if (done <= 0) return;
        at += done;
    }
}

void tk_segment_wipe(struct tk_segment *segment)
{
    if (!punch(segment->fd)) overwrite(segment->fd);
}

void tk_segment_withdraw(const char *dir, const char *name)
{
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd;

    if (dir_fd < 0) return;
    fd = open_old(dir_fd, name);
    unlinkat(dir_fd, name, 0);
    if (fd >= 0) {
        if (!punch(fd)) overwrite(fd);
        (void)mark(fd);
        close(fd);
    }
    close(dir_fd);
}

void tk_segment_beat(struct tk_segment *segment, const struct tk_clocks *clocks)
{
    struct tk_segment_head *head = segment->head;

    __atomic_store_n(&head->boot_ahead, clocks->boot - clocks->mono,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&head->wall_ahead, clocks->wall - clocks->mono,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&head->beat_at, clocks->mono, __ATOMIC_RELEASE);
    if (segment->old_fd >= 0 && clocks->mono >= segment->punch_at) {
        (void)punch(segment->old_fd);
        close(segment->old_fd);
        segment->old_fd = -1;
    }
}

void tk_segment_close(struct tk_segment *segment)
{
    if (segment == NULL) return;
    if (segment->first_name[0] != '\0' && segment->fd >= 0) {
        unlinkat(segment->dir_fd, segment->first_name, 0);
    }
    if (segment->head != NULL) munmap(segment->head, segment->size);
    if (segment->fd >= 0) close(segment->fd);
    if (segment->old_fd >= 0) close(segment->old_fd);
    if (segment->dir_fd >= 0) close(segment->dir_fd);
    free(segment);
}

void *tk_segment_block(struct tk_segment *segment)
{
    return (char *)segment->head + TK_SEGMENT_PAGE;
}

int tk_segment_back(uint64_t at, uint64_t len, void *data)
{
    struct tk_segment *segment = data;

    return allocate(segment->fd, TK_SEGMENT_PAGE + at, len) == 0 ? 0 : TK_EFULL;
}
