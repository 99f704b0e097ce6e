#define _GNU_SOURCE
#include "net/server_accept.h"
#include "serving.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static struct serving serving;
static struct answer answer;

enum { PLACES = 16, MAY_WAIT = 15 };

/* Requests that wait; the server's thread alone looks at them. */
static struct tk_request *held[PLACES];
static int held_count;

static void hold(struct tk_request *request)
{
    if (tk_request_may_wait(request)) {
        held[held_count++] = request;
    } else {
        serving_answer(request, 503, tk_str("crowd"));
    }
}

static void release(struct tk_request *request)
{
    while (held_count > 0) {
        serving_answer(held[--held_count], 200, tk_str("held"));
    }
    serving_answer(request, 200, tk_str("released"));
}

static void on_request(struct tk_request *request, void *data)
{
    char text[16];

    (void)data;
    if (tk_str_is(tk_request_path(request), "/hold")) {
        hold(request);
        return;
    }
    if (tk_str_is(tk_request_path(request), "/release")) {
        release(request);
        return;
    }
    snprintf(text, sizeof text, "%u", tk_server_connections(serving.server));
    serving_answer(request, 200, tk_str(text));
}

static void start(unsigned max_connections, unsigned max_per_user)
{
    serving_init(&serving, on_request, NULL);
    serving.options.max_connections = max_connections;
    serving.options.max_per_user = max_per_user;
    serving.options.mode = 0666;
    assert_int_equal(chmod(serving.dir, 0755), 0);
    serving_start(&serving);
}

static void stop(void)
{
    serving_stop(&serving);
    serving_fini(&serving);
}

static void expect(int fd, const char *text)
{
    ask(fd, "/clients");
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, text);
}

static void expect_busy(int fd)
{
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.all, "Retry-After: 1\r\n"));
    assert_non_null(strstr(answer.body, "\"type\":\"about:blank\""));
    assert_non_null(strstr(answer.body, "\"code\":\"busy\""));
    assert_string_equal(answer.body + strlen(answer.body) - 2, "\"}");
    assert_true(is_closed_by_peer(fd));
    close(fd);
}

static void beyond_its_limit_a_connection_gets_503(void **state)
{
    int first, second;

    (void)state;
    start(2, 0);
    first = dial(serving.path);
    second = dial(serving.path);
    expect(second, "2");
    expect_busy(dial(serving.path));
    close(second);
    second = dial(serving.path);
    expect(second, "2");
    close(first);
    close(second);
    stop();
}

static void expect_at(int fd, const char *path, int status, const char *text)
{
    ask(fd, path);
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.body, text);
}

/* The last place serves whoever need not wait. */
static void callers_that_wait_do_not_take_every_place(void **state)
{
    int waiters[MAY_WAIT];
    int last;

    (void)state;
    start(PLACES, PLACES);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MAY_WAIT; i++) {
            waiters[i] = dial(serving.path);
            ask(waiters[i], "/hold");
        }
        last = dial(serving.path);
        expect(last, "16");
        expect_at(last, "/hold", 503, "crowd");
        expect_at(last, "/release", 200, "released");
        for (int i = 0; i < MAY_WAIT; i++) {
            assert_true(hear(waiters[i], &answer));
            assert_string_equal(answer.body, "held");
            close(waiters[i]);
        }
        close(last);
    }
    stop();
}

/* As another user: connecting is this thread's alone, so are its rights. */
static int dial_as(uid_t uid)
{
    int fd;

    assert_int_equal(syscall(SYS_setresuid, -1, uid, -1), 0);
    fd = dial(serving.path);
    assert_int_equal(syscall(SYS_setresuid, -1, 0, -1), 0);
    return fd;
}

static void one_user_cannot_take_the_places_of_others(void **state)
{
    int first, second, other;

    (void)state;
    if (geteuid() != 0) skip();
    start(0, 2);
    first = dial_as(65001);
    second = dial_as(65001);
    expect_busy(dial_as(65001));
    other = dial_as(65002);
    expect(other, "3");
    close(first);
    first = dial_as(65001);
    expect(first, "3");
    close(first);
    close(second);
    close(other);
    stop();
}

enum { IDLE = 1000 };

static void a_thousand_that_idle_do_not_keep_one_from_being_served(void **state)
{
    int fds[IDLE];
    int good;

    (void)state;
    start(0, 0);
    for (int i = 0; i < IDLE; i++) {
        fds[i] = dial(serving.path);
        if (i % 2 == 0) say(fds[i], "GET /half HTTP/1.1\r\nHost:");
    }
    good = dial(serving.path);
    expect(good, "1001");
    for (int i = 0; i < IDLE; i++) close(fds[i]);
    close(good);
    stop();
}

