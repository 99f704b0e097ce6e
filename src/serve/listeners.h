/* serve/listeners.h - the sockets of the HTTP API, which a reload may change
 * while it runs: connections of those that stay are not touched.
 */
#ifndef TK_SERVE_LISTENERS_H
#define TK_SERVE_LISTENERS_H

#include "net/server.h"

/* Owned by the api. */
struct tk_listeners {
    struct tk_loop *loop;
    tk_request_cb handler;
    void *data;
    unsigned mode; /* of unix sockets; 0: the server's default */
    struct tk_listener *open;
    struct tk_listener *leaving; /* closed, but not all answers are written */
};

/* Unix sockets that are opened from now on have this mode, and those that are
 * open get it. */
TK_MUST_USE int tk_listeners_set_mode(struct tk_listeners *listeners,
                                      unsigned mode, struct tk_why *why);

/* Listens on every address of `listen` ("unix:/path" or "tcp:127.0.0.1:7070",
 * NULL at the end) and on no other, or leaves everything as it is: then `why`
 * names the one that failed. May be called from inside a request. */
TK_MUST_USE int tk_listeners_set(struct tk_listeners *listeners,
                                 const char *const *listen, struct tk_why *why);

/* Takes no more connections. */
void tk_listeners_stop(struct tk_listeners *listeners);
/* Writes what is still to be written, and closes. Not from inside a request. */
void tk_listeners_fini(struct tk_listeners *listeners);

unsigned tk_listeners_connections(const struct tk_listeners *listeners);

#endif
