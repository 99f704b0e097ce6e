/* net/server_review.h - is it beyond doubt where a request ends and whom it is
 * for?
 *
 * libmicrohttpd lets requests through of which another reader of the same
 * bytes, a proxy in front, may think otherwise. (It can be told to be strict,
 * but then writes its refusal twice.)
 */
#ifndef TK_NET_SERVER_REVIEW_H
#define TK_NET_SERVER_REVIEW_H

#include "base/str.h"

#include <stdint.h>

/* Starts zeroed; lives on the stack while the headers are walked. */
struct tk_server_review {
    unsigned hosts;
    unsigned lengths;
    unsigned encodings;
    bool is_odd;
    struct tk_str length; /* the value of Content-Length */
};

void tk_server_review_header(struct tk_server_review *review,
                             struct tk_str name, struct tk_str value);

/* After the last header. `version` is "HTTP/1.1". */
bool tk_server_review_is_clean(const struct tk_server_review *review,
                               const char *version);
/* Does the body have more bytes than `limit`, as far as the headers say? For a
 * length that libmicrohttpd has found to be a number. */
bool tk_server_review_is_beyond(const struct tk_server_review *review,
                                uint64_t limit);

/* A space or a control byte, as no target and no name of a header has one. */
bool tk_server_review_has_gap(struct tk_str text);

#endif
