/* A process is held by a descriptor and not by its number, which may be given
 * to another. The descriptor is looked at by a timer: nothing hurries. */
#define _GNU_SOURCE
#include "cli/host.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 500 };

/* Owned by the caller of tk_host_watch. */
struct tk_host {
    struct tk_loop *loop;
    struct tk_timer *timer;
    tk_loop_cb gone;
    void *data;
    int fd;
};

void tk_host_close_inherited(void)
{
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
}

static void look(void *data)
{
    struct tk_host *host = data;
    struct pollfd end = {.fd = host->fd, .events = POLLIN};

    if (poll(&end, 1, 0) == 1) {
        host->gone(host->data);
        return;
    }
    tk_timer_set(host->timer, tk_loop_now(host->loop) + LOOK_EVERY_MS);
}

static int open_process(int64_t pid, struct tk_why *why)
{
    long fd = -1;

    errno = ESRCH;
    if (pid > 0 && pid <= INT_MAX) {
        fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
    }
    if (fd >= 0) return (int)fd;
    return tk_fail(why, errno == ESRCH ? TK_ENOENT : TK_EIO, "process %lld: %s",
                   (long long)pid, strerror(errno));
}

int tk_host_watch(struct tk_loop *loop, int64_t pid, tk_loop_cb gone,
                  void *data, struct tk_host **out, struct tk_why *why)
{
    struct tk_host *host;
    int fd = open_process(pid, why);

    if (fd < 0) return fd;
    host = calloc(1, sizeof *host);
    if (host == NULL || tk_timer_new(loop, look, host, &host->timer) != 0) {
        free(host);
        close(fd);
        return tk_fail(why, TK_ENOMEM, "out of memory");
    }
    host->loop = loop;
    host->gone = gone;
    host->data = data;
    host->fd = fd;
    tk_timer_set(host->timer, tk_loop_now(loop));
    *out = host;
    return 0;
}

void tk_host_free(struct tk_host *host)
{
    if (host == NULL) return;
    tk_timer_free(host->timer);
    close(host->fd);
    free(host);
}
