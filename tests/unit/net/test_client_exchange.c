/* What a single request may do, and what an answer may do to us. */
#define _GNU_SOURCE
#include "net/client_exchange.h"

#include "tests/unit/net/client_scene.h"

#include <dlfcn.h>

static int headers_freed;
static int headers_not_wiped;

/* curl's function, which also looks at what it is given. */
void curl_slist_free_all(struct curl_slist *list)
{
    void (*original)(struct curl_slist *);

    *(void **)&original = dlsym(RTLD_NEXT, "curl_slist_free_all");
    for (struct curl_slist *node = list; node != NULL; node = node->next) {
        headers_freed++;
        if (node->data[0] != '\0') headers_not_wiped++;
    }
    original(list);
}

static void a_post_goes_out_as_it_was_given(void **state)
{
    struct scene *scene = *state;

    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    scene_fetch(scene, "grant_type=x&secret=y");
    assert_ptr_equal(strstr(scene->request, "POST /path?q=1 HTTP/1.1\r\n"),
                     scene->request);
    assert_non_null(strstr(scene->request, "\r\n\r\ngrant_type=x&secret=y"));
    assert_non_null(strstr(scene->request, "Content-Length: 21\r\n"));
    assert_non_null(strstr(scene->request, "Content-Type: application/"
                                           "x-www-form-urlencoded\r\n"));
    assert_non_null(strstr(scene->request, "User-Agent: tokeng/"));
    assert_null(strstr(scene->request, "Expect"));
    assert_null(strstr(scene->request, "Accept-Encoding"));
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.body_len, 0);
}

static void headers_go_out_as_they_were_given(void **state)
{
    static const struct tk_http_header headers[] = {
        {{"Accept", 6}, {"application/json", 16}},
        {{"X-Empty", 7}, {"", 0}},
        {{"X-Blank", 7}, {"  ", 2}},
        {{"User-Agent", 10}, {"mine", 4}},
        {{"Content-Type", 12}, {"application/json", 16}},
    };
    struct scene *scene = *state;
    struct tk_http_request request = {
        .method = "POST",
        .url = scene->peer->url,
        .headers = headers,
        .header_count = 5,
        .body = TK_STR("{}"),
        .route = &scene->route,
    };

    scene->answer = "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n";
    assert_int_equal(
        tk_client_send(scene->client, &request, scene_done, scene, NULL, NULL),
        0);
    tk_loop_run(scene->loop);
    assert_non_null(strstr(scene->request, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(scene->request, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(scene->request, "\r\nX-Blank:\r\n"));
    assert_non_null(strstr(scene->request, "\r\nUser-Agent: mine\r\n"));
    assert_null(strstr(scene->request, "tokeng"));
    assert_null(strstr(scene->request, "urlencoded"));
    assert_int_equal(scene->got.status, 204);
    assert_in_range(headers_freed, 5, 100);
    assert_int_equal(headers_not_wiped, 0);
    assert_string_equal(scene->got.head, "HTTP/1.1 204 No Content\r\nA: b\r\n");
}

static void a_post_without_a_body_has_length_zero(void **state)
{
    struct scene *scene = *state;
    struct tk_http_request request = {
        .method = "POST", .url = scene->peer->url, .route = &scene->route};

    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(
        tk_client_send(scene->client, &request, scene_done, scene, NULL, NULL),
        0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, 0);
    assert_non_null(strstr(scene->request, "Content-Length: 0\r\n"));
}

static void nothing_of_a_request_is_left_for_the_next(void **state)
{
    struct scene *scene = *state;

    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    scene_fetch(scene, "secret=y");
    scene_fetch(scene, NULL);
    assert_ptr_equal(strstr(scene->request, "GET /path?q=1 HTTP/1.1\r\n"),
                     scene->request);
    assert_null(strstr(scene->request, "secret"));
    assert_null(strstr(scene->request, "Content-"));
}

static void a_large_body_goes_out_whole(void **state)
{
    struct scene *scene = *state;
    char *body = malloc(100001);

    memset(body, 'x', 100000);
    body[100000] = '\0';
    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    scene_fetch(scene, body);
    assert_int_equal(scene->got.error, 0);
    assert_in_range(scene->request_len, 100000, 101000);
    free(body);
}

static void a_body_over_a_mebibyte_is_refused(void **state)
{
    struct scene *scene = *state;
    char *body = malloc(1024 * 1024 + 2);

    memset(body, 'x', 1024 * 1024 + 1);
    body[1024 * 1024 + 1] = '\0';
    assert_int_equal(scene_start(scene, scene->peer->url, body, NULL),
                     TK_ETOOBIG);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->done, 0);
    free(body);
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
    struct scene *scene = *state;
    char answer[200];

    snprintf(answer, sizeof answer,
             "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\n"
             "Content-Length: 0\r\n\r\n",
             scene->peer->url);
    scene->answer = answer;
    scene_fetch(scene, "secret=y");
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.status, 307);
    assert_non_null(strstr(scene->got.head, "Location: http://127.0.0.1:"));
    assert_int_equal(scene->peer->requests, 1);
}

