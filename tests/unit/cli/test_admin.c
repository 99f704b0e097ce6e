#define _GNU_SOURCE
#include "cli/admin.h"

#include "tests/unit/cli/conversation.h"

#include <fcntl.h>

#define DONE "{\"result\":\"done\",\"detail\":\"it is done\"}"

/* One command with one answer: the request that it makes. */
static void expect(const struct tk_command *command, const char *word,
                   const char *request)
{
    const struct turn turns[] = {ANSWER("202 Accepted", DONE)};
    struct conversation c;

    conversation_start(&c, turns, 1);
    assert_int_equal(
        capture_run(&c.capture, command, "--socket", c.engine.path, word, NULL),
        TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), "it is done\n");
    assert_has(conversation_request(&c), request);
    conversation_stop(&c);
}

static void each_command_makes_its_call(void **state)
{
    (void)state;
    expect(&tk_admin_refresh_command, "crm/client/read",
           "POST /v1/refresh/crm/client/read HTTP/1.1\r\n");
    expect(&tk_admin_pause_command, "crm", "POST /v1/pause/crm HTTP/1.1\r\n");
    expect(&tk_admin_resume_command, "crm", "POST /v1/resume/crm HTTP/1.1\r\n");
    expect(&tk_admin_reload_command, NULL, "POST /v1/reload HTTP/1.1\r\n");
}

static void json_is_printed_as_it_came(void **state)
{
    const struct turn turns[] = {ANSWER("202 Accepted", DONE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_admin_reload_command,
                                 "--socket", c.engine.path, "--json", NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&c.capture), DONE "\n");
    conversation_stop(&c);
}

static void a_report_names_a_generation(void **state)
{
    const struct turn turns[] = {ANSWER("202 Accepted", DONE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    assert_int_equal(capture_run(&c.capture, &tk_admin_reject_command, "a/b",
                                 "--generation", "17", "--socket",
                                 c.engine.path, NULL),
                     TK_EXIT_OK);
    assert_has(conversation_request(&c), "POST /v1/reject/a/b HTTP/1.1\r\n");
    assert_has(conversation_request(&c), "\r\n\r\n{\"generation\":17}");
    conversation_stop(&c);
}

/* Standard input becomes a pipe with these bytes. */
static void give_input(const char *text, size_t len)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, 1 << 16) < 0, 0);
    assert_int_equal(write(ends[1], text, len), len);
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

static void a_report_shows_the_token_of_standard_input(void **state)
{
    const struct turn turns[] = {ANSWER("202 Accepted", DONE)};
    struct conversation c;

    (void)state;
    conversation_start(&c, turns, 1);
    give_input("to\"ken\n", 7);
    assert_int_equal(capture_run(&c.capture, &tk_admin_reject_command, "a/b",
                                 "--token-stdin", "--socket", c.engine.path,
                                 NULL),
                     TK_EXIT_OK);
    assert_has(conversation_request(&c), "\r\n\r\n{\"token\":\"to\\\"ken\"}");
    conversation_stop(&c);
}

static void a_report_is_by_generation_or_by_token(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(
        capture_run(&capture, &tk_admin_reject_command, "a/b", NULL),
        TK_EXIT_USAGE);
    assert_has(capture_err(&capture), "--generation N");
    assert_int_equal(capture_run(&capture, &tk_admin_reject_command, "a/b",
                                 "--generation=1", "--token-stdin", NULL),
                     TK_EXIT_USAGE);
    assert_has(capture_err(&capture), "--token-stdin");
    capture_fini(&capture);
}

static void what_is_no_token_is_not_sent_and_not_shown(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    give_input("two words\n", 10);
    assert_int_equal(capture_run(&capture, &tk_admin_reject_command, "a/b",
                                 "--token-stdin", NULL),
                     TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: reject: standard input must hold one token: "
                        "malformed input\n");
    capture_fini(&capture);
}

static int read_token(const char *text, size_t len, struct tk_buf *out)
{
    tk_buf_init(out, 20000);
    give_input(text, len);
    return tk_admin_read_token(STDIN_FILENO, out);
}

static void a_token_is_read_without_its_line_end(void **state)
{
    static char longest[16384 + 3];
    struct tk_buf token;

    (void)state;
    assert_int_equal(read_token("abc\r\n", 5, &token), 0);
    assert_string_equal(tk_buf_text(&token), "abc");
    tk_buf_fini(&token);
    assert_int_equal(read_token("abc", 3, &token), 0);
    assert_string_equal(tk_buf_text(&token), "abc");
    tk_buf_fini(&token);
    memset(longest, 'x', sizeof longest);
    longest[16384] = '\n';
    assert_int_equal(read_token(longest, 16385, &token), 0);
    assert_int_equal(token.len, 16384);
    tk_buf_fini(&token);
}

static void an_input_that_holds_no_token_is_refused(void **state)
{
    static char longer[16384 + 8];
    struct tk_buf token;

    (void)state;
    assert_int_equal(read_token("", 0, &token), TK_EINVAL);
    tk_buf_fini(&token);
    assert_int_equal(read_token("\n", 1, &token), TK_EINVAL);
    tk_buf_fini(&token);
    assert_int_equal(read_token("a\nb\n", 4, &token), TK_EINVAL);
    tk_buf_fini(&token);
    assert_int_equal(read_token("a\0b", 3, &token), TK_EINVAL);
    tk_buf_fini(&token);
    memset(longer, 'x', sizeof longer);
    assert_int_equal(read_token(longer, 16385, &token), TK_ETOOBIG);
    tk_buf_fini(&token);
    assert_int_equal(read_token(longer, sizeof longer, &token), TK_ETOOBIG);
    tk_buf_fini(&token);
    tk_buf_init(&token, 100);
    assert_int_equal(tk_admin_read_token(-1, &token), TK_ETOOBIG);
    tk_buf_fini(&token);
    tk_buf_init(&token, 20000);
    assert_int_equal(tk_admin_read_token(-1, &token), TK_EIO);
    tk_buf_fini(&token);
}

static void a_name_that_would_change_the_path_is_refused(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(
        capture_run(&capture, &tk_admin_pause_command, "../reload", NULL),
        TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: '../reload' is no name of a source\n");
    assert_int_equal(
        capture_run(&capture, &tk_admin_resume_command, "a?b", NULL),
        TK_EXIT_USAGE);
    assert_int_equal(
        capture_run(&capture, &tk_admin_refresh_command, "a/..", NULL),
        TK_EXIT_USAGE);
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_makes_its_call),
        cmocka_unit_test(json_is_printed_as_it_came),
        cmocka_unit_test(a_report_names_a_generation),
        cmocka_unit_test(a_report_shows_the_token_of_standard_input),
        cmocka_unit_test(a_report_is_by_generation_or_by_token),
        cmocka_unit_test(what_is_no_token_is_not_sent_and_not_shown),
        cmocka_unit_test(a_token_is_read_without_its_line_end),
        cmocka_unit_test(an_input_that_holds_no_token_is_refused),
        cmocka_unit_test(a_name_that_would_change_the_path_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
