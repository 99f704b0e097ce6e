#include "net/server_review.h"
#include "serving.h"

/* Walks "Name: value" texts, and ends at NULL. */
static struct tk_server_review walk(const char *const *headers)
{
    struct tk_server_review review = {.is_odd = false};

    for (; *headers != NULL; headers++) {
        struct tk_str value = tk_str(*headers);
        struct tk_str name = tk_str_cut(&value, ':');

        if (value.data != NULL) value = tk_str_skip(value, 1);
        tk_server_review_header(&review, name, value);
    }
    return review;
}

#define WALK(...) walk((const char *const[]){__VA_ARGS__, NULL})

static void expect(struct tk_server_review review, bool is_clean)
{
    assert_int_equal(tk_server_review_is_clean(&review, "HTTP/1.1"), is_clean);
}

static void plain_requests_are_clean(void **state)
{
    (void)state;
    expect(WALK("Host: t"), true);
    expect(WALK("HOST: t", "Content-Length: 3"), true);
    expect(WALK("host: t", "transfer-encoding: Chunked"), true);
    expect(WALK("Host: t", "Accept: a, b", "X: y"), true);
}

static void two_framings_are_not(void **state)
{
    (void)state;
    expect(WALK("Host: t", "Content-Length: 3", "Content-Length: 3"), false);
    expect(WALK("Host: t", "Content-Length: 3", "Transfer-Encoding: chunked"),
           false);
    expect(WALK("Host: t", "Transfer-Encoding: chunked",
                "transfer-encoding: chunked"),
           false);
}

static void an_unknown_encoding_is_not(void **state)
{
    (void)state;
    expect(WALK("Host: t", "Transfer-Encoding: gzip"), false);
    expect(WALK("Host: t", "Transfer-Encoding: chunked, chunked"), false);
    expect(WALK("Host: t", "Transfer-Encoding: "), false);
}

static void a_name_with_a_gap_is_not(void **state)
{
    (void)state;
    expect(WALK("Host: t", "Transfer-Encoding : chunked"), false);
    expect(WALK("Host: t", "X\tY: chunked"), false);
    expect(WALK("Host: t", " X: chunked"), false);
}

static void one_host_is_needed_but_in_http_1_0(void **state)
{
    struct tk_server_review none = WALK("X: y");
    struct tk_server_review two = WALK("Host: a", "Host: a");

    (void)state;
    expect(none, false);
    expect(two, false);
    assert_true(tk_server_review_is_clean(&none, "HTTP/1.0"));
    assert_false(tk_server_review_is_clean(&two, "HTTP/1.0"));
}

static void a_length_is_compared_without_overflow(void **state)
{
    struct tk_server_review none = WALK("Host: t");
    struct tk_server_review some = WALK("Content-Length: 1000");
    struct tk_server_review huge = WALK("Content-Length: 18446744073709551615");

    (void)state;
    assert_false(tk_server_review_is_beyond(&none, 0));
    assert_false(tk_server_review_is_beyond(&some, 1000));
    assert_true(tk_server_review_is_beyond(&some, 999));
    assert_true(tk_server_review_is_beyond(&huge, 1000));
}

/* The rest is seen by libmicrohttpd or by nobody: through a real server. */
static struct serving serving;
static struct answer answer;
static int calls;

static void on_request(struct tk_request *request, void *data)
{
    (void)data;
    calls++;
    serving_answer(request, 200, tk_str(""));
}

static int start(void **state)
{
    (void)state;
    serving_init(&serving, on_request, NULL);
    serving.options.patience_ms = 500;
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

static void a_chunk_of_a_bad_size_ends_the_request(void **state)
{
    static const char *const bad[] = {
        "x\r\nhello\r\n0\r\n\r\n",  "-5\r\nhello\r\n0\r\n\r\n",
        "5g\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",   "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
    };
    int before = calls;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = dial(serving.path);

        say(fd, "POST / HTTP/1.1\r\nHost: t\r\n"
                "Transfer-Encoding: chunked\r\n\r\n");
        say(fd, bad[i]);
        if (hear(fd, &answer)) assert_int_equal(answer.status / 100, 4);
        while (!is_closed_by_peer(fd)) continue;
        close(fd);
    }
    assert_int_equal(calls, before);
}

static void half_a_body_reaches_no_handler(void **state)
{
    int before = calls;

    (void)state;
    for (int i = 0; i < 2; i++) {
        int fd = dial(serving.path);

        say(fd,
            "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhello");
        shutdown(fd, i == 0 ? SHUT_WR : SHUT_RDWR);
        if (i == 0) {
            assert_true(hear(fd, &answer));
            assert_int_equal(answer.status, 408);
        }
        close(fd);
    }
    get(serving.path, "/alive", &answer);
    assert_int_equal(calls, before + 1);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_requests_are_clean),
        cmocka_unit_test(two_framings_are_not),
        cmocka_unit_test(an_unknown_encoding_is_not),
        cmocka_unit_test(a_name_with_a_gap_is_not),
        cmocka_unit_test(one_host_is_needed_but_in_http_1_0),
        cmocka_unit_test(a_length_is_compared_without_overflow),
        SERVED(a_chunk_of_a_bad_size_ends_the_request),
        SERVED(half_a_body_reaches_no_handler),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