static void an_encoded_body_is_left_as_it_is(void **state)
{
    struct scene *scene = *state;

    scene->answer = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                    "Content-Length: 3\r\n\r\nabc";
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
    assert_string_equal(scene->got.body, "abc");
}

static void a_body_of_exactly_the_cap_is_taken(void **state)
{
    struct scene *scene = *state;

    scene->route.max_body = 3;
    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
    assert_string_equal(scene->got.body, "abc");
}

static void assert_too_big(struct scene *scene, const char *answer,
                           const char *detail)
{
    scene->answer = answer;
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, TK_ETOOBIG);
    assert_string_equal(scene->got.detail, detail);
    assert_int_equal(scene->got.body_len, 0);
}

static void a_body_over_the_cap_is_not(void **state)
{
    static const char detail[] = "the answer's body is too large";
    struct scene *scene = *state;

    scene->route.max_body = 3;
    assert_too_big(scene, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
                   detail);
    assert_int_equal(scene->got.status, 200);
    assert_too_big(scene,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
                   detail);
    scene->answers = "close";
    assert_too_big(scene, "HTTP/1.1 200 OK\r\n\r\nabcd", detail);
}

static void what_is_too_large_is_not_waited_for(void **state)
{
    static const char detail[] = "the answer's body is too large";
    struct scene *scene = *state;

    scene->route.max_body = 3;
    assert_too_big(scene, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
                   detail);
    assert_in_range(scene->got.received_at - scene->got.sent_at, 0, 10000);
    assert_too_big(scene, "HTTP/1.1 200 OK\r\n\r\nabcd", detail);
    assert_in_range(scene->got.received_at - scene->got.sent_at, 0, 10000);
}

/* `line` again and again behind a status line, 200 KB in all. */
static void assert_head_too_big(struct scene *scene, const char *first,
                                const char *line)
{
    enum { SIZE = 200 * 1000 };
    char *answer = malloc(SIZE + 1);
    size_t len = strlen(first);
    size_t step = strlen(line);

    memcpy(answer, first, len);
    for (; len + step <= SIZE; len += step) memcpy(answer + len, line, step);
    answer[len] = '\0';
    assert_too_big(scene, answer, "the answer's headers are too large");
    free(answer);
}

static void too_many_or_too_long_headers_are_not_taken(void **state)
{
    struct scene *scene = *state;

    assert_head_too_big(scene, "HTTP/1.1 200 OK\r\n",
                        "X-Filler: 0123456789\r\n");
    assert_int_equal(scene->got.status, 200);
    assert_string_equal(scene->got.head, "");
    assert_head_too_big(scene, "", "HTTP/1.1 103 Early Hints\r\n\r\n");
    assert_head_too_big(scene, "HTTP/1.1 200 OK\r\nX: ", "0123456789");
}