/* Takes every descriptor that is left; returns their number. */
static int fill(int *fds, int most)
{
    for (int i = 0; i < most; i++) {
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0) return i;
    }
    return most;
}

static void empty(const int *fds, int count)
{
    for (int i = 0; i < count; i++) close(fds[i]);
}

enum { FDS = 8192 };
static int fillers[FDS];

static int new_client(void)
{
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void call(int fd, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
}

static void without_descriptors_a_connection_gets_503(void **state)
{
    int early, late, count;

    (void)state;
    start(0, 0);
    early = dial(serving.path);
    expect(early, "1");
    for (int i = 0; i < 3; i++) {
        late = new_client();
        count = fill(fillers, FDS);
        assert_int_equal(errno, EMFILE);
        call(late, serving.path);
        expect_busy(late);
        expect(early, "1");
        empty(fillers, count);
    }
    late = dial(serving.path);
    expect(late, "2");
    close(early);
    close(late);
    stop();
}

/* What the rest is about has no server around it. */
struct door {
    struct tk_server_accept accept;
    uv_loop_t uv;
    char path[64];
    int taken;
    int wakes;
};

static void on_taken(void *data, int fd, const struct sockaddr *address,
                     socklen_t len)
{
    struct door *door = data;

    (void)len;
    assert_int_equal(address->sa_family, AF_UNIX);
    door->taken++;
    close(fd);
}

static void on_wake(void *data)
{
    struct door *door = data;

    door->wakes++;
}

static int door_open(struct door *door)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *door = (struct door){.taken = 0};
    door->accept = (struct tk_server_accept){
        .take = on_taken, .wake = on_wake, .data = door};
    snprintf(door->path, sizeof door->path, "/tmp/tokeng-test-%d.sock",
             (int)getpid());
    snprintf(at.sun_path, sizeof at.sun_path, "%s", door->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, SOMAXCONN), 0);
    assert_int_equal(uv_loop_init(&door->uv), 0);
    assert_int_equal(tk_server_accept_open(&door->accept, &door->uv, fd), 0);
    return fd;
}

static void door_close(struct door *door, int fd)
{
    tk_server_accept_stop(&door->accept);
    tk_server_accept_close(&door->accept, NULL);
    uv_run(&door->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&door->uv), 0);
    close(fd);
    unlink(door->path);
}

static void a_crowd_is_taken_in_slices(void **state)
{
    enum { CROWD = 300 };
    struct door door;
    int fds[CROWD];
    int listener = door_open(&door);
    int turns = 0;

    (void)state;
    for (int i = 0; i < CROWD; i++) fds[i] = dial(door.path);
    while (door.taken < CROWD) {
        int before = door.taken;

        uv_run(&door.uv, UV_RUN_ONCE);
        tk_server_accept_some(&door.accept);
        assert_in_range(door.taken - before, 1, CROWD / 2);
        turns++;
    }
    assert_int_equal(turns, door.wakes);
    empty(fds, CROWD);
    door_close(&door, listener);
}

static void
without_any_descriptor_the_listener_rests_and_comes_back(void **state)
{
    struct door door;
    int listener = door_open(&door);
    int client = new_client();
    int count;

    (void)state;
    close(door.accept.spare_fd);
    door.accept.spare_fd = -1;
    call(client, door.path);
    count = fill(fillers, FDS);
    for (int i = 0; i < 2; i++) {
        /* Woken by the client, then by the timer and the client. */
        while (!door.accept.is_waiting) uv_run(&door.uv, UV_RUN_ONCE);
        tk_server_accept_some(&door.accept);
        assert_int_equal(door.wakes, i + 1);
        assert_false(uv_is_active((uv_handle_t *)&door.accept.poll));
        assert_true(uv_is_active((uv_handle_t *)&door.accept.retry));
    }
    empty(fillers, count);
    while (!door.accept.is_waiting) uv_run(&door.uv, UV_RUN_ONCE);
    tk_server_accept_some(&door.accept);
    assert_int_equal(door.taken, 1);
    close(client);
    door_close(&door, listener);
}

/* A limit that can be reached, and room for both ends of a thousand. */
static int set_limit(void **state)
{
    struct rlimit limit;

    (void)state;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = 4096;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_its_limit_a_connection_gets_503),
        cmocka_unit_test(callers_that_wait_do_not_take_every_place),
        cmocka_unit_test(one_user_cannot_take_the_places_of_others),
        cmocka_unit_test(
            a_thousand_that_idle_do_not_keep_one_from_being_served),
        cmocka_unit_test(without_descriptors_a_connection_gets_503),
        cmocka_unit_test(a_crowd_is_taken_in_slices),
        cmocka_unit_test(
            without_any_descriptor_the_listener_rests_and_comes_back),
    };

    return cmocka_run_group_tests(tests, set_limit, NULL);
}
