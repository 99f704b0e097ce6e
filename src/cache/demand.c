#define _GNU_SOURCE
#include "cache/demand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 4096 }; /* stamps read at a time */

struct tk_demand {
    int fd;
    ino_t inode;
    uint32_t slots;
    uint32_t at; /* where the next fold goes on */
    uint32_t *seen;
};

static int fail(struct tk_why *why, const char *dir, const char *name)
{
    int code = errno == ENOSPC                     ? TK_EFULL
               : errno == EACCES || errno == EPERM ? TK_EDENIED
                                                   : TK_EIO;

    return tk_fail(why, code, "demand file %s/%s: %s", dir, name,
                   strerror(errno));
}

static int create(int dir_fd, const char *name, gid_t group, uint32_t slots)
{
    int fd;

    unlinkat(dir_fd, name, 0);
    fd = openat(dir_fd, name,
                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    if ((group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0) ||
        fchmod(fd, 0660) != 0) {
        close(fd);
        return -1;
    }
    errno = posix_fallocate(fd, 0, (off_t)(slots * sizeof(uint32_t)));
    if (errno != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int tk_demand_make(const char *dir, const char *name, gid_t group,
                   uint32_t slots, struct tk_demand **out, struct tk_why *why)
{
    struct tk_demand *demand = calloc(1, sizeof *demand);
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat file;

    if (demand != NULL) {
        demand->slots = slots;
        demand->seen = calloc(slots, sizeof *demand->seen);
        demand->fd = dir_fd < 0 ? -1 : create(dir_fd, name, group, slots);
    }
    if (demand == NULL || demand->seen == NULL || demand->fd < 0 ||
        fstat(demand->fd, &file) != 0) {
        int rc = demand == NULL || demand->seen == NULL
                     ? tk_fail(why, TK_ENOMEM, "out of memory")
                     : fail(why, dir, name);

        if (dir_fd >= 0) close(dir_fd);
        tk_demand_close(demand);
        return rc;
    }
    close(dir_fd);
    demand->inode = file.st_ino;
    *out = demand;
    return 0;
}

void tk_demand_close(struct tk_demand *demand)
{
    if (demand == NULL) return;
    if (demand->fd >= 0) close(demand->fd);
    free(demand->seen);
    free(demand);
}

ino_t tk_demand_inode(const struct tk_demand *demand)
{
    return demand->inode;
}

/* Returns how many stamps were there to be read. */
static uint32_t fold_piece(struct tk_demand *demand, uint32_t count,
                           void (*used)(uint32_t slot, void *data), void *data)
{
    uint32_t stamps[PIECE];
    ssize_t got = pread(demand->fd, stamps, count * sizeof(uint32_t),
                        (off_t)((size_t)demand->at * sizeof(uint32_t)));
    uint32_t have = got < 0 ? 0 : (uint32_t)((size_t)got / sizeof(uint32_t));

    for (uint32_t i = 0; i < have; i++) {
        uint32_t slot = demand->at + i;

        if (stamps[i] == demand->seen[slot]) continue;
        demand->seen[slot] = stamps[i];
        used(slot, data);
    }
    return have;
}

bool tk_demand_fold(struct tk_demand *demand, uint32_t most,
                    void (*used)(uint32_t slot, void *data), void *data)
{
    while (most > 0 && demand->at < demand->slots) {
        uint32_t count = demand->slots - demand->at;

        if (count > PIECE) count = PIECE;
        if (count > most) count = most;
        /* Somebody has made the file shorter: the rest says nothing. */
        if (fold_piece(demand, count, used, data) < count) {
            demand->at = demand->slots;
            break;
        }
        demand->at += count;
        most -= count;
    }
    if (demand->at < demand->slots) return false;
    demand->at = 0;
    return true;
}
