#include "tests/unit/engine/learner.h"

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

static void an_abandoned_key_is_retried_for_a_caller(void **state)
{
    struct fixture *f = *state;
    struct tk_want patient = {.wait_ms = 60 * SECOND};
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_wait wait;
    struct tk_got got;

    f->now = START + 3 * LIFE;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    for (int tries = 1; tries < 5; tries++) {
        land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
        run_until(f, f->now + 60 * SECOND);
        assert_non_null(entry->flight);
    }
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_true(tk_fleet_due(f->fleet, entry) > f->now + LIFE);
    assert_false(tk_caller_get(f->fleet, entry, &patient, f->now, &got));
    wait_for(f, &wait, entry, patient);
    run_until(f, f->now + 60 * SECOND);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(f->token, "t2");
}

static void an_abandoned_key_that_is_refused_is_left_alone_at_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    f->now = START + 3 * LIFE;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_REAUTHORIZE, 0);
    assert_true(tk_fleet_due(f->fleet, entry) > f->now + LIFE);
}

static void a_failing_policy_is_replaced_by_the_built_in_rule(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    assert_true(entry->plan.fallback);
    assert_string_equal(tk_fleet_word(f->fleet, entry->plan.why),
                        "built-in rule");
}

static void a_token_that_has_ended_is_revived_when_the_policy_says(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, "function policy.decide(token)\n"
                  "  if token.remaining > 0 then return ask(8000, 'x') end\n"
                  "  return renew(600, 'x') end");
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    run_until(f, START + 8010 * SECOND);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(entry->plan.verb, TK_RENEW);
    /* From the tick on. */
    assert_int_equal(entry->plan.at, START + (8010 + 600) * SECOND);
    assert_int_equal(run_until(f, START + 2 * LIFE), entry->plan.at);
    assert_int_equal(f->fetches, 2);
}

static void a_key_that_falls_idle_is_asked_about_at_a_tick(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    int64_t last_use = START + 1000 * SECOND;

    use_script(f, "function policy.decide(token)\n"
                  "  note('' .. token.idle) return ask(1e6, 'x') end");
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    assert_string_equal(noted(f), "inf");
    run_until(f, last_use);
    tk_caller_note_use(f->fleet, entry, f->now);
    /* In use: at the next tick. */
    run_until(f, START + 1019 * SECOND);
    assert_string_equal(noted(f), "");
    run_until(f, START + 1020 * SECOND);
    assert_string_equal(noted(f), "20.0");
    /* Used for less than a life: once, when that is over. */
    run_until(f, last_use + LIFE - 1);
    assert_string_equal(noted(f), "");
    run_until(f, last_use + 2 * LIFE);
    assert_string_equal(noted(f), "7220.0");
    /* And when it comes back. */
    tk_caller_note_use(f->fleet, entry, f->now);
    run_until(f, f->now + 30 * SECOND);
    assert_string_equal(noted(f), "20.0");
}

static void a_key_that_is_used_all_the_time_is_not_asked_about(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, "function policy.decide(token)\n"
                  "  note('x') return ask(1e6, 'x') end");
    entry = fresh(f, "crm/client/a", "t1", 100 * LIFE);
    tk_caller_note_use(f->fleet, entry, f->now);
    run_until(f, f->now + 30 * SECOND);
    noted(f);
    for (int i = 0; i < 90; i++) {
        run_until(f, f->now + LIFE);
        tk_caller_note_use(f->fleet, entry, f->now);
    }
    assert_string_equal(noted(f), "");
}

#define HOUR (3600 * SECOND)
/* Tuesday 2 January 2024, 22:00 by the wall. */
#define TUESDAY (INT64_C(1704232800) * SECOND)

static void learn_days(struct fixture *f)
{
    use_script(f, "function policy.decide() return ask(1e7, 'x') end\n"
                  "function policy.learn(token, event)\n"
                  "  if event ~= 'day' then return end\n"
                  "  local used = 0 for hour = 0, 23.5, 0.5 do\n"
                  "    if token.today(hour) then used = used + 1 end end\n"
                  "  note(('%d:%d:%.0f'):format(clock.day, used, token.hour))\n"
                  "end");
    tk_fleet_set_wall(f->fleet, TUESDAY - f->now);
}

static void a_day_of_a_key_ends_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    learn_days(f);
    entry = fresh(f, "crm/client/a", "t1", 10 * LIFE);
    run_until(f, f->now + 24 * HOUR);
    /* A key that nobody uses has no days. */
    assert_string_equal(noted(f), "");
    tk_caller_note_use(f->fleet, entry, f->now);
    run_until(f, f->now + 24 * HOUR);
    assert_string_equal(noted(f), "3:1:24");
    run_until(f, f->now + 24 * HOUR);
    assert_string_equal(noted(f), "4:0:24");
}

/* The first use of a new day may come before the tick. */
static void a_day_is_told_before_it_is_folded(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    learn_days(f);
    entry = fresh(f, "crm/client/a", "t1", 10 * LIFE);
    tk_caller_note_use(f->fleet, entry, f->now);
    f->now += 2 * HOUR;
    tk_caller_note_use(f->fleet, entry, f->now);
    assert_string_equal(noted(f), "2:1:24");
    assert_int_equal(entry->profile->today != 0, 1);
    tk_caller_note_use(f->fleet, entry, f->now);
    assert_string_equal(noted(f), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_policy_sees_the_life_of_a_token),
        WITH_FLEET(a_token_that_has_ended_has_nothing_left),
        WITH_FLEET(use_of_a_key_that_was_to_lapse_is_asked_about_at_a_tick),
        WITH_FLEET(a_standing_renew_plan_is_not_touched_by_use),
        WITH_FLEET(an_abandoned_key_is_not_retried_for_ever),
        WITH_FLEET(an_abandoned_key_is_retried_for_a_caller),
        WITH_FLEET(an_abandoned_key_that_is_refused_is_left_alone_at_once),
        WITH_FLEET(a_failing_policy_is_replaced_by_the_built_in_rule),
        WITH_LEARNER(a_token_that_has_ended_is_revived_when_the_policy_says),
        WITH_LEARNER(a_key_that_falls_idle_is_asked_about_at_a_tick),
        WITH_LEARNER(a_key_that_is_used_all_the_time_is_not_asked_about),
        WITH_LEARNER(a_day_of_a_key_ends_once),
        WITH_LEARNER(a_day_is_told_before_it_is_folded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
