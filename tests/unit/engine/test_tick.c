#include "tests/unit/engine/learner.h"
#include "tests/unit/script/attacks.h"

#include <time.h>

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

/* As after a reload, which carries what was counted over. */
static void
a_tick_hears_nothing_from_before_the_policy_was_in_force(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    tk_caller_note_use(f->fleet, entry, f->now);
    use_script(f, "function policy.tick(fleet, options)\n"
                  "  note('u' .. fleet.uses .. ' i' .. fleet.issued) end");
    run_until(f, f->now + CHECK);
    assert_string_equal(noted(f), "u0 i0");
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
        tk_schedule_tell(f->fleet, entry, TK_EVENT_COLD, f->now);
    }
    assert_int_equal(f->policy.tick.calls, 10);
    assert_true(f->policy.tick.is_out);
    assert_int_equal(f->policy.learn.calls, 10);
    assert_true(f->policy.learn.is_out);
    assert_false(f->policy.decide.is_out);
    assert_false(entry->plan.fallback);
}

enum { MANY = 300 };

/* Keys of a policy that notes in `options.lead` whether it was asked anew. */
static void make_many(struct fixture *f)
{
    char key[32];

    use_script(f, "policy.options = { lead = { default = '15m' },\n"
                  "  check_interval = { default = '30s' } }\n"
                  "function policy.decide(token, options)\n"
                  "  return ask(1e6, '' .. options.lead) end\n"
                  "function policy.tick(fleet, options)\n"
                  "  note('' .. fleet.keys) options.lead = 60 end");
    f->source.max_keys = MANY;
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "crm/client/k%d", i);
        fresh(f, key, "t", LIFE);
    }
    f->now = START + CHECK;
}

static void assert_asked_anew(struct fixture *f)
{
    for (uint32_t id = 0; id < tk_fleet_count(f->fleet); id++) {
        struct tk_entry *entry = tk_fleet_at(f->fleet, id);

        assert_string_equal(tk_fleet_word(f->fleet, entry->plan.why), "60");
    }
}

/* A clock that moves whenever it is read makes slices end early: what is left
 * is done by the next runs. */
static void a_tick_over_many_keys_is_done_in_slices(void **state)
{
    struct fixture *f = *state;
    int runs = 0;

    make_many(f);
    f->work_us = 1000;
    tk_refresh_run_due(f->fleet, f->now);
    /* Not all of them are counted yet. */
    assert_int_equal(f->policy.tick.calls, 0);
    for (; tk_fleet_earliest(f->fleet) <= f->now; runs++) {
        tk_refresh_run_due(f->fleet, f->now);
    }
    assert_in_range(runs, 5, 2 * MANY);
    assert_asked_anew(f);
    assert_int_equal(f->policy.tick.calls, 1);
    assert_int_equal(f->policy.decide.calls, 2 * MANY);
    assert_string_equal(noted(f), "300");
    assert_int_equal(tk_fleet_earliest(f->fleet), START + 2 * CHECK);
}

/* The last key takes the number of one that goes, wherever the tick is. */
static void a_key_that_goes_during_a_tick_hides_no_other(void **state)
{
    struct fixture *f = *state;

    make_many(f);
    f->work_us = 1000;
    for (int run = 0; tk_fleet_earliest(f->fleet) <= f->now; run++) {
        if (run < 50) {
            tk_fleet_remove(f->fleet, tk_fleet_at(f->fleet, (uint32_t)run * 5));
        }
        tk_refresh_run_due(f->fleet, f->now);
    }
    assert_in_range(tk_fleet_count(f->fleet), MANY - 50, MANY - 5);
    assert_asked_anew(f);
}

/* Another source under a policy that does its work. */
struct neighbour {
    struct tk_policy policy;
    struct tk_source source;
    struct tk_entry *entry;
};

static void move_in(struct fixture *f, struct neighbour *hr)
{
    struct tk_key key;

    *hr = (struct neighbour){
        .policy = {.holders = 1, .check_interval_ms = CHECK},
        .source = {.name = "hr",
                   .kinds = {f->source.kinds[0]},
                   .kind_count = 1,
                   .max_keys = 1,
                   .max_concurrent = 1,
                   .forget_ms = f->source.forget_ms},
    };
    tk_list_init(&hr->policy.sources);
    tk_list_init(&hr->policy.of_ticks);
    tk_source_choose(&hr->source, &hr->policy);
    assert_int_equal(tk_key_parse(TK_STR("hr/client/a"), &key, NULL), 0);
    assert_int_equal(
        tk_fleet_claim(f->fleet, &hr->source, &key, &hr->entry, NULL), 0);
    tk_refresh_want(f->fleet, hr->entry, TK_URGENCY_PLANNED, f->now);
    land_token(f, hr->entry, "t1", LIFE);
}

