/* tests/unit/reader/scripted.h - a peer that says what the test tells it to,
 * whatever it is asked.
 */
#ifndef TK_TESTS_UNIT_READER_SCRIPTED_H
#define TK_TESTS_UNIT_READER_SCRIPTED_H

#include "../harness.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One turn: reads a request, on a new connection if there is none, and says
 * `text`. */
struct turn {
    const char *text; /* NULL: nothing, until the client hangs up */
    size_t len;       /* 0: that of `text` */
    bool hangs_up;    /* afterwards */
    bool is_deaf;     /* does not wait for a request */
    bool drips;       /* byte by byte */
    sem_t *after;     /* waits for it first */
    sem_t *done;      /* posts it when all is said */
};

/* Owned by the test; its thread's until scripted_stop. */
struct scripted {
    char dir[64];
    char path[96];
    int listen_fd;
    const struct turn *turns;
    size_t count;
    int connections;
    char request[8192]; /* the last one */
    pthread_t thread;
};

static inline bool read_request(struct scripted *scripted, int fd)
{
    size_t len = 0, want = sizeof scripted->request - 1;
    const char *length;

    memset(scripted->request, 0, sizeof scripted->request);
    while (len < want) {
        if (recv(fd, scripted->request + len, 1, 0) != 1) return false;
        len++;
        if (want != sizeof scripted->request - 1 || len < 4 ||
            memcmp(scripted->request + len - 4, "\r\n\r\n", 4) != 0) {
            continue;
        }
        length = strstr(scripted->request, "Content-Length: ");
        want = len + (length == NULL ? 0 : (size_t)atol(length + 16));
    }
    return true;
}

static inline void speak(int fd, const struct turn *turn)
{
    size_t len = turn->len == 0 ? strlen(turn->text) : turn->len;
    size_t step = turn->drips ? 1 : len;

    for (size_t at = 0; at < len; at += step) {
        if (send(fd, turn->text + at, step, MSG_NOSIGNAL) < 0) return;
    }
}

static inline void *scripted_main(void *data)
{
    struct scripted *scripted = data;
    int fd = -1;

    for (size_t i = 0; i < scripted->count; i++) {
        const struct turn *turn = &scripted->turns[i];

        if (turn->after != NULL) sem_wait(turn->after);
        if (fd < 0) {
            fd = accept(scripted->listen_fd, NULL, NULL);
            scripted->connections++;
        }
        if (!turn->is_deaf && !read_request(scripted, fd)) {
            close(fd);
            fd = -1;
            i--; /* the client came again instead */
            continue;
        }
        if (turn->text != NULL) speak(fd, turn);
        if (turn->done != NULL) sem_post(turn->done);
        if (turn->text == NULL && !turn->hangs_up) {
            while (recv(fd, &(char){0}, 1, 0) > 0) continue;
        }
        if (turn->hangs_up || turn->text == NULL) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0) close(fd);
    return NULL;
}

static inline void scripted_listen(struct scripted *scripted, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *scripted = (struct scripted){.listen_fd = -1};
    snprintf(scripted->dir, sizeof scripted->dir, "/tmp/tokeng-test-XXXXXX");
    assert_non_null(mkdtemp(scripted->dir));
    snprintf(scripted->path, sizeof scripted->path, "%s/tokeng.sock",
             scripted->dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scripted->path);
    scripted->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(scripted->listen_fd, (struct sockaddr *)&address, sizeof address),
        0);
    assert_int_equal(listen(scripted->listen_fd, backlog), 0);
}

static inline void scripted_start(struct scripted *scripted,
                                  const struct turn *turns, size_t count)
{
    scripted_listen(scripted, 8);
    scripted->turns = turns;
    scripted->count = count;
    assert_int_equal(
        pthread_create(&scripted->thread, NULL, scripted_main, scripted), 0);
}

static inline void scripted_remove(struct scripted *scripted)
{
    close(scripted->listen_fd);
    unlink(scripted->path);
    rmdir(scripted->dir);
}

/* The client has hung up before, so that the script can come to its end. */
static inline void scripted_stop(struct scripted *scripted)
{
    pthread_join(scripted->thread, NULL);
    scripted_remove(scripted);
}

#endif
