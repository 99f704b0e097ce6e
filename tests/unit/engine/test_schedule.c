#include "tests/unit/engine/fixture.h"

static void a_policy_sees_the_life_of_a_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_token_view view;

    f->now = START + 1000 * SECOND;
    tk_schedule_view(f->fleet, entry, f->now, &view);
    assert_int_equal(view.age_ms, 1000 * SECOND);
    assert_int_equal(view.life_ms, LIFE);
    assert_int_equal(view.remaining_ms, LIFE - 1000 * SECOND);
    assert_int_equal(view.renewable_in_ms, 0);
    assert_int_equal(view.idle_ms, -1);
    assert_int_equal(view.generation, 1);
    assert_string_equal(view.state, "fresh");
    tk_entry_note_use(entry, f->now - 5 * SECOND);
    tk_schedule_view(f->fleet, entry, f->now, &view);
    assert_int_equal(view.idle_ms, 5 * SECOND);
    assert_int_equal(view.uses, 1);
}

static void a_token_that_has_ended_has_nothing_left(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_token_view view;

    tk_schedule_view(f->fleet, entry, START + 2 * LIFE, &view);
    assert_int_equal(view.remaining_ms, 0);
    assert_string_equal(view.state, "lapsed");
}

static void
use_of_a_key_that_was_to_lapse_is_asked_about_at_a_tick(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t due;

    entry->plan.verb = TK_LAPSE;
    f->now = START + 100 * SECOND;
    tk_schedule_used(f->fleet, entry, f->now);
    due = tk_fleet_due(f->fleet, entry);
    assert_int_equal(due, START + 120 * SECOND);
    /* Asked once, however often it is used until then. */
    tk_schedule_used(f->fleet, entry, f->now + SECOND);
    assert_int_equal(tk_fleet_due(f->fleet, entry), due);
    tk_refresh_run_due(f->fleet, due);
    assert_int_equal(entry->plan.verb, TK_RENEW);
    assert_int_equal(f->fetches, 1);
}

static void a_standing_renew_plan_is_not_touched_by_use(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t due = tk_fleet_due(f->fleet, entry);

    tk_schedule_used(f->fleet, entry, f->now);
    assert_int_equal(tk_fleet_due(f->fleet, entry), due);
}

static void an_abandoned_key_is_not_retried_for_ever(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int tries = 0;

    tk_entry_note_use(entry, f->now);
    while (tk_fleet_count(f->fleet) > 0 && tries < 100000) {
        run_until(f, f->now + 48 * 3600 * SECOND);
        if (tk_fleet_count(f->fleet) == 0) break;
        assert_non_null(entry->flight);
        land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
        tries++;
    }
    /* It ends with its life and is forgotten a day later. */
    assert_in_range(tries, 10, 400);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
}

static void a_failing_policy_is_replaced_by_the_built_in_rule(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    assert_true(entry->plan.fallback);
    assert_string_equal(tk_fleet_word(f->fleet, entry->plan.why),
                        "built-in rule");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_policy_sees_the_life_of_a_token),
        WITH_FLEET(a_token_that_has_ended_has_nothing_left),
        WITH_FLEET(use_of_a_key_that_was_to_lapse_is_asked_about_at_a_tick),
        WITH_FLEET(a_standing_renew_plan_is_not_touched_by_use),
        WITH_FLEET(an_abandoned_key_is_not_retried_for_ever),
        WITH_FLEET(a_failing_policy_is_replaced_by_the_built_in_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
