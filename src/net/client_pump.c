/* curl's sockets are watched by an epoll of our own, and libuv watches that
 * one descriptor. A uv_poll for each socket would have to be made and closed
 * for every request: 39 us of CPU a request instead of 23, measured with 64
 * connections. And a socket that curl closes cannot leave a dangling handle
 * in libuv: the kernel forgets it.
 *
 * When curl asks to be called at once (a timeout of 0), that happens in the
 * check phase, once a turn. libuv's timer would add a millisecond to each
 * step of a request; set to 0 it would be run again and again in one turn,
 * and I/O would starve.
 *
 * Ended transfers are read after every call into curl. Otherwise the last one
 * to time out would never be noticed: nothing would call curl again.
 */
#include "net/client_pump.h"

#include "net/loop_uv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* EVENTS: what is left over in a turn comes in the next. KEPT: connections that
 * are kept open for the next request; more would only idle at the issuers. */
enum { EVENTS = 64, KEPT = 64, HANDLES = 4 };

/* Owned by the client; freed when the last of its handles is closed. */
struct tk_client_pump {
    CURLM *multi; /* NULL: the pump is being freed */
    struct tk_loop *loop;
    int epoll_fd;
    uv_poll_t poll; /* referenced while there are transfers */
    uv_timer_t timer;
    uv_check_t check;
    uv_idle_t idle; /* active while is_due: then the poll does not block */
    bool is_due;    /* curl asked to be called at once */
    unsigned transfers;
    unsigned open_handles;
    tk_client_pump_cb ended;
    void *data;
};

/* A message lives only as long as its transfer is in the multi. */
static void read_ended(struct tk_client_pump *pump)
{
    while (pump->multi != NULL) {
        int left;
        CURLMsg *message = curl_multi_info_read(pump->multi, &left);
        CURL *easy;
        CURLcode code;

        if (message == NULL) return;
        if (message->msg != CURLMSG_DONE) continue;
        easy = message->easy_handle;
        code = message->data.result;
        tk_client_pump_remove(pump, easy);
        pump->ended(easy, code, pump->data);
    }
}

static void call_curl(struct tk_client_pump *pump, curl_socket_t fd, int bits)
{
    int running;
    CURLMcode code = curl_multi_socket_action(pump->multi, fd, bits, &running);

    if (code != CURLM_OK) pump->ended(NULL, CURLE_OK, pump->data);
    read_ended(pump);
}

static int to_curl(uint32_t events)
{
    int bits = 0;

    if (events & (EPOLLIN | EPOLLHUP)) bits |= CURL_CSELECT_IN;
    if (events & EPOLLOUT) bits |= CURL_CSELECT_OUT;
    if (events & EPOLLERR) bits |= CURL_CSELECT_ERR;
    return bits;
}

/* An event may be about a descriptor that an event before it made curl close
 * and open again; curl takes that for a wake-up without cause. */
static void on_poll(uv_poll_t *handle, int status, int uv_events)
{
    struct tk_client_pump *pump = handle->data;
    struct epoll_event events[EVENTS];
    int count = epoll_wait(pump->epoll_fd, events, EVENTS, 0);

    (void)status; /* says something of our epoll, not of a socket */
    (void)uv_events;
    for (int i = 0; i < count && pump->multi != NULL; i++) {
        call_curl(pump, events[i].data.fd, to_curl(events[i].events));
        if (tk_loop_is_long(pump->loop)) break;
    }
}

static void on_timer(uv_timer_t *handle)
{
    struct tk_client_pump *pump = handle->data;

    call_curl(pump, CURL_SOCKET_TIMEOUT, 0);
}

static void on_check(uv_check_t *handle)
{
    struct tk_client_pump *pump = handle->data;

    if (!pump->is_due) return;
    pump->is_due = false;
    call_curl(pump, CURL_SOCKET_TIMEOUT, 0);
    if (!pump->is_due && pump->multi != NULL) uv_idle_stop(&pump->idle);
}

static void on_idle(uv_idle_t *handle)
{
    (void)handle;
}

