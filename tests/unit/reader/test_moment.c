#include "../harness.h"

#include "base/clock.h"
#include "cache/segment_head.h"
#include "reader/moment.h"

/* The coarse clock is a step behind, the answer a step ahead. */
enum { STEP = 10, SLACK = 2000, HOUR = 3600 * 1000 };

static struct tk_segment_head head;
static const struct tk_mapping mapping = {.head = &head};
static struct tk_moment moment;

static int64_t now_by(void)
{
    struct tk_instant at;

    tk_moment_read(&moment, &mapping, &at);
    return at.now;
}

static int set_up(void **state)
{
    struct tk_clocks clocks;

    (void)state;
    tk_clocks_read(&clocks);
    moment = (struct tk_moment){0};
    head = (struct tk_segment_head){
        .beat_at = clocks.mono,
        .boot_ahead = clocks.boot - clocks.mono,
        .wall_ahead = clocks.wall - clocks.mono,
    };
    return 0;
}

static void it_is_as_late_as_the_dear_clock_says_or_a_step_later(void **state)
{
    int64_t before = tk_clock_boot_ms();
    int64_t now = now_by();

    (void)state;
    assert_in_range(now, before, tk_clock_boot_ms() + STEP);
    assert_false(tk_moment_is_silent(&moment));
}

/* What the engine published is wrong by an hour since: the machine has slept,
 * so wall time and this clock have come apart by as much. */
static void a_sleep_shows_in_the_wall_clock(void **state)
{
    (void)state;
    head.boot_ahead -= HOUR;
    head.wall_ahead -= HOUR;
    assert_in_range(now_by(), tk_clock_boot_ms() - SLACK,
                    tk_clock_boot_ms() + SLACK);
}

static void without_a_beat_what_was_published_does_not_count(void **state)
{
    (void)state;
    head.boot_ahead -= HOUR;
    head.beat_at -= 3000;
    assert_in_range(now_by(), tk_clock_boot_ms() - SLACK,
                    tk_clock_boot_ms() + SLACK);
    assert_true(tk_moment_is_silent(&moment));
}

static void a_beat_that_comes_back_is_heard(void **state)
{
    struct tk_clocks clocks;

    (void)state;
    head.beat_at -= 3000;
    (void)now_by();
    assert_true(tk_moment_is_silent(&moment));
    tk_clocks_read(&clocks);
    head.beat_at = clocks.mono;
    (void)now_by();
    assert_false(tk_moment_is_silent(&moment));
}

static void it_is_known_for_one_step_of_the_coarse_clock(void **state)
{
    struct tk_instant read, peeked;
    bool is_known;

    (void)state;
    assert_false(tk_moment_peek(&moment, &mapping, &peeked));
    do { /* until both fall into one step */
        tk_moment_read(&moment, &mapping, &read);
        is_known = tk_moment_peek(&moment, &mapping, &peeked);
    } while (peeked.now != read.now);
    assert_true(is_known);
    assert_int_equal(peeked.second, read.second);
}

static void it_is_not_known_where_the_clocks_disagree(void **state)
{
    struct tk_instant at;

    (void)state;
    head.wall_ahead -= HOUR;
    (void)now_by();
    assert_false(tk_moment_peek(&moment, &mapping, &at));
    head.wall_ahead += HOUR;
    head.beat_at -= 3000;
    (void)now_by();
    assert_false(tk_moment_peek(&moment, &mapping, &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            it_is_as_late_as_the_dear_clock_says_or_a_step_later, set_up),
        cmocka_unit_test_setup(a_sleep_shows_in_the_wall_clock, set_up),
        cmocka_unit_test_setup(without_a_beat_what_was_published_does_not_count,
                               set_up),
        cmocka_unit_test_setup(it_is_known_for_one_step_of_the_coarse_clock,
                               set_up),
        cmocka_unit_test_setup(it_is_not_known_where_the_clocks_disagree,
                               set_up),
        cmocka_unit_test_setup(a_beat_that_comes_back_is_heard, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
