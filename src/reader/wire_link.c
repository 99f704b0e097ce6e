#define _GNU_SOURCE
#include "reader/wire_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A listener whose queue is full cannot be waited for, only asked again. */
enum { KNOCK_MS = 5 };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int tk_wire_link_init(struct tk_wire_link *link, const char *path,
                      struct tk_why *why)
{
    size_t len = strlen(path);

    *link = (struct tk_wire_link){.fd = -1};
    if (len == 0 || len >= sizeof link->path) {
        return tk_fail(why, TK_EINVAL,
                       "the path of a socket has 1 to %zu bytes, this one has "
                       "%zu",
                       sizeof link->path - 1, len);
    }
    memcpy(link->path, path, len);
    return 0;
}

void tk_wire_link_close(struct tk_wire_link *link)
{
    if (link->fd >= 0) close(link->fd);
    link->fd = -1;
    explicit_bzero(link->in, link->len);
    link->at = 0;
    link->len = 0;
}

void tk_wire_link_begin(struct tk_wire_link *link, int timeout_ms,
                        struct tk_why *why)
{
    link->deadline_ms = now_ms() + timeout_ms;
    link->has_heard = false;
    link->why = why;
}

static int fail_late(const struct tk_wire_link *link)
{
    return tk_fail(link->why, TK_ETIMEDOUT,
                   "the engine at %s did not answer in time", link->path);
}

static int fail_cut(const struct tk_wire_link *link)
{
    if (!link->has_heard) {
        return tk_fail(link->why, TK_ECONNECT,
                       "the engine at %s hung up before it answered",
                       link->path);
    }
    return tk_fail(link->why, TK_EPROTO, "the answer from %s was cut short",
                   link->path);
}

static int fail_io(const struct tk_wire_link *link)
{
    return tk_fail(link->why, TK_EIO, "%s: %s", link->path, strerror(errno));
}

static int wait_for(const struct tk_wire_link *link, short events)
{
    struct pollfd pollfd = {.fd = link->fd, .events = events};

    for (;;) {
        int64_t left = link->deadline_ms - now_ms();
        int rc;

        if (left <= 0) return fail_late(link);
        rc = poll(&pollfd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (rc > 0) return 0;
        if (rc < 0 && errno != EINTR) return fail_io(link);
    }
}

static int fail_connect(const struct tk_wire_link *link, int reason)
{
    if (reason == ENOENT || reason == ECONNREFUSED) {
        return tk_fail(link->why, TK_ECONNECT,
                       "no engine is listening on %s (start it with: tokeng "
                       "run)",
                       link->path);
    }
    if (reason == EACCES || reason == EPERM) {
        return tk_fail(link->why, TK_EDENIED,
                       "%s: permission denied; be the engine's user, root or "
                       "a member of the socket's group",
                       link->path);
    }
    return tk_fail(link->why, TK_ECONNECT, "%s: %s", link->path,
                   strerror(reason));
}

int tk_wire_link_dial(struct tk_wire_link *link)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};

    memcpy(place.sun_path, link->path, sizeof link->path);
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->fd < 0) return fail_io(link);
    while (connect(link->fd, (struct sockaddr *)&place, sizeof place) != 0) {
        int reason = errno;

        if (reason == EINTR) continue;
        if (reason != EAGAIN) return fail_connect(link, reason);
        if (now_ms() >= link->deadline_ms) return fail_late(link);
        poll(NULL, 0, KNOCK_MS);
    }
    return 0;
}

int tk_wire_link_send(struct tk_wire_link *link, struct tk_str bytes)
{
    struct tk_str rest = bytes;

    while (rest.len > 0) {
        ssize_t sent = send(link->fd, rest.data, rest.len, MSG_NOSIGNAL);
        int rc;

        if (sent >= 0) {
            rest = tk_str_skip(rest, (size_t)sent);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0;
        } else if (errno == EAGAIN) {
            rc = wait_for(link, POLLOUT);
            if (rc != 0) return rc;
        } else if (errno != EINTR) {
            return fail_io(link);
        }
    }
    return 0;
}

/* At least one byte can be taken when it returns 0. */
static int fill(struct tk_wire_link *link)
{
    while (link->at == link->len) {
        ssize_t got = recv(link->fd, link->in, sizeof link->in, 0);
        int rc;

        if (got > 0) {
            link->at = 0;
            link->len = (size_t)got;
            link->has_heard = true;
        } else if (got == 0 || errno == ECONNRESET) {
            return fail_cut(link);
        } else if (errno == EAGAIN) {
            rc = wait_for(link, POLLIN);
            if (rc != 0) return rc;
        } else if (errno != EINTR) {
            return fail_io(link);
        }
    }
    return 0;
}

static int move(struct tk_wire_link *link, struct tk_buf *out, size_t len)
{
    int rc = tk_buf_put(out, link->in + link->at, len);

    link->at += len;
    if (rc == 0) return 0;
    return tk_fail(link->why, rc, "the answer from %s: %s", link->path,
                   tk_err_text(rc));
}

int tk_wire_link_take(struct tk_wire_link *link, struct tk_buf *out,
                      uint64_t len)
{
    while (len > 0) {
        int rc = fill(link);
        size_t part = link->len - link->at;

        if (rc != 0) return rc;
        if (part > len) part = (size_t)len;
        rc = move(link, out, part);
        if (rc != 0) return rc;
        len -= part;
    }
    return 0;
}

int tk_wire_link_take_line(struct tk_wire_link *link, struct tk_buf *out)
{
    const char *end = NULL;

    while (end == NULL) {
        int rc = fill(link);
        const char *from = link->in + link->at;
        size_t part = link->len - link->at;

        if (rc != 0) return rc;
        end = memchr(from, '\n', part);
        if (end != NULL) part = (size_t)(end + 1 - from);
        rc = move(link, out, part);
        if (rc != 0) return rc;
    }
    return 0;
}

bool tk_wire_link_is_stale(const struct tk_wire_link *link)
{
    struct pollfd pollfd = {.fd = link->fd, .events = POLLIN};

    return poll(&pollfd, 1, 0) != 0;
}

bool tk_wire_link_has_rest(struct tk_wire_link *link)
{
    if (link->at != link->len) return true;
    explicit_bzero(link->in, link->len);
    link->at = 0;
    link->len = 0;
    return false;
}
