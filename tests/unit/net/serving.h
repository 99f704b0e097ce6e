/* tests/unit/net/serving.h - a real server on a loop in a thread of its own,
 * and blocking clients for the thread that tests it.
 */
#ifndef TK_TESTS_UNIT_NET_SERVING_H
#define TK_TESTS_UNIT_NET_SERVING_H

#include "../harness.h"
#include "net/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Owned by the test; the server's thread writes, the test's reads only between
 * start and stop of the thread, but for what the test itself guards. */
struct serving {
    char dir[64];
    char path[96];
    char listen[112];
    struct tk_server_options options;
    tk_request_cb handler;
    void *data;
    struct tk_loop *loop;
    struct tk_server *server;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t started;
    bool is_ready;
    int left_open;
};

static inline void serving_answer(struct tk_request *request, int status,
                                  struct tk_str body)
{
    struct tk_reply reply = {
        .status = status, .content_type = "text/plain", .body = body};

    tk_request_reply(request, &reply);
}

/* "/quit" ends the loop, all else is the test's. */
static inline void serving_on_request(struct tk_request *request, void *data)
{
    struct serving *serving = data;

    if (tk_str_is(tk_request_path(request), "/quit")) {
        serving_answer(request, 200, tk_str("bye"));
        tk_loop_stop(serving->loop);
        return;
    }
    serving->handler(request, serving->data);
}

static inline void *serving_main(void *data)
{
    struct serving *serving = data;
    struct tk_why why = {0, ""};
    int rc = tk_loop_new(&serving->loop);

    if (rc == 0) {
        rc = tk_server_new(serving->loop, &serving->options, serving_on_request,
                           serving, &serving->server, &why);
    }
    if (rc != 0) fprintf(stderr, "serving: %s\n", why.text);
    pthread_mutex_lock(&serving->lock);
    serving->is_ready = true;
    pthread_cond_signal(&serving->started);
    pthread_mutex_unlock(&serving->lock);
    if (rc != 0) return NULL;
    tk_loop_run(serving->loop);
    tk_server_free(serving->server);
    serving->left_open = tk_loop_free(serving->loop);
    return NULL;
}

/* Makes a directory for the socket. */
static inline void serving_init(struct serving *serving, tk_request_cb handler,
                                void *data)
{
    *serving = (struct serving){.handler = handler, .data = data};
    snprintf(serving->dir, sizeof serving->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(serving->dir));
    snprintf(serving->path, sizeof serving->path, "%s/tokeng.sock",
             serving->dir);
    snprintf(serving->listen, sizeof serving->listen, "unix:%s", serving->path);
    serving->options.listen = serving->listen;
}

static inline void serving_start(struct serving *serving)
{
    pthread_mutex_init(&serving->lock, NULL);
    pthread_cond_init(&serving->started, NULL);
    serving->is_ready = false;
    assert_int_equal(
        pthread_create(&serving->thread, NULL, serving_main, serving), 0);
    pthread_mutex_lock(&serving->lock);
    while (!serving->is_ready) {
        pthread_cond_wait(&serving->started, &serving->lock);
    }
    pthread_mutex_unlock(&serving->lock);
    assert_non_null(serving->server);
}

/* A client gives up after ten seconds, so that a test fails and does not hang.
 */
static inline int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    return fd;
}

static inline void say_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        assert_true(sent > 0);
        bytes += sent;
        len -= (size_t)sent;
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* A GET whose target is `target`. */
static inline void ask(int fd, const char *target)
{
    char text[4096];

    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: t\r\n\r\n", target);
    say(fd, text);
}

/* One answer, taken from the stream byte by byte so that the next one stays
 * in it. `all` is its head and body as received. */
struct answer {
    int status;
    size_t len;
    char *body; /* in `all` */
    char all[128 * 1024];
};

/* Returns false when the peer hung up first. */
static inline bool hear(int fd, struct answer *answer)
{
    size_t want = sizeof answer->all - 1;
    const char *length;

    memset(answer, 0, sizeof *answer);
    while (answer->len < want) {
        ssize_t got = recv(fd, answer->all + answer->len, 1, 0);

        if (got != 1) return false;
        answer->len++;
        if (answer->body != NULL ||
            strstr(answer->all + (answer->len < 4 ? 0 : answer->len - 4),
                   "\r\n\r\n") == NULL) {
            continue;
        }
        answer->body = answer->all + answer->len;
        length = strstr(answer->all, "Content-Length: ");
        want = answer->len + (length == NULL ? 0 : (size_t)atol(length + 16));
    }
    answer->status = atoi(answer->all + 9);
    return true;
}

/* A whole exchange on a connection of its own. */
static inline void exchange(const char *path, const char *text,
                            struct answer *answer)
{
    int fd = dial(path);

    say(fd, text);
    assert_true(hear(fd, answer));
    close(fd);
}

static inline void get(const char *path, const char *target,
                       struct answer *answer)
{
    int fd = dial(path);

    ask(fd, target);
    assert_true(hear(fd, answer));
    close(fd);
}

/* Not so when a byte comes, or when nothing happens for ten seconds. */
static inline bool is_closed_by_peer(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);

    return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* Waits for the thread, which has been told to quit. */
static inline void serving_join(struct serving *serving)
{
    pthread_join(serving->thread, NULL);
    assert_int_equal(serving->left_open, 0);
    pthread_mutex_destroy(&serving->lock);
    pthread_cond_destroy(&serving->started);
}

static inline void serving_stop(struct serving *serving)
{
    struct answer *answer = malloc(sizeof *answer);

    assert_non_null(answer);
    get(serving->path, "/quit", answer);
    free(answer);
    serving_join(serving);
}

static inline void serving_fini(struct serving *serving)
{
    rmdir(serving->dir);
}

#endif
