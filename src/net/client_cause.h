/* net/client_cause.h - what an end of curl's means in our words. */
#ifndef TK_NET_CLIENT_CAUSE_H
#define TK_NET_CLIENT_CAUSE_H

#include "base/err.h"

#include <curl/curl.h>
#include <stdbool.h>

struct tk_client_cause {
    int error;
    const char *detail; /* static; "" without an error */
};

/* `easy` is the handle that ended with `code`; `was_sent` tells whether it got
 * as far as sending. */
struct tk_client_cause tk_client_cause_of(CURLcode code, CURL *easy,
                                          bool was_sent);

#endif
