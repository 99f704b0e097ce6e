#define _GNU_SOURCE
#include "net/server_conn.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct tk_peer read_peer(int fd, bool is_unix)
{
    struct tk_peer peer = {false, (uid_t)-1, (gid_t)-1, 0};
    struct ucred cred;
    socklen_t len = sizeof cred;

    if (is_unix && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
        peer = (struct tk_peer){true, cred.uid, cred.gid, cred.pid};
    }
    return peer;
}

struct tk_server_conn *tk_server_conn_new(struct tk_server_conn **list,
                                          struct MHD_Connection *connection,
                                          bool is_unix)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct tk_server_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) return NULL;
    conn->fd = info->connect_fd;
    conn->peer = read_peer(conn->fd, is_unix);
    conn->next = *list;
    conn->link = list;
    if (conn->next != NULL) conn->next->link = &conn->next;
    *list = conn;
    return conn;
}

void tk_server_conn_free(struct tk_server_conn *conn)
{
    if (conn == NULL) return;
    *conn->link = conn->next;
    if (conn->next != NULL) conn->next->link = conn->link;
    free(conn);
}

void tk_server_conn_end_idle(struct tk_server_conn *list)
{
    for (struct tk_server_conn *conn = list; conn != NULL; conn = conn->next) {
        if (!conn->is_busy) shutdown(conn->fd, SHUT_RD);
    }
}
