/* Who is called, when, and how often; what a single request does is in
 * test_client_exchange.c. */
#include "net/client.h"

#include "base/clock.h"
#include "tests/unit/net/client_scene.h"
#include "tests/unit/wipes.h"

#include <curl/curl.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void an_answer_comes_once_and_later(void **state)
{
    struct scene *scene = *state;
    int64_t before = tk_clock_boot_ms();

    scene->answer = OK;
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.status, 200);
    assert_string_equal(scene->got.body, "ok");
    assert_string_equal(scene->got.detail, "");
    assert_true(scene->got.was_sent);
    assert_in_range(scene->got.sent_at, before, scene->got.received_at);
    assert_in_range(scene->got.received_at, before, tk_clock_boot_ms());
}

static void curl_wipes_its_own_copies(void **state)
{
    static const char line[] = "Authorization: Bearer a-token";
    struct curl_slist *list = curl_slist_append(NULL, line);
    const char *copy;

    (void)state;
    assert_non_null(list);
    copy = list->data;
    curl_slist_free_all(list);
    assert_true(was_wiped(copy, sizeof line));
}

static void a_refused_request_has_its_reason_and_no_callback(void **state)
{
    struct scene *scene = *state;
    struct tk_http_request request = {.method = "GET",
                                      .url = "http://127.0.0.1/secret"};
    struct tk_transfer *transfer = NULL;
    struct tk_why why = {0};

    assert_int_equal(tk_client_send(scene->client, &request, scene_done, scene,
                                    &transfer, &why),
                     TK_EINVAL);
    assert_int_equal(why.code, TK_EINVAL);
    assert_non_null(strstr(why.text, "insecure_http"));
    assert_null(strstr(why.text, "secret"));
    assert_null(transfer);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 0);
}

static void a_failure_to_connect_comes_later_too(void **state)
{
    struct scene *scene = *state;
    char url[64];

    snprintf(url, sizeof url, "%s", scene->peer->url);
    peer_close(scene->peer);
    scene->peer = NULL;
    tk_loop_run(scene->loop);
    assert_int_equal(scene_start(scene, url, "x", NULL), 0);
    assert_int_equal(scene->done, 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 1);
    assert_int_equal(scene->got.error, TK_ECONNECT);
    assert_int_equal(scene->got.status, 0);
    assert_false(scene->got.was_sent);
}

static void two_requests_share_a_connection(void **state)
{
    struct scene *scene = *state;

    scene->answer = OK;
    scene_fetch(scene, "a");
    scene_fetch(scene, "b");
    assert_int_equal(scene->peer->requests, 2);
    assert_int_equal(scene->peer->connections, 1);
}

static int fetch_once(struct scene *scene)
{
    struct tk_http_request request = {
        .method = "POST",
        .url = scene->peer->url,
        .body = TK_STR("x"),
        .route = &scene->route,
        .once = true,
    };

    return tk_client_send(scene->client, &request, scene_done, scene, NULL,
                          NULL);
}

static void a_request_to_be_sent_once_has_a_connection_of_its_own(void **state)
{
    struct scene *scene = *state;

    scene->answer = OK;
    scene_fetch(scene, "a");
    assert_int_equal(fetch_once(scene), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->peer->connections, 2);
}

/* Answers the first request of every connection and hangs up on the next. */
static void answer_one_and_hang_up(struct peer_conn *conn, const char *text,
                                   void *data)
{
    (void)text;
    (void)data;
    if (conn->peer->requests == 1 || conn->number > 1) {
        peer_say(conn, OK);
    } else {
        peer_hang_up(conn);
    }
}

/* What the flag is for. Should the first half fail with a newer curl, the flag
 * can go. */
static void a_kept_connection_that_ends_makes_curl_send_twice(void **state)
{
    struct scene *scene = *state;

    scene->peer->on_request = answer_one_and_hang_up;
    scene_fetch(scene, "a");
    scene_fetch(scene, "b");
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->peer->requests, 3);
}

