/* net/server.h - the HTTP server, on libmicrohttpd. Only files named server*.c
 * know it.
 *
 * One server is one listener with limits of its own. The handler is called
 * once per request, with its whole body, and answers at once or later; a
 * request that is not answered when the handler returns is put aside without
 * holding a thread. Paths reach the handler as they were sent, not unescaped.
 */
#ifndef TK_NET_SERVER_H
#define TK_NET_SERVER_H

#include "net/loop.h"
#include "net/server_request.h"

#include <sys/types.h>

struct tk_server;

/* NULL and 0 mean the default. */
struct tk_server_options {
    const char *listen;       /* "unix:/path" or "tcp:127.0.0.1:0"; TCP only on
                               * loopback addresses */
    unsigned mode;            /* of a unix socket; 0660 */
    gid_t group;              /* of a unix socket; (gid_t)-1 or 0: unchanged */
    unsigned max_connections; /* 16 384, or what descriptors allow */
    unsigned max_per_user; /* of them, of one uid other than root and our own;
                            * half of them */
    unsigned idle_s;       /* 60: an idle connection is closed, also if
                            * only a part of a first line has come */
    unsigned patience_ms;  /* 30,000: for the headers, for the body and for
                            * the reading of the answer, of each in all */
    size_t max_body;       /* 64 KiB; beyond it the answer is 413 */
};

/* Binds and listens. For a unix socket: a stale socket file that is ours and
 * that nobody answers on is replaced; a live one is TK_EBUSY; a path that is
 * no socket is TK_EEXIST. `why` says what to do. */
TK_MUST_USE int tk_server_new(struct tk_loop *loop,
                              const struct tk_server_options *options,
                              tk_request_cb handler, void *data,
                              struct tk_server **out, struct tk_why *why);

/* Gives the unix socket, if it is one, other rights. */
TK_MUST_USE int tk_server_set_mode(struct tk_server *server, unsigned mode,
                                   struct tk_why *why);

/* Stops taking connections, removes the socket file and ends the connections
 * that idle. Requests that wait are to be answered by their owners before
 * tk_server_free. */
void tk_server_stop(struct tk_server *server);
/* Answers what still waits with 503, so that those requests are gone for their
 * owners, writes the answers that are under way (for at most one second) and
 * closes. Stops first, if that was not done. Not from inside the handler. */
void tk_server_free(struct tk_server *server);

/* "http://127.0.0.1:PORT" or "unix:/path", borrowed from the server. */
const char *tk_server_address(const struct tk_server *server);
unsigned tk_server_connections(const struct tk_server *server);

#endif
