#include "net/server_request.h"

#include "serving.h"

enum { BODY_MAX = 1000 };

static struct serving serving;
static struct answer answer;

static void collect(struct tk_http_header header, void *data)
{
    size_t len = strlen(data);

    snprintf((char *)data + len, 2048 - len, "%.*s=%.*s;", TK_ARG(header.name),
             TK_ARG(header.value));
}

static void say_query(struct tk_request *request)
{
    static const char *const names[] = {"q", "r", "s"};
    char text[4096] = "";

    for (size_t i = 0; i < 3; i++) {
        struct tk_str value = tk_request_query(request, names[i]);
        size_t len = strlen(text);

        if (value.data == NULL) value = tk_str("(none)");
        snprintf(text + len, sizeof text - len, "%s=[%.*s]", names[i],
                 TK_ARG(value));
    }
    serving_answer(request, 200, tk_str(text));
}

static void say_headers(struct tk_request *request)
{
    char text[2048] = "";
    struct tk_str one = tk_request_header(request, "X-One");

    if (one.data == NULL) one = tk_str("(none)");
    snprintf(text, sizeof text, "X-One is [%.*s] ", TK_ARG(one));
    tk_request_each_header(request, collect, text);
    serving_answer(request, 200, tk_str(text));
}

/* A header that would break the answer in two. */
static void say_broken(struct tk_request *request)
{
    struct tk_http_header header = {tk_str("A"), tk_str("b\r\nC: d")};
    struct tk_reply reply = {
        .status = 200, .headers = &header, .header_count = 1};

    tk_request_reply(request, &reply);
}

static void echo(struct tk_request *request)
{
    struct tk_str body = tk_request_body(request);
    char text[4096];

    snprintf(text, sizeof text, "%.*s %.*s %zu %.*s",
             TK_ARG(tk_request_method(request)),
             TK_ARG(tk_request_path(request)), body.len,
             (int)(body.len > 1000 ? 1000 : body.len), body.data);
    serving_answer(request, 200, tk_str(text));
}

static void on_request(struct tk_request *request, void *data)
{
    struct tk_str path = tk_request_path(request);

    ++*(int *)data;
    assert_null(tk_request_data(request));
    tk_request_set_data(request, data);
    assert_ptr_equal(tk_request_data(request), data);
    if (tk_str_is(path, "/query")) {
        say_query(request);
    } else if (tk_str_is(path, "/headers")) {
        say_headers(request);
    } else if (tk_str_is(path, "/broken")) {
        say_broken(request);
    } else {
        echo(request);
    }
}

static int calls;

static int start(void **state)
{
    (void)state;
    serving_init(&serving, on_request, &calls);
    serving.options.max_body = BODY_MAX;
    serving_start(&serving);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    serving_stop(&serving);
    serving_fini(&serving);
    return 0;
}

static void expect_body(const char *text, const char *body)
{
    exchange(serving.path, text, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, body);
}

static void method_path_and_body_arrive_as_sent(void **state)
{
    (void)state;
    expect_body("GET / HTTP/1.1\r\nHost: t\r\n\r\n", "GET / 0 ");
    expect_body("POST /a/b;c=d?x=y HTTP/1.1\r\nHost: t\r\n"
                "Content-Length: 5\r\n\r\nhello",
                "POST /a/b;c=d 5 hello");
    expect_body("GET /old HTTP/1.0\r\n\r\n", "GET /old 0 ");
    expect_body("PATCH //../x HTTP/1.1\r\nHost: t\r\n\r\n", "PATCH //../x 0 ");
    expect_body("GET /k/a+b~c|d=e@f:g HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /k/a+b~c|d=e@f:g 0 ");
    assert_non_null(strstr(answer.all, "Content-Type: text/plain\r\n"));
}

static void escapes_in_the_path_arrive_raw(void **state)
{
    (void)state;
    expect_body("GET /metrics%00/../x HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /metrics%00/../x 0 ");
    expect_body("GET /%2e%2e/%2F%zz%?a=%00 HTTP/1.1\r\nHost: t\r\n\r\n",
                "GET /%2e%2e/%2F%zz% 0 ");
}

static void a_zero_byte_in_the_first_line_is_a_bad_request(void **state)
{
    static const struct tk_str bad[] = {
        {"GET /metrics\0/../x HTTP/1.1\r\nHost: t\r\n\r\n", 40},
        {"GET\0X /metrics/ HTTP/1.1\r\nHost: t\r\n\r\n", 37},
        {"GET /metrics?a=b\0c HTTP/1.1\r\nHost: t\r\n\r\n", 40},
    };
    int before = calls;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = dial(serving.path);

        say_bytes(fd, bad[i].data, bad[i].len);
        assert_true(hear(fd, &answer));
        assert_int_equal(answer.status, 400);
        assert_true(is_closed_by_peer(fd));
        close(fd);
    }
    assert_int_equal(calls, before);
}

