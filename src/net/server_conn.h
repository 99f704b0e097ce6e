/* net/server_conn.h - the clients of a server, one a connection, and how long
 * it waits for each.
 *
 * libmicrohttpd's own timeout begins anew with every byte, so that a client who
 * drips them holds his place for ever. Here each part of an exchange has one
 * deadline for all of it.
 */
#ifndef TK_NET_SERVER_CONN_H
#define TK_NET_SERVER_CONN_H

#include "base/list.h"
#include "net/server_user.h"

#include <stdint.h>

struct MHD_Connection;
struct tk_request;

/* What is to be done on a connection. */
enum tk_server_part {
    TK_PART_FIRST_LINE, /* by the client, who is idle until it is in */
    TK_PART_REQUEST,    /* by the client: the headers, and then the body */
    TK_PART_OWNER,      /* by the request's owner, who has all time */
    TK_PART_ANSWER,     /* by the client: to read it */
};

/* Owned by libmicrohttpd as the context of its socket. */
struct tk_server_conn {
    struct tk_link link; /* in one of the rings below, unless it is the owner's
                          * or its time is over */
    struct tk_peer peer;
    struct tk_server_user *user;
    int fd; /* borrowed from libmicrohttpd */
    enum tk_server_part part;
    uint64_t end_ms;
    struct tk_request *request; /* NULL before its first line is in */
};

/* Each ring is in the order of its deadlines, because all in it are given the
 * same time. */
struct tk_server_conns {
    struct tk_link idle;
    struct tk_link busy;
    struct tk_link users; /* of all connections */
    uint64_t idle_ms;
    uint64_t patience_ms; /* for the headers, the body, the answer, of each */
};

/* How many connections a listener may have of the `asked` ones, 0 for as many
 * as make sense. */
unsigned tk_server_conns_most(unsigned asked);

void tk_server_conns_init(struct tk_server_conns *conns, uint64_t idle_ms,
                          uint64_t patience_ms);

/* A client that has just come; NULL for lack of memory. It leaves `conns` by
 * tk_server_conn_free. */
struct tk_server_conn *tk_server_conn_new(struct tk_server_conns *conns,
                                          struct MHD_Connection *connection,
                                          const struct tk_peer *peer,
                                          uint64_t now_ms);
void tk_server_conn_free(struct tk_server_conn *conn);

/* The next part begins, with a deadline of its own. */
void tk_server_conn_begin(struct tk_server_conns *conns,
                          struct tk_server_conn *conn, enum tk_server_part part,
                          uint64_t now_ms);

/* Shuts those down whose time is over, with a 408 where nothing else was begun;
 * libmicrohttpd then ends them. */
void tk_server_conns_end_late(struct tk_server_conns *conns, uint64_t now_ms);
/* The first deadline; UINT64_MAX if there is none. */
uint64_t tk_server_conns_next(const struct tk_server_conns *conns);

/* Ends those that are between two requests, by closing our reading side: what
 * they have sent already is still read and answered. */
void tk_server_conns_end_idle(struct tk_server_conns *conns);

#endif
