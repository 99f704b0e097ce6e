#include "net/server.h"

#include "serving.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>

/* More than one lane takes. */
enum { CROWD = 1500 };

static struct serving serving;
static struct answer answer;

/* The server's thread's own. */
static struct tk_request *held[CROWD + 8];
static size_t held_count;
static struct tk_timer *timer;

static void release(void *data)
{
    (void)data;
    if (timer != NULL) tk_timer_free(timer);
    timer = NULL;
    for (size_t i = 0; i < held_count; i++) {
        serving_answer(held[i], 200, tk_str("released"));
    }
    held_count = 0;
}

static void release_at(int64_t in_ms)
{
    assert_int_equal(tk_timer_new(serving.loop, release, NULL, &timer), 0);
    tk_timer_set(timer, tk_loop_now(serving.loop) + in_ms);
}

static void say_count(struct tk_request *request, size_t count)
{
    char text[32];

    snprintf(text, sizeof text, "%zu", count);
    serving_answer(request, 200, tk_str(text));
}

static void say_much(struct tk_request *request, size_t len)
{
    char *text = malloc(len);

    assert_non_null(text);
    memset(text, 'x', len);
    serving_answer(request, 200, tk_str_of(text, len));
    free(text);
}

static void on_request(struct tk_request *request, void *data)
{
    struct tk_str path = tk_request_path(request);

    (void)data;
    if (tk_str_is(path, "/hello")) {
        serving_answer(request, 200, tk_str("hello"));
    } else if (tk_str_is(path, "/hold")) {
        held[held_count++] = request;
    } else if (tk_str_is(path, "/later")) {
        held[held_count++] = request;
        release_at(20);
    } else if (tk_str_is(path, "/count")) {
        say_count(request, held_count);
    } else if (tk_str_is(path, "/clients")) {
        say_count(request, tk_server_connections(serving.server));
    } else if (tk_str_is(path, "/release")) {
        release(NULL);
        serving_answer(request, 200, tk_str("done"));
    } else if (tk_str_is(path, "/much")) {
        say_much(request, 4 << 20);
    } else {
        serving_answer(request, 404, tk_str(""));
    }
}

static int start(void **state)
{
    (void)state;
    held_count = 0;
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    serving_stop(&serving);
    assert_int_equal(access(serving.path, F_OK), -1);
    serving_fini(&serving);
    return 0;
}

/* Asks on `fd` until the answer is `text`. */
static void ask_until(int fd, const char *target, const char *text)
{
    do {
        ask(fd, target);
        assert_true(hear(fd, &answer));
    } while (strcmp(answer.body, text) != 0);
}

static void a_request_is_answered_at_once(void **state)
{
    (void)state;
    assert_string_equal(tk_server_address(serving.server), serving.listen);
    get(serving.path, "/hello", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "hello");
    get(serving.path, "/nowhere", &answer);
    assert_int_equal(answer.status, 404);
}

static void a_connection_is_kept_for_many_requests(void **state)
{
    int fd = dial(serving.path);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        ask(fd, "/hello");
        assert_true(hear(fd, &answer));
        assert_string_equal(answer.body, "hello");
    }
    ask(fd, "/clients");
    assert_true(hear(fd, &answer));
    assert_string_equal(answer.body, "1");
    close(fd);
}

static void a_request_can_be_answered_later(void **state)
{
    int fd = dial(serving.path);

    (void)state;
    for (int i = 0; i < 5; i++) {
        ask(fd, "/later");
        assert_true(hear(fd, &answer));
        assert_string_equal(answer.body, "released");
        ask(fd, "/hello");
        assert_true(hear(fd, &answer));
        assert_string_equal(answer.body, "hello");
    }
    close(fd);
}

static void one_that_waits_does_not_hold_the_others(void **state)
{
    int waiting = dial(serving.path);
    int other = dial(serving.path);

    (void)state;
    ask(waiting, "/hold");
    ask_until(other, "/count", "1");
    ask(other, "/hello");
    assert_true(hear(other, &answer));
    assert_string_equal(answer.body, "hello");
    ask(other, "/release");
    assert_true(hear(other, &answer));
    assert_true(hear(waiting, &answer));
    assert_string_equal(answer.body, "released");
    close(waiting);
    close(other);
}

static void pipelined_requests_wait_for_each_other(void **state)
{
    int fd = dial(serving.path);

    (void)state;
    ask(fd, "/later");
    ask(fd, "/hello");
    ask(fd, "/later");
    ask(fd, "/hello");
    for (int i = 0; i < 4; i++) {
        assert_true(hear(fd, &answer));
        assert_string_equal(answer.body, i % 2 == 0 ? "released" : "hello");
    }
    close(fd);
}

