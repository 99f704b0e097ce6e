/* net/server_accept.h - takes connections from a listening socket, a slice a
 * turn of the loop, and without spinning when descriptors run out.
 *
 * libmicrohttpd would take all that wait in one go, leave those beyond its
 * limit hanging, and without descriptors be woken for ever by what it cannot
 * take.
 */
#ifndef TK_NET_SERVER_ACCEPT_H
#define TK_NET_SERVER_ACCEPT_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

enum { TK_SERVER_ACCEPT_HANDLES = 2 };

/* Owned by its server, whose memory outlives the handles. */
struct tk_server_accept {
    uv_poll_t poll;
    uv_timer_t retry;
    int fd;       /* of the listener, borrowed */
    int spare_fd; /* given up for a client to be told that there are no more */
    bool is_open;
    bool is_waiting; /* clients wait to be taken */
    /* The descriptor becomes the callee's. */
    void (*take)(void *data, int fd, const struct sockaddr *address,
                 socklen_t len);
    void (*wake)(void *data); /* clients have come to wait */
    void *data;
};

/* Has TK_SERVER_ACCEPT_HANDLES on `uv` from now on, or none if it fails. */
TK_MUST_USE int tk_server_accept_open(struct tk_server_accept *accept,
                                      uv_loop_t *uv, int listen_fd);
/* Takes a slice of those that wait. */
void tk_server_accept_some(struct tk_server_accept *accept);
/* No more of them; before the listener closes. */
void tk_server_accept_stop(struct tk_server_accept *accept);
/* `on_closed` is called for each handle, with `data` in it. */
void tk_server_accept_close(struct tk_server_accept *accept,
                            uv_close_cb on_closed);
/* Answers a client that cannot be served with 503, and closes. */
void tk_server_accept_refuse(int fd);

#endif
