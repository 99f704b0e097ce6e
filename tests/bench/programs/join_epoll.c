#include "client.h"

#include <stdlib.h>
#include <sys/epoll.h>

enum { EVENTS = 64 };

struct join {
    struct client *client;
    int epoll_fd;
    bool is_due;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_check_t check;
    uv_idle_t idle;
};

static void on_poll(uv_poll_t *handle, int status, int uv_events)
{
    struct join *join = handle->data;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(join->epoll_fd, events, EVENTS, 0);

    (void)status;
    (void)uv_events;
    for (int i = 0; i < count; i++) {
        int bits = 0;

        if (events[i].events & (EPOLLIN | EPOLLHUP)) bits |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT) bits |= CURL_CSELECT_OUT;
        if (events[i].events & EPOLLERR) bits |= CURL_CSELECT_ERR;
        client_act(join->client, events[i].data.fd, bits);
    }
}

/* curl_socket_callback */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                     void *socket_data)
{
    struct join *join = data;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    (void)socket_data;
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(join->epoll_fd, EPOLL_CTL_DEL, fd, &event);
    } else if (epoll_ctl(join->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        epoll_ctl(join->epoll_fd, EPOLL_CTL_MOD, fd, &event);
    }
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct join *join = timer->data;

    client_act(join->client, CURL_SOCKET_TIMEOUT, 0);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_check(uv_check_t *check)
{
    struct join *join = check->data;

    if (!join->is_due) return;
    join->is_due = false;
    client_act(join->client, CURL_SOCKET_TIMEOUT, 0);
    if (!join->is_due) uv_idle_stop(&join->idle);
}

/* curl_multi_timer_callback */
static int set_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct join *join = data;

    (void)multi;
    join->is_due = timeout_ms == 0;
    if (join->is_due) {
        uv_idle_start(&join->idle, on_idle);
    } else {
        uv_idle_stop(&join->idle);
    }
    if (timeout_ms > 0) {
        uv_timer_start(&join->timer, on_timer, (uint64_t)timeout_ms, 0);
    } else {
        uv_timer_stop(&join->timer);
    }
    return 0;
}

void client_join_epoll(struct client *client)
{
    struct join *join = calloc(1, sizeof *join);

    if (join == NULL) abort();
    join->client = client;
    join->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    uv_poll_init(&client->loop, &join->poll, join->epoll_fd);
    uv_timer_init(&client->loop, &join->timer);
    uv_check_init(&client->loop, &join->check);
    uv_idle_init(&client->loop, &join->idle);
    join->poll.data = join;
    join->timer.data = join;
    join->check.data = join;
    uv_poll_start(&join->poll, UV_READABLE, on_poll);
    uv_check_start(&join->check, on_check);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, join);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, join);
    client->join = join;
}
