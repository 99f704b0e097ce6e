/* net/server_user.h - the local users who have connections to a server, so
 * that no one of them takes all places.
 *
 * Counted by uid. Root and the engine's own user are not limited, as they could
 * stop the engine anyway; nor are those whose uid nobody knows, as on TCP.
 */
#ifndef TK_NET_SERVER_USER_H
#define TK_NET_SERVER_USER_H

#include "base/list.h"

#include <sys/types.h>

/* Who is at the other end. */
struct tk_peer {
    bool is_local; /* a unix socket: the rest is from SO_PEERCRED */
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

/* Of the client of an accepted socket. */
struct tk_peer tk_peer_read(int fd, bool is_unix);

/* All groups that the client of an accepted unix socket was in when it
 * connected, at most `cap`; returns how many. */
size_t tk_peer_groups(int fd, gid_t *out, size_t cap);

/* Owned by the ring that it is in, as long as it has connections. */
struct tk_server_user {
    struct tk_link link;
    struct tk_peer peer; /* of the first connection */
    unsigned connections;
};

/* One connection more; NULL for lack of memory. */
struct tk_server_user *tk_server_user_join(struct tk_link *users,
                                           const struct tk_peer *peer);
/* One less; NULL is none. */
void tk_server_user_leave(struct tk_server_user *user);
/* Has `peer` as many as `most` already? */
bool tk_server_user_is_full(const struct tk_link *users,
                            const struct tk_peer *peer, unsigned most);

#endif