static void move_out(struct fixture *f, struct neighbour *hr)
{
    tk_fleet_remove(f->fleet, hr->entry);
    tk_queue_fini(&hr->source.queue);
    tk_queue_fini(&hr->source.newcomers);
}

static void a_tick_leaves_other_policies_alone(void **state)
{
    struct fixture *f = *state;
    struct neighbour hr;

    make_many(f);
    move_in(f, &hr);
    tk_refresh_run_due(f->fleet, f->now);
    assert_string_equal(noted(f), "300");
    assert_string_equal(tk_fleet_word(f->fleet, hr.entry->plan.why),
                        "built-in rule");
    move_out(f, &hr);
}

/* --- attacks --- */

/* Processor time, so that a busy machine fails no test; a sanitizer costs a
 * factor, and only some of the attacks are tried with one. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifdef SANITIZED
enum { LONGEST_MS = 2500, ATTACK_STEP = 8 };
#else
enum { LONGEST_MS = 250, ATTACK_STEP = 1 };
#endif

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void check_turn(double since, const char *attack)
{
    double took = cpu_ms() - since;

    if (took > LONGEST_MS) fail_msg("took %.0f ms: %.300s", took, attack);
}

/* What the loop does in one turn. */
static void turn(struct fixture *f, const char *attack)
{
    double since = cpu_ms();

    tk_refresh_run_due(f->fleet, f->now);
    check_turn(since, attack);
}

/* A policy that attacks whenever it is called. */
static struct tk_entry *under_attack(struct fixture *f, const char *attack)
{
    struct tk_entry *entry;
    char script[4000];
    double since;

    snprintf(script, sizeof script,
             "function policy.decide(token, options) %s end\n"
             "function policy.learn(token, event) %s end\n"
             "function policy.tick(fleet, options) %s end\n",
             attack, attack, attack);
    use_script(f, script);
    since = cpu_ms();
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    check_turn(since, attack);
    return entry;
}

static void attack_one(struct fixture *f, const char *attack)
{
    struct tk_entry *entry = under_attack(f, attack);
    struct neighbour hr;

    move_in(f, &hr);
    for (int i = 0; i < 12; i++) {
        f->now += CHECK;
        turn(f, attack);
        tk_schedule_ask_soon(f->fleet, entry, f->now);
        turn(f, attack);
    }
    /* A rule stands in for it, and the neighbour has noticed nothing. */
    assert_true(entry->plan.fallback);
    assert_true(f->policy.decide.is_out && f->policy.tick.is_out);
    assert_int_equal(f->policy.decide.calls, 10);
    assert_int_equal(hr.entry->plan.asked,
                     hr.entry->life.expires_at - LIFE / 4);
    move_out(f, &hr);
}

static void attack_all(const char *const *attacks, int count)
{
    for (int i = 0; i < count; i += ATTACK_STEP) {
        void *state;

        assert_int_equal(fixture_set_up(&state), 0);
        attack_one(state, attacks[i]);
        learner_tear_down(&state);
    }
}

static void a_script_that_never_ends_holds_up_nobody(void **state)
{
    (void)state;
    attack_all(endless, ENDLESS);
}

static void a_script_that_does_what_is_not_allowed_holds_up_nobody(void **state)
{
    (void)state;
    attack_all(refused, REFUSED);
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
        WITH_LEARNER(a_tick_hears_nothing_from_before_the_policy_was_in_force),
        WITH_LEARNER(a_tick_that_moves_an_option_has_all_keys_asked),
        WITH_LEARNER(a_script_that_does_not_tick_is_not_asked),
        WITH_LEARNER(a_function_that_fails_for_long_is_not_called_again),
        WITH_LEARNER(a_tick_over_many_keys_is_done_in_slices),
        WITH_LEARNER(a_key_that_goes_during_a_tick_hides_no_other),
        WITH_LEARNER(a_tick_leaves_other_policies_alone),
        cmocka_unit_test(a_script_that_never_ends_holds_up_nobody),
        cmocka_unit_test(
            a_script_that_does_what_is_not_allowed_holds_up_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
