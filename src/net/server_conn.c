#include "net/server_conn.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum {
    CONNECTIONS = 16 * 1024,
    SPARE_FDS = 256, /* for requests to issuers, files and other listeners */
};

static const char TIMED_OUT[] =
    "HTTP/1.1 408 Request Timeout\r\n"
    "Connection: close\r\n"
    "Content-Type: application/problem+json\r\n"
    "Content-Length: 136\r\n\r\n"
    "{\"type\":\"about:blank\",\"title\":\"Request Timeout\",\"status\":408,"
    "\"code\":\"too_slow\","
    "\"detail\":\"the headers or the body took too long to come\"}";

/* No more than there are descriptors for: without one, nobody would be told
 * that the listener is full. */
unsigned tk_server_conns_most(unsigned asked)
{
    unsigned limit = asked == 0 ? CONNECTIONS : asked;
    struct rlimit fds;

    if (getrlimit(RLIMIT_NOFILE, &fds) != 0) return limit;
    if (fds.rlim_cur >= (rlim_t)limit + SPARE_FDS) return limit;
    if (fds.rlim_cur > 2 * SPARE_FDS) return (unsigned)fds.rlim_cur - SPARE_FDS;
    return (unsigned)fds.rlim_cur / 2;
}

void tk_server_conns_init(struct tk_server_conns *conns, uint64_t idle_ms,
                          uint64_t patience_ms)
{
    tk_list_init(&conns->idle);
    tk_list_init(&conns->busy);
    tk_list_init(&conns->users);
    conns->idle_ms = idle_ms;
    conns->patience_ms = patience_ms;
}

struct tk_server_conn *tk_server_conn_new(struct tk_server_conns *conns,
                                          struct MHD_Connection *connection,
                                          const struct tk_peer *peer,
                                          uint64_t now_ms)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct tk_server_conn *conn = calloc(1, sizeof *conn);

    if (conn == NULL) return NULL;
    conn->fd = info->connect_fd;
    conn->peer = *peer;
    conn->user = tk_server_user_join(&conns->users, peer);
    tk_list_init(&conn->link);
    tk_server_conn_begin(conns, conn, TK_PART_FIRST_LINE, now_ms);
    return conn;
}

void tk_server_conn_free(struct tk_server_conn *conn)
{
    if (conn == NULL) return;
    tk_list_drop(&conn->link);
    tk_server_user_leave(conn->user);
    free(conn);
}

void tk_server_conn_begin(struct tk_server_conns *conns,
                          struct tk_server_conn *conn, enum tk_server_part part,
                          uint64_t now_ms)
{
    bool is_idle = part == TK_PART_FIRST_LINE;

    tk_list_drop(&conn->link);
    conn->part = part;
    conn->end_ms = now_ms + (is_idle ? conns->idle_ms : conns->patience_ms);
    if (part == TK_PART_OWNER) return;
    tk_list_push(is_idle ? &conns->idle : &conns->busy, &conn->link);
}

static struct tk_server_conn *first(const struct tk_link *ring)
{
    if (tk_list_is_empty(ring)) return NULL;
    return TK_LIST_ITEM(ring->next, struct tk_server_conn, link);
}

/* An idle one gets no answer, as it would take it for that to its next request.
 */
static void end(struct tk_server_conn *conn)
{
    tk_list_drop(&conn->link);
    if (conn->part == TK_PART_REQUEST) {
        send(conn->fd, TIMED_OUT, sizeof TIMED_OUT - 1,
             MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    shutdown(conn->fd, SHUT_RDWR);
}

static void end_late(struct tk_link *ring, uint64_t now_ms)
{
    struct tk_server_conn *conn;

    while ((conn = first(ring)) != NULL && conn->end_ms <= now_ms) end(conn);
}

void tk_server_conns_end_late(struct tk_server_conns *conns, uint64_t now_ms)
{
    end_late(&conns->idle, now_ms);
    end_late(&conns->busy, now_ms);
}

uint64_t tk_server_conns_next(const struct tk_server_conns *conns)
{
    const struct tk_server_conn *idle = first(&conns->idle);
    const struct tk_server_conn *busy = first(&conns->busy);
    uint64_t next = idle == NULL ? UINT64_MAX : idle->end_ms;

    return busy != NULL && busy->end_ms < next ? busy->end_ms : next;
}

void tk_server_conns_end_idle(struct tk_server_conns *conns)
{
    for (struct tk_link *at = conns->idle.next; at != &conns->idle;
         at = at->next) {
        shutdown(TK_LIST_ITEM(at, struct tk_server_conn, link)->fd, SHUT_RD);
    }
}
