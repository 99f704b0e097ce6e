#include "net/client_check.h"

#include "tests/unit/harness.h"

static int check_url(const char *url, bool insecure_http)
{
    struct tk_http_route route = {.insecure_http = insecure_http};
    struct tk_http_request request = {
        .method = "GET", .url = url, .route = &route};
    struct tk_why why = {0};
    int rc = tk_client_check(&request, "", &why);

    assert_int_equal(why.code, rc);
    if (url != NULL) assert_null(strstr(why.text, "marker"));
    return rc;
}

static int check_header(struct tk_str name, struct tk_str value)
{
    struct tk_http_header headers[] = {{TK_STR("Accept"), TK_STR("*/*")},
                                       {name, value}};
    struct tk_http_request request = {.method = "GET",
                                      .url = "https://a.example/",
                                      .headers = headers,
                                      .header_count = 2};
    struct tk_why why = {0};
    int rc = tk_client_check(&request, "", &why);

    assert_int_equal(why.code, rc);
    assert_null(strstr(why.text, "marker"));
    return rc;
}

static void https_urls_pass(void **state)
{
    (void)state;
    assert_int_equal(check_url("https://a.example", false), 0);
    assert_int_equal(check_url("HTTPS://a.example:8443/p?a=b%20c@d", false), 0);
    assert_int_equal(check_url("https://[::1]/", false), 0);
}

static void http_needs_leave(void **state)
{
    (void)state;
    assert_int_equal(check_url("http://a.example/", false), TK_EINVAL);
    assert_int_equal(check_url("HTTP://a.example/", false), TK_EINVAL);
    assert_int_equal(check_url("http://a.example/", true), 0);
    assert_int_equal(check_url("https://a.example/", true), 0);
}

/* Only what curl says of it is known: that it may be spoken to is not. */
static void a_url_that_has_passed_is_not_parsed_again(void **state)
{
    const char *bad_port = "https://a.example:99999/";
    const char *plain = "http://a.example/";
    struct tk_http_request request = {.method = "GET", .url = bad_port};

    (void)state;
    assert_int_equal(tk_client_check(&request, "https://a.example/", NULL),
                     TK_EINVAL);
    assert_int_equal(tk_client_check(&request, bad_port, NULL), 0);
    request.url = plain;
    assert_int_equal(tk_client_check(&request, plain, NULL), TK_EINVAL);
}

static void without_a_route_only_https_is_spoken(void **state)
{
    struct tk_http_request request = {.method = "GET",
                                      .url = "http://a.example/"};

    (void)state;
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    request.url = "https://a.example/";
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
}

static void other_schemes_are_refused(void **state)
{
    static const char *const urls[] = {
        "",         "/etc/passwd",         "a.example/", "file:///etc/passwd",
        "https",    "ftp://a.example/",    "https:/a",   "gopher://a.example/",
        "https://", "dict://a.example:11", "://a",       "httpsx://a.example/",
    };

    (void)state;
    assert_int_equal(check_url(NULL, true), TK_EINVAL);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(check_url(urls[i], true), TK_EINVAL);
    }
}

static void a_url_that_names_a_user_is_refused(void **state)
{
    (void)state;
    assert_int_equal(check_url("https://marker@a.example/", false), TK_EINVAL);
    assert_int_equal(check_url("https://u:marker@a.example/", false),
                     TK_EINVAL);
    assert_int_equal(check_url("https://@a.example/", false), TK_EINVAL);
    assert_int_equal(check_url("https://:@a.example/", false), TK_EINVAL);
}

static void spaces_and_control_bytes_in_a_url_are_refused(void **state)
{
    static const char *const urls[] = {
        "https://a.example/marker x",    "https://a.example/marker\r\nX: y",
        "https://a.example/\tmarker",    "https://a.example/marker\x7f",
        "https://a.exa mple/marker",     " https://a.example/marker",
        "https://a.example/marker\x01?", "https://a.example/marker\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(check_url(urls[i], false), TK_EINVAL);
    }
}

