#include "tests/unit/engine/learner.h"

#define LEARNS                                                                 \
    "function policy.learn(token, event)\n"                                    \
    "  note(event .. ':' .. token.generation) end"

#define CHECK (30 * SECOND) /* of the fixture */

static void get(struct fixture *f, struct tk_entry *entry, struct tk_wait *wait)
{
    struct tk_want want = {.wait_ms = 5 * SECOND};
    struct tk_got got;

    if (tk_caller_get(f->fleet, entry, &want, f->now, &got)) return;
    wait_for(f, wait, entry, want);
}

static void a_new_token_is_an_event(void **state)
{
    struct fixture *f = *state;

    use_script(f, LEARNS);
    fresh(f, "crm/client/a", "t1", LIFE);
    assert_string_equal(noted(f), "issued:1");
}

static void a_token_that_nobody_used_was_wasted(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, LEARNS);
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    run_until(f, f->now + LIFE);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(noted(f), "issued:1 wasted:1 issued:2");
    assert_int_equal(f->source.stats.wasted, 1);
    tk_entry_note_use(entry, f->now);
    run_until(f, f->now + LIFE);
    land_token(f, entry, "t3", LIFE);
    assert_string_equal(noted(f), "issued:3");
    assert_int_equal(f->source.stats.wasted, 1);
}

static void a_token_that_somebody_waited_for_was_not_wasted(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait wait;

    use_script(f, LEARNS);
    get(f, entry, &wait);
    land_token(f, entry, "t1", LIFE);
    run_until(f, f->now + LIFE);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(noted(f), "issued:1 issued:2");
}

/* A use after its end is no use of it. */
static void a_token_that_was_asked_for_too_late_was_wasted(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_wait wait;

    use_script(f, "function policy.decide() return lapse('x') end " LEARNS);
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    f->now += LIFE;
    get(f, entry, &wait);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(noted(f), "issued:1 cold:1 wasted:1 issued:2");
}

static void callers_of_one_cold_key_are_one_event(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_wait waits[3];

    use_script(f, "function policy.decide() return lapse('x') end\n"
                  "function policy.learn(token, event)\n"
                  "  note(event .. ':' .. token.idle) end");
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    tk_caller_note_use(f->fleet, entry, f->now);
    f->now += LIFE;
    for (int i = 0; i < 3; i++) get(f, entry, &waits[i]);
    /* As idle as it was before they came. */
    assert_string_equal(noted(f), "issued:inf cold:7200.0");
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(noted(f), "issued:0.1");
    f->now += LIFE;
    get(f, entry, &waits[0]);
    assert_string_equal(noted(f), "cold:7200.1");
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
}

static void a_failure_and_a_report_are_events(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, LEARNS);
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    noted(f);
    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){0}, f->now);
    assert_string_equal(noted(f), "rejected:1");
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_string_equal(noted(f), "failed:1");
}

static void a_key_that_never_had_a_token_is_no_event(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait wait;

    use_script(f, LEARNS);
    get(f, entry, &wait);
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_string_equal(noted(f), "");
}

static void ticks_come_at_their_interval(void **state)
{
    struct fixture *f = *state;

    use_script(f, "function policy.tick(fleet, options)\n"
                  "  note(fleet.keys .. '/' .. fleet.elapsed) end");
    fresh(f, "crm/client/a", "t1", LIFE);
    assert_int_equal(tk_fleet_earliest(f->fleet), START + CHECK);
    run_until(f, START + CHECK - 1);
    assert_string_equal(noted(f), "");
    run_until(f, START + CHECK);
    assert_string_equal(noted(f), "1/30.0");
    run_until(f, START + 3 * CHECK);
    assert_string_equal(noted(f), "1/30.0 1/30.0");
    /* One tick makes up for those that were slept through. */
    f->now += 10 * CHECK + SECOND;
    tk_refresh_run_due(f->fleet, f->now);
    assert_string_equal(noted(f), "1/301.0");
    assert_int_equal(tk_fleet_earliest(f->fleet), START + 14 * CHECK);
}

