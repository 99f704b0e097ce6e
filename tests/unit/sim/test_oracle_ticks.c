#include "sim/oracle.h"

#include "tests/unit/sim/brute.h"

enum { CASES = 6000, HORIZON = 26 };

static struct tk_oracle_cost by_ticks(const struct brute *brute)
{
    struct tk_oracle_cost out;

    assert_int_equal(tk_oracle_ticks(brute->at, brute->n, &brute->terms, &out),
                     0);
    return out;
}

static void show(const struct brute *brute)
{
    const struct tk_oracle_terms *terms = &brute->terms;

    print_message("life %d margin %d latency %d window %d step %d phase %d "
                  "cold_cost %u at",
                  (int)terms->life_ms, (int)terms->margin_ms,
                  (int)terms->latency_ms, (int)terms->window_ms,
                  (int)terms->step_ms, (int)terms->phase_ms, terms->cold_cost);
    for (size_t i = 0; i < brute->n; i++) {
        print_message(" %d", (int)brute->at[i]);
    }
    print_message("\n");
}

static void hold_against_brute_force(uint64_t seed, int64_t least_step,
                                     uint32_t horizon, int cases)
{
    for (int i = 0; i < cases; i++) {
        struct brute brute;
        struct tk_oracle_cost best, out;

        brute_draw(&brute, &seed, horizon);
        if (brute.terms.step_ms < least_step) {
            brute.terms.step_ms = least_step;
        }
        brute_moments(&brute, brute.terms.step_ms, brute.terms.phase_ms);
        best = brute_best(&brute, false);
        out = by_ticks(&brute);
        if (brute_worth(&brute, &out) != brute_worth(&brute, &best) ||
            out.first != best.first) {
            show(&brute);
            fail_msg("%d calls, %d cold, %d first; not %d, %d, %d",
                     (int)out.calls, (int)out.cold, (int)out.first,
                     (int)best.calls, (int)best.cold, (int)best.first);
        }
    }
}

static void the_cheapest_of_all_ticks_is_found(void **state)
{
    (void)state;
    hold_against_brute_force(1, 2, HORIZON, CASES);
}

/* A latency of several steps, and no step between two moments. */
static void so_it_is_when_every_moment_is_a_tick(void **state)
{
    (void)state;
    hold_against_brute_force(2, 1, HORIZON / 2, CASES / 2);
}

static void a_window_shorter_than_a_step_leaves_holes(void **state)
{
    /* Ticks at 0, 10, 20 ...; a token of 0 is renewed in [13, 15]: not at
     * all, though one of 5 would be at 20. */
    static const int64_t at[] = {0, 14, 16};
    struct tk_oracle_terms terms = {
        .life_ms = 15,
        .window_ms = 2,
        .step_ms = 10,
        .cold_cost = 10,
    };
    struct tk_oracle_cost out;

    (void)state;
    assert_int_equal(tk_oracle_ticks(at, 3, &terms, &out), 0);
    assert_int_equal(out.calls, 2);
    assert_int_equal(out.cold, 2);
    terms.window_ms = 5;
    assert_int_equal(tk_oracle_ticks(at, 3, &terms, &out), 0);
    assert_int_equal(out.calls, 2);
    assert_int_equal(out.cold, 1);
}

/* Two weeks of a key with a life of two hours and a tick of a minute; where
 * the window is longer than a step the latest tick is always the best. */
static void with_a_wide_window_the_latest_tick_is_the_best(void **state)
{
    enum { USES = 2000 };
    struct tk_oracle_terms terms = {
        .life_ms = 7200000,
        .latency_ms = 500,
        .window_ms = 1800000,
        .step_ms = 60000,
        .cold_cost = 10,
    };
    static int64_t at[USES];
    uint64_t seed = 5, calls = 1;
    int64_t start;
    struct tk_oracle_cost out;

    (void)state;
    for (size_t i = 1; i < USES; i++) {
        at[i] = at[i - 1] + 1000 * (1 + roll(&seed) % (i % 7 ? 600 : 30000));
    }
    start = 0;
    for (size_t i = 1; i < USES; i++) {
        if (at[i] >= start + terms.life_ms) {
            start = (at[i] - terms.latency_ms) / terms.step_ms * terms.step_ms;
            calls++;
        }
    }
    assert_int_equal(tk_oracle_ticks(at, USES, &terms, &out), 0);
    assert_int_equal(out.calls, calls);
    assert_int_equal(out.cold, 1);
}

static void what_lies_before_the_count_is_not_counted(void **state)
{
    static const int64_t at[] = {0, 30, 60, 90};
    struct tk_oracle_terms terms = {
        .life_ms = 30,
        .window_ms = 30,
        .step_ms = 10,
        .cold_cost = 10,
        .count_from_ms = 60,
    };
    struct tk_oracle_cost out;

    (void)state;
    assert_int_equal(tk_oracle_ticks(at, 4, &terms, &out), 0);
    assert_int_equal(out.calls, 2);
    assert_int_equal(out.cold, 0);
    assert_int_equal(out.first, 0);
    terms.count_from_ms = 0;
    assert_int_equal(tk_oracle_ticks(at, 4, &terms, &out), 0);
    assert_int_equal(out.calls, 4);
    assert_int_equal(out.cold, 1);
    assert_int_equal(out.first, 1);
}

static void no_use_costs_nothing(void **state)
{
    struct tk_oracle_terms terms = {
        .life_ms = 30, .window_ms = 30, .step_ms = 10, .cold_cost = 10};
    struct tk_oracle_cost out = {1, 1, 1};

    (void)state;
    assert_int_equal(tk_oracle_ticks(NULL, 0, &terms, &out), 0);
    assert_int_equal(out.calls + out.cold + out.first, 0);
}

/* 2^60 ms need no room of their own. */
static void a_token_may_live_as_long_as_it_likes(void **state)
{
    static const int64_t at[] = {0, 100, 90000};
    struct tk_oracle_terms terms = {.life_ms = INT64_C(1) << 60,
                                    .window_ms = INT64_C(1) << 60,
                                    .step_ms = 10,
                                    .cold_cost = 10};
    struct tk_oracle_cost out;

    (void)state;
    assert_int_equal(tk_oracle_ticks(at, 3, &terms, &out), 0);
    assert_int_equal(out.calls, 1);
    assert_int_equal(out.cold, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheapest_of_all_ticks_is_found),
        cmocka_unit_test(so_it_is_when_every_moment_is_a_tick),
        cmocka_unit_test(a_window_shorter_than_a_step_leaves_holes),
        cmocka_unit_test(a_token_may_live_as_long_as_it_likes),
        cmocka_unit_test(with_a_wide_window_the_latest_tick_is_the_best),
        cmocka_unit_test(what_lies_before_the_count_is_not_counted),
        cmocka_unit_test(no_use_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