static void a_malformed_host_or_port_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(check_url("https:///marker", false), TK_EINVAL);
    assert_int_equal(check_url("https://a.example:99999/", false), TK_EINVAL);
    assert_int_equal(check_url("https://a.example:x/", false), TK_EINVAL);
    assert_int_equal(check_url("https://[::1/", false), TK_EINVAL);
    assert_int_equal(check_url("https://?marker", false), TK_EINVAL);
}

static void only_get_and_post_are_known(void **state)
{
    struct tk_http_request request = {.method = "POST",
                                      .url = "https://a.example/"};

    (void)state;
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
    request.body = TK_STR("x");
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
    request.method = "GET";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    request.body = (struct tk_str){0};
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
    request.method = "get";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    request.method = "GET / HTTP/1.1\r\nX: y";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    request.method = NULL;
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
}

static void ordinary_headers_pass(void **state)
{
    (void)state;
    assert_int_equal(check_header(TK_STR("X-Api_Key.1~"), TK_STR("a: b; c")),
                     0);
    assert_int_equal(check_header(TK_STR("X"), TK_STR("")), 0);
    assert_int_equal(check_header(TK_STR("X"), TK_STR("gr\xc3\xbc\xc3\x9f")),
                     0);
}

static void control_bytes_in_a_value_are_refused(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char value[] = "marker? ";
        bool is_control = byte < 0x20 || byte == 0x7f;

        value[6] = (char)byte;
        assert_int_equal(check_header(TK_STR("X"), tk_str_of(value, 8)),
                         is_control ? TK_EINVAL : 0);
    }
}

static void a_name_that_is_no_token_is_refused(void **state)
{
    static const char bad[] = " \t\r\n:;,\"()/<=>?@[\\]{}\x7f\x80";

    (void)state;
    assert_int_equal(check_header(TK_STR(""), TK_STR("x")), TK_EINVAL);
    for (size_t i = 0; i < sizeof bad; i++) { /* with the zero byte */
        char name[] = "markerX-?";

        name[8] = bad[i];
        assert_int_equal(check_header(tk_str_of(name, 9), TK_STR("x")),
                         TK_EINVAL);
    }
}

static void headers_about_framing_are_refused(void **state)
{
    (void)state;
    assert_int_equal(check_header(TK_STR("Content-Length"), TK_STR("1")),
                     TK_EINVAL);
    assert_int_equal(
        check_header(TK_STR("transfer-encoding"), TK_STR("chunked")),
        TK_EINVAL);
    assert_int_equal(check_header(TK_STR("EXPECT"), TK_STR("100-continue")),
                     TK_EINVAL);
}

static void a_proxy_is_reached_by_http(void **state)
{
    struct tk_http_route route = {.proxy = "http://proxy.example:3128"};
    struct tk_http_request request = {
        .method = "GET", .url = "https://a.example/", .route = &route};

    (void)state;
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
    route.proxy = "";
    assert_int_equal(tk_client_check(&request, "", NULL), 0);
    route.proxy = "socks5://proxy.example:1080";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    route.proxy = "proxy.example:3128";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
    route.proxy = "http://proxy.example:3128\r\n";
    assert_int_equal(tk_client_check(&request, "", NULL), TK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(https_urls_pass),
        cmocka_unit_test(http_needs_leave),
        cmocka_unit_test(a_url_that_has_passed_is_not_parsed_again),
        cmocka_unit_test(without_a_route_only_https_is_spoken),
        cmocka_unit_test(other_schemes_are_refused),
        cmocka_unit_test(a_url_that_names_a_user_is_refused),
        cmocka_unit_test(spaces_and_control_bytes_in_a_url_are_refused),
        cmocka_unit_test(a_malformed_host_or_port_is_refused_at_once),
        cmocka_unit_test(only_get_and_post_are_known),
        cmocka_unit_test(ordinary_headers_pass),
        cmocka_unit_test(control_bytes_in_a_value_are_refused),
        cmocka_unit_test(a_name_that_is_no_token_is_refused),
        cmocka_unit_test(headers_about_framing_are_refused),
        cmocka_unit_test(a_proxy_is_reached_by_http),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
