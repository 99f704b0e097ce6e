#include "client.h"

#include <stdlib.h>

struct join {
    struct client *client;
    uv_timer_t timer;
};

struct watched {
    uv_poll_t poll;
    struct client *client;
    curl_socket_t fd;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct watched *watched = handle->data;
    int bits = 0;

    (void)status;
    if (events & UV_READABLE) bits |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) bits |= CURL_CSELECT_OUT;
    client_act(watched->client, watched->fd, bits);
}

static struct watched *watch(struct client *client, curl_socket_t fd)
{
    struct watched *watched = calloc(1, sizeof *watched);

    if (watched == NULL) abort();
    watched->client = client;
    watched->fd = fd;
    uv_poll_init_socket(&client->loop, &watched->poll, fd);
    watched->poll.data = watched;
    curl_multi_assign(client->multi, fd, watched);
    return watched;
}

/* curl_socket_callback */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                     void *socket_data)
{
    struct join *join = data;
    struct watched *watched = socket_data;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched == NULL) return 0;
        uv_poll_stop(&watched->poll);
        uv_close((uv_handle_t *)&watched->poll, on_closed);
        curl_multi_assign(join->client->multi, fd, NULL);
        return 0;
    }
    if (watched == NULL) watched = watch(join->client, fd);
    if (what & CURL_POLL_IN) events |= UV_READABLE;
    if (what & CURL_POLL_OUT) events |= UV_WRITABLE;
    uv_poll_start(&watched->poll, events, on_poll);
    return 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct join *join = timer->data;

    client_act(join->client, CURL_SOCKET_TIMEOUT, 0);
}

/* curl_multi_timer_callback */
static int set_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct join *join = data;

    (void)multi;
    if (timeout_ms < 0) {
        uv_timer_stop(&join->timer);
        return 0;
    }
    if (timeout_ms == 0) timeout_ms = 1;
    uv_timer_start(&join->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

void client_join_multi_uv(struct client *client)
{
    struct join *join = calloc(1, sizeof *join);

    if (join == NULL) abort();
    join->client = client;
    uv_timer_init(&client->loop, &join->timer);
    join->timer.data = join;
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, join);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, join);
    client->join = join;
}
