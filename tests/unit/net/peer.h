/* tests/unit/net/peer.h - a scripted HTTP server on the loop of a test.
 *
 * A test says in `on_request` what the peer does with each whole request:
 * peer_say, peer_hang_up, or nothing. The peer does not keep the loop running.
 */
#ifndef TK_TESTS_UNIT_NET_PEER_H
#define TK_TESTS_UNIT_NET_PEER_H

#include "net/loop_uv.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEER_IN_MAX = 128 * 1024 };

struct peer;

/* Owned by its peer; freed in its close callback. */
struct peer_conn {
    uv_tcp_t handle;
    struct peer *peer;
    struct peer_conn *next;
    int number; /* 1 is the first connection */
    char in[PEER_IN_MAX + 1];
    size_t in_len;
};

/* `text` is one whole request, terminated. */
typedef void (*peer_request_cb)(struct peer_conn *conn, const char *text,
                                void *data);

/* Owned by the caller of peer_open; freed in its close callback. */
struct peer {
    uv_tcp_t handle;
    struct peer_conn *conns;
    peer_request_cb on_request;
    void *data;
    int connections; /* accepted so far */
    int requests;
    const char *greeting; /* said to every connection; NULL: nothing */
    char url[64];
};

static inline void peer_free_data(uv_handle_t *handle)
{
    free(handle->data);
}

static inline void peer_hang_up(struct peer_conn *conn)
{
    struct peer_conn **link = &conn->peer->conns;

    if (uv_is_closing((uv_handle_t *)&conn->handle)) return;
    while (*link != conn) link = &(*link)->next;
    *link = conn->next;
    uv_close((uv_handle_t *)&conn->handle, peer_free_data);
}

/* Ends the connection by RST, as a peer that crashed. */
static inline void peer_reset(struct peer_conn *conn)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    uv_os_fd_t fd;

    if (uv_fileno((uv_handle_t *)&conn->handle, &fd) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    peer_hang_up(conn);
}

static inline void peer_on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request->data);
    free(request);
}

static inline void peer_say_bytes(struct peer_conn *conn, const char *bytes,
                                  size_t len)
{
    uv_write_t *request = malloc(sizeof *request);
    char *copy = malloc(len);
    uv_buf_t buf = uv_buf_init(copy, (unsigned)len);

    if (request == NULL || copy == NULL) abort();
    memcpy(copy, bytes, len);
    request->data = copy;
    if (uv_write(request, (uv_stream_t *)&conn->handle, &buf, 1,
                 peer_on_written) != 0) {
        peer_on_written(request, 0);
    }
}

static inline void peer_say(struct peer_conn *conn, const char *text)
{
    peer_say_bytes(conn, text, strlen(text));
}

/* A 200 that keeps the connection open. */
static inline void peer_say_ok(struct peer_conn *conn, const char *body)
{
    char head[128];

    snprintf(head, sizeof head,
             "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Peer: yes\r\n\r\n",
             strlen(body));
    peer_say(conn, head);
    if (*body != '\0') peer_say(conn, body);
}

/* The length of the whole request in front of `in`, or 0. */
static inline size_t peer_request_len(struct peer_conn *conn)
{
    const char *end = strstr(conn->in, "\r\n\r\n");
    const char *field = strstr(conn->in, "Content-Length: ");
    size_t len;

    if (end == NULL) return 0;
    len = (size_t)(end - conn->in) + 4;
    if (field != NULL && field < end) {
        len += strtoul(field + strlen("Content-Length: "), NULL, 10);
    }
    return len <= conn->in_len ? len : 0;
}

static inline void peer_take_requests(struct peer_conn *conn)
{
    size_t len = peer_request_len(conn);
    char kept;

    if (len == 0) return;
    kept = conn->in[len];
    conn->in[len] = '\0';
    conn->peer->requests++;
    conn->peer->on_request(conn, conn->in, conn->peer->data);
    conn->in[len] = kept;
    memmove(conn->in, conn->in + len, conn->in_len - len + 1);
    conn->in_len -= len;
}

static inline void peer_room(uv_handle_t *handle, size_t wish, uv_buf_t *out)
{
    struct peer_conn *conn = handle->data;

    (void)wish;
    *out = uv_buf_init(conn->in + conn->in_len,
                       (unsigned)(PEER_IN_MAX - conn->in_len));
}

static inline void peer_on_read(uv_stream_t *stream, ssize_t count,
                                const uv_buf_t *buf)
{
    struct peer_conn *conn = stream->data;

    (void)buf;
    if (count < 0) {
        peer_hang_up(conn);
        return;
    }
    conn->in_len += (size_t)count;
    conn->in[conn->in_len] = '\0';
    peer_take_requests(conn);
}

static inline void peer_on_connection(uv_stream_t *stream, int status)
{
    struct peer *peer = stream->data;
    struct peer_conn *conn = calloc(1, sizeof *conn);

    if (status != 0 || conn == NULL) abort();
    uv_tcp_init(stream->loop, &conn->handle);
    uv_unref((uv_handle_t *)&conn->handle);
    conn->handle.data = conn;
    conn->peer = peer;
    conn->number = ++peer->connections;
    conn->next = peer->conns;
    peer->conns = conn;
    if (uv_accept(stream, (uv_stream_t *)&conn->handle) != 0) abort();
    uv_tcp_nodelay(&conn->handle, 1);
    if (peer->greeting != NULL) peer_say(conn, peer->greeting);
    uv_read_start((uv_stream_t *)&conn->handle, peer_room, peer_on_read);
}

static inline struct peer *peer_open(struct tk_loop *loop,
                                     peer_request_cb on_request, void *data)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address;
    int len = sizeof address;

    if (peer == NULL || uv_ip4_addr("127.0.0.1", 0, &address) != 0) abort();
    uv_tcp_init(tk_loop_uv(loop), &peer->handle);
    uv_unref((uv_handle_t *)&peer->handle);
    peer->handle.data = peer;
    peer->on_request = on_request;
    peer->data = data;
    uv_tcp_bind(&peer->handle, (const struct sockaddr *)&address, 0);
    if (uv_listen((uv_stream_t *)&peer->handle, 256, peer_on_connection) != 0 ||
        uv_tcp_getsockname(&peer->handle, (struct sockaddr *)&address, &len)) {
        abort();
    }
    snprintf(peer->url, sizeof peer->url, "http://127.0.0.1:%d/path?q=1",
             ntohs(address.sin_port));
    return peer;
}

/* The loop has to run once more, or to be freed, for the memory to go. */
static inline void peer_close(struct peer *peer)
{
    while (peer->conns != NULL) peer_hang_up(peer->conns);
    uv_close((uv_handle_t *)&peer->handle, peer_free_data);
}

#endif
