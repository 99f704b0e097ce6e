#include "net/server_reply.h"

#include "../harness.h"

#include <microhttpd.h>

static struct MHD_Response *build_with(const char *name, const char *value)
{
    struct tk_http_header header = {tk_str(name), tk_str(value)};
    struct tk_reply reply = {
        .status = 200, .headers = &header, .header_count = 1};

    return tk_server_reply_build(&reply, false);
}

static void type_and_headers_are_taken_over(void **state)
{
    /* Views into a longer text, so not terminated. */
    const char *text = "NameABCvalue1XYZ";
    struct tk_http_header headers[] = {
        {tk_str_of(text, 4), tk_str_of(text + 7, 6)},
        {tk_str("Empty"), tk_str_of(NULL, 0)},
    };
    struct tk_reply reply = {.status = 200,
                             .content_type = "text/plain",
                             .headers = headers,
                             .header_count = 2,
                             .body = tk_str("body")};
    struct MHD_Response *response = tk_server_reply_build(&reply, true);

    (void)state;
    assert_non_null(response);
    assert_string_equal(MHD_get_response_header(response, "Content-Type"),
                        "text/plain");
    assert_string_equal(MHD_get_response_header(response, "Name"), "value1");
    assert_null(MHD_get_response_header(response, "Empty"));
    assert_string_equal(MHD_get_response_header(response, "Connection"),
                        "close");
    MHD_destroy_response(response);
}

static void no_type_and_no_body_are_fine(void **state)
{
    struct tk_reply reply = {.status = 204};
    struct MHD_Response *response = tk_server_reply_build(&reply, false);

    (void)state;
    assert_non_null(response);
    assert_null(MHD_get_response_header(response, "Content-Type"));
    assert_null(MHD_get_response_header(response, "Connection"));
    MHD_destroy_response(response);
}

static void a_long_header_is_taken_over(void **state)
{
    char value[3000];
    struct MHD_Response *response;

    (void)state;
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    response = build_with("Long", value);
    assert_non_null(response);
    assert_string_equal(MHD_get_response_header(response, "Long"), value);
    MHD_destroy_response(response);
}

static void a_header_cannot_smuggle_another_one(void **state)
{
    static const char *const bad[] = {
        "a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\tb", "\x7f", "\x01"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(build_with("Name", bad[i]));
        assert_null(build_with(bad[i], "value"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_and_headers_are_taken_over),
        cmocka_unit_test(no_type_and_no_body_are_fine),
        cmocka_unit_test(a_long_header_is_taken_over),
        cmocka_unit_test(a_header_cannot_smuggle_another_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
