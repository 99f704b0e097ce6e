#define _GNU_SOURCE
#include "net/server_accept.h"

#include "base/list.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    /* Each costs about 15 us with its first request. */
    SLICE = 128,
    /* Until the listener is looked at again when not even the spare descriptor
     * helps. */
    RETRY_MS = 100,
};

static const char BUSY[] =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Connection: close\r\n"
    "Retry-After: 1\r\n"
    "Content-Type: application/problem+json\r\n"
    "Content-Length: 139\r\n\r\n"
    "{\"type\":\"about:blank\",\"title\":\"Service "
    "Unavailable\",\"status\":503,\"code\":\"busy\","
    "\"detail\":\"too many connections; close some and keep others\"}";

/* What the client has said already is read, as the kernel would make a reset of
 * it, which may overtake the answer. */
void tk_server_accept_refuse(int fd)
{
    char unread[4096];

    send(fd, BUSY, sizeof BUSY - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    (void)!recv(fd, unread, sizeof unread, MSG_DONTWAIT);
    close(fd);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct tk_server_accept *accept =
        TK_LIST_ITEM(handle, struct tk_server_accept, poll);

    (void)status;
    (void)events;
    accept->is_waiting = true;
    accept->wake(accept->data);
}

static void on_retry(uv_timer_t *handle)
{
    struct tk_server_accept *accept =
        TK_LIST_ITEM(handle, struct tk_server_accept, retry);

    uv_poll_start(&accept->poll, UV_READABLE, on_readable);
}

static void pause_a_while(struct tk_server_accept *accept)
{
    uv_poll_stop(&accept->poll);
    uv_timer_start(&accept->retry, on_retry, RETRY_MS, 0);
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int tk_server_accept_open(struct tk_server_accept *accept, uv_loop_t *uv,
                          int listen_fd)
{
    if (uv_poll_init(uv, &accept->poll, listen_fd) != 0) return TK_EIO;
    uv_timer_init(uv, &accept->retry);
    uv_poll_start(&accept->poll, UV_READABLE, on_readable);
    accept->fd = listen_fd;
    accept->spare_fd = open_spare();
    accept->is_open = true;
    return 0;
}

/* Without a descriptor a client would wait in the queue and be noticed anew in
 * every turn. Returns whether one has been turned away. */
static bool turn_away_one(struct tk_server_accept *accept)
{
    int fd;

    if (accept->spare_fd < 0) accept->spare_fd = open_spare();
    if (accept->spare_fd < 0) return false;
    close(accept->spare_fd);
    fd = accept4(accept->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) tk_server_accept_refuse(fd);
    accept->spare_fd = open_spare();
    return fd >= 0;
}

/* Returns whether there may be another one. */
static bool take_one(struct tk_server_accept *accept)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;
    struct sockaddr *any = (struct sockaddr *)&address;
    int fd = accept4(accept->fd, any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0) {
        accept->take(accept->data, fd, any, len);
        return true;
    }
    switch (errno) {
    case EINTR:
    case ECONNABORTED:
        return true;
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        if (turn_away_one(accept)) return true;
        break;
    default:
        break;
    }
    pause_a_while(accept);
    return false;
}

void tk_server_accept_some(struct tk_server_accept *accept)
{
    if (!accept->is_waiting) return;
    accept->is_waiting = false;
    for (int i = 0; i < SLICE && take_one(accept); i++) continue;
}

void tk_server_accept_stop(struct tk_server_accept *accept)
{
    if (!accept->is_open) return;
    accept->is_waiting = false;
    uv_poll_stop(&accept->poll);
    uv_timer_stop(&accept->retry);
}

void tk_server_accept_close(struct tk_server_accept *accept,
                            uv_close_cb on_closed)
{
    accept->poll.data = accept->data;
    accept->retry.data = accept->data;
    if (accept->spare_fd >= 0) close(accept->spare_fd);
    uv_close((uv_handle_t *)&accept->poll, on_closed);
    uv_close((uv_handle_t *)&accept->retry, on_closed);
}
