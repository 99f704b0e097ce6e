#define _GNU_SOURCE
#include "cache/demand_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A message of one byte, with room for one descriptor. What aligns its end is
 * not told of: a second one would fit there, and nobody would close it. */
struct parcel {
    struct msghdr head;
    struct iovec text;
    char byte;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
};

static void pack(struct parcel *parcel)
{
    memset(parcel, 0, sizeof *parcel);
    parcel->text = (struct iovec){&parcel->byte, 1};
    parcel->head = (struct msghdr){.msg_iov = &parcel->text,
                                   .msg_iovlen = 1,
                                   .msg_control = parcel->control.bytes,
                                   .msg_controllen = CMSG_LEN(sizeof(int))};
}

struct sockaddr_un tk_demand_place(int dir_fd, const char *name)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};

    snprintf(place.sun_path, sizeof place.sun_path, "/proc/self/fd/%d/%s",
             dir_fd, name);
    return place;
}

void tk_demand_send(int fd, int memory)
{
    struct parcel parcel;
    struct cmsghdr *control;

    pack(&parcel);
    control = CMSG_FIRSTHDR(&parcel.head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof memory);
    memcpy(CMSG_DATA(control), &memory, sizeof memory);
    (void)!sendmsg(fd, &parcel.head, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int tk_demand_ask(int dir_fd, const char *name)
{
    struct sockaddr_un place = tk_demand_place(dir_fd, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&place, sizeof place) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The descriptor that came, or TK_ETIMEDOUT or TK_EPROTO. */
static int receive(int fd, int wait_ms)
{
    struct pollfd event = {.fd = fd, .events = POLLIN};
    struct cmsghdr *control;
    struct parcel parcel;
    int memory;

    if (poll(&event, 1, wait_ms) <= 0) return TK_ETIMEDOUT;
    pack(&parcel);
    if (recvmsg(fd, &parcel.head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 1) {
        return errno == EAGAIN ? TK_ETIMEDOUT : TK_EPROTO;
    }
    control = CMSG_FIRSTHDR(&parcel.head);
    if (control == NULL || control->cmsg_type != SCM_RIGHTS ||
        control->cmsg_len != CMSG_LEN(sizeof memory)) {
        return TK_EPROTO;
    }
    memcpy(&memory, CMSG_DATA(control), sizeof memory);
    return memory;
}

/* Only what is sealed is safe to write to. */
static bool is_right(int memory, uint64_t inode, size_t size)
{
    int seals = fcntl(memory, F_GET_SEALS);
    struct stat file;

    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 &&
           fstat(memory, &file) == 0 && file.st_ino == inode &&
           (size_t)file.st_size == size;
}

int tk_demand_hear(int fd, uint64_t inode, size_t size, int wait_ms,
                   uint32_t **out)
{
    int memory = receive(fd, wait_ms);
    void *start = MAP_FAILED;

    if (memory < 0) return memory;
    if (is_right(memory, inode, size)) {
        start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    }
    close(memory);
    if (start == MAP_FAILED) return TK_EPROTO;
    *out = start;
    return 0;
}
