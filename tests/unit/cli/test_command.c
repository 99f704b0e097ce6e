#define _GNU_SOURCE
#include "cli/command.h"

#include "tests/unit/cli/capture.h"

static const struct tk_option options[] = {
    {"config", 'c', TK_OPTION_TEXT, "FILE", "the configuration"},
    {"json", '\0', TK_OPTION_FLAG, NULL, "print JSON"},
};

/* Says what it was given. */
static enum tk_exit run(const struct tk_args *args, const struct tk_show *show)
{
    return tk_show_fail(show, TK_EXIT_NO, "%s %s", args->words[0],
                        tk_args_has(args, "json") ? "as JSON" : "plain");
}

static const struct tk_command get = {
    .name = "get",
    .words = "KEY",
    .summary = "print a token",
    .about = "Prints the token of KEY.",
    .example = "tokeng get crm/client",
    TK_COMMAND_OPTIONS(options),
    .word_count = 1,
    .run = run,
};

static const struct tk_command version = {
    .name = "version",
    .words = "",
    .summary = "print the version",
    .about = "Prints the version.",
    .example = "tokeng version",
    .run = run,
};

static const struct tk_command many = {
    .name = "many",
    .words = "KEY ...",
    .summary = "say the first",
    .about = "Says the first.",
    .example = "tokeng many a b",
    .word_count = 1,
    .word_most = 3,
    .run = run,
};

static const struct tk_command *const commands[] = {&get, &version, &many,
                                                    NULL};

#define CALL(capture, ...)                                                     \
    call(capture, (char *[]){(char[]){"tokeng"}, __VA_ARGS__, NULL})

static enum tk_exit call(struct capture *capture, char **argv)
{
    int argc = 0;

    while (argv[argc] != NULL) argc++;
    return tk_command_main(commands, argc, argv, &capture->show);
}

static void a_command_gets_its_words_and_options(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "get", "crm/client", "--json"), TK_EXIT_NO);
    assert_string_equal(capture_err(&capture), "tokeng: crm/client as JSON\n");
    assert_string_equal(capture_out(&capture), "");
    capture_fini(&capture);
}

static void all_commands_are_listed_on_one_screen(void **state)
{
    struct capture capture;
    char *const ways[] = {"help", "--help", "-h"};
    char *alone[] = {(char[]){"tokeng"}, NULL};

    (void)state;
    capture_init(&capture);
    for (size_t i = 0; i < 3; i++) {
        const char *page;

        assert_int_equal(CALL(&capture, ways[i]), TK_EXIT_OK);
        page = capture_out(&capture);
        assert_has(page, "usage: tokeng COMMAND [options]\n");
        assert_has(page, "\n  get       print a token\n");
        assert_has(page, "\n  version   print the version\n");
    }
    assert_int_equal(call(&capture, alone), TK_EXIT_OK);
    assert_has(capture_out(&capture), "\n  get ");
    assert_int_equal(CALL(&capture, "help", "--help"), TK_EXIT_OK);
    assert_has(capture_out(&capture), "\n  get ");
    capture_fini(&capture);
}

static void a_page_has_usage_options_and_an_example(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "help", "get"), TK_EXIT_OK);
    assert_string_equal(capture_out(&capture),
                        "usage: tokeng get KEY [options]\n"
                        "\n"
                        "Prints the token of KEY.\n"
                        "\n"
                        "  -c, --config FILE  the configuration\n"
                        "  --json             print JSON\n"
                        "\n"
                        "example:\n"
                        "  tokeng get crm/client\n");
    assert_int_equal(CALL(&capture, "get", "--help"), TK_EXIT_OK);
    assert_has(capture_out(&capture), "usage: tokeng get KEY [options]\n");
    assert_int_equal(CALL(&capture, "version", "-h"), TK_EXIT_OK);
    assert_string_equal(capture_out(&capture), "usage: tokeng version\n"
                                               "\n"
                                               "Prints the version.\n"
                                               "\n"
                                               "example:\n"
                                               "  tokeng version\n");
    capture_fini(&capture);
}

static void an_unknown_command_gets_the_nearest_name(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "versoin"), TK_EXIT_USAGE);
    assert_string_equal(
        capture_err(&capture),
        "tokeng: unknown command 'versoin'; did you mean version?\n");
    assert_int_equal(CALL(&capture, "help", "gte"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: unknown command 'gte'; did you mean get?\n");
    assert_int_equal(CALL(&capture, "dance"), TK_EXIT_USAGE);
    assert_string_equal(
        capture_err(&capture),
        "tokeng: unknown command 'dance'; 'tokeng help' lists them all\n");
    assert_string_equal(capture_out(&capture), "");
    capture_fini(&capture);
}

static void a_wrong_option_names_the_page_that_helps(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "get", "a/b", "--jsno"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: get: unknown option --jsno; did you mean "
                        "--json? (see 'tokeng help get')\n");
    capture_fini(&capture);
}

static void words_must_be_as_many_as_are_needed(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "get"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: get: missing KEY (see 'tokeng help get')\n");
    assert_int_equal(CALL(&capture, "get", "a/b", "c/d"), TK_EXIT_USAGE);
    assert_string_equal(capture_err(&capture),
                        "tokeng: get: one word too many; it takes KEY (see "
                        "'tokeng help get')\n");
    capture_fini(&capture);
}

static void a_command_may_take_more_words(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "many"), TK_EXIT_USAGE);
    assert_int_equal(CALL(&capture, "many", "a"), TK_EXIT_NO);
    assert_int_equal(CALL(&capture, "many", "a", "b", "c"), TK_EXIT_NO);
    assert_int_equal(CALL(&capture, "many", "a", "b", "c", "d"), TK_EXIT_USAGE);
    capture_fini(&capture);
}

static void version_is_an_option_too(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(CALL(&capture, "--version"), TK_EXIT_NO);
    assert_has(capture_err(&capture), "plain");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_gets_its_words_and_options),
        cmocka_unit_test(all_commands_are_listed_on_one_screen),
        cmocka_unit_test(a_page_has_usage_options_and_an_example),
        cmocka_unit_test(an_unknown_command_gets_the_nearest_name),
        cmocka_unit_test(a_wrong_option_names_the_page_that_helps),
        cmocka_unit_test(words_must_be_as_many_as_are_needed),
        cmocka_unit_test(a_command_may_take_more_words),
        cmocka_unit_test(version_is_an_option_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
