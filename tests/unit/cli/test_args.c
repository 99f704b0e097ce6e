#include "cli/args.h"

#include "tests/unit/harness.h"

static const struct tk_option options[] = {
    {"config", 'c', TK_OPTION_TEXT, "FILE", ""},
    {"json", '\0', TK_OPTION_FLAG, NULL, ""},
    {"wait", '\0', TK_OPTION_SPAN, "SPAN", ""},
    {"min-ttl", '\0', TK_OPTION_SECONDS, "SECONDS", ""},
    {"newer-than", '\0', TK_OPTION_COUNT, "N", ""},
    {"error-rate", '\0', TK_OPTION_SHARE, "SHARE", ""},
    {"set", 's', TK_OPTION_TEXTS, "NAME=VALUE", ""},
};
enum { OPTIONS = sizeof options / sizeof options[0] };

#define PARSE(out, why, ...) parse(out, why, (char *[]){__VA_ARGS__, NULL})

static int parse(struct tk_args *out, struct tk_why *why, char **argv)
{
    int argc = 0;

    while (argv[argc] != NULL) argc++;
    return tk_args_parse(options, OPTIONS, argc, argv, out, why);
}

/* The complaint about one word, or two. */
#define REFUSE(reason, ...) refuse(reason, (char *[]){__VA_ARGS__, NULL})

static void refuse(const char *reason, char **argv)
{
    struct tk_args args;
    struct tk_why why = {0};

    assert_int_equal(parse(&args, &why, argv), TK_EINVAL);
    assert_string_equal(why.text, reason);
}

static void options_and_words_come_in_any_order(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(
        PARSE(&args, &why, "one", "--json", "two", "-c", "f.lua", "--wait=5s"),
        0);
    assert_int_equal(args.word_count, 2);
    assert_string_equal(args.words[0], "one");
    assert_string_equal(args.words[1], "two");
    assert_true(tk_args_has(&args, "json"));
    assert_string_equal(tk_args_text(&args, "config"), "f.lua");
    assert_int_equal(tk_args_ms(&args, "wait", 0), 5000);
}

static void a_value_stands_behind_a_blank_or_an_equals_sign(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(PARSE(&args, &why, "--config", "--json"), 0);
    assert_string_equal(tk_args_text(&args, "config"), "--json");
    assert_false(tk_args_has(&args, "json"));
    assert_int_equal(PARSE(&args, &why, "--config=a=b"), 0);
    assert_string_equal(tk_args_text(&args, "config"), "a=b");
}

static void what_was_not_given_has_its_default(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(parse(&args, &why, (char *[]){NULL}), 0);
    assert_false(tk_args_has(&args, "json"));
    assert_null(tk_args_text(&args, "config"));
    assert_int_equal(tk_args_ms(&args, "wait", 7), 7);
    assert_int_equal(tk_args_count(&args, "newer-than", 8), 8);
    assert_true(tk_args_share(&args, "error-rate", 0.5) == 0.5);
}

static void the_last_of_two_equal_options_counts(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(PARSE(&args, &why, "--config=a", "-c", "b"), 0);
    assert_string_equal(tk_args_text(&args, "config"), "b");
}

static void some_options_may_be_given_several_times(void **state)
{
    const char *texts[TK_TEXTS_MAX + 1];
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(
        PARSE(&args, &why, "--set", "a=1", "-c", "x", "--set=b=2", "-s", "a=1"),
        0);
    assert_int_equal(tk_args_texts(&args, "set", texts), 3);
    assert_string_equal(texts[0], "a=1");
    assert_string_equal(texts[1], "b=2");
    assert_string_equal(texts[2], "a=1");
    assert_null(texts[3]);
    assert_int_equal(tk_args_texts(&args, "config", texts), 0);
    assert_true(tk_args_has(&args, "set"));
}

static void too_many_values_of_one_option_are_refused(void **state)
{
    char word[] = "--set=a";
    char *argv[TK_TEXTS_MAX + 2];

    (void)state;
    for (int i = 0; i <= TK_TEXTS_MAX; i++) argv[i] = word;
    argv[TK_TEXTS_MAX + 1] = NULL;
    refuse("--set is given too often", argv);
}

