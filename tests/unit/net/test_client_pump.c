/* The pump under plain easy handles. */
#define _GNU_SOURCE
#include "net/client_pump.h"

#include "tests/unit/harness.h"
#include "tests/unit/net/peer.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EASIES = 100 };

/* Owned by its test. */
struct pumping {
    struct tk_loop *loop;
    struct tk_client_pump *pump;
    struct peer *peer;
    CURL *easies[EASIES];
    int count;
    int ended;
    int broken; /* how often curl was given up */
    CURLcode last;
    bool frees_pump; /* in its callback */
    bool is_silent;  /* the peer does not answer */
};

/* The C library's function with a fault: epolls other than `spared` have no
 * room for a new descriptor. */
static struct {
    bool is_full;
    int spared;
} epoll_fault;

int epoll_ctl(int epoll_fd, int what, int fd, struct epoll_event *event)
{
    if (epoll_fault.is_full && epoll_fd != epoll_fault.spared &&
        what == EPOLL_CTL_ADD) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_epoll_ctl, epoll_fd, what, fd, event);
}

static uint64_t shortest_timer_ms;

/* libuv's function, which also keeps the shortest time asked for. */
int uv_timer_start(uv_timer_t *handle, uv_timer_cb cb, uint64_t timeout,
                   uint64_t repeat)
{
    int (*original)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);

    *(void **)&original = dlsym(RTLD_NEXT, "uv_timer_start");
    if (timeout < shortest_timer_ms) shortest_timer_ms = timeout;
    return original(handle, cb, timeout, repeat);
}

static void answer(struct peer_conn *conn, const char *text, void *data)
{
    struct pumping *pumping = data;

    (void)text;
    if (!pumping->is_silent) peer_say_ok(conn, "ok");
}

static void take_all_out(struct pumping *pumping)
{
    for (int i = 0; i < pumping->count; i++) {
        if (pumping->easies[i] == NULL) continue;
        tk_client_pump_remove(pumping->pump, pumping->easies[i]);
        curl_easy_cleanup(pumping->easies[i]);
        pumping->easies[i] = NULL;
    }
}

static void on_ended(CURL *easy, CURLcode code, void *data)
{
    struct pumping *pumping = data;

    if (easy == NULL) {
        pumping->broken++;
        take_all_out(pumping);
        return;
    }
    pumping->ended++;
    pumping->last = code;
    for (int i = 0; i < pumping->count; i++) {
        if (pumping->easies[i] == easy) pumping->easies[i] = NULL;
    }
    curl_easy_cleanup(easy);
    if (!pumping->frees_pump || pumping->pump == NULL) return;
    take_all_out(pumping);
    tk_client_pump_free(pumping->pump);
    pumping->pump = NULL;
}

static int enter(void **state)
{
    struct pumping *pumping = calloc(1, sizeof *pumping);

    if (pumping == NULL || tk_loop_new(&pumping->loop) != 0) return -1;
    pumping->peer = peer_open(pumping->loop, answer, pumping);
    *state = pumping;
    return tk_client_pump_new(pumping->loop, on_ended, pumping, &pumping->pump);
}

static int leave(void **state)
{
    struct pumping *pumping = *state;
    int left_open;

    epoll_fault.is_full = false;
    if (pumping->pump != NULL) {
        take_all_out(pumping);
        tk_client_pump_free(pumping->pump);
    }
    peer_close(pumping->peer);
    left_open = tk_loop_free(pumping->loop);
    free(pumping);
    return left_open;
}

static size_t throw_away(char *data, size_t size, size_t count, void *to)
{
    (void)data;
    (void)to;
    return size * count;
}

static void start(struct pumping *pumping, long timeout_ms)
{
    CURL *easy = curl_easy_init();

    assert_non_null(easy);
    curl_easy_setopt(easy, CURLOPT_URL, pumping->peer->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    pumping->easies[pumping->count++] = easy;
    assert_int_equal(tk_client_pump_add(pumping->pump, easy), 0);
}

static void a_pump_without_transfers_does_not_keep_the_loop(void **state)
{
    struct pumping *pumping = *state;

    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 0);
}

static void a_transfer_keeps_the_loop_until_its_end(void **state)
{
    struct pumping *pumping = *state;

    start(pumping, 10000);
    assert_int_equal(pumping->ended, 0);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 1);
    assert_int_equal(pumping->last, CURLE_OK);
}

