#include "sim/tally.h"

#include "tests/unit/harness.h"

static void a_cold_call_costs_as_many_calls_as_it_is_said_to(void **state)
{
    struct tk_tally tally = {.calls = 100, .cold = 10};

    (void)state;
    assert_true(tk_tally_cost(&tally, 1) == 100);
    assert_true(tk_tally_cost(&tally, 10) == 190);
    assert_true(tk_tally_cost(&tally, 30) == 390);
}

static void cold_callers_are_counted_by_ten_thousand_uses(void **state)
{
    struct tk_tally tally = {.uses = 40000, .cold = 10};
    struct tk_tally none = {0};

    (void)state;
    assert_true(tk_tally_cold_per_10k(&tally) == 2.5);
    assert_true(tk_tally_cold_per_10k(&none) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cold_call_costs_as_many_calls_as_it_is_said_to),
        cmocka_unit_test(cold_callers_are_counted_by_ten_thousand_uses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