/* curl_multi_timer_callback */
static int set_timer(CURLM *multi, long timeout_ms, void *data)
{
    struct tk_client_pump *pump = data;

    (void)multi;
    pump->is_due = timeout_ms == 0;
    if (pump->is_due) {
        uv_idle_start(&pump->idle, on_idle);
    } else {
        uv_idle_stop(&pump->idle);
    }
    if (timeout_ms > 0) {
        uv_timer_start(&pump->timer, on_timer, (uint64_t)timeout_ms, 0);
    } else {
        uv_timer_stop(&pump->timer);
    }
    return 0;
}

/* curl_socket_callback. Whether the number is in our epoll is asked of the
 * kernel each time: it drops closed sockets by itself, and numbers come back.
 */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                        void *socket_data)
{
    struct tk_client_pump *pump = data;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    (void)socket_data;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(pump->epoll_fd, EPOLL_CTL_DEL, fd, &event);
        return 0;
    }
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (epoll_ctl(pump->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    if (errno != EEXIST) return -1;
    return epoll_ctl(pump->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

static bool set_up_multi(struct tk_client_pump *pump)
{
    CURLM *multi = pump->multi;

    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, pump);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, pump);
    return curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) ==
               CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)KEPT) ==
               CURLM_OK;
}

/* uv_poll_init is the only one of these that can fail. */
static int start_handles(struct tk_client_pump *pump, uv_loop_t *uv)
{
    if (uv_poll_init(uv, &pump->poll, pump->epoll_fd) != 0) return TK_EIO;
    uv_timer_init(uv, &pump->timer);
    uv_check_init(uv, &pump->check);
    uv_idle_init(uv, &pump->idle);
    pump->poll.data = pump;
    pump->timer.data = pump;
    pump->check.data = pump;
    pump->idle.data = pump;
    pump->open_handles = HANDLES;
    uv_poll_start(&pump->poll, UV_READABLE, on_poll);
    uv_check_start(&pump->check, on_check);
    uv_unref((uv_handle_t *)&pump->poll);
    uv_unref((uv_handle_t *)&pump->timer);
    uv_unref((uv_handle_t *)&pump->check);
    uv_unref((uv_handle_t *)&pump->idle);
    return 0;
}

int tk_client_pump_new(struct tk_loop *loop, tk_client_pump_cb ended,
                       void *data, struct tk_client_pump **out)
{
    struct tk_client_pump *pump = calloc(1, sizeof *pump);
    int rc = TK_ENOMEM;

    if (pump == NULL) return rc;
    pump->loop = loop;
    pump->ended = ended;
    pump->data = data;
    pump->multi = curl_multi_init();
    pump->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pump->epoll_fd < 0) rc = TK_EIO;
    if (pump->multi == NULL || pump->epoll_fd < 0 || !set_up_multi(pump)) {
        goto fail;
    }
    rc = start_handles(pump, tk_loop_uv(loop));
    if (rc != 0) goto fail;
    *out = pump;
    return 0;

fail:
    curl_multi_cleanup(pump->multi);
    if (pump->epoll_fd >= 0) close(pump->epoll_fd);
    free(pump);
    return rc;
}

static void on_close(uv_handle_t *handle)
{
    struct tk_client_pump *pump = handle->data;

    if (--pump->open_handles == 0) free(pump);
}

/* curl's callbacks still come while it closes its connections. */
void tk_client_pump_free(struct tk_client_pump *pump)
{
    CURLM *multi = pump->multi;

    curl_multi_cleanup(multi);
    pump->multi = NULL;
    uv_close((uv_handle_t *)&pump->poll, on_close);
    uv_close((uv_handle_t *)&pump->timer, on_close);
    uv_close((uv_handle_t *)&pump->check, on_close);
    uv_close((uv_handle_t *)&pump->idle, on_close);
    close(pump->epoll_fd);
}

int tk_client_pump_add(struct tk_client_pump *pump, CURL *easy)
{
    CURLMcode code = curl_multi_add_handle(pump->multi, easy);

    if (code != CURLM_OK) {
        return code == CURLM_OUT_OF_MEMORY ? TK_ENOMEM : TK_EINTERNAL;
    }
    if (pump->transfers++ == 0) uv_ref((uv_handle_t *)&pump->poll);
    return 0;
}

void tk_client_pump_remove(struct tk_client_pump *pump, CURL *easy)
{
    curl_multi_remove_handle(pump->multi, easy);
    if (--pump->transfers == 0) uv_unref((uv_handle_t *)&pump->poll);
}