static void query_parameters_are_decoded(void **state)
{
    (void)state;
    expect_body("GET /query?q=a%2Fb&r=1+1&s HTTP/1.1\r\nHost: t\r\n\r\n",
                "q=[a/b]r=[1+1]s=[]");
    expect_body("GET /query?r=%00&s=%zz HTTP/1.1\r\nHost: t\r\n\r\n",
                "q=[(none)]r=[(none)]s=[(none)]");
    expect_body("GET /query HTTP/1.1\r\nHost: t\r\n\r\n",
                "q=[(none)]r=[(none)]s=[(none)]");
}

static void a_long_query_is_kept_whole(void **state)
{
    char text[4096] = "GET /query?q=";
    char expected[4096];
    size_t len = strlen(text);

    (void)state;
    memset(text + len, 'x', 2000);
    snprintf(text + len + 2000, sizeof text - len - 2000,
             "&r=%%41 HTTP/1.1\r\nHost: t\r\n\r\n");
    snprintf(expected, sizeof expected, "q=[%.2000s]r=[A]s=[(none)]",
             text + len);
    expect_body(text, expected);
}

static void headers_are_found_without_case_and_walked_in_order(void **state)
{
    (void)state;
    expect_body("GET /headers HTTP/1.1\r\nHost: t\r\nx-oNE: 1\r\nB:\r\n"
                "A: 2, 3\r\n\r\n",
                "X-One is [1] Host=t;x-oNE=1;B=;A=2, 3;");
    expect_body("GET /headers HTTP/1.1\r\nHost: t\r\n\r\n",
                "X-One is [(none)] Host=t;");
}

static void a_chunked_body_is_put_together(void **state)
{
    (void)state;
    expect_body("POST /c HTTP/1.1\r\nHost: t\r\n"
                "Transfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n",
                "POST /c 5 abcde");
}

static void a_body_that_comes_byte_by_byte_makes_one_call(void **state)
{
    const char *text = "PUT /slow HTTP/1.1\r\nHost: t\r\n"
                       "Content-Length: 4\r\n\r\nwxyz";
    int before = calls;
    int fd = dial(serving.path);

    (void)state;
    for (const char *at = text; *at != '\0'; at++) say_bytes(fd, at, 1);
    assert_true(hear(fd, &answer));
    assert_string_equal(answer.body, "PUT /slow 4 wxyz");
    assert_int_equal(calls, before + 1);
    close(fd);
}

static void send_body_of(int fd, size_t len)
{
    char text[128];

    snprintf(text, sizeof text,
             "POST /b HTTP/1.1\r\nHost: t\r\nContent-Length: %zu\r\n\r\n", len);
    say(fd, text);
    for (size_t i = 0; i < len; i++) {
        if (send(fd, "x", 1, MSG_NOSIGNAL) != 1) break;
    }
}

static void
a_body_beyond_the_limit_is_413_and_the_connection_lives(void **state)
{
    int before = calls;
    int fd = dial(serving.path);

    (void)state;
    send_body_of(fd, BODY_MAX);
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 200);
    send_body_of(fd, BODY_MAX + 1);
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 413);
    assert_non_null(
        strstr(answer.all, "Content-Type: application/problem+json\r\n"));
    assert_non_null(strstr(answer.body, "\"code\":\"too_large\""));
    ask(fd, "/after");
    assert_true(hear(fd, &answer));
    assert_string_equal(answer.body, "GET /after 0 ");
    close(fd);
    assert_int_equal(calls, before + 2);
}

static void a_chunked_body_beyond_the_limit_is_413(void **state)
{
    int before = calls;
    int fd = dial(serving.path);

    (void)state;
    say(fd, "POST /b HTTP/1.1\r\nHost: t\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i <= BODY_MAX / 16; i++) {
        say(fd, "10\r\n0123456789abcdef\r\n");
    }
    say(fd, "0\r\n\r\n");
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 413);
    close(fd);
    assert_int_equal(calls, before);
}

static void a_body_far_beyond_the_limit_is_not_read(void **state)
{
    int fd = dial(serving.path);

    (void)state;
    say(fd, "POST /b HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\n\r\n");
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 413);
    assert_true(is_closed_by_peer(fd));
    close(fd);

    fd = dial(serving.path);
    say(fd, "POST /b HTTP/1.1\r\nHost: t\r\n"
            "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n");
    while (send(fd, answer.all, sizeof answer.all, MSG_NOSIGNAL) > 0) continue;
    close(fd);
    get(serving.path, "/alive", &answer);
    assert_int_equal(answer.status, 200);
}

static void unclear_framing_is_a_bad_request(void **state)
{
    static const char *const bad[] = {
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1\r\nContent-Length: 1",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Host: t",
        "Na me: x",
    };
    int before = calls;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        int fd = dial(serving.path);

        snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: t\r\n%s\r\n\r\n",
                 bad[i]);
        say(fd, text);
        assert_true(hear(fd, &answer));
        assert_int_equal(answer.status / 100, 4);
        assert_true(is_closed_by_peer(fd));
        close(fd);
    }
    assert_int_equal(calls, before);
}

