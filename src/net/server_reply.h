/* net/server_reply.h - an answer, as its owner gives it and as libmicrohttpd
 * sends it.
 */
#ifndef TK_NET_SERVER_REPLY_H
#define TK_NET_SERVER_REPLY_H

#include "net/http.h"

struct MHD_Response;

struct tk_reply {
    int status;
    const char *content_type;             /* NULL: none */
    const struct tk_http_header *headers; /* one without a value is left out */
    size_t header_count;
    struct tk_str body; /* copied */
};

/* Copies all of `reply`; the copy of its body is wiped with the response.
 * `is_last` asks the client to close the connection after it. Returns NULL for
 * lack of memory or when a header has a control byte. The caller's. */
struct MHD_Response *tk_server_reply_build(const struct tk_reply *reply,
                                           bool is_last);

#endif
