/* net/server_reply.h - an answer in the form that libmicrohttpd sends. */
#ifndef TK_NET_SERVER_REPLY_H
#define TK_NET_SERVER_REPLY_H

#include "net/server_request.h"

struct MHD_Response;

/* Copies all of `reply`; the copy of its body is wiped with the response.
 * `is_last` asks the client to close the connection after it. Returns NULL for
 * lack of memory or when a header has a control byte. The caller's. */
struct MHD_Response *tk_server_reply_build(const struct tk_reply *reply,
                                           bool is_last);

#endif
