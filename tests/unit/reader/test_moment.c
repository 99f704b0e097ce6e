#include "../harness.h"

#include "base/clock.h"
#include "cache/segment_head.h"
#include "reader/moment.h"

/* The coarse clock is a step behind, the answer a step ahead. */
enum { STEP = 10, SLACK = 2000, HOUR = 3600 * 1000 };

static struct tk_segment_head head;
static const struct tk_mapping mapping = {.head = &head};
static struct tk_moment moment;

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
    int64_t now = tk_moment_now(&moment, &mapping);

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
    assert_in_range(tk_moment_now(&moment, &mapping),
                    tk_clock_boot_ms() - SLACK, tk_clock_boot_ms() + SLACK);
}

static void without_a_beat_what_was_published_does_not_count(void **state)
{
    (void)state;
    head.boot_ahead -= HOUR;
    head.beat_at -= 3000;
    assert_in_range(tk_moment_now(&moment, &mapping),
                    tk_clock_boot_ms() - SLACK, tk_clock_boot_ms() + SLACK);
    assert_true(tk_moment_is_silent(&moment));
}

static void a_beat_that_comes_back_is_heard(void **state)
{
    struct tk_clocks clocks;

    (void)state;
    head.beat_at -= 3000;
    (void)tk_moment_now(&moment, &mapping);
    assert_true(tk_moment_is_silent(&moment));
    tk_clocks_read(&clocks);
    head.beat_at = clocks.mono;
    (void)tk_moment_now(&moment, &mapping);
    assert_false(tk_moment_is_silent(&moment));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            it_is_as_late_as_the_dear_clock_says_or_a_step_later, set_up),
        cmocka_unit_test_setup(a_sleep_shows_in_the_wall_clock, set_up),
        cmocka_unit_test_setup(without_a_beat_what_was_published_does_not_count,
                               set_up),
        cmocka_unit_test_setup(a_beat_that_comes_back_is_heard, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
