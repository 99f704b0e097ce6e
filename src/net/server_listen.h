/* net/server_listen.h - the socket that a server listens on.
 *
 * A unix socket never exists with wider rights than asked for while it can be
 * connected to, replaces only a dead socket of our own, and is removed only if
 * the file is still the one that was made here. TCP listens on loopback
 * addresses alone: what comes from further away comes through a front.
 */
#ifndef TK_NET_SERVER_LISTEN_H
#define TK_NET_SERVER_LISTEN_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

/* Owned by its server. */
struct tk_server_listen {
    int fd; /* -1: closed */
    bool is_unix;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    dev_t dev; /* of the socket file that was made */
    ino_t ino;
    char address[sizeof "unix:" + sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* `where` is "unix:/path" or "tcp:127.0.0.1:0"; `mode` and `group` are for a
 * unix socket, (gid_t)-1 leaves the group as it is. Listens when it returns 0.
 * Fails with TK_EBUSY (another listens there), TK_EEXIST (the path is no
 * socket, or a dead one of somebody else), TK_ENOENT (no such directory),
 * TK_EDENIED, TK_EINVAL or TK_EIO, and then `out` is closed. */
TK_MUST_USE int tk_server_listen_open(struct tk_server_listen *out,
                                      const char *where, unsigned mode,
                                      gid_t group, struct tk_why *why);

/* Gives a unix socket other rights, unless another file stands in its place. */
TK_MUST_USE int tk_server_listen_set_mode(struct tk_server_listen *listener,
                                          unsigned mode, struct tk_why *why);

/* Removes the socket file, unless another one stands in its place, and stops
 * listening. */
void tk_server_listen_close(struct tk_server_listen *listener);

#endif