static void interim_answers_and_trailers_do_not_count(void **state)
{
    struct scene *scene = *state;

    scene->answer = "HTTP/1.1 103 Early Hints\r\nA: early\r\n\r\n"
                    "HTTP/1.1 100 Continue\r\n\r\n"
                    "HTTP/1.1 400 Bad\r\nB: last\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"
                    "2\r\nno\r\n0\r\nC: trailer\r\n\r\n";
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.status, 400);
    assert_string_equal(scene->got.body, "no");
    assert_string_equal(scene->got.head, "HTTP/1.1 400 Bad\r\nB: last\r\n"
                                         "Transfer-Encoding: chunked\r\n");
}

static void a_silent_peer_is_left_after_the_total_time(void **state)
{
    struct scene *scene = *state;

    scene->route.total_ms = 60;
    scene_fetch(scene, "x");
    assert_int_equal(scene->got.error, TK_ETIMEDOUT);
    assert_string_equal(scene->got.detail,
                        "the answer was not complete in time");
    assert_true(scene->got.was_sent);
    assert_in_range(scene->got.received_at - scene->got.sent_at, 55, 5000);
}

static void a_head_without_its_body_in_time_has_no_body(void **state)
{
    struct scene *scene = *state;

    scene->route.total_ms = 60;
    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab";
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, TK_ETIMEDOUT);
    assert_int_equal(scene->got.status, 200);
    assert_int_equal(scene->got.body_len, 0);
}

/* The peer takes the connection and lets the TLS handshake wait. */
static void a_handshake_has_the_time_of_a_connect(void **state)
{
    struct scene *scene = *state;
    char url[64];

    snprintf(url, sizeof url, "https%s", scene->peer->url + strlen("http"));
    scene->route.connect_ms = 60;
    assert_int_equal(scene_start(scene, url, "x", NULL), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, TK_ETIMEDOUT);
    assert_string_equal(scene->got.detail, "no connection in time");
    assert_false(scene->got.was_sent);
}

static void assert_broken(struct scene *scene, const char *answer,
                          const char *answers)
{
    scene->answer = answer;
    scene->answers = answers;
    scene_fetch(scene, "x");
    assert_int_equal(scene->got.error, TK_EPROTO);
    assert_true(scene->got.was_sent);
    assert_int_equal(scene->got.body_len, 0);
    assert_true(scene->got.detail[0] != '\0');
}

static void an_answer_that_ends_early_is_an_error(void **state)
{
    struct scene *scene = *state;

    assert_broken(scene, NULL, "close");
    assert_string_equal(scene->got.detail,
                        "the connection ended without an answer");
    assert_broken(scene, NULL, "reset");
    assert_broken(scene, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
                  "close");
    assert_string_equal(scene->got.detail, "the answer ended early");
    assert_broken(scene,
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\na",
                  "close");
}

static void an_answer_that_is_no_http_is_an_error(void **state)
{
    struct scene *scene = *state;

    assert_broken(scene, "hello\r\n\r\n", "close");
    assert_broken(scene, "SSH-2.0-x\r\n", "close");
    assert_broken(scene, "HTTP/1.1 abc\r\n\r\n", "close");
    assert_broken(scene,
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                  "close");
    assert_broken(scene, "HTTP/1.1 101 Switching Protocols\r\n\r\n", "close");
    assert_int_equal(scene->got.status, 0);
    assert_broken(scene, "HTTP/1.1 101 Switching Protocols\r\n\r\nhello",
                  "close");
    assert_int_equal(scene->got.status, 0);
}

/* Says one byte of the answer a millisecond. */
struct drip {
    struct scene *scene;
    struct peer_conn *conn;
    struct tk_timer *timer;
    const char *rest;
};

static void say_one_byte(void *data)
{
    struct drip *drip = data;

    peer_say_bytes(drip->conn, drip->rest++, 1);
    if (*drip->rest == '\0') return;
    tk_timer_set(drip->timer, tk_loop_now(drip->scene->loop) + 1);
}