static void a_crowd_that_waits_is_answered_at_once(void **state)
{
    static int fds[CROWD];
    int other = dial(serving.path);
    char count[16];

    (void)state;
    for (int i = 0; i < CROWD; i++) {
        fds[i] = dial(serving.path);
        ask(fds[i], "/hold");
    }
    snprintf(count, sizeof count, "%d", CROWD);
    ask_until(other, "/count", count);
    ask(other, "/release");
    assert_true(hear(other, &answer));
    assert_string_equal(answer.body, "done");
    /* Nobody reads yet, so that no event of theirs helps the server along. */
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(recv(fds[i], &(char){0}, 1, MSG_PEEK), 1);
    }
    for (int i = 0; i < CROWD; i++) {
        assert_true(hear(fds[i], &answer));
        assert_string_equal(answer.body, "released");
        close(fds[i]);
    }
    close(other);
}

static void a_client_that_hangs_up_while_it_waits_does_no_harm(void **state)
{
    int other = dial(serving.path);

    (void)state;
    for (int i = 0; i < 3; i++) {
        int fd = dial(serving.path);

        ask(fd, "/hold");
        ask_until(other, "/count", "1");
        if (i == 2) ask(fd, "/hello"); /* unread, so it is a reset */
        close(fd);
        ask(other, "/release");
        assert_true(hear(other, &answer));
        assert_string_equal(answer.body, "done");
        ask_until(other, "/clients", "1");
    }
    close(other);
}

static void the_places_of_a_crowd_that_hung_up_are_free_again(void **state)
{
    static int fds[CROWD];
    int other = dial(serving.path);
    char count[16];

    (void)state;
    snprintf(count, sizeof count, "%d", CROWD);
    for (int i = 0; i < CROWD; i++) {
        fds[i] = dial(serving.path);
        ask(fds[i], "/hold");
    }
    ask_until(other, "/count", count);
    for (int i = 0; i < CROWD; i++) close(fds[i]);
    ask(other, "/release");
    assert_true(hear(other, &answer));
    ask_until(other, "/clients", "1");
    close(other);
}

/* As `nc -N` does. Several, because libmicrohttpd treats the oldest one better.
 */
static void a_client_that_has_said_all_is_still_answered(void **state)
{
    int other = dial(serving.path);
    int fds[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fds[i] = dial(serving.path);
        ask(fds[i], "/hold");
        shutdown(fds[i], SHUT_WR);
    }
    ask_until(other, "/count", "3");
    ask_until(other, "/release", "done");
    for (int i = 0; i < 3; i++) {
        assert_true(hear(fds[i], &answer));
        assert_string_equal(answer.body, "released");
        assert_true(is_closed_by_peer(fds[i]));
        close(fds[i]);
    }
    close(other);
}

static void a_client_that_hangs_up_while_it_reads_does_no_harm(void **state)
{
    int other = dial(serving.path);
    int fd = dial(serving.path);

    (void)state;
    ask(fd, "/much");
    assert_int_equal(recv(fd, answer.all, 1000, MSG_WAITALL), 1000);
    close(fd);
    ask_until(other, "/clients", "1");
    close(other);
}

static void a_slow_reader_gets_all_of_a_long_answer(void **state)
{
    int fd = dial(serving.path);
    ssize_t got;
    size_t total = 0;

    (void)state;
    ask(fd, "/much");
    while (total < 4 << 20) {
        got = recv(fd, answer.all, sizeof answer.all, 0);
        assert_true(got > 0);
        total += (size_t)got;
    }
    close(fd);
}

static void those_that_wait_at_the_end_get_503(void **state)
{
    int waiting[3];
    int other;

    start(state);
    other = dial(serving.path);
    for (int i = 0; i < 3; i++) {
        waiting[i] = dial(serving.path);
        ask(waiting[i], "/hold");
    }
    ask_until(other, "/count", "3");
    serving_stop(&serving);
    for (int i = 0; i < 3; i++) {
        assert_true(hear(waiting[i], &answer));
        assert_int_equal(answer.status, 503);
        assert_non_null(strstr(answer.body, "\"code\":\"stopping\""));
        assert_non_null(strstr(answer.all, "Connection: close"));
        assert_true(is_closed_by_peer(waiting[i]));
        close(waiting[i]);
    }
    assert_true(is_closed_by_peer(other));
    close(other);
    serving_fini(&serving);
}

