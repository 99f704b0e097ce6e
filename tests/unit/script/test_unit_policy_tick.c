#include "tests/unit/script/policy_unit.h"

static int tick(const char *body, struct policy_unit *p, struct tk_value *moved)
{
    struct tk_value fleet =
        tree_of(&p->pool, "{'cold':5,'states':{'fresh':2}}");
    struct tk_value options = tree_of(&p->pool, "{'lead':60.5,'on':true}");
    struct tk_tick_view view = {&fleet, &options, 26 * 3600};

    policy_open(p, "function policy.tick(fleet, options)\n%s end", body);
    return tk_unit_tick(p->unit, &view, &p->pool, moved, &p->why);
}

static void a_tick_sees_the_fleet_and_moves_options(void **state)
{
    struct policy_unit *p = *state;
    struct tk_value moved;

    assert_int_equal(tick("assert(fleet.states.fresh == 2)\n"
                          "assert(clock.day == 2 and clock.hour == 2)\n"
                          "options.lead = options.lead + fleet.cold",
                          p, &moved),
                     0);
    assert_true(tk_value_get(&moved, "lead")->as.number == 65.5);
    assert_true(tk_value_get(&moved, "on")->as.flag);
}

static void a_tick_that_fails_moves_nothing(void **state)
{
    struct policy_unit *p = *state;
    struct tk_value moved;

    assert_int_equal(tick("options.lead = 1 error 'no'", p, &moved),
                     TK_ESCRIPT);
    assert_int_equal(moved.type, TK_NIL);
    assert_non_null(strstr(p->why.text, ":4: no"));
    assert_int_equal(tick("while true do end", p, &moved), TK_EBUDGET);
}

static void options_that_are_no_values_are_refused(void **state)
{
    static const char *const bad[] = {
        "options.lead = 0 / 0",
        "options.lead = options",
        "options[{}] = 1",
        "options.lead = function() end",
    };
    struct policy_unit *p = *state;
    struct tk_value moved;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(tick(bad[i], p, &moved), TK_ESCRIPT);
        assert_non_null(strstr(p->why.text, "after tick, "));
    }
}

static void a_word_inside_of_tick_is_refused(void **state)
{
    struct policy_unit *p = *state;
    struct tk_value moved;

    assert_int_equal(tick("return renew(1)", p, &moved), TK_ESCRIPT);
    assert_non_null(
        strstr(p->why.text, "renew may be used inside decide only"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_POLICY(a_tick_sees_the_fleet_and_moves_options),
        WITH_POLICY(a_tick_that_fails_moves_nothing),
        WITH_POLICY(options_that_are_no_values_are_refused),
        WITH_POLICY(a_word_inside_of_tick_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
