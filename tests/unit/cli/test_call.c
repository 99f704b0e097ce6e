#define _GNU_SOURCE
#include "cli/call.h"

#include "tests/unit/cli/conversation.h"

static const struct tk_option options[] = {
    TK_OPTION_JSON,
    TK_OPTION_SOCKET,
    TK_OPTION_DIR,
};

/* One call with --json or without, to a socket, a directory, or wherever the
 * environment says. */
static struct tk_args args_of(const char *json, const char *socket,
                              const char *dir)
{
    return (struct tk_args){
        .options = options, .option_count = 3, .values = {json, socket, dir}};
}

static enum tk_exit ask(struct conversation *c, struct tk_engine_call *call)
{
    struct tk_args args = args_of(NULL, c->engine.path, NULL);

    assert_int_equal(tk_call_open(call, &args, &c->capture.show), TK_EXIT_OK);
    return tk_call_ask(call, "GET", "/v1/x", TK_STR(""), 5000);
}

/* The exit status of an answer, and what is said about it. */
static void expect(const char *status, const char *json, enum tk_exit wanted,
                   const char *said)
{
    const struct turn turns[] = {ANSWER(status, json)};
    struct tk_engine_call call;
    struct conversation c;

    conversation_start(&c, turns, 1);
    assert_int_equal(ask(&c, &call), wanted);
    tk_call_close(&call);
    assert_string_equal(capture_err(&c.capture), said);
    conversation_stop(&c);
}

static void a_good_answer_is_read(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", "{\"a\":[1,2]}")};
    struct tk_engine_call call;
    struct conversation c;
    int64_t number = 0;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(ask(&c, &call), TK_EXIT_OK);
    assert_true(
        tk_value_int(tk_value_item(tk_value_get(&call.body, "a"), 1), &number));
    assert_int_equal(number, 2);
    assert_int_equal(tk_call_put_json(&call), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "{\"a\":[1,2]}\n");
    tk_call_close(&call);
    assert_has(conversation_request(&c), "GET /v1/x HTTP/1.1\r\n");
    conversation_stop(&c);
}

static void one_connection_serves_several_calls(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", "{\"n\":1}"),
                                 ANSWER("202 Accepted", "{\"n\":2}")};
    struct tk_engine_call call;
    struct conversation c;
    int64_t number = 0;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(ask(&c, &call), TK_EXIT_OK);
    assert_int_equal(
        tk_call_ask(&call, "POST", "/v1/y", TK_STR("{\"b\":1}"), 5000),
        TK_EXIT_OK);
    assert_true(tk_value_int(tk_value_get(&call.body, "n"), &number));
    assert_int_equal(number, 2);
    tk_call_close(&call);
    assert_has(conversation_request(&c), "POST /v1/y HTTP/1.1\r\n");
    assert_has(conversation_request(&c), "\r\n\r\n{\"b\":1}");
    conversation_stop(&c);
    assert_int_equal(c.engine.connections, 1);
}

static void a_problem_is_told_with_its_detail(void **state)
{
    (void)state;
    expect("404 Not Found",
           "{\"detail\":\"there is no source x\",\"code\":\"unknown_source\"}",
           TK_EXIT_NO, "tokeng: there is no source x\n");
    expect("503 Service Unavailable",
           "{\"detail\":\"source crm is paused\",\"code\":\"paused\","
           "\"retry_after\":3.2}",
           TK_EXIT_NO, "tokeng: source crm is paused (try again in 3s)\n");
    expect("503 Service Unavailable",
           "{\"detail\":\"no answer\",\"code\":\"timeout\","
           "\"retry_after\":0.001}",
           TK_EXIT_TEMPORARY, "tokeng: no answer\n");
}

static void all_problems_of_a_configuration_are_told(void **state)
{
    (void)state;
    expect("400 Bad Request",
           "{\"detail\":\"the old one stays\",\"code\":\"config\","
           "\"problems\":[\"a: bad\",\"b: worse\"]}",
           TK_EXIT_CONFIG,
           "tokeng: a: bad\ntokeng: b: worse\ntokeng: the old one stays\n");
}

static void an_answer_that_makes_no_sense_is_an_internal_error(void **state)
{
    (void)state;
    expect(
        "200 OK", "{\"a\":", TK_EXIT_INTERNAL,
        "tokeng: the engine's answer: JSON: a value is expected at offset 5\n");
    expect("500 Internal Server Error", "<html>", TK_EXIT_INTERNAL,
           "tokeng: the engine answered with HTTP status 500\n");
}

