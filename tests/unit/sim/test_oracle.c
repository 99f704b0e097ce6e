#include "sim/oracle.h"

#include "tests/unit/sim/brute.h"

#include <string.h>

enum { CASES = 3000, HORIZON = 13 };

static void show(const struct brute *brute)
{
    const struct tk_oracle_terms *terms = &brute->terms;

    print_message("life %d margin %d latency %d window %d cold_cost %u at",
                  (int)terms->life_ms, (int)terms->margin_ms,
                  (int)terms->latency_ms, (int)terms->window_ms,
                  terms->cold_cost);
    for (size_t i = 0; i < brute->n; i++) {
        print_message(" %d", (int)brute->at[i]);
    }
    print_message("\n");
}

/* Any whole moment: no better one lies between two of them. */
static void any_moment(struct brute *brute, uint64_t *seed)
{
    brute_draw(brute, seed, HORIZON);
    brute_moments(brute, 1, 0);
}

static void
the_continuous_optimum_is_the_fewest_calls_without_cold(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct brute brute;
        struct tk_oracle_cost best, out;

        any_moment(&brute, &seed);
        best = brute_best(&brute, true);
        tk_oracle_continuous(brute.at, brute.n, &brute.terms, &out);
        if (memcmp(&best, &out, sizeof out) != 0) {
            show(&brute);
            fail_msg("%d calls and %d cold instead of %d and %d",
                     (int)out.calls, (int)out.cold, (int)best.calls,
                     (int)best.cold);
        }
    }
}

static void without_latency_nobody_makes_fewer_calls(void **state)
{
    uint64_t seed = 2;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct brute brute;
        struct tk_oracle_cost best, out;

        any_moment(&brute, &seed);
        brute.terms.latency_ms = 0;
        best = brute_best(&brute, false);
        tk_oracle_continuous(brute.at, brute.n, &brute.terms, &out);
        assert_int_equal(brute_worth(&brute, &out), brute_worth(&brute, &best));
        assert_true(brute_play(&brute, 0)); /* on demand */
        assert_int_equal(out.calls, brute.cost.calls);
    }
}

static void renewing_live_tokens_alone_costs_what_it_must(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct brute brute;
        struct tk_oracle_cost best, out;

        any_moment(&brute, &seed);
        brute.terms.latency_ms = 0;
        brute.only_live = true;
        best = brute_best(&brute, false);
        tk_oracle_renew(brute.at, brute.n, &brute.terms, &out);
        if (brute_worth(&brute, &out) != brute_worth(&brute, &best)) {
            show(&brute);
            fail_msg("%d calls and %d cold instead of %d and %d",
                     (int)out.calls, (int)out.cold, (int)best.calls,
                     (int)best.cold);
        }
    }
}

static const struct tk_oracle_terms FEISHU = {
    .life_ms = 7200000,
    .latency_ms = 500,
    .window_ms = 1800000,
    .step_ms = 60000,
    .cold_cost = 10,
};

static void no_use_costs_nothing(void **state)
{
    struct tk_oracle_cost out = {1, 1, 1};

    (void)state;
    tk_oracle_continuous(NULL, 0, &FEISHU, &out);
    assert_int_equal(out.calls + out.cold + out.first, 0);
    out.calls = 1;
    tk_oracle_renew(NULL, 0, &FEISHU, &out);
    assert_int_equal(out.calls + out.cold + out.first, 0);
}

static void callers_of_one_refresh_are_each_cold(void **state)
{
    static const int64_t at[] = {0, 0, 499, 500, 501};
    struct tk_oracle_cost out;

    (void)state;
    tk_oracle_continuous(at, 5, &FEISHU, &out);
    assert_int_equal(out.calls, 1);
    assert_int_equal(out.cold, 3);
    assert_int_equal(out.first, 3);
    tk_oracle_renew(at, 5, &FEISHU, &out);
    assert_int_equal(out.calls, 1);
    assert_int_equal(out.cold, 3);
    assert_int_equal(out.first, 3);
}