static void a_request_to_be_sent_once_is_sent_once(void **state)
{
    struct scene *scene = *state;

    scene->answer = OK;
    scene_fetch(scene, "a");
    scene->answer = NULL;
    scene->answers = "close";
    assert_int_equal(fetch_once(scene), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, TK_EPROTO);
    assert_true(scene->got.was_sent);
    assert_int_equal(scene->peer->requests, 2);
}

/* Keeps 64 requests under way until 200 have been started. */
struct crowd {
    struct scene *scene;
    int started;
    int done;
    int failed;
};

static void start_one(struct crowd *crowd);

static void on_crowd_done(const struct tk_http_reply *reply, void *data)
{
    struct crowd *crowd = data;

    crowd->done++;
    if (reply->error != 0 || reply->status != 200) crowd->failed++;
    start_one(crowd);
}

static void start_one(struct crowd *crowd)
{
    struct tk_http_request request = {
        .method = "POST",
        .url = crowd->scene->peer->url,
        .body = TK_STR("x"),
        .route = &crowd->scene->route,
    };

    if (crowd->started == 200) return;
    crowd->started++;
    assert_int_equal(tk_client_send(crowd->scene->client, &request,
                                    on_crowd_done, crowd, NULL, NULL),
                     0);
}

static void two_hundred_requests_by_sixty_four_all_complete(void **state)
{
    struct scene *scene = *state;
    struct crowd crowd = {.scene = scene};

    scene->answer = OK;
    for (int i = 0; i < 64; i++) start_one(&crowd);
    tk_loop_run(scene->loop);
    assert_int_equal(crowd.done, 200);
    assert_int_equal(crowd.failed, 0);
    assert_int_equal(scene->peer->requests, 200);
    assert_in_range(scene->peer->connections, 1, 64);
}

static void a_dropped_transfer_calls_nobody(void **state)
{
    struct scene *scene = *state;
    struct tk_transfer *transfer = NULL;

    scene->answer = OK;
    assert_int_equal(scene_start(scene, scene->peer->url, NULL, &transfer), 0);
    tk_transfer_drop(transfer);
    tk_transfer_drop(NULL);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 0);
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
}

struct pair {
    struct scene *scene;
    struct tk_transfer *transfers[2];
    int done;
};

static void drop_both(const struct tk_http_reply *reply, void *data)
{
    struct pair *pair = data;

    pair->done++;
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->detail, "");
    tk_transfer_drop(pair->transfers[0]);
    tk_transfer_drop(pair->transfers[1]);
}

/* The answers of both may well be in when the first is called. */
static void a_callback_may_drop_another_transfer_and_its_own(void **state)
{
    struct scene *scene = *state;
    struct pair pair = {.scene = scene};
    struct tk_http_request request = {
        .method = "GET", .url = scene->peer->url, .route = &scene->route};

    scene->answer = OK;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tk_client_send(scene->client, &request, drop_both,
                                        &pair, &pair.transfers[i], NULL),
                         0);
    }
    tk_loop_run(scene->loop);
    assert_int_equal(pair.done, 1);
}

static void cancel_at_free_reaches_every_callback_once(void **state)
{
    struct scene *scene = *state;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(scene_start(scene, scene->peer->url, "x", NULL), 0);
    }
    tk_client_free(scene->client);
    scene->client = NULL;
    assert_int_equal(scene->done, 3);
    assert_int_equal(scene->got.error, TK_ECANCELED);
    assert_int_equal(scene->got.status, 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 3);
}

static void send_again(const struct tk_http_reply *reply, void *data)
{
    struct scene *scene = data;
    struct tk_why why;
    struct tk_http_request request = {
        .method = "GET", .url = scene->peer->url, .route = &scene->route};

    scene->done++;
    assert_int_equal(reply->error, TK_ECANCELED);
    assert_int_equal(
        tk_client_send(scene->client, &request, scene_done, scene, NULL, &why),
        TK_ECANCELED);
}

static void a_client_that_closes_takes_no_request(void **state)
{
    struct scene *scene = *state;
    struct tk_http_request request = {
        .method = "GET", .url = scene->peer->url, .route = &scene->route};

    assert_int_equal(
        tk_client_send(scene->client, &request, send_again, scene, NULL, NULL),
        0);
    tk_client_free(scene->client);
    scene->client = NULL;
    assert_int_equal(scene->done, 1);
}

