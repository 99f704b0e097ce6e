#include "tests/unit/harness.h"

#include "engine/budget.h"

enum { CALLS = 4000 };

static const int64_t start = INT64_C(1000003);

static struct tk_budget with(uint32_t second, uint32_t minute, uint32_t day)
{
    struct tk_limits quota = {{second, minute, day}};
    struct tk_budget budget = {0};

    tk_budget_limit(&budget, &quota);
    return budget;
}

static uint32_t throw(uint32_t * dice)
{
    *dice = *dice * 1664525u + 1013904223u;
    return *dice >> 16;
}

static void assert_never_above(const int64_t *calls, int count, int64_t span,
                               int limit)
{
    for (int i = 0; i + limit < count; i++) {
        assert_true(calls[i + limit] - calls[i] > span);
    }
}

/* Whatever the schedule: bursts, pauses, or a call as soon as one is allowed.
 */
static void no_span_wherever_it_begins_has_more_calls_than_the_limit(void **s)
{
    static int64_t calls[CALLS];

    (void)s;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct tk_budget budget = with(5, 100, 2000);
        uint32_t dice = seed;
        int64_t now = start + seed * 7;

        for (int i = 0; i < CALLS; i++) {
            if (throw(&dice) % 40 == 0) now += throw(&dice) % 90000;
            now = tk_budget_next(&budget, now);
            tk_budget_take(&budget, now);
            calls[i] = now;
        }
        assert_never_above(calls, CALLS, 1000, 5);
        assert_never_above(calls, CALLS, 60 * 1000, 100);
        assert_never_above(calls, CALLS, 24 * 3600 * 1000, 2000);
    }
}

static void the_whole_limit_may_be_used_at_once_and_comes_back(void **state)
{
    struct tk_budget budget = with(0, 10, 0);
    int64_t next;

    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tk_budget_next(&budget, start), start);
        assert_int_equal(tk_budget_left(&budget, TK_MINUTE, start), 10 - i);
        tk_budget_take(&budget, start);
    }
    next = tk_budget_next(&budget, start);
    assert_true(next > start + 60 * 1000);
    assert_true(next <= start + 62400 + 1);
    assert_true(tk_budget_next(&budget, next - 1) > next - 1);
    assert_int_equal(tk_budget_next(&budget, next), next);
    assert_int_equal(tk_budget_left(&budget, TK_MINUTE, next), 10);
}

/* Peers 28: a limiter that counted each call twice. */
static void a_call_is_counted_once(void **state)
{
    struct tk_budget budget = with(0, 0, 50);

    (void)state;
    for (int i = 0; i < 100; i++) (void)tk_budget_next(&budget, start);
    tk_budget_take(&budget, start);
    assert_int_equal(tk_budget_left(&budget, TK_DAY, start), 49);
    assert_int_equal(tk_budget_left(&budget, TK_SECOND, start), UINT32_MAX);
}

static void a_call_beyond_the_limit_makes_the_next_wait_longer(void **state)
{
    struct tk_budget budget = with(0, 2, 0);

    (void)state;
    tk_budget_take(&budget, start);
    tk_budget_take(&budget, start + 30 * 1000);
    tk_budget_take(&budget, start + 30 * 1000);
    assert_int_equal(tk_budget_left(&budget, TK_MINUTE, start + 30 * 1000), 0);
    assert_true(tk_budget_next(&budget, start + 30 * 1000) > start + 90 * 1000);
}

static void a_smaller_limit_counts_the_calls_of_before(void **state)
{
    struct tk_budget old = with(0, 100, 0);
    struct tk_budget new = with(0, 10, 0);

    (void)state;
    for (int i = 0; i < 7; i++) tk_budget_take(&old, start);
    tk_budget_carry(&new, &old);
    assert_int_equal(tk_budget_left(&new, TK_MINUTE, start), 3);
}

static void half_of_a_limit_is_at_least_one_call(void **state)
{
    struct tk_limits quota = {{1, 5, 0}};
    struct tk_limits half = tk_limits_half(&quota);

    (void)state;
    assert_int_equal(half.limits[TK_SECOND], 1);
    assert_int_equal(half.limits[TK_MINUTE], 2);
    assert_int_equal(half.limits[TK_DAY], 0);
    assert_string_equal(tk_window_text(TK_DAY), "day");
    assert_int_equal(tk_window_span_ms(TK_MINUTE), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            no_span_wherever_it_begins_has_more_calls_than_the_limit),
        cmocka_unit_test(the_whole_limit_may_be_used_at_once_and_comes_back),
        cmocka_unit_test(a_call_is_counted_once),
        cmocka_unit_test(a_call_beyond_the_limit_makes_the_next_wait_longer),
        cmocka_unit_test(a_smaller_limit_counts_the_calls_of_before),
        cmocka_unit_test(half_of_a_limit_is_at_least_one_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
