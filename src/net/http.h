/* net/http.h - a request to an issuer and its answer, as plain data. */
#ifndef TK_NET_HTTP_H
#define TK_NET_HTTP_H

#include "base/str.h"

#include <stdint.h>

struct tk_http_header {
    struct tk_str name;
    struct tk_str value;
};

/* How a source is reached. All texts are borrowed during tk_client_send;
 * NULL and 0 mean the default. */
struct tk_http_route {
    bool insecure_http;    /* allow http:// */
    const char *proxy;     /* "http://host:port"; none by default */
    const char *ca_file;   /* the system's bundle by default */
    const char *cert_file; /* client certificate, PEM */
    const char *key_file;
    int64_t connect_ms; /* 5 s */
    int64_t total_ms;   /* 15 s, from send to the last byte */
    size_t max_body;    /* 64 KiB */
};

struct tk_http_request {
    const char *method; /* "GET" or "POST" */
    const char *url;
    const struct tk_http_header *headers;
    size_t header_count;
    struct tk_str body; /* of a POST; data NULL: none */
    const struct tk_http_route *route;
    /* The request may reach the peer at most once, as one that spends a
     * single-use token must: it gets a connection of its own, because curl
     * silently repeats a request, POST or not, when a kept connection ends
     * without an answer. */
    bool once;
};

/* Borrowed during the callback. */
struct tk_http_reply {
    int error; /* 0, or TK_ECONNECT, TK_ERESOLVE, TK_ETLS, TK_ETIMEDOUT,
                * TK_ETOOBIG, TK_EPROTO, TK_ECANCELED, TK_ENOMEM,
                * TK_EINTERNAL */
    const char *detail;  /* a sentence about `error`, "" without one; static,
                          * with no URL and no secret in it */
    bool was_sent;       /* false: surely no byte of the request went out */
    int status;          /* HTTP status; 0 if there was none */
    struct tk_str head;  /* header lines of the last answer, as they came; not
                          * of an interim (1xx) one, and no trailers */
    struct tk_str body;  /* empty if there is an error */
    int64_t sent_at;     /* moments of tk_loop_now: just before the request */
    int64_t received_at; /* was handed to curl, and after its last byte */
};

/* Calls `each` for every header of the last answer, in the order received. The
 * views are borrowed as the reply is. */
void tk_http_reply_each_header(const struct tk_http_reply *reply,
                               void (*each)(struct tk_str name,
                                            struct tk_str value, void *data),
                               void *data);

#endif
