/* herd SOCKET PATH COUNT - COUNT connections to a unix socket, then one GET on
 * each, all sent before any is read; waits for every answer. Prints "name
 * number" lines: how many were 200, how many bodies differ from the first, and
 * seconds from the first request to the last answer. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024, EVENTS = 256, WAIT_MS = 60000 };

struct answer {
    int fd;
    size_t len;
    char text[ANSWER_MAX];
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("connect");
    }
    return fd;
}

/* The token is all that counts: expires_in differs by the moment. */
static bool is_alike(const struct answer *a, const struct answer *b)
{
    const char *one = strstr(a->text, "\"token\"");
    const char *two = strstr(b->text, "\"token\"");

    if (one == NULL || two == NULL) return one == two;
    return strncmp(one, two, strcspn(one, ",")) == 0;
}

/* Is the answer whole? Its body is one JSON object. */
static bool take(struct answer *answer)
{
    ssize_t got = recv(answer->fd, answer->text + answer->len,
                       ANSWER_MAX - 1 - answer->len, 0);

    if (got <= 0) return true;
    answer->len += (size_t)got;
    return strstr(answer->text, "\r\n\r\n{") != NULL &&
           answer->text[answer->len - 1] == '}';
}

static void collect(int epoll_fd, unsigned count)
{
    struct epoll_event events[EVENTS];

    while (count > 0) {
        int n = epoll_wait(epoll_fd, events, EVENTS, WAIT_MS);

        if (n == 0) {
            fprintf(stderr, "%u callers have no answer\n", count);
            exit(1);
        }
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct answer *answer = events[i].data.ptr;

            if (!take(answer)) continue;
            epoll_ctl(epoll_fd, EPOLL_CTL_DEL, answer->fd, &events[i]);
            count--;
        }
    }
}

static void report(const struct answer *answers, unsigned count)
{
    unsigned good = 0;
    unsigned different = 0;

    for (unsigned i = 0; i < count; i++) {
        good += strncmp(answers[i].text, "HTTP/1.1 200 ", 13) == 0;
        different += !is_alike(&answers[0], &answers[i]);
    }
    printf("good %u\ndifferent %u\n", good, different);
}

int main(int argc, char **argv)
{
    unsigned count = argc == 4 ? (unsigned)atoi(argv[3]) : 0;
    struct answer *answers = calloc(count + 1, sizeof *answers);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    char request[512];
    int len;
    double began;

    if (count == 0 || answers == NULL || epoll_fd < 0) {
        fprintf(stderr, "usage: herd SOCKET PATH COUNT\n");
        return 64;
    }
    raise_limit();
    len = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", argv[2]);
    for (unsigned i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &answers[i]};

        answers[i].fd = connect_to(argv[1]);
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, answers[i].fd, &event);
    }
    began = seconds();
    for (unsigned i = 0; i < count; i++) {
        if (send(answers[i].fd, request, (size_t)len, MSG_NOSIGNAL) != len) {
            die("send");
        }
    }
    collect(epoll_fd, count);
    printf("seconds %.6f\n", seconds() - began);
    report(answers, count);
    return 0;
}
