/* net/server_conn.h - the clients of a server, one a connection. */
#ifndef TK_NET_SERVER_CONN_H
#define TK_NET_SERVER_CONN_H

#include <stdbool.h>
#include <sys/types.h>

struct MHD_Connection;

/* Who is at the other end. */
struct tk_peer {
    bool is_local; /* a unix socket: the rest is from SO_PEERCRED */
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

/* Owned by libmicrohttpd as the context of its socket. */
struct tk_server_conn {
    struct tk_peer peer;
    int fd;       /* borrowed from libmicrohttpd */
    bool is_busy; /* a request is being read or answered */
    struct tk_server_conn *next;
    struct tk_server_conn **link; /* what points here, for an exit in O(1) */
};

/* A client that has just come; NULL for lack of memory. It enters `list` and
 * leaves it by tk_server_conn_free. */
struct tk_server_conn *tk_server_conn_new(struct tk_server_conn **list,
                                          struct MHD_Connection *connection,
                                          bool is_unix);
void tk_server_conn_free(struct tk_server_conn *conn);

/* Ends those that are between two requests, by closing our reading side: what
 * they have sent already is still read and answered. */
void tk_server_conn_end_idle(struct tk_server_conn *list);

#endif
