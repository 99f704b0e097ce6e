/* net/server_inside.h - what the server's two halves share: server.c runs
 * libmicrohttpd on the loop, server_request.c is what happens inside a request.
 */
#ifndef TK_NET_SERVER_INSIDE_H
#define TK_NET_SERVER_INSIDE_H

#include "net/server_conn.h"

#include <stdbool.h>
#include <stddef.h>

struct MHD_Connection;
struct tk_request;

/* What the requests of one server share. Owned by the server. */
struct tk_server_desk {
    void (*handler)(struct tk_request *request, void *data);
    void *data; /* of the handler */
    size_t max_body;
    unsigned idle_s;
    uint64_t now_ms; /* of this turn */
    struct tk_server_conns conns;
    bool is_last_call;          /* each answer ends its connection */
    bool is_closed;             /* new requests are answered with 503 */
    size_t answering;           /* answers that are not written yet */
    struct tk_request *waiting; /* suspended, with their owners */
    size_t waiting_count;
    size_t waiting_max;
    struct tk_request *first; /* suspended, answered, to be resumed */
    struct tk_request *last;
    void (*wake)(void *server); /* something has come into that queue */
    void *server;
};

/* Begins a request whose first line is in: `uri` is all of its target. Returns
 * NULL for lack of memory. */
struct tk_request *tk_request_begin(struct tk_server_desk *desk,
                                    struct MHD_Connection *connection,
                                    const char *uri);
/* Called by libmicrohttpd when the headers are in, and once more without a
 * size; between them for each piece of the body, which is taken: `*size`
 * becomes 0. Returns false if the connection is to be closed. */
bool tk_request_headers(struct tk_request *request, const char *path,
                        const char *method, const char *version);
bool tk_request_piece(struct tk_request *request, const char *piece,
                      size_t *size);
bool tk_request_whole(struct tk_request *request);
/* Has tk_request_headers been called? */
bool tk_request_has_headers(const struct tk_request *request);
/* libmicrohttpd is done with it, written or not. */
void tk_request_end(struct tk_request *request);
/* The connection ends. A request that libmicrohttpd has refused between its
 * first line and its headers, such as one with more parameters than it has room
 * for, is still there: it is never called done with. */
void tk_request_end_last(struct tk_server_conn *conn);

/* Resumes answered requests, in their order, at most `max`; returns whether
 * some are left. */
bool tk_request_resume_some(struct tk_server_desk *desk, size_t max);
/* Answers all that wait for their owners with 503. */
void tk_request_turn_away(struct tk_server_desk *desk);

#endif