/* The long answer does not fit the socket, and nobody reads. */
static void the_end_waits_for_a_slow_reader_for_a_second_only(void **state)
{
    struct timespec before, after;
    int fd;

    start(state);
    fd = dial(serving.path);
    ask(fd, "/much");
    assert_int_equal(recv(fd, answer.all, 1, 0), 1);
    clock_gettime(CLOCK_MONOTONIC, &before);
    serving_stop(&serving);
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_in_range(after.tv_sec - before.tv_sec, 0, 3);
    close(fd);
    serving_fini(&serving);
}

static void an_idle_connection_is_closed(void **state)
{
    int idle;

    (void)state;
    held_count = 0;
    serving_init(&serving, on_request, NULL);
    serving.options.idle_s = 1;
    serving_start(&serving);
    idle = dial(serving.path);
    ask_until(idle, "/hello", "hello");
    assert_true(is_closed_by_peer(idle)); /* dial waits for ten seconds */
    close(idle);
    stop(state);
}

static void a_dead_socket_is_replaced_and_a_living_one_is_not(void **state)
{
    struct tk_server *second = NULL;
    struct tk_loop *loop;
    struct tk_why why = {0, ""};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)state;
    held_count = 0;
    serving_init(&serving, on_request, NULL);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", serving.path);
    assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof address),
                     0);
    close(dead);
    serving_start(&serving);
    get(serving.path, "/hello", &answer);
    assert_string_equal(answer.body, "hello");

    assert_int_equal(tk_loop_new(&loop), 0);
    assert_int_equal(
        tk_server_new(loop, &serving.options, on_request, NULL, &second, &why),
        TK_EBUSY);
    assert_null(second);
    assert_non_null(strstr(why.text, serving.path));
    assert_int_equal(tk_loop_free(loop), 0);
    get(serving.path, "/hello", &answer);
    assert_string_equal(answer.body, "hello");
    stop(state);
}

static void a_server_that_is_never_run_can_be_freed(void **state)
{
    struct tk_server *server;
    struct tk_loop *loop;
    struct tk_why why = {0, ""};
    int fd;

    (void)state;
    serving_init(&serving, on_request, NULL);
    assert_int_equal(tk_loop_new(&loop), 0);
    assert_int_equal(
        tk_server_new(loop, &serving.options, on_request, NULL, &server, &why),
        0);
    fd = dial(serving.path);
    ask(fd, "/hello");
    tk_server_stop(server);
    tk_server_free(server);
    assert_true(is_closed_by_peer(fd));
    close(fd);
    tk_server_free(NULL);
    assert_int_equal(tk_loop_free(loop), 0);
    assert_int_equal(access(serving.path, F_OK), -1);
    serving_fini(&serving);
}

static void tcp_on_a_free_port_serves(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned port = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    held_count = 0;
    serving_init(&serving, on_request, NULL);
    serving.options.listen = "tcp:127.0.0.1:0";
    serving_start(&serving);
    assert_int_equal(
        sscanf(tk_server_address(serving.server), "http://127.0.0.1:%u", &port),
        1);
    address.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    ask_until(fd, "/hello", "hello");
    ask(fd, "/later");
    assert_true(hear(fd, &answer));
    assert_string_equal(answer.body, "released");
    ask(fd, "/quit");
    assert_true(hear(fd, &answer));
    close(fd);
    serving_join(&serving);
    serving_fini(&serving);
}

/* Both ends of a crowd's connections are in this process. */
static int raise_limit(void **state)
{
    struct rlimit limit;

    (void)state;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    if (limit.rlim_cur < 4096) limit.rlim_cur = 4096;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_request_is_answered_at_once),
        SERVED(a_connection_is_kept_for_many_requests),
        SERVED(a_request_can_be_answered_later),
        SERVED(one_that_waits_does_not_hold_the_others),
        SERVED(pipelined_requests_wait_for_each_other),
        SERVED(a_crowd_that_waits_is_answered_at_once),
        SERVED(a_client_that_hangs_up_while_it_waits_does_no_harm),
        SERVED(the_places_of_a_crowd_that_hung_up_are_free_again),
        SERVED(a_client_that_has_said_all_is_still_answered),
        SERVED(a_client_that_hangs_up_while_it_reads_does_no_harm),
        SERVED(a_slow_reader_gets_all_of_a_long_answer),
        cmocka_unit_test(those_that_wait_at_the_end_get_503),
        cmocka_unit_test(the_end_waits_for_a_slow_reader_for_a_second_only),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_dead_socket_is_replaced_and_a_living_one_is_not),
        cmocka_unit_test(a_server_that_is_never_run_can_be_freed),
        cmocka_unit_test(tcp_on_a_free_port_serves),
    };

    return cmocka_run_group_tests(tests, raise_limit, NULL);
}
