#define _GNU_SOURCE
#include "cli/show.h"

#include "tests/unit/cli/capture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

static int set_up(void **state)
{
    struct capture *capture = calloc(1, sizeof *capture);

    if (capture == NULL) return -1;
    capture_init(capture);
    *state = capture;
    return 0;
}

static int tear_down(void **state)
{
    capture_fini(*state);
    free(*state);
    unsetenv("COLUMNS");
    return 0;
}

static void output_that_is_no_terminal_has_80_columns(void **state)
{
    struct capture *capture = *state;
    struct tk_show show;

    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    tk_show_init(&show, capture->show.out, capture->show.err);
    assert_int_equal(show.width, 80);
    assert_int_equal(show.height, 24);
    assert_false(show.is_terminal);
    assert_false(show.has_colour);
    assert_string_equal(tk_show_colour(&show, TK_COLOUR_BAD), "");
}

static void columns_of_the_environment_count(void **state)
{
    struct capture *capture = *state;
    struct tk_show show;

    setenv("COLUMNS", "132", 1);
    tk_show_init(&show, capture->show.out, capture->show.err);
    assert_int_equal(show.width, 132);
    setenv("COLUMNS", "3", 1);
    tk_show_init(&show, capture->show.out, capture->show.err);
    assert_int_equal(show.width, 20);
    setenv("COLUMNS", "wide", 1);
    tk_show_init(&show, capture->show.out, capture->show.err);
    assert_int_equal(show.width, 80);
}

/* A terminal of this size, and its other side. */
static void open_terminal(struct winsize size, int *terminal, int *other)
{
    *other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*other < 0) {
        print_message("no pseudo-terminal here: is /dev/pts mounted?\n");
        skip();
    }
    assert_int_equal(grantpt(*other), 0);
    assert_int_equal(unlockpt(*other), 0);
    *terminal = open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*terminal >= 0);
    assert_int_equal(ioctl(*terminal, TIOCSWINSZ, &size), 0);
}

static void a_terminal_has_its_size_and_colours(void **state)
{
    struct winsize size = {.ws_row = 50, .ws_col = 120};
    struct tk_show show;
    int terminal, other;

    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("COLUMNS", "30", 1);
    unsetenv("NO_COLOR");
    open_terminal(size, &terminal, &other);
    tk_show_init(&show, terminal, STDERR_FILENO);
    assert_int_equal(show.width, 120);
    assert_int_equal(show.height, 50);
    assert_true(show.is_terminal);
    assert_true(show.has_colour);
    setenv("NO_COLOR", "1", 1);
    tk_show_init(&show, terminal, STDERR_FILENO);
    assert_false(show.has_colour);
    setenv("NO_COLOR", "", 1);
    tk_show_init(&show, terminal, STDERR_FILENO);
    assert_true(show.has_colour);
    setenv("TERM", "dumb", 1);
    tk_show_init(&show, terminal, STDERR_FILENO);
    assert_false(show.has_colour);
    close(terminal);
    close(other);
}

static void colours_have_words_where_they_are_wanted(void **state)
{
    struct tk_show show = {.has_colour = true};

    (void)state;
    assert_string_equal(tk_show_colour(&show, TK_COLOUR_BAD), "\033[31m");
    assert_string_equal(tk_show_colour(&show, TK_COLOUR_NONE), "\033[0m");
}

static void every_state_has_a_colour(void **state)
{
    (void)state;
    assert_int_equal(tk_show_state_colour(TK_STR("fresh")), TK_COLOUR_GOOD);
    assert_int_equal(tk_show_state_colour(TK_STR("due")), TK_COLOUR_BUSY);
    assert_int_equal(tk_show_state_colour(TK_STR("stale")), TK_COLOUR_WARN);
    assert_int_equal(tk_show_state_colour(TK_STR("lapsed")), TK_COLOUR_DIM);
    assert_int_equal(tk_show_state_colour(TK_STR("needs_login")),
                     TK_COLOUR_BAD);
}

static void output_is_written_and_forgotten(void **state)
{
    struct capture *capture = *state;
    struct tk_buf text;

    tk_buf_init(&text, 100);
    tk_buf_put_text(&text, "token\n");
    assert_int_equal(tk_show_put(&capture->show, &text), TK_EXIT_OK);
    assert_int_equal(text.len, 0);
    assert_string_equal(capture_out(capture), "token\n");
    assert_string_equal(capture_err(capture), "");
    tk_buf_fini(&text);
}

