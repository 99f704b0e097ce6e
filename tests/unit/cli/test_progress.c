#define _GNU_SOURCE
#include "cli/progress.h"

#include "tests/unit/cli/capture.h"

#include <fcntl.h>
#include <stdlib.h>

/* A terminal to write to, and what came out at its other end. */
struct terminal {
    struct tk_show show;
    int other;
    char text[4096];
};

static void open_terminal(struct terminal *terminal)
{
    char name[64];

    *terminal = (struct terminal){.other = posix_openpt(O_RDWR | O_NOCTTY)};
    assert_true(terminal->other >= 0);
    assert_int_equal(grantpt(terminal->other), 0);
    assert_int_equal(unlockpt(terminal->other), 0);
    assert_int_equal(ptsname_r(terminal->other, name, sizeof name), 0);
    terminal->show.err = open(name, O_RDWR | O_NOCTTY);
    assert_true(terminal->show.err >= 0);
}

/* The other end may hand it on in pieces. */
static void expect(struct terminal *terminal, const char *text)
{
    size_t len = 0;

    while (len < strlen(text)) {
        ssize_t piece = read(terminal->other, terminal->text + len,
                             sizeof terminal->text - 1 - len);

        assert_true(piece > 0);
        len += (size_t)piece;
    }
    terminal->text[len] = '\0';
    assert_string_equal(terminal->text, text);
}

static void close_terminal(struct terminal *terminal)
{
    close(terminal->show.err);
    close(terminal->other);
}

static void a_terminal_shows_how_far_it_is(void **state)
{
    struct terminal terminal;
    struct tk_progress progress;

    (void)state;
    open_terminal(&terminal);
    setenv("TERM", "xterm", 1);
    tk_progress_init(&progress, &terminal.show);
    tk_progress_tell(&progress, .5, "mine");
    expect(&terminal, "\r[############            ]  50% mine\033[K");
    tk_progress_tell(&progress, 1, "mine");
    expect(&terminal, "\r[########################] 100% mine\033[K");
    tk_progress_end(&progress);
    expect(&terminal, "\r\033[K");
    close_terminal(&terminal);
}

static void the_same_percent_is_not_written_twice(void **state)
{
    struct terminal terminal;
    struct tk_progress progress;

    (void)state;
    open_terminal(&terminal);
    setenv("TERM", "xterm", 1);
    tk_progress_init(&progress, &terminal.show);
    tk_progress_tell(&progress, .101, "mine");
    tk_progress_tell(&progress, .102, "mine");
    tk_progress_end(&progress);
    expect(&terminal, "\r[##                      ]  10% mine\033[K\r\033[K");
    close_terminal(&terminal);
}

static void a_file_gets_nothing(void **state)
{
    struct capture capture;
    struct tk_progress progress;

    (void)state;
    capture_init(&capture);
    setenv("TERM", "xterm", 1);
    tk_progress_init(&progress, &capture.show);
    tk_progress_tell(&progress, .5, "mine");
    tk_progress_end(&progress);
    assert_string_equal(capture_err(&capture), "");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_shows_how_far_it_is),
        cmocka_unit_test(the_same_percent_is_not_written_twice),
        cmocka_unit_test(a_file_gets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
