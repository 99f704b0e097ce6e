/* client.h - curl clients to measure against: they POST a form to a token
 * endpoint again and again over a multi handle, and throw the answer away.
 * They differ in how curl's sockets and timer are joined to libuv, and in
 * nothing else.
 */
#ifndef TK_BENCH_CLIENT_H
#define TK_BENCH_CLIENT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

/* What one way of joining needs; owned by client.c. */
struct client {
    uv_loop_t loop;
    CURLM *multi;
    void *join; /* the way's own */
    const char *url;
    const char *ca_file; /* NULL: none named */
    uint64_t end_ns;
    unsigned busy;
    unsigned long done;
    unsigned long failed;
};

/* Calls curl and restarts what has ended. */
void client_act(struct client *client, curl_socket_t fd, int bits);

/* As the official multi-uv example does it: a uv_poll for each socket, made
 * when curl names it and closed when curl drops it, and curl's timer under a
 * uv_timer, 0 ms made 1. */
void client_join_multi_uv(struct client *client);

/* As tokeng does it: an epoll of its own under one uv_poll, and a timer of
 * 0 ms served once a turn. */
void client_join_epoll(struct client *client);

#endif
