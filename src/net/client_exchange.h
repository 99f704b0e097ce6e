/* net/client_exchange.h - one request and its answer on an easy handle of curl.
 *
 * All of what the client promises about a single request is decided here: what
 * curl may do with it, how long and how large it may get, and what an end of
 * curl's means in our words.
 */
#ifndef TK_NET_CLIENT_EXCHANGE_H
#define TK_NET_CLIENT_EXCHANGE_H

#include "base/buf.h"
#include "net/http.h"

#include <curl/curl.h>

/* Owned by its transfer; stays in its place between _init and _fini, because
 * curl holds its address. */
struct tk_client_exchange {
    CURL *easy; /* borrowed */
    struct curl_slist *headers;
    struct tk_buf sent_body;
    struct tk_buf head; /* of the answer; without interim ones and trailers */
    struct tk_buf body;
    size_t header_bytes; /* received, of every kind */
    bool is_head_done;
    bool was_sent;
    int refused; /* why one of our callbacks ended the transfer */
};

/* Sets `easy` up for a request that tk_client_check has let through. On
 * failure there is nothing to give back. */
TK_MUST_USE int tk_client_exchange_init(struct tk_client_exchange *exchange,
                                        CURL *easy,
                                        const struct tk_http_request *request);
/* Wipes all copies; `easy` must have been reset before. */
void tk_client_exchange_fini(struct tk_client_exchange *exchange);

/* Fills everything of `out` but the two moments. Views are borrowed until
 * tk_client_exchange_fini. */
void tk_client_exchange_read(const struct tk_client_exchange *exchange,
                             CURLcode code, struct tk_http_reply *out);

#endif