/* More than one epoll_wait can report. */
static void many_transfers_at_a_time_all_end(void **state)
{
    struct pumping *pumping = *state;

    for (int i = 0; i < EASIES; i++) start(pumping, 10000);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, EASIES);
    assert_int_equal(pumping->last, CURLE_OK);
}

/* Nothing else happens that could make curl be called again. */
static void the_last_transfer_to_time_out_is_noticed(void **state)
{
    struct pumping *pumping = *state;

    pumping->is_silent = true;
    start(pumping, 40);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 1);
    assert_int_equal(pumping->last, CURLE_OPERATION_TIMEDOUT);
}

static void a_transfer_taken_out_ends_silently(void **state)
{
    struct pumping *pumping = *state;

    pumping->is_silent = true;
    start(pumping, 10000);
    start(pumping, 40);
    tk_client_pump_remove(pumping->pump, pumping->easies[0]);
    curl_easy_cleanup(pumping->easies[0]);
    pumping->easies[0] = NULL;
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 1);
}

static void the_pump_may_be_freed_when_a_transfer_ends(void **state)
{
    struct pumping *pumping = *state;

    pumping->frees_pump = true;
    for (int i = 0; i < 20; i++) start(pumping, 10000);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 1);
    assert_null(pumping->pump);
}

/* curl asks for calls "at once" on the way through a request. A timer would
 * take a millisecond for each, or starve the I/O if it were set to 0. */
static void curl_is_called_at_once_when_it_asks(void **state)
{
    struct pumping *pumping = *state;

    shortest_timer_ms = UINT64_MAX;
    start(pumping, 10000);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->last, CURLE_OK);
    assert_in_range(shortest_timer_ms, 50, UINT64_MAX);
}

static int count_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    if (dir == NULL) return -1;
    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

/* A socket that curl closes is not known to libuv, so its number may come back
 * at once. */
static void a_descriptor_that_comes_back_is_watched_again(void **state)
{
    struct pumping *pumping = *state;
    int before;

    start(pumping, 10000);
    tk_loop_run(pumping->loop);
    before = count_open_files();
    for (int i = 0; i < 20; i++) {
        while (pumping->peer->conns != NULL) peer_hang_up(pumping->peer->conns);
        start(pumping, 10000);
        tk_loop_run(pumping->loop);
        assert_int_equal(pumping->last, CURLE_OK);
        pumping->count = 0;
    }
    assert_int_equal(pumping->ended, 21);
    assert_int_equal(count_open_files(), before);
}

static void a_socket_that_cannot_be_watched_ends_everything(void **state)
{
    struct pumping *pumping = *state;

    epoll_fault.is_full = true;
    epoll_fault.spared = uv_backend_fd(tk_loop_uv(pumping->loop));
    start(pumping, 10000);
    start(pumping, 10000);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->broken, 1);
    assert_int_equal(pumping->ended, 0);
    epoll_fault.is_full = false;
    pumping->count = 0;
    start(pumping, 10000);
    tk_loop_run(pumping->loop);
    assert_int_equal(pumping->ended, 1);
    assert_int_equal(pumping->last, CURLE_OK);
}

static void a_pump_that_cannot_be_made_leaves_nothing(void **state)
{
    struct pumping *pumping = *state;
    struct tk_client_pump *other = NULL;
    int before = count_open_files();

    epoll_fault.is_full = true;
    epoll_fault.spared = -1;
    assert_int_equal(
        tk_client_pump_new(pumping->loop, on_ended, pumping, &other), TK_EIO);
    assert_null(other);
    assert_int_equal(count_open_files(), before);
}

#define PUMP_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PUMP_TEST(a_pump_without_transfers_does_not_keep_the_loop),
        PUMP_TEST(a_transfer_keeps_the_loop_until_its_end),
        PUMP_TEST(many_transfers_at_a_time_all_end),
        PUMP_TEST(the_last_transfer_to_time_out_is_noticed),
        PUMP_TEST(a_transfer_taken_out_ends_silently),
        PUMP_TEST(the_pump_may_be_freed_when_a_transfer_ends),
        PUMP_TEST(curl_is_called_at_once_when_it_asks),
        PUMP_TEST(a_descriptor_that_comes_back_is_watched_again),
        PUMP_TEST(a_socket_that_cannot_be_watched_ends_everything),
        PUMP_TEST(a_pump_that_cannot_be_made_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
