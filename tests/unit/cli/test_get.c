#define _GNU_SOURCE
#include "cli/get.h"

#include "tests/unit/cli/conversation.h"

#include "net/json.h"

#define GOOD                                                                   \
    "{\"key\":\"crm/client\",\"token\":\"t-1\",\"generation\":7,"              \
    "\"attach\":{\"header\":\"X-Auth\",\"format\":\"Key %s!\"}}"

static void expect_line(const char *json, bool as_header, const char *line)
{
    struct tk_value answer;
    struct tk_pool pool;
    struct tk_buf out;

    tk_pool_init(&pool, 1 << 16);
    tk_buf_init(&out, 1000);
    assert_int_equal(tk_json_parse(tk_str(json), &pool, &answer, NULL), 0);
    assert_int_equal(tk_get_print(&answer, as_header, &out), line != NULL);
    if (line != NULL) assert_string_equal(tk_buf_text(&out), line);
    tk_buf_fini(&out);
    tk_pool_fini(&pool);
}

static void the_bare_token_is_one_line(void **state)
{
    (void)state;
    expect_line(GOOD, false, "t-1\n");
}

static void the_header_is_that_of_the_kind(void **state)
{
    (void)state;
    expect_line(GOOD, true, "X-Auth: Key t-1!\n");
}

static void an_answer_without_a_token_is_none(void **state)
{
    (void)state;
    expect_line("{\"token\":\"\"}", false, NULL);
    expect_line("{\"token\":5}", false, NULL);
    expect_line("{}", false, NULL);
    expect_line("{\"token\":\"t\"}", true, NULL);
    expect_line("{\"token\":\"t\",\"attach\":{\"header\":\"A\","
                "\"format\":\"Bearer\"}}",
                true, NULL);
    expect_line("{\"token\":\"t\",\"attach\":{\"header\":\"A\","
                "\"format\":\"%n\"}}",
                true, NULL);
}

/* The whole command against an engine that gives this answer. */
#define GET(c, ...)                                                            \
    capture_run(&(c)->capture, &tk_get_command, "crm/client", "--socket",      \
                (c)->engine.path, __VA_ARGS__, NULL)

static void wishes_go_into_the_query(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", GOOD)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(GET(&c, "--min-ttl", "90", "--wait=2s", "--newer-than=6"),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "t-1\n");
    assert_string_equal(capture_err(&c.capture), "");
    assert_has(conversation_request(&c),
               "GET /v1/token/crm/client?min_ttl=90000ms&wait=2000ms"
               "&newer_than=6 HTTP/1.1\r\n");
    conversation_stop(&c);
}

static void without_wishes_there_is_no_query(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", GOOD)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(GET(&c, "--header"), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "X-Auth: Key t-1!\n");
    assert_has(conversation_request(&c),
               "GET /v1/token/crm/client HTTP/1.1\r\n");
    conversation_stop(&c);
}

static void json_is_printed_as_it_came(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", GOOD)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(GET(&c, "--json"), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), GOOD "\n");
    conversation_stop(&c);
}

static void without_a_token_nothing_is_on_standard_output(void **state)
{
    const struct turn turns[] = {
        ANSWER("503 Service Unavailable",
               "{\"detail\":\"source crm is paused\",\"code\":\"paused\"}")};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(GET(&c, "--wait=0"), TK_EXIT_NO);
    assert_string_equal(capture_out(&c.capture), "");
    assert_string_equal(capture_err(&c.capture),
                        "tokeng: source crm is paused\n");
    conversation_stop(&c);
}

static void an_answer_of_another_kind_is_an_internal_error(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", "{\"hello\":true}")};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(GET(&c, "--wait=0"), TK_EXIT_INTERNAL);
    assert_string_equal(capture_out(&c.capture), "");
    conversation_stop(&c);
}

static void a_bad_key_is_a_usage_error(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_get_command, "crm", NULL),
                     TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: a key is source/kind[/subject]\n");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bare_token_is_one_line),
        cmocka_unit_test(the_header_is_that_of_the_kind),
        cmocka_unit_test(an_answer_without_a_token_is_none),
        cmocka_unit_test(wishes_go_into_the_query),
        cmocka_unit_test(without_wishes_there_is_no_query),
        cmocka_unit_test(json_is_printed_as_it_came),
        cmocka_unit_test(without_a_token_nothing_is_on_standard_output),
        cmocka_unit_test(an_answer_of_another_kind_is_an_internal_error),
        cmocka_unit_test(a_bad_key_is_a_usage_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
