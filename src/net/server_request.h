/* net/server_request.h - one request to the server, and its answer. */
#ifndef TK_NET_SERVER_REQUEST_H
#define TK_NET_SERVER_REQUEST_H

#include "base/str.h"
#include "net/http.h"
#include "net/server_conn.h"
#include "net/server_reply.h"

struct tk_request;

typedef void (*tk_request_cb)(struct tk_request *request, void *data);

/* Views are borrowed until the request is answered. */
struct tk_str tk_request_method(const struct tk_request *request);
/* As it was sent, up to the '?'. */
struct tk_str tk_request_path(const struct tk_request *request);
/* The value of a query parameter, percent-decoded ('+' stays '+'), "" if it
 * has no value; data NULL if it is not there or its escapes are broken or
 * decode to a control byte. Of several with one name the first counts. */
struct tk_str tk_request_query(struct tk_request *request, const char *name);
struct tk_str tk_request_header(const struct tk_request *request,
                                const char *name);
/* Calls `each` for every header, in the order received. */
void tk_request_each_header(const struct tk_request *request,
                            void (*each)(struct tk_http_header header,
                                         void *data),
                            void *data);
struct tk_str tk_request_body(const struct tk_request *request);
const struct tk_peer *tk_request_peer(const struct tk_request *request);
/* As tk_peer_groups. */
size_t tk_request_peer_groups(const struct tk_request *request, gid_t *out,
                              size_t cap);

/* Answers, exactly once, inside the handler or later; the request is gone for
 * its owner when this returns. Fails only for lack of memory or on a header
 * with a control byte, and then the connection is closed. Also right when the
 * client has hung up meanwhile. */
void tk_request_reply(struct tk_request *request, const struct tk_reply *reply);

/* May the answer come later? Not when so many wait already that the connections
 * that are left are needed for callers who can be answered at once. */
bool tk_request_may_wait(const struct tk_request *request);

/* A pointer for the handler's own use, NULL at first. */
void tk_request_set_data(struct tk_request *request, void *data);
void *tk_request_data(const struct tk_request *request);

#endif
