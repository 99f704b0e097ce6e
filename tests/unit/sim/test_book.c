#include "sim/book.h"

#include "tests/unit/harness.h"

#include <stdio.h>

#define MINUTE INT64_C(60000)
#define DAY    (24 * 60 * MINUTE)

/* Owned by a test: two keys, judged from 1000 to 9000. */
struct desk {
    struct tk_book book;
    struct tk_tally tally;
};

static int set_up(void **state)
{
    static struct desk desk;

    desk = (struct desk){0};
    snprintf(desk.tally.name, sizeof desk.tally.name, "mine");
    assert_int_equal(tk_book_init(&desk.book, &desk.tally, 2, 1000, 9000), 0);
    *state = &desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    tk_book_fini(&desk->book);
    tk_tally_fini(&desk->tally);
    return 0;
}

static void token(struct desk *desk, uint32_t key, int64_t at, int64_t to)
{
    assert_int_equal(tk_book_token(&desk->book, key, at, to), 0);
}

static void what_happens_while_learning_is_not_counted(void **state)
{
    struct desk *desk = *state;

    tk_book_use(&desk->book, 0, 999, true);
    tk_book_call(&desk->book, 999, true);
    tk_book_outcome(&desk->book, 999, TK_BOOK_FAILED);
    tk_book_denied(&desk->book, 0, 999);
    assert_int_equal(desk->tally.uses + desk->tally.first + desk->tally.calls +
                         desk->tally.failed + desk->tally.denied,
                     0);
    assert_string_equal(desk->tally.name, "mine");
}

static void who_waits_for_a_first_token_is_counted_apart(void **state)
{
    struct desk *desk = *state;

    tk_book_use(&desk->book, 0, 2000, true);
    tk_book_use(&desk->book, 0, 2000, true);
    token(desk, 0, 2500, 4000);
    tk_book_use(&desk->book, 0, 3000, false);
    tk_book_use(&desk->book, 0, 5000, true);
    assert_int_equal(desk->tally.uses, 4);
    assert_int_equal(desk->tally.first, 2);
    assert_int_equal(desk->tally.cold, 1);
}

static void calls_are_told_apart_by_whether_somebody_waits(void **state)
{
    struct desk *desk = *state;

    tk_book_call(&desk->book, 2000, true);
    tk_book_call(&desk->book, 2001, false);
    tk_book_call(&desk->book, 2002, false);
    tk_book_outcome(&desk->book, 2001, TK_BOOK_NO_OP);
    tk_book_outcome(&desk->book, 2002, TK_BOOK_FAILED);
    assert_int_equal(desk->tally.calls, 3);
    assert_int_equal(desk->tally.awaited, 1);
    assert_int_equal(desk->tally.background, 2);
    assert_int_equal(desk->tally.no_op, 1);
    assert_int_equal(desk->tally.failed, 1);
}

static void the_busiest_minute_is_the_peak(void **state)
{
    struct desk *desk = *state;

    tear_down(state);
    assert_int_equal(tk_book_init(&desk->book, &desk->tally, 1, 1000, 3 * DAY),
                     0);
    tk_book_call(&desk->book, 3 * MINUTE, false);
    tk_book_call(&desk->book, 3 * MINUTE + 5000, false);
    tk_book_call(&desk->book, DAY + 3 * MINUTE, false);
    assert_int_equal(desk->tally.peak, 2);
    assert_int_equal(desk->tally.minutes[3], 3);
}

static void a_token_that_nobody_used_is_counted_when_it_has_gone(void **state)
{
    struct desk *desk = *state;

    tk_book_use(&desk->book, 0, 1500, true);
    token(desk, 0, 2000, 3000); /* used by whoever waited for it */
    tk_book_use(&desk->book, 0, 3500, true);
    token(desk, 0, 4000, 5000);
    assert_int_equal(desk->tally.unused, 0);
    token(desk, 0, 5000, 6000);
    token(desk, 0, 6000, 7000);
    assert_int_equal(desk->tally.unused, 1);
    tk_book_use(&desk->book, 0, 6500, false);
    token(desk, 1, 5000, 9500); /* still good at the end */
    assert_int_equal(tk_book_close(&desk->book), 0);
    assert_int_equal(desk->tally.unused, 1);
}

static void who_was_denied_uses_no_token(void **state)
{
    struct desk *desk = *state;

    tk_book_use(&desk->book, 0, 2000, true);
    tk_book_denied(&desk->book, 0, 2000);
    token(desk, 0, 3000, 4000);
    assert_int_equal(tk_book_close(&desk->book), 0);
    assert_int_equal(desk->tally.denied, 1);
    assert_int_equal(desk->tally.unused, 1);
}

static void time_without_a_token_is_at_risk(void **state)
{
    struct desk *desk = *state;

    token(desk, 0, 200, 500);   /* 500 to 1000: not judged */
    token(desk, 0, 1500, 4000); /* 1000 to 1500 */
    token(desk, 0, 3900, 6000); /* in time */
    assert_int_equal(tk_book_close(&desk->book), 0); /* 6000 to 9000 */
    assert_int_equal(desk->tally.at_risk_ms, 3500);
    assert_int_equal(desk->tally.key_ms, 8000);
}

static void what_comes_after_the_end_is_not_counted(void **state)
{
    struct desk *desk = *state;

    token(desk, 0, 1000, 4000);
    token(desk, 0, 9500, 9900);
    tk_book_call(&desk->book, 9001, true);
    assert_int_equal(tk_book_close(&desk->book), 0);
    assert_int_equal(desk->tally.at_risk_ms, 5000);
    assert_int_equal(desk->tally.calls, 0);
}

static void a_key_is_not_at_risk_before_its_first_token(void **state)
{
    struct desk *desk = *state;

    token(desk, 0, 6000, 9000);
    assert_int_equal(tk_book_close(&desk->book), 0);
    assert_int_equal(desk->tally.at_risk_ms, 0);
    assert_int_equal(desk->tally.key_ms, 3000);
}

static void the_tokens_of_the_shown_key_are_kept(void **state)
{
    struct desk *desk = *state;

    desk->book.show_key = 1;
    token(desk, 0, 1000, 2000);
    token(desk, 1, 2000, 4000);
    token(desk, 1, 3500, 9900);
    assert_int_equal(tk_book_close(&desk->book), 0);
    assert_int_equal(desk->tally.shown_count, 2);
    assert_int_equal(desk->tally.shown[0].from_ms, 2000);
    assert_int_equal(desk->tally.shown[0].to_ms, 3500);
    assert_int_equal(desk->tally.shown[1].to_ms, 9000);
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DESK(what_happens_while_learning_is_not_counted),
        WITH_DESK(who_waits_for_a_first_token_is_counted_apart),
        WITH_DESK(calls_are_told_apart_by_whether_somebody_waits),
        WITH_DESK(the_busiest_minute_is_the_peak),
        WITH_DESK(a_token_that_nobody_used_is_counted_when_it_has_gone),
        WITH_DESK(who_was_denied_uses_no_token),
        WITH_DESK(time_without_a_token_is_at_risk),
        WITH_DESK(what_comes_after_the_end_is_not_counted),
        WITH_DESK(a_key_is_not_at_risk_before_its_first_token),
        WITH_DESK(the_tokens_of_the_shown_key_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