static void start_drip(struct peer_conn *conn, const char *text, void *data)
{
    struct drip *drip = data;

    (void)text;
    drip->conn = conn;
    say_one_byte(drip);
}

static void a_trickled_answer_is_put_together(void **state)
{
    struct scene *scene = *state;
    struct drip drip = {
        .scene = scene,
        .rest = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 4\r\n\r\nabcd"};

    assert_int_equal(
        tk_timer_new(scene->loop, say_one_byte, &drip, &drip.timer), 0);
    scene->peer->on_request = start_drip;
    scene->peer->data = &drip;
    scene_fetch(scene, NULL);
    assert_int_equal(scene->got.error, 0);
    assert_string_equal(scene->got.body, "abcd");
    assert_non_null(strstr(scene->got.head, "A: b\r\n"));
    tk_timer_free(drip.timer);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct scene *scene = *state;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    scene_fetch(scene, NULL);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(scene->got.error, 0);
    assert_int_equal(scene->got.status, 200);
}

/* The peer plays the proxy. */
static void the_given_proxy_is_used_whatever_no_proxy_says(void **state)
{
    struct scene *scene = *state;
    char proxy[64];

    snprintf(proxy, sizeof proxy, "%s", scene->peer->url);
    *strstr(proxy, "/path") = '\0';
    scene->route.proxy = proxy;
    scene->answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    setenv("no_proxy", "*", 1);
    assert_int_equal(
        scene_start(scene, "http://issuer.example/token", NULL, NULL), 0);
    tk_loop_run(scene->loop);
    unsetenv("no_proxy");
    assert_int_equal(scene->got.error, 0);
    assert_ptr_equal(
        strstr(scene->request, "GET http://issuer.example/token HTTP/1.1"),
        scene->request);
}

static void a_proxy_that_refuses_is_a_failed_connect(void **state)
{
    struct scene *scene = *state;
    char proxy[64];

    snprintf(proxy, sizeof proxy, "%s", scene->peer->url);
    *strstr(proxy, "/path") = '\0';
    scene->route.proxy = proxy;
    scene->answer = "HTTP/1.1 403 No\r\nA: b\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(scene_start(scene, "https://issuer.example/", "x", NULL),
                     0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->got.error, TK_ECONNECT);
    assert_int_equal(scene->got.status, 0);
    assert_false(scene->got.was_sent);
    assert_string_equal(scene->got.head, "");
    assert_int_equal(scene->peer->requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_post_goes_out_as_it_was_given),
        SCENE_TEST(headers_go_out_as_they_were_given),
        SCENE_TEST(a_post_without_a_body_has_length_zero),
        SCENE_TEST(nothing_of_a_request_is_left_for_the_next),
        SCENE_TEST(a_large_body_goes_out_whole),
        SCENE_TEST(a_body_over_a_mebibyte_is_refused),
        SCENE_TEST(a_redirect_is_an_answer_and_not_followed),
        SCENE_TEST(an_encoded_body_is_left_as_it_is),
        SCENE_TEST(a_body_of_exactly_the_cap_is_taken),
        SCENE_TEST(a_body_over_the_cap_is_not),
        SCENE_TEST(what_is_too_large_is_not_waited_for),
        SCENE_TEST(too_many_or_too_long_headers_are_not_taken),
        SCENE_TEST(interim_answers_and_trailers_do_not_count),
        SCENE_TEST(a_silent_peer_is_left_after_the_total_time),
        SCENE_TEST(a_head_without_its_body_in_time_has_no_body),
        SCENE_TEST(a_handshake_has_the_time_of_a_connect),
        SCENE_TEST(an_answer_that_ends_early_is_an_error),
        SCENE_TEST(an_answer_that_is_no_http_is_an_error),
        SCENE_TEST(a_trickled_answer_is_put_together),
        SCENE_TEST(proxies_of_the_environment_are_ignored),
        SCENE_TEST(the_given_proxy_is_used_whatever_no_proxy_says),
        SCENE_TEST(a_proxy_that_refuses_is_a_failed_connect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