/* A key that is used twice, ten lives apart: eleven renewals against one cold
 * call at 10. */
static void a_long_gap_is_better_left_cold(void **state)
{
    static const int64_t at[] = {0, 72000000};
    struct tk_oracle_terms terms = FEISHU;
    struct tk_oracle_cost out;

    (void)state;
    tk_oracle_renew(at, 2, &terms, &out);
    assert_int_equal(out.calls, 2);
    assert_int_equal(out.cold, 2);
    terms.cold_cost = 12;
    tk_oracle_renew(at, 2, &terms, &out);
    assert_int_equal(out.calls, 11);
    assert_int_equal(out.cold, 1);
}

static void what_lies_before_the_count_is_not_counted(void **state)
{
    static const int64_t at[] = {0, 7200000, 14400000, 21600000};
    struct tk_oracle_terms terms = FEISHU;
    struct tk_oracle_cost out;

    (void)state;
    terms.count_from_ms = 14399001;
    tk_oracle_continuous(at, 4, &terms, &out);
    assert_int_equal(out.calls, 2);
    assert_int_equal(out.cold, 0);
    assert_int_equal(out.first, 0);
    tk_oracle_renew(at, 4, &terms, &out);
    assert_int_equal(out.calls, 1); /* each 500 ms earlier than the last */
    assert_int_equal(out.cold, 0);
    terms.count_from_ms = 7199500;
    tk_oracle_renew(at, 4, &terms, &out);
    assert_int_equal(out.calls, 3);
    terms.count_from_ms = 7199501;
    tk_oracle_renew(at, 4, &terms, &out);
    assert_int_equal(out.calls, 2);
}

static void terms_without_a_gapless_renewal_are_refused(void **state)
{
    static const struct {
        int64_t life_ms, margin_ms, latency_ms, window_ms, step_ms;
        uint32_t cold_cost;
        int err;
    } rows[] = {
        {7200000, 0, 500, 1800000, 60000, 10, 0},
        {1000, 0, 500, 1000, 1, 1, 0},
        {999, 0, 500, 999, 1, 1, TK_EINVAL},
        {7200000, 7200000, 0, 7200000, 1, 1, TK_EINVAL},
        {7200000, 5000, 500, 5500, 1, 1, 0},
        {7200000, 5000, 500, 5499, 1, 1, TK_EINVAL},
        {7200000, -1, 500, 7200000, 1, 1, TK_EINVAL},
        {7200000, 0, -1, 7200000, 1, 1, TK_EINVAL},
        {7200000, 0, 500, 7200000, 0, 1, TK_EINVAL},
        {7200000, 0, 500, 7200000, 1, 0, TK_EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_oracle_terms terms = {
            .life_ms = rows[i].life_ms,
            .margin_ms = rows[i].margin_ms,
            .latency_ms = rows[i].latency_ms,
            .window_ms = rows[i].window_ms,
            .step_ms = rows[i].step_ms,
            .cold_cost = rows[i].cold_cost,
        };
        struct tk_why why = {0};

        assert_int_equal(tk_oracle_check(&terms, &why), rows[i].err);
        assert_int_equal(why.text[0] != '\0', rows[i].err != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            the_continuous_optimum_is_the_fewest_calls_without_cold),
        cmocka_unit_test(without_latency_nobody_makes_fewer_calls),
        cmocka_unit_test(renewing_live_tokens_alone_costs_what_it_must),
        cmocka_unit_test(no_use_costs_nothing),
        cmocka_unit_test(callers_of_one_refresh_are_each_cold),
        cmocka_unit_test(a_long_gap_is_better_left_cold),
        cmocka_unit_test(what_lies_before_the_count_is_not_counted),
        cmocka_unit_test(terms_without_a_gapless_renewal_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
