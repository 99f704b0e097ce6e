#include "sim/score.h"

#include "tests/unit/harness.h"

#include <math.h>

static struct tk_tally tallies[] = {
    {.name = "on-demand", .uses = 20000, .cold = 100, .calls = 120},
    {.name = "always-fresh", .uses = 20000, .calls = 600},
    {.name = "mine",
     .uses = 20000,
     .cold = 10,
     .calls = 150,
     .at_risk_ms = 250,
     .key_ms = 1000},
};
static const struct tk_contest contest = {.tallies = tallies, .count = 3};
static const struct tk_optimum optimum = {
    .continuous = {.calls = 120, .cold = 20, .first = 20},
    .ticks = {.calls = 121, .cold = 21, .first = 20},
    .renew = {.calls = 300, .cold = 60, .first = 20},
};

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-9) fail_msg("%f is not %f", a, b);
}

static void a_run_is_held_against_the_references(void **state)
{
    struct tk_score score;

    (void)state;
    tk_score_of(&contest, &optimum, &tallies[2], &score);
    assert_near(score.cold_per_10k, 5);
    assert_near(score.of_fresh, .25);
    assert_near(score.avoided, .9);
    assert_near(score.at_risk, .25);
}

static void costs_are_held_against_the_optimum(void **state)
{
    struct tk_score score;

    (void)state;
    tk_score_of(&contest, &optimum, &tallies[2], &score);
    for (int i = 0; i < TK_RATIOS; i++) {
        double cost = 150 + (tk_ratios[i] - 1) * 10;

        assert_near(score.cost[i], cost);
        assert_near(score.over[i], cost / 120);
        assert_near(score.regret[i], cost - 120);
    }
}

static void where_there_is_nothing_to_compare_nothing_is_said(void **state)
{
    struct tk_tally empty[3] = {{.name = ""}};
    struct tk_contest none = {.tallies = empty, .count = 3};
    struct tk_score score;

    (void)state;
    tk_score_of(&none, NULL, &empty[2], &score);
    assert_true(isnan(score.of_fresh) && isnan(score.avoided));
    assert_true(isnan(score.at_risk) && isnan(score.over[0]));
    assert_near(score.cold_per_10k, 0);
}

static void an_optimum_is_scored_like_a_run(void **state)
{
    struct tk_tally optima[TK_OPTIMA];
    struct tk_score score;

    (void)state;
    tk_score_optima(&contest, &optimum, optima);
    assert_string_equal(optima[0].name, "optimum");
    assert_string_equal(optima[2].name, "optimum that never pre-warms");
    tk_score_of(&contest, &optimum, &optima[0], &score);
    assert_near(score.over[1], 1);
    assert_near(score.avoided, 1);
    tk_score_of(&contest, &optimum, &optima[2], &score);
    assert_near(score.cold_per_10k, 20);
    assert_near(score.over[1], (300 + 9 * 40) / 120.);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_held_against_the_references),
        cmocka_unit_test(costs_are_held_against_the_optimum),
        cmocka_unit_test(where_there_is_nothing_to_compare_nothing_is_said),
        cmocka_unit_test(an_optimum_is_scored_like_a_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
