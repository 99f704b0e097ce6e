#define _GNU_SOURCE
#include "net/server_user.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tk_peer tk_peer_read(int fd, bool is_unix)
{
    struct tk_peer peer = {false, (uid_t)-1, (gid_t)-1, 0};
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (is_unix && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
        peer = (struct tk_peer){true, cred.uid, cred.gid, cred.pid};
    }
    return peer;
}

size_t tk_peer_groups(int fd, gid_t *out, size_t cap)
{
    struct tk_peer peer = tk_peer_read(fd, true);
    socklen_t len;

    if (!peer.is_local || cap == 0) return 0;
    out[0] = peer.gid;
    len = (socklen_t)((cap - 1) * sizeof *out);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out + 1, &len) != 0) return 1;
    return 1 + len / sizeof *out;
}

static struct tk_server_user *find(const struct tk_link *users, uid_t uid)
{
    for (struct tk_link *at = users->next; at != users; at = at->next) {
        struct tk_server_user *user =
            TK_LIST_ITEM(at, struct tk_server_user, link);

        if (user->peer.uid == uid) return user;
    }
    return NULL;
}

struct tk_server_user *tk_server_user_join(struct tk_link *users,
                                           const struct tk_peer *peer)
{
    struct tk_server_user *user = find(users, peer->uid);

    if (user == NULL) {
        user = calloc(1, sizeof *user);
        if (user == NULL) return NULL;
        user->peer = *peer;
        tk_list_push(users, &user->link);
    }
    user->connections++;
    return user;
}

void tk_server_user_leave(struct tk_server_user *user)
{
    if (user == NULL || --user->connections > 0) return;
    tk_list_drop(&user->link);
    free(user);
}

bool tk_server_user_is_full(const struct tk_link *users,
                            const struct tk_peer *peer, unsigned most)
{
    const struct tk_server_user *user = find(users, peer->uid);

    if (!peer->is_local || peer->uid == 0 || peer->uid == geteuid()) {
        return false;
    }
    return user != NULL && user->connections >= most;
}
