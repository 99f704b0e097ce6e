#include "tests/unit/harness.h"

#include "base/clock.h"
#include "engine/plan.h"

#define SECOND INT64_C(1000)

static const struct tk_kind always = {.renewable = TK_RENEWABLE_ALWAYS,
                                      .overlap_is_own_life = true};
static const struct tk_kind feishu = {.renewable = TK_RENEWABLE_LAST,
                                      .overlap_is_own_life = true,
                                      .window_ms = 1800 * SECOND};
static const struct tk_kind at_end = {.renewable = TK_RENEWABLE_AT_END};

/* Two hours from moment 0, answered after 200 ms. */
static const struct tk_life two_hours = {0, 200, 7200 * SECOND};

static void a_plan_is_never_before_half_of_the_life(void **state)
{
    struct tk_plan plan = {0};
    struct tk_life ten_minutes = {0, 0, 600 * SECOND};

    (void)state;
    tk_plan_renew(&always, &ten_minutes, -300 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.at, 300 * SECOND);
    assert_int_equal(plan.clamp, TK_CLAMP_HALF_LIFE);
}

static void a_plan_waits_for_the_window_by_every_reading_of_it(void **state)
{
    struct tk_plan plan = {0};
    int64_t edge = 5400 * SECOND;

    (void)state;
    tk_plan_renew(&feishu, &two_hours, 4000 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.clamp, TK_CLAMP_WINDOW);
    /* The issuer may have stamped the token 200 ms after we sent for it and
     * rounded by up to a second. */
    assert_true(plan.at >= edge + 200 + 1000);
    assert_true(plan.at < edge + 5000);
}

static void a_plan_leaves_time_for_the_refresh_itself(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 9000 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.clamp, TK_CLAMP_LATEST);
    assert_int_equal(plan.at, 7140 * SECOND);
}

static void a_plan_inside_its_bounds_is_only_spread(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 6300 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.clamp, TK_CLAMP_NONE);
    assert_int_equal(plan.at, 6300 * SECOND);
    assert_int_equal(plan.spread_ms, 0);
}

static void the_spread_is_earlier_only_and_small(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 100000; dice += 77) {
        struct tk_plan plan = {0};

        tk_plan_renew(&always, &two_hours, 6300 * SECOND, 0, 0, dice, &plan);
        assert_true(plan.at <= 6300 * SECOND);
        /* 5 % of a lead of 900 s. */
        assert_true(plan.at >= 6300 * SECOND - 45 * SECOND);
    }
}

static void the_spread_is_at_most_a_minute(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 200000; dice += 777) {
        struct tk_plan plan = {0};
        struct tk_life day = {0, 0, 86400 * SECOND};

        tk_plan_renew(&always, &day, 50000 * SECOND, 0, 0, dice, &plan);
        assert_true(plan.spread_ms <= 60 * SECOND);
    }
}

static void the_spread_does_not_leave_the_window(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 200000; dice += 777) {
        struct tk_plan plan = {0};

        tk_plan_renew(&feishu, &two_hours, 0, 0, 0, dice, &plan);
        assert_true(plan.at >= tk_plan_opens(&feishu, &two_hours));
    }
}

static void one_plan_is_drawn_once(void **state)
{
    struct tk_plan one = {0};
    struct tk_plan two = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 6300 * SECOND, 0, 0, 12345, &one);
    tk_plan_renew(&always, &two_hours, 6300 * SECOND, 0, 0, 12345, &two);
    assert_int_equal(one.at, two.at);
    assert_true(one.spread_ms > 0);
}

static void what_was_learned_holds_a_plan_back(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 5000 * SECOND, 6000 * SECOND, 0, 0,
                  &plan);
    assert_int_equal(plan.clamp, TK_CLAMP_LEARNED);
    assert_int_equal(plan.at, 6000 * SECOND);
}

static void a_token_renewable_at_its_end_is_asked_for_after_it(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&at_end, &two_hours, 3600 * SECOND, 0, 0, 99, &plan);
    assert_true(plan.at > two_hours.expires_at + 200);
}

static void a_window_longer_than_the_life_is_always_open(void **state)
{
    struct tk_life short_life = {50, 60, 50 + 600 * SECOND};

    (void)state;
    assert_int_equal(tk_plan_opens(&feishu, &short_life), 50);
}

static void a_useless_refresh_waits_half_of_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(tk_plan_not_before(&two_hours, 5200 * SECOND),
                     6200 * SECOND);
    assert_true(tk_plan_not_before(&two_hours, 7199 * SECOND) >
                two_hours.expires_at);
}

static struct tk_retry retry_of(int64_t now, unsigned failures, uint64_t dice)
{
    return (struct tk_retry){.now = now,
                             .expires_at = 7200 * SECOND,
                             .life_ms = 7200 * SECOND,
                             .failures = failures,
                             .dice = dice};
}

/* Fetched ahead of its use: there is no end to be on time for. */
static void a_token_that_has_ended_is_renewed_when_the_policy_says(void **state)
{
    const int64_t tomorrow = 86400 * SECOND;
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_revive(&always, &two_hours, tomorrow, 0, &plan);
    assert_int_equal(plan.at, tomorrow);
    assert_int_equal(plan.clamp, TK_CLAMP_NONE);
    tk_plan_revive(&at_end, &two_hours, 7200 * SECOND, 0, &plan);
    assert_int_equal(plan.at, 7200 * SECOND + 200 + 1500);
    assert_int_equal(plan.clamp, TK_CLAMP_WINDOW);
    tk_plan_revive(&always, &two_hours, tomorrow, tomorrow + 5, &plan);
    assert_int_equal(plan.at, tomorrow + 5);
    assert_int_equal(plan.clamp, TK_CLAMP_LEARNED);
}