static void behind_two_dashes_there_are_only_words(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(PARSE(&args, &why, "--", "--json", "-h"), 0);
    assert_int_equal(args.word_count, 2);
    assert_string_equal(args.words[0], "--json");
    assert_false(args.wants_help);
    assert_int_equal(PARSE(&args, &why, "-"), 0);
    assert_string_equal(args.words[0], "-");
}

static void numbers_and_spans_are_read(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(PARSE(&args, &why, "--wait=0", "--min-ttl=60",
                           "--newer-than=17", "--error-rate=0.25"),
                     0);
    assert_int_equal(tk_args_ms(&args, "wait", 1), 0);
    assert_int_equal(tk_args_ms(&args, "min-ttl", 1), 60000);
    assert_int_equal(tk_args_count(&args, "newer-than", 1), 17);
    assert_true(tk_args_share(&args, "error-rate", 0) == 0.25);
    assert_int_equal(PARSE(&args, &why, "--min-ttl=5m"), 0);
    assert_int_equal(tk_args_ms(&args, "min-ttl", 1), 300000);
}

static void a_value_of_the_wrong_kind_is_refused(void **state)
{
    (void)state;
    REFUSE("--wait takes a length of time such as 500ms, 5s or 1m30s, not '5'",
           "--wait=5");
    REFUSE("--min-ttl takes seconds, or a length of time such as 5m, not '-1'",
           "--min-ttl=-1");
    REFUSE("--min-ttl takes seconds, or a length of time such as 5m, not "
           "'999999999999999'",
           "--min-ttl=999999999999999");
    REFUSE("--newer-than takes a whole number, not '1e3'", "--newer-than=1e3");
    REFUSE("--newer-than takes a whole number, not ''", "--newer-than=");
    REFUSE("--newer-than takes a whole number, not '9007199254740993'",
           "--newer-than=9007199254740993");
    REFUSE("--error-rate takes a number from 0 to 1, not '1.5'",
           "--error-rate=1.5");
    REFUSE("--error-rate takes a number from 0 to 1, not 'nan'",
           "--error-rate=nan");
    REFUSE("--error-rate takes a number from 0 to 1, not '.'",
           "--error-rate=.");
    REFUSE("--error-rate takes a number from 0 to 1, not '0.1.2'",
           "--error-rate=0.1.2");
    REFUSE("--config takes a text, not ''", "--config=");
    REFUSE("--json takes no value", "--json=yes");
    REFUSE("--config needs a value: a text", "-c");
}

static void an_unknown_option_gets_the_nearest_name(void **state)
{
    (void)state;
    REFUSE("unknown option --jsno; did you mean --json?", "--jsno");
    REFUSE("unknown option --confgi; did you mean --config?", "--confgi=x");
    REFUSE("unknown option --hepl; did you mean --help?", "--hepl");
    REFUSE("unknown option --verbose", "--verbose");
    REFUSE("unknown option -x", "-x");
    REFUSE("unknown option -cfile", "-cfile");
}

static void too_many_words_are_refused(void **state)
{
    static char word[] = "word";
    char *argv[TK_WORDS_MAX + 2] = {NULL};

    (void)state;
    for (int i = 0; i <= TK_WORDS_MAX; i++) argv[i] = word;
    refuse("too many words", argv);
}

static void help_wins_over_a_complaint(void **state)
{
    struct tk_args args;
    struct tk_why why;

    (void)state;
    assert_int_equal(PARSE(&args, &why, "--nonsense", "--help"), 0);
    assert_true(args.wants_help);
    assert_int_equal(PARSE(&args, &why, "word", "-h"), 0);
    assert_true(args.wants_help);
}

static void the_first_complaint_is_told(void **state)
{
    (void)state;
    REFUSE("unknown option --first", "--first", "--second");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_any_order),
        cmocka_unit_test(a_value_stands_behind_a_blank_or_an_equals_sign),
        cmocka_unit_test(what_was_not_given_has_its_default),
        cmocka_unit_test(the_last_of_two_equal_options_counts),
        cmocka_unit_test(some_options_may_be_given_several_times),
        cmocka_unit_test(too_many_values_of_one_option_are_refused),
        cmocka_unit_test(behind_two_dashes_there_are_only_words),
        cmocka_unit_test(numbers_and_spans_are_read),
        cmocka_unit_test(a_value_of_the_wrong_kind_is_refused),
        cmocka_unit_test(an_unknown_option_gets_the_nearest_name),
        cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(help_wins_over_a_complaint),
        cmocka_unit_test(the_first_complaint_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
