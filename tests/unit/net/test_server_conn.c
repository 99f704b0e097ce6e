#include "net/server_conn.h"

#include "serving.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>

static struct serving serving;
static struct answer answer;
static struct tk_request *held;
static struct tk_timer *timer;
static atomic_bool may_release;

static void say_peer(struct tk_request *request)
{
    const struct tk_peer *peer = tk_request_peer(request);
    char text[128];

    snprintf(text, sizeof text, "%d %ld %ld %ld", peer->is_local,
             (long)peer->uid, (long)peer->gid, (long)peer->pid);
    serving_answer(request, 200, tk_str(text));
}

/* More than any socket takes unread. */
static void say_much(struct tk_request *request)
{
    static char text[4 << 20];

    serving_answer(request, 200, tk_str_of(text, sizeof text));
}

static void say_clients(struct tk_request *request)
{
    char text[16];

    snprintf(text, sizeof text, "%u", tk_server_connections(serving.server));
    serving_answer(request, 200, tk_str(text));
}

/* The busy one is answered when the test has seen the idle ones end. */
static void on_timer(void *data)
{
    (void)data;
    if (!atomic_load(&may_release)) {
        tk_timer_set(timer, tk_loop_now(serving.loop) + 5);
        return;
    }
    serving_answer(held, 200, tk_str("held"));
    tk_timer_free(timer);
    tk_loop_stop(serving.loop);
}

static void on_request(struct tk_request *request, void *data)
{
    struct tk_str path = tk_request_path(request);

    (void)data;
    if (tk_str_is(path, "/peer")) {
        say_peer(request);
    } else if (tk_str_is(path, "/hold")) {
        held = request;
    } else if (tk_str_is(path, "/release")) {
        serving_answer(held, 200, tk_str("held"));
        held = NULL;
        serving_answer(request, 200, tk_str(""));
    } else if (tk_str_is(path, "/much")) {
        say_much(request);
    } else if (tk_str_is(path, "/clients")) {
        say_clients(request);
    } else if (tk_str_is(path, "/is-held")) {
        serving_answer(request, held == NULL ? 404 : 200, tk_str(""));
    } else {
        tk_server_stop(serving.server);
        tk_server_stop(serving.server);
        assert_int_equal(tk_timer_new(serving.loop, on_timer, NULL, &timer), 0);
        tk_timer_set(timer, tk_loop_now(serving.loop) + 5);
        serving_answer(request, 200, tk_str("stopped"));
    }
}

static void the_peer_of_a_unix_socket_is_known(void **state)
{
    char expected[128];
    int fd;

    (void)state;
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    snprintf(expected, sizeof expected, "1 %ld %ld %ld", (long)getuid(),
             (long)getgid(), (long)getpid());
    fd = dial(serving.path);
    for (int i = 0; i < 3; i++) {
        ask(fd, "/peer");
        assert_true(hear(fd, &answer));
        assert_string_equal(answer.body, expected);
    }
    close(fd);
    serving_stop(&serving);
    serving_fini(&serving);
}

static void the_peer_of_tcp_is_nobody(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned port = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    serving_init(&serving, on_request, NULL);
    serving.options.listen = "tcp:127.0.0.1:0";
    serving_start(&serving);
    assert_int_equal(
        sscanf(tk_server_address(serving.server), "http://127.0.0.1:%u", &port),
        1);
    address.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    ask(fd, "/peer");
    assert_true(hear(fd, &answer));
    assert_string_equal(answer.body, "0 4294967295 4294967295 0");
    ask(fd, "/quit");
    assert_true(hear(fd, &answer));
    close(fd);
    serving_join(&serving);
    serving_fini(&serving);
}

static void a_stop_ends_idle_connections_and_waits_for_busy_ones(void **state)
{
    int idle, busy, sender, stopper;

    (void)state;
    serving_init(&serving, on_request, NULL);
    serving_start(&serving);
    idle = dial(serving.path);
    ask(idle, "/peer");
    assert_true(hear(idle, &answer));
    assert_null(strstr(answer.all, "Connection: close"));
    busy = dial(serving.path);
    ask(busy, "/hold");
    sender = dial(serving.path);
    say(sender, "POST /is-held HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n");
    assert_true(hear(sender, &answer));
    assert_int_equal(answer.status, 100);
    stopper = dial(serving.path);
    do {
        ask(stopper, "/is-held");
        assert_true(hear(stopper, &answer));
    } while (answer.status != 200);

    ask(stopper, "/stop");
    assert_true(hear(stopper, &answer));
    assert_string_equal(answer.body, "stopped");
    assert_non_null(strstr(answer.all, "Connection: close"));
    assert_true(is_closed_by_peer(stopper));
    assert_true(is_closed_by_peer(idle));
    assert_int_equal(access(serving.path, F_OK), -1);
    say(sender, "ab");
    assert_true(hear(sender, &answer));
    assert_int_equal(answer.status, 200);
    atomic_store(&may_release, true);
    assert_true(hear(busy, &answer));
    assert_string_equal(answer.body, "held");
    assert_true(is_closed_by_peer(busy));
    close(idle);
    close(stopper);
    close(busy);
    close(sender);
    serving_join(&serving);
    serving_fini(&serving);
}