static void free_client(const struct tk_http_reply *reply, void *data)
{
    struct scene *scene = data;

    scene->done++;
    tk_client_free(scene->client);
    scene->client = NULL;
    assert_string_equal(scene->got.detail, "canceled");
    assert_int_equal(reply->body.len, 2);
    assert_memory_equal(reply->body.data, "ok", 2);
}

static void answer_gets_alone(struct peer_conn *conn, const char *text,
                              void *data)
{
    (void)data;
    if (strncmp(text, "GET ", 4) == 0) peer_say(conn, OK);
}

static void a_callback_may_free_the_client(void **state)
{
    struct scene *scene = *state;
    struct tk_http_request request = {
        .method = "GET", .url = scene->peer->url, .route = &scene->route};

    scene->peer->on_request = answer_gets_alone;
    assert_int_equal(
        tk_client_send(scene->client, &request, free_client, scene, NULL, NULL),
        0);
    assert_int_equal(scene_start(scene, scene->peer->url, "x", NULL), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 2);
}

/* Counts our sockets that are connected to the peer: all of them, and those a
 * child would inherit. */
static void count_sockets(struct peer_conn *conn, const char *text, void *data)
{
    struct sockaddr_in own;
    struct sockaddr_in address;
    int len = sizeof own;
    int *counts = data;

    (void)text;
    uv_tcp_getsockname(&conn->handle, (struct sockaddr *)&own, &len);
    for (int fd = 0; fd < 256; fd++) {
        socklen_t size = sizeof address;

        if (getpeername(fd, (struct sockaddr *)&address, &size) != 0 ||
            address.sin_port != own.sin_port) {
            continue;
        }
        counts[0]++;
        if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) counts[1]++;
    }
    peer_say_ok(conn, "");
}

static void no_child_inherits_a_socket(void **state)
{
    struct scene *scene = *state;
    int counts[2] = {0, 0};

    scene->peer->on_request = count_sockets;
    scene->peer->data = counts;
    scene_fetch(scene, NULL);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 0);
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

static void free_gives_all_files_back(void **state)
{
    struct scene *scene = *state;
    struct crowd crowd = {.scene = scene};
    int before;

    tk_client_free(scene->client);
    tk_loop_run(scene->loop);
    before = count_open_files();
    for (int round = 0; round < 3; round++) {
        assert_int_equal(tk_client_new(scene->loop, &scene->client), 0);
        assert_true(count_open_files() > before);
        scene->answer = round == 2 ? NULL : OK;
        crowd = (struct crowd){.scene = scene, .started = 180};
        for (int i = 0; i < 20; i++) start_one(&crowd);
        if (round < 2) tk_loop_run(scene->loop);
        tk_client_free(scene->client);
        tk_loop_run(scene->loop);
        while (scene->peer->conns != NULL) peer_hang_up(scene->peer->conns);
        tk_loop_run(scene->loop);
        assert_int_equal(count_open_files(), before);
        assert_int_equal(crowd.done, 20);
    }
    scene->client = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(an_answer_comes_once_and_later),
        SCENE_TEST(curl_wipes_its_own_copies),
        SCENE_TEST(a_refused_request_has_its_reason_and_no_callback),
        SCENE_TEST(a_failure_to_connect_comes_later_too),
        SCENE_TEST(two_requests_share_a_connection),
        SCENE_TEST(a_request_to_be_sent_once_has_a_connection_of_its_own),
        SCENE_TEST(a_kept_connection_that_ends_makes_curl_send_twice),
        SCENE_TEST(a_request_to_be_sent_once_is_sent_once),
        SCENE_TEST(two_hundred_requests_by_sixty_four_all_complete),
        SCENE_TEST(a_dropped_transfer_calls_nobody),
        SCENE_TEST(a_callback_may_drop_another_transfer_and_its_own),
        SCENE_TEST(cancel_at_free_reaches_every_callback_once),
        SCENE_TEST(a_client_that_closes_takes_no_request),
        SCENE_TEST(a_callback_may_free_the_client),
        SCENE_TEST(no_child_inherits_a_socket),
        SCENE_TEST(free_gives_all_files_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