static void a_tick_hears_what_happened_since_the_last(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_wait wait;

    use_script(f,
               "function policy.tick(fleet, options)\n"
               "  note(('u%d c%d r%d i%d w%d f%d x%d q%d l%d %d %d'):format(\n"
               "    fleet.uses, fleet.cold, fleet.calls, fleet.issued,\n"
               "    fleet.wasted, fleet.failed, fleet.rejected,\n"
               "    fleet.in_flight, fleet.states.lapsed,\n"
               "    fleet.states.fresh,\n"
               "    (fleet.budget.crm or {}).minute or -1)) end");
    f->source.quota.limits[TK_MINUTE] = 7;
    tk_budget_limit(&f->source.budget, &f->source.quota);
    entry = claim(f, "crm/client/a");
    get(f, entry, &wait);
    land_token(f, entry, "t1", LIFE);
    fresh(f, "crm/client/b", "t2", 20 * SECOND);
    tk_caller_note_use(f->fleet, entry, f->now);
    run_until(f, START + CHECK);
    tk_refresh_run_due(f->fleet, START + CHECK);
    assert_string_equal(noted(f), "u2 c1 r2 i2 w0 f0 x0 q1 l1 1 4");
    f->now = START + CHECK + SECOND;
    land_failure(f, tk_fleet_find(f->fleet, TK_STR("crm/client/b")),
                 TK_CLASS_CONFIG, 0);
    tk_refresh_run_due(f->fleet, START + 2 * CHECK);
    assert_string_equal(noted(f), "u0 c0 r1 i0 w0 f1 x0 q0 l1 1 4");
}

static void a_tick_that_moves_an_option_has_all_keys_asked(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, "policy.options = { lead = { default = '15m' } }\n"
                  "function policy.decide(token, options)\n"
                  "  return renew(token.remaining - options.lead, 'x') end\n"
                  "function policy.tick(fleet, options)\n"
                  "  if options.lead == 900 then options.lead = 1800 end end");
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    assert_int_equal(entry->plan.asked, START + LIFE - 900 * SECOND);
    run_until(f, START + CHECK);
    assert_int_equal(entry->plan.asked, START + LIFE - 1800 * SECOND);
    assert_int_equal(f->policy.tick.calls, 1);
    assert_int_equal(f->policy.tick.failures, 0);
}

static void a_script_that_does_not_tick_is_not_asked(void **state)
{
    struct fixture *f = *state;

    use_script(f, "");
    fresh(f, "crm/client/a", "t1", LIFE);
    run_until(f, START + 5 * CHECK);
    assert_int_equal(f->policy.tick.calls, 0);
    assert_int_equal(f->policy.learn.calls, 0);
}

/* The other functions go on. */
static void a_function_that_fails_for_long_is_not_called_again(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;

    use_script(f, "function policy.learn() error('no') end\n"
                  "function policy.tick() error('no') end");
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    for (int i = 0; i < 20; i++) {
        f->now += CHECK;
        tk_refresh_run_due(f->fleet, f->now);
        tk_tick_learn(f->fleet, entry, TK_EVENT_COLD, f->now);
    }
    assert_int_equal(f->policy.tick.calls, 10);
    assert_true(f->policy.tick.is_out);
    assert_int_equal(f->policy.learn.calls, 10);
    assert_true(f->policy.learn.is_out);
    assert_false(f->policy.decide.is_out);
    assert_false(entry->plan.fallback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEARNER(a_new_token_is_an_event),
        WITH_LEARNER(a_token_that_nobody_used_was_wasted),
        WITH_LEARNER(a_token_that_somebody_waited_for_was_not_wasted),
        WITH_LEARNER(a_token_that_was_asked_for_too_late_was_wasted),
        WITH_LEARNER(callers_of_one_cold_key_are_one_event),
        WITH_LEARNER(a_failure_and_a_report_are_events),
        WITH_LEARNER(a_key_that_never_had_a_token_is_no_event),
        WITH_LEARNER(ticks_come_at_their_interval),
        WITH_LEARNER(a_tick_hears_what_happened_since_the_last),
        WITH_LEARNER(a_tick_that_moves_an_option_has_all_keys_asked),
        WITH_LEARNER(a_script_that_does_not_tick_is_not_asked),
        WITH_LEARNER(a_function_that_fails_for_long_is_not_called_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