static void start_impatient(unsigned patience_ms, unsigned idle_s)
{
    held = NULL;
    serving_init(&serving, on_request, NULL);
    serving.options.patience_ms = patience_ms;
    serving.options.idle_s = idle_s;
    serving_start(&serving);
}

static void stop_impatient(void)
{
    serving_stop(&serving);
    serving_fini(&serving);
}

/* A byte every 20 ms, until there is something to read: false if there never
 * is. */
static bool drip(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    for (int i = 0; i < 500; i++) {
        if (poll(&pollfd, 1, 20) == 1) return true;
        send(fd, "a", 1, MSG_NOSIGNAL);
    }
    return false;
}

static void expect_timed_out(int fd)
{
    assert_true(drip(fd));
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 408);
    assert_non_null(strstr(answer.all, "application/problem+json"));
    assert_int_equal(answer.body[strlen(answer.body) - 1], '}');
    assert_true(is_closed_by_peer(fd));
    close(fd);
}

static void dripped_headers_end_with_408(void **state)
{
    int fd;

    (void)state;
    start_impatient(100, 0);
    fd = dial(serving.path);
    say(fd, "GET /peer HTTP/1.1\r\nHost: t\r\nX: ");
    expect_timed_out(fd);
    stop_impatient();
}

static void a_dripped_body_ends_with_408(void **state)
{
    int fd;

    (void)state;
    start_impatient(100, 0);
    fd = dial(serving.path);
    say(fd, "POST /peer HTTP/1.1\r\nHost: t\r\nContent-Length: 9999\r\n\r\n");
    expect_timed_out(fd);
    fd = dial(serving.path);
    say(fd, "POST /peer HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"
            "\r\n270f\r\n");
    expect_timed_out(fd);
    stop_impatient();
}

static void a_dripped_first_line_ends_as_an_idle_connection_does(void **state)
{
    int fd;

    (void)state;
    start_impatient(0, 1);
    fd = dial(serving.path);
    ask(fd, "/peer");
    assert_true(hear(fd, &answer));
    say(fd, "GET /");
    assert_true(drip(fd));
    assert_true(is_closed_by_peer(fd));
    close(fd);
    stop_impatient();
}

static void who_does_not_read_his_answer_loses_his_place(void **state)
{
    int idler, other;

    (void)state;
    start_impatient(100, 0);
    idler = dial(serving.path);
    ask(idler, "/much");
    other = dial(serving.path);
    do {
        ask(other, "/clients");
        assert_true(hear(other, &answer));
    } while (strcmp(answer.body, "2") != 0);
    do {
        ask(other, "/clients");
        assert_true(hear(other, &answer));
    } while (strcmp(answer.body, "1") != 0);
    close(other);
    close(idler);
    stop_impatient();
}

static void an_owner_has_all_time(void **state)
{
    int waiter, slow, other;

    (void)state;
    start_impatient(100, 0);
    waiter = dial(serving.path);
    ask(waiter, "/hold");
    other = dial(serving.path);
    do {
        ask(other, "/is-held");
        assert_true(hear(other, &answer));
    } while (answer.status != 200);
    slow = dial(serving.path);
    say(slow, "GET /peer HTTP/1.1\r\nHost: t\r\nX: ");
    expect_timed_out(slow);
    ask(other, "/release");
    assert_true(hear(other, &answer));
    assert_true(hear(waiter, &answer));
    assert_string_equal(answer.body, "held");
    close(other);
    close(waiter);
    stop_impatient();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_peer_of_a_unix_socket_is_known),
        cmocka_unit_test(the_peer_of_tcp_is_nobody),
        cmocka_unit_test(dripped_headers_end_with_408),
        cmocka_unit_test(a_dripped_body_ends_with_408),
        cmocka_unit_test(a_dripped_first_line_ends_as_an_idle_connection_does),
        cmocka_unit_test(who_does_not_read_his_answer_loses_his_place),
        cmocka_unit_test(an_owner_has_all_time),
        cmocka_unit_test(a_stop_ends_idle_connections_and_waits_for_busy_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
