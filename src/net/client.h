/* net/client.h - HTTP requests to issuers, on libcurl. Only the files named
 * client* know curl.
 *
 * An issuer's answer is hostile until proven otherwise: redirects are never
 * followed (a redirect would carry the secret along), only https is spoken
 * unless the request allows http, the body is capped, every transfer has a
 * deadline, and no proxy is taken from the environment.
 */
#ifndef TK_NET_CLIENT_H
#define TK_NET_CLIENT_H

#include "net/http.h"
#include "net/loop.h"

struct tk_client;
struct tk_transfer;

typedef void (*tk_http_done_cb)(const struct tk_http_reply *reply, void *data);

TK_MUST_USE int tk_client_new(struct tk_loop *loop, struct tk_client **out);
/* Ends all transfers; their callbacks come, with TK_ECANCELED, before this
 * returns. Allowed inside a `done`; `client` may be NULL. */
void tk_client_free(struct tk_client *client);

/* Starts a request. Returns 0, and `done` is then called exactly once, never
 * from inside this call; or an error with its reason, and `done` is never
 * called. Refuses (TK_EINVAL) a URL that is not http(s), that names a user or
 * that holds control bytes or spaces, http without `insecure_http`, header
 * bytes below 0x20 or 0x7f, a name that is no HTTP token, and headers that say
 * how the body is sent (Content-Length, Transfer-Encoding, Expect), which are
 * made here. A POST without Content-Type is sent as a form. All bytes are
 * copied; the copies are wiped. `out` may be NULL; what it gets is valid until
 * `done` returns. Inside a `done` this is allowed. */
TK_MUST_USE int tk_client_send(struct tk_client *client,
                               const struct tk_http_request *request,
                               tk_http_done_cb done, void *data,
                               struct tk_transfer **out, struct tk_why *why);

/* Ends a transfer whose owner goes away: its `done` will not be called. Allowed
 * inside the `done` of any transfer; `transfer` may be NULL. */
void tk_transfer_drop(struct tk_transfer *transfer);

#endif