static void output_that_cannot_be_written_is_an_internal_error(void **state)
{
    struct capture *capture = *state;
    struct tk_show show = capture->show;
    struct tk_buf text;

    show.out = open("/dev/full", O_WRONLY | O_CLOEXEC);
    tk_buf_init(&text, 8);
    tk_buf_put_text(&text, "token\n");
    assert_int_equal(tk_show_put(&show, &text), TK_EXIT_INTERNAL);
    assert_string_equal(capture_err(capture),
                        "tokeng: standard output: No space left on device\n");
    tk_buf_put_text(&text, "longer than eight bytes");
    assert_int_equal(tk_show_put(&capture->show, &text), TK_EXIT_INTERNAL);
    assert_string_equal(capture_err(capture),
                        "tokeng: the output: too large\n");
    tk_buf_fini(&text);
    close(show.out);
}

static void trouble_is_one_line_without_control_bytes(void **state)
{
    struct capture *capture = *state;

    assert_int_equal(
        tk_show_fail(&capture->show, TK_EXIT_CONFIG, "%s", "a\nb\033[31m"),
        TK_EXIT_CONFIG);
    assert_string_equal(capture_err(capture), "tokeng: a?b?[31m\n");
}

static void a_long_text_is_broken_at_blanks(void **state)
{
    struct tk_show show = {.width = 20};
    struct tk_buf out;

    (void)state;
    tk_buf_init(&out, 1000);
    tk_buf_put_text(&out, "label   ");
    tk_show_wrap(&show, &out, 8, 8, TK_STR("one two three four"));
    assert_string_equal(tk_buf_text(&out),
                        "label   one two\n        three four\n");
    tk_buf_clear(&out);
    tk_show_wrap(&show, &out, 0, 2, TK_STR("a word-that-is-too-long-for-it b"));
    assert_string_equal(tk_buf_text(&out),
                        "a\n  word-that-is-too-long-for-it\n  b\n");
    tk_buf_clear(&out);
    tk_show_wrap(&show, &out, 0, 0, TK_STR("bad\x1b[0m"));
    assert_string_equal(tk_buf_text(&out), "bad?[0m\n");
    tk_buf_fini(&out);
}

static void characters_are_counted_and_not_bytes(void **state)
{
    struct tk_show show = {.width = 20};
    struct tk_buf out;

    (void)state;
    tk_buf_init(&out, 1000);
    tk_show_wrap(&show, &out, 0, 0,
                 TK_STR("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4"
                        "\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6 "
                        "0123456789A"));
    assert_null(strchr(tk_buf_text(&out), '\n')[1] == '\0' ? NULL : "broken");
    tk_buf_fini(&out);
}

static const char *seconds_of(double number, char span[TK_SPAN_TEXT])
{
    struct tk_value value = {.type = TK_NUM, .as.number = number};

    return tk_show_seconds(&value, span);
}

static void seconds_are_shown_as_people_write_them(void **state)
{
    struct tk_value nil = {.type = TK_NIL};
    char span[TK_SPAN_TEXT];

    (void)state;
    assert_string_equal(seconds_of(7199.6, span), "2h");
    assert_string_equal(seconds_of(2652, span), "44m 12s");
    assert_string_equal(seconds_of(1.6, span), "2s");
    assert_string_equal(seconds_of(0.25, span), "250ms");
    assert_string_equal(seconds_of(-90, span), "-1m 30s");
    assert_string_equal(seconds_of(1e300, span), "forever");
    assert_string_equal(seconds_of(-1e300, span), "-forever");
    assert_string_equal(tk_show_seconds(&nil, span), "-");
    assert_string_equal(tk_show_seconds(NULL, span), "-");
}

static void values_that_are_not_there_have_a_dash(void **state)
{
    struct tk_value text = {.type = TK_TEXT, .as.text = {"x", 1}};
    struct tk_value yes = {.type = TK_BOOL, .as.flag = true};

    (void)state;
    assert_int_equal(tk_show_text(NULL).data[0], '-');
    assert_int_equal(tk_show_text(&yes).data[0], '-');
    assert_int_equal(tk_show_text(&text).data[0], 'x');
    assert_true(tk_show_is_true(&yes));
    assert_false(tk_show_is_true(&text));
    assert_false(tk_show_is_true(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            output_that_is_no_terminal_has_80_columns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(columns_of_the_environment_count,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminal_has_its_size_and_colours,
                                        set_up, tear_down),
        cmocka_unit_test(colours_have_words_where_they_are_wanted),
        cmocka_unit_test(every_state_has_a_colour),
        cmocka_unit_test_setup_teardown(output_is_written_and_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            output_that_cannot_be_written_is_an_internal_error, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            trouble_is_one_line_without_control_bytes, set_up, tear_down),
        cmocka_unit_test(a_long_text_is_broken_at_blanks),
        cmocka_unit_test(characters_are_counted_and_not_bytes),
        cmocka_unit_test(seconds_are_shown_as_people_write_them),
        cmocka_unit_test(values_that_are_not_there_have_a_dash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