static void every_answer_has_an_exit_status(void **state)
{
    static const struct {
        int http;
        const char *code;
        enum tk_exit status;
    } all[] = {
        {200, "", TK_EXIT_OK},
        {202, "", TK_EXIT_OK},
        {400, "bad_key", TK_EXIT_USAGE},
        {400, "config", TK_EXIT_CONFIG},
        {403, "forbidden", TK_EXIT_NO},
        {404, "unknown_key", TK_EXIT_NO},
        {405, "method_not_allowed", TK_EXIT_INTERNAL},
        {429, "cache_full", TK_EXIT_TEMPORARY},
        {500, "", TK_EXIT_INTERNAL},
        {503, "issuer_failed", TK_EXIT_NO},
        {503, "poisoned", TK_EXIT_NO},
        {503, "paused", TK_EXIT_NO},
        {503, "timeout", TK_EXIT_TEMPORARY},
        {503, "stopping", TK_EXIT_TEMPORARY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        enum tk_exit status = tk_call_status(all[i].http, tk_str(all[i].code));

        if (status != all[i].status) {
            fail_msg("%d %s: %d is not %d", all[i].http, all[i].code,
                     (int)status, (int)all[i].status);
        }
    }
}

static void without_an_engine_the_trouble_is_temporary(void **state)
{
    struct tk_args args = args_of(NULL, "/tmp/tokeng-nobody-here", NULL);
    struct tk_engine_call call;
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(tk_call_open(&call, &args, &capture.show), TK_EXIT_OK);
    assert_int_equal(tk_call_ask(&call, "GET", "/", TK_STR(""), 1000),
                     TK_EXIT_TEMPORARY);
    tk_call_close(&call);
    assert_has(capture_err(&capture), "/tmp/tokeng-nobody-here");
    capture_fini(&capture);
}

static void an_engine_that_does_not_answer_is_a_timeout(void **state)
{
    const struct turn turns[] = {{.text = NULL}};
    struct tk_args args;
    struct tk_engine_call call;
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    args = args_of(NULL, c.engine.path, NULL);
    assert_int_equal(tk_call_open(&call, &args, &c.capture.show), TK_EXIT_OK);
    assert_int_equal(tk_call_ask(&call, "GET", "/", TK_STR(""), 30),
                     TK_EXIT_TEMPORARY);
    tk_call_close(&call);
    conversation_stop(&c);
}

static void the_engine_is_found_by_its_directory(void **state)
{
    const struct turn turns[] = {ANSWER("200 OK", "{}")};
    struct tk_engine_call call;
    struct conversation c;
    struct tk_args args;

    (void)state;
    conversation_start(&c, turns, 1);
    args = args_of(NULL, NULL, c.engine.dir);
    assert_int_equal(tk_call_open(&call, &args, &c.capture.show), TK_EXIT_OK);
    assert_int_equal(tk_call_ask(&call, "GET", "/", TK_STR(""), 5000),
                     TK_EXIT_OK);
    tk_call_close(&call);
    conversation_stop(&c);
}

static void a_path_that_is_too_long_for_a_socket_is_refused(void **state)
{
    char path[300];
    struct tk_args args;
    struct tk_engine_call call;
    struct capture capture;

    (void)state;
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    args = args_of(NULL, path, NULL);
    capture_init(&capture);
    assert_int_equal(tk_call_open(&call, &args, &capture.show), TK_EXIT_USAGE);
    assert_true(strlen(capture_err(&capture)) > 0);
    capture_fini(&capture);
}

static void the_sentence_or_the_json_of_an_answer_is_printed(void **state)
{
    const struct turn turns[] = {
        ANSWER("202 Accepted", "{\"detail\":\"it is done\"}"),
        ANSWER("202 Accepted", "{\"detail\":\"it is done\"}")};
    struct tk_args plain = args_of(NULL, NULL, NULL);
    struct tk_args json = args_of("", NULL, NULL);
    struct tk_engine_call call;
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 2);
    assert_int_equal(ask(&c, &call), TK_EXIT_OK);
    assert_int_equal(tk_call_put_detail(&call, &plain), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "it is done\n");
    tk_call_close(&call);
    assert_int_equal(ask(&c, &call), TK_EXIT_OK);
    assert_int_equal(tk_call_put_detail(&call, &json), TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture),
                        "{\"detail\":\"it is done\"}\n");
    tk_call_close(&call);
    conversation_stop(&c);
}

static void a_bad_key_is_told_before_anybody_is_asked(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(tk_call_check_key(&capture.show, "crm/client"),
                     TK_EXIT_OK);
    assert_int_equal(tk_call_check_key(&capture.show, "crm"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: a key is source/kind[/subject]\n");
    assert_int_equal(tk_call_check_key(&capture.show, "crm/client?wait=0"),
                     TK_EXIT_USAGE);
    assert_int_equal(tk_call_check_key(&capture.show, "crm/../x"),
                     TK_EXIT_USAGE);
    capture_fini(&capture);
}

static void query_parameters_are_percent_encoded(void **state)
{
    struct tk_buf path;

    (void)state;
    tk_buf_init(&path, 200);
    tk_buf_put_text(&path, "/v1/tokens");
    tk_call_put_query(&path, "limit", TK_STR("10"));
    tk_call_put_query(&path, "after", TK_STR("a/b|c=d+e&f.~"));
    assert_string_equal(tk_buf_text(&path),
                        "/v1/tokens?limit=10&after=a%2Fb%7Cc%3Dd%2Be%26f.~");
    tk_buf_fini(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_answer_is_read),
        cmocka_unit_test(one_connection_serves_several_calls),
        cmocka_unit_test(a_problem_is_told_with_its_detail),
        cmocka_unit_test(all_problems_of_a_configuration_are_told),
        cmocka_unit_test(an_answer_that_makes_no_sense_is_an_internal_error),
        cmocka_unit_test(every_answer_has_an_exit_status),
        cmocka_unit_test(without_an_engine_the_trouble_is_temporary),
        cmocka_unit_test(an_engine_that_does_not_answer_is_a_timeout),
        cmocka_unit_test(the_engine_is_found_by_its_directory),
        cmocka_unit_test(a_path_that_is_too_long_for_a_socket_is_refused),
        cmocka_unit_test(the_sentence_or_the_json_of_an_answer_is_printed),
        cmocka_unit_test(a_bad_key_is_told_before_anybody_is_asked),
        cmocka_unit_test(query_parameters_are_percent_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
