#include "net/server_review.h"

#include "../harness.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_requests_are_clean),
        cmocka_unit_test(two_framings_are_not),
        cmocka_unit_test(an_unknown_encoding_is_not),
        cmocka_unit_test(a_name_with_a_gap_is_not),
        cmocka_unit_test(one_host_is_needed_but_in_http_1_0),
        cmocka_unit_test(a_length_is_compared_without_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