static void retries_start_at_the_floor(void **state)
{
    struct tk_retry retry = retry_of(5400 * SECOND, 1, 4711);

    (void)state;
    assert_int_equal(tk_plan_retry(&retry), 5410 * SECOND);
}

static void retries_back_off_to_a_cap(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 100000; dice += 91) {
        struct tk_retry retry = retry_of(0, 30, dice);
        int64_t delay = tk_plan_retry(&retry);

        assert_true(delay >= 10 * SECOND);
        assert_true(delay <= 60 * SECOND);
    }
}

static void retries_tighten_towards_the_end(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 100000; dice += 91) {
        struct tk_retry retry = retry_of(7100 * SECOND, 30, dice);

        assert_true(tk_plan_retry(&retry) <= 7125 * SECOND);
    }
}

static void retry_after_is_obeyed_and_bounded(void **state)
{
    struct tk_retry retry = retry_of(7190 * SECOND, 3, 5);

    (void)state;
    retry.retry_after_ms = 120 * SECOND;
    assert_int_equal(tk_plan_retry(&retry), 7310 * SECOND);
    retry.retry_after_ms = INT64_C(1) << 50;
    assert_int_equal(tk_plan_retry(&retry), (7190 + 3600) * SECOND);
}

static void a_hard_failure_waits_minutes(void **state)
{
    struct tk_retry retry = retry_of(100 * SECOND, 1, 5);

    (void)state;
    retry.is_hard = true;
    assert_int_equal(tk_plan_retry(&retry), 400 * SECOND);
}

static void shortened_time_shortens_retries(void **state)
{
    struct tk_retry retry = {.now = 15 * SECOND,
                             .expires_at = 20 * SECOND,
                             .life_ms = 20 * SECOND,
                             .failures = 9,
                             .dice = 3};

    (void)state;
    assert_true(tk_plan_retry(&retry) <= 16250);
    assert_true(tk_plan_retry(&retry) >= 15250);
}

static void every_clamp_has_a_sentence(void **state)
{
    (void)state;
    assert_null(tk_clamp_name(TK_CLAMP_NONE));
    for (int i = TK_CLAMP_HALF_LIFE; i <= TK_CLAMP_LATEST; i++) {
        assert_non_null(tk_clamp_name((enum tk_clamp)i));
    }
}

static void a_slow_issuer_is_called_earlier(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 9000 * SECOND, 0, 100 * SECOND, 0,
                  &plan);
    assert_int_equal(plan.at, 7000 * SECOND);
    assert_int_equal(plan.clamp, TK_CLAMP_LATEST);
}

static void however_slow_it_is_the_plan_stays_in_the_last_tenth(void **state)
{
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&always, &two_hours, 9000 * SECOND, 0, 9000 * SECOND, 0,
                  &plan);
    assert_int_equal(plan.at, 6480 * SECOND);
}

static void a_renewal_that_ends_the_old_token_comes_late(void **state)
{
    struct tk_kind hurts = {.renewable = TK_RENEWABLE_ALWAYS};
    struct tk_kind gentle = {.renewable = TK_RENEWABLE_ALWAYS,
                             .overlap_ms = 300 * SECOND};
    struct tk_plan plan = {0};

    (void)state;
    tk_plan_renew(&hurts, &two_hours, 3700 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.at, 6300 * SECOND);
    assert_int_equal(plan.clamp, TK_CLAMP_OVERLAP);
    tk_plan_renew(&gentle, &two_hours, 3700 * SECOND, 0, 0, 0, &plan);
    assert_int_equal(plan.at, 3700 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_issuer_is_called_earlier),
        cmocka_unit_test(however_slow_it_is_the_plan_stays_in_the_last_tenth),
        cmocka_unit_test(a_renewal_that_ends_the_old_token_comes_late),
        cmocka_unit_test(a_plan_is_never_before_half_of_the_life),
        cmocka_unit_test(a_plan_waits_for_the_window_by_every_reading_of_it),
        cmocka_unit_test(a_plan_leaves_time_for_the_refresh_itself),
        cmocka_unit_test(a_plan_inside_its_bounds_is_only_spread),
        cmocka_unit_test(the_spread_is_earlier_only_and_small),
        cmocka_unit_test(the_spread_is_at_most_a_minute),
        cmocka_unit_test(the_spread_does_not_leave_the_window),
        cmocka_unit_test(one_plan_is_drawn_once),
        cmocka_unit_test(what_was_learned_holds_a_plan_back),
        cmocka_unit_test(a_token_renewable_at_its_end_is_asked_for_after_it),
        cmocka_unit_test(a_window_longer_than_the_life_is_always_open),
        cmocka_unit_test(a_useless_refresh_waits_half_of_what_is_left),
        cmocka_unit_test(
            a_token_that_has_ended_is_renewed_when_the_policy_says),
        cmocka_unit_test(retries_start_at_the_floor),
        cmocka_unit_test(retries_back_off_to_a_cap),
        cmocka_unit_test(retries_tighten_towards_the_end),
        cmocka_unit_test(retry_after_is_obeyed_and_bounded),
        cmocka_unit_test(a_hard_failure_waits_minutes),
        cmocka_unit_test(shortened_time_shortens_retries),
        cmocka_unit_test(every_clamp_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
