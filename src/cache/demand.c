#define _GNU_SOURCE
#include "cache/demand.h"

#include "cache/demand_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE = 4096,        /* stamps read at a time */
    SERVED_AT_ONCE = 64, /* the rest in the next turn */
};

struct tk_demand {
    int fd;
    int socket; /* -1: not offered */
    ino_t inode;
    uint32_t slots;
    uint32_t at; /* where the next fold goes on */
    uint32_t *seen;
};

static int code_of(int error)
{
    return error == ENOSPC || error == ENOMEM  ? TK_EFULL
           : error == EACCES || error == EPERM ? TK_EDENIED
                                               : TK_EIO;
}

/* All of it is there from the beginning: a reader must not die for lack of
 * memory. */
static int make_sealed(uint32_t slots)
{
    int fd = memfd_create("tokeng.demand", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0) return -1;
    errno = posix_fallocate(fd, 0, (off_t)(slots * sizeof(uint32_t)));
    if (errno != 0 || fcntl(fd, F_ADD_SEALS,
                            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int tk_demand_make(uint32_t slots, struct tk_demand **out, struct tk_why *why)
{
    struct tk_demand *demand = calloc(1, sizeof *demand);
    struct stat file;

    if (demand == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    demand->slots = slots;
    demand->socket = -1;
    demand->seen = calloc(slots, sizeof *demand->seen);
    demand->fd = make_sealed(slots);
    if (demand->seen == NULL || demand->fd < 0 ||
        fstat(demand->fd, &file) != 0) {
        int rc = tk_fail(why, code_of(errno), "memory for %u stamps of use: %s",
                         (unsigned)slots, strerror(errno));

        tk_demand_close(demand);
        return rc;
    }
    demand->inode = file.st_ino;
    *out = demand;
    return 0;
}

void tk_demand_close(struct tk_demand *demand)
{
    if (demand == NULL) return;
    if (demand->socket >= 0) close(demand->socket);
    if (demand->fd >= 0) close(demand->fd);
    free(demand->seen);
    free(demand);
}

/* Nobody can connect before it listens, so its rights are set without a race.
 */
static bool open_socket(int fd, int dir_fd, const char *name, gid_t group)
{
    struct sockaddr_un place = tk_demand_place(dir_fd, name);

    unlinkat(dir_fd, name, 0);
    return bind(fd, (struct sockaddr *)&place, sizeof place) == 0 &&
           (group == (gid_t)-1 || fchownat(dir_fd, name, (uid_t)-1, group,
                                           AT_SYMLINK_NOFOLLOW) == 0) &&
           fchmodat(dir_fd, name, 0660, 0) == 0 && listen(fd, SOMAXCONN) == 0;
}

int tk_demand_offer(struct tk_demand *demand, const char *dir, const char *name,
                    gid_t group, struct tk_why *why)
{
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = 0;

    if (dir_fd < 0 || fd < 0 || !open_socket(fd, dir_fd, name, group)) {
        rc = tk_fail(why, code_of(errno), "socket %s/%s: %s", dir, name,
                     strerror(errno));
        if (fd >= 0) close(fd);
    } else {
        demand->socket = fd;
    }
    if (dir_fd >= 0) close(dir_fd);
    return rc;
}

int tk_demand_socket(const struct tk_demand *demand)
{
    return demand->socket;
}

bool tk_demand_serve(struct tk_demand *demand)
{
    for (int i = 0; i < SERVED_AT_ONCE; i++) {
        int fd =
            accept4(demand->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) return errno == EAGAIN || errno == ECONNABORTED;
        tk_demand_send(fd, demand->fd);
        close(fd);
    }
    return true;
}

ino_t tk_demand_inode(const struct tk_demand *demand)
{
    return demand->inode;
}

static void fold_piece(struct tk_demand *demand, uint32_t count,
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
}

bool tk_demand_fold(struct tk_demand *demand, uint32_t most,
                    void (*used)(uint32_t slot, void *data), void *data)
{
    while (most > 0 && demand->at < demand->slots) {
        uint32_t count = demand->slots - demand->at;

        if (count > PIECE) count = PIECE;
        if (count > most) count = most;
        fold_piece(demand, count, used, data);
        demand->at += count;
        most -= count;
    }
    if (demand->at < demand->slots) return false;
    demand->at = 0;
    return true;
}