/* libmicrohttpd answers these itself, before the handler could. */
static void a_length_that_is_no_number_is_a_bad_request(void **state)
{
    static const char *const bad[] = {
        "-1", "1x", "", "0x10", "+1", "1 1", "99999999999999999999999"};
    int before = calls;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        int fd = dial(serving.path);

        snprintf(text, sizeof text,
                 "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %s\r\n\r\n",
                 bad[i]);
        say(fd, text);
        assert_true(hear(fd, &answer));
        assert_int_equal(answer.status / 100, 4);
        while (!is_closed_by_peer(fd)) continue;
        close(fd);
    }
    assert_int_equal(calls, before);
}

static void nonsense_never_reaches_the_handler(void **state)
{
    static const char *const bad[] = {
        "\r\n\r\nNONSENSE\r\n\r\n",           "GET /\r\n\r\n",
        "GET / HTTP/3.7\r\nHost: t\r\n\r\n",  "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "\x16\x03\x01\x02\x01\r\n\r\n",
    };
    int before = calls;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = dial(serving.path);

        say(fd, bad[i]);
        if (hear(fd, &answer)) assert_true(answer.status >= 400);
        close(fd);
    }
    assert_int_equal(calls, before);
}

static void headers_beyond_their_room_get_431(void **state)
{
    static char text[17 * 1024];
    int fd = dial(serving.path);
    int before = calls;

    (void)state;
    memset(text, 'a', sizeof text);
    say(fd, "GET / HTTP/1.1\r\nHost: t\r\nX-Long: ");
    say_bytes(fd, text, sizeof text);
    assert_true(hear(fd, &answer));
    assert_int_equal(answer.status, 431);
    close(fd);
    assert_int_equal(calls, before);
}

static void headers_beyond_their_room_are_refused(void **state)
{
    int before = calls;
    int fd = dial(serving.path);

    (void)state;
    say(fd, "GET / HTTP/1.1\r\nHost: t\r\n");
    while (send(fd, "Name: value value value value\r\n", 31, MSG_NOSIGNAL) >
           0) {
        continue;
    }
    close(fd);
    get(serving.path, "/alive", &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(calls, before + 1);
}

/* Refused before its headers are in; the leak sanitizer sees what is left. */
static void more_parameters_than_there_is_room_for_leave_nothing(void **state)
{
    char target[2000] = "/echo?";
    int before = calls;
    int fd = dial(serving.path);

    (void)state;
    memset(target + 6, '&', sizeof target - 7);
    ask(fd, target);
    (void)is_closed_by_peer(fd); /* or answered with a page of its own */
    close(fd);
    get(serving.path, "/alive", &answer);
    assert_int_equal(calls, before + 1);
}

static void head_is_answered_like_get_without_its_body(void **state)
{
    int fd = dial(serving.path);
    char text[512];
    ssize_t got;

    (void)state;
    say(fd, "HEAD /x HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    got = recv(fd, text, sizeof text - 1, MSG_WAITALL);
    assert_true(got > 0);
    text[got] = '\0';
    assert_non_null(strstr(text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(text, "Content-Length: 10\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    char text[8192] = "";
    char expected[64];
    size_t len = 0;
    int fd = dial(serving.path);

    (void)state;
    for (int i = 0; i < 100; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "GET /%d HTTP/1.1\r\nHost: t\r\n\r\n", i);
    }
    say(fd, text);
    for (int i = 0; i < 100; i++) {
        assert_true(hear(fd, &answer));
        snprintf(expected, sizeof expected, "GET /%d 0 ", i);
        assert_string_equal(answer.body, expected);
    }
    close(fd);
}

static void an_answer_that_cannot_be_built_ends_the_connection(void **state)
{
    int fd = dial(serving.path);

    (void)state;
    ask(fd, "/broken");
    assert_true(is_closed_by_peer(fd));
    close(fd);
    get(serving.path, "/alive", &answer);
    assert_int_equal(answer.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(method_path_and_body_arrive_as_sent),
        cmocka_unit_test(escapes_in_the_path_arrive_raw),
        cmocka_unit_test(a_zero_byte_in_the_first_line_is_a_bad_request),
        cmocka_unit_test(query_parameters_are_decoded),
        cmocka_unit_test(a_long_query_is_kept_whole),
        cmocka_unit_test(headers_are_found_without_case_and_walked_in_order),
        cmocka_unit_test(a_chunked_body_is_put_together),
        cmocka_unit_test(a_body_that_comes_byte_by_byte_makes_one_call),
        cmocka_unit_test(
            a_body_beyond_the_limit_is_413_and_the_connection_lives),
        cmocka_unit_test(a_chunked_body_beyond_the_limit_is_413),
        cmocka_unit_test(a_body_far_beyond_the_limit_is_not_read),
        cmocka_unit_test(unclear_framing_is_a_bad_request),
        cmocka_unit_test(a_length_that_is_no_number_is_a_bad_request),
        cmocka_unit_test(nonsense_never_reaches_the_handler),
        cmocka_unit_test(headers_beyond_their_room_get_431),
        cmocka_unit_test(headers_beyond_their_room_are_refused),
        cmocka_unit_test(more_parameters_than_there_is_room_for_leave_nothing),
        cmocka_unit_test(head_is_answered_like_get_without_its_body),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(an_answer_that_cannot_be_built_ends_the_connection),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
