#include "tests/unit/engine/fixture.h"

#include "engine/slice.h"

static void limit(struct fixture *f, uint32_t per_minute)
{
    struct tk_limits quota = {{0, per_minute, 0}};
    struct tk_limits half = tk_limits_half(&quota);

    tk_budget_limit(&f->source.budget, &quota);
    tk_budget_limit(&f->source.newcomer_budget, &half);
}

static struct tk_entry *kept(struct fixture *f, const char *key)
{
    struct tk_entry *entry = claim(f, key);

    entry->is_kept = true;
    return entry;
}

static void want(struct fixture *f, struct tk_entry *entry)
{
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
}

/* No fetch is possible until f->source.max_concurrent is set again. */
static void hold(struct fixture *f)
{
    f->source.max_concurrent = 0;
}

static struct tk_entry *let_one_go(struct fixture *f)
{
    f->source.max_concurrent = f->source.active + 1;
    f->last = NULL;
    tk_refresh_drain(f->fleet, &f->source, f->now);
    return f->last;
}

static void without_a_call_left_a_refresh_waits_until_there_is_one(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = kept(f, "crm/client/a");
    struct tk_entry *b = kept(f, "crm/client/b");
    int64_t asked_at = f->now;

    limit(f, 1);
    want(f, a);
    want(f, b);
    assert_int_equal(f->fetches, 1);
    assert_true(b->is_queued);
    land_token(f, a, "t", LIFE);
    assert_int_equal(f->fetches, 1);
    assert_true(tk_fleet_earliest(f->fleet) < asked_at + 63 * SECOND);
    run_until(f, asked_at + 5 * MINUTE);
    assert_ptr_equal(f->last, b);
    assert_in_range(f->now, asked_at + 60 * SECOND, asked_at + 63 * SECOND);
}

/* Peers 28: each refresh is charged once, also one that fails or is forced. */
static void every_refresh_is_charged_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "t", LIFE);

    limit(f, 10);
    assert_int_equal(tk_budget_left(&f->source.budget, TK_MINUTE, f->now), 9);
    tk_caller_refresh(f->fleet, a, f->now);
    land_failure(f, a, TK_CLASS_TRANSIENT, 0);
    assert_int_equal(tk_budget_left(&f->source.budget, TK_MINUTE, f->now), 8);
    f->fetch_fails = 1;
    tk_caller_refresh(f->fleet, a, f->now);
    assert_int_equal(tk_budget_left(&f->source.budget, TK_MINUTE, f->now), 7);
}

static void a_forced_and_a_needed_refresh_need_a_call_too(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = kept(f, "crm/client/a");
    struct tk_entry *b = kept(f, "crm/client/b");
    struct tk_entry *c = kept(f, "crm/client/c");

    limit(f, 1);
    f->source.max_concurrent = 1;
    want(f, a);
    tk_refresh_want(f->fleet, b, TK_URGENCY_FORCED, f->now);
    tk_refresh_want(f->fleet, c, TK_URGENCY_NEEDED, f->now);
    assert_int_equal(f->fetches, 1);
    run_until(f, f->now + 2 * MINUTE);
    assert_ptr_equal(f->last, c);
    assert_true(b->is_queued);
}

static void a_caller_moves_a_queued_key_up(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "t", LIFE);
    struct tk_entry *b = fresh(f, "crm/client/b", "t", 2 * LIFE);
    struct tk_wait wait;

    hold(f);
    want(f, a);
    want(f, b);
    assert_int_equal(tk_turn_count_before(b), 1);
    wait_for(f, &wait, b, (struct tk_want){.wait_ms = SECOND, .newer_than = 9});
    assert_int_equal(tk_turn_count_before(b), 0);
    assert_ptr_equal(let_one_go(f), b);
    assert_ptr_equal(let_one_go(f), a);
}

static void a_key_whose_caller_has_gone_moves_down(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "t", LIFE);
    struct tk_entry *b = fresh(f, "crm/client/b", "t", 2 * LIFE);
    struct tk_wait wait;

    hold(f);
    want(f, a);
    wait_for(f, &wait, b, (struct tk_want){.wait_ms = SECOND, .newer_than = 9});
    tk_wait_leave(&wait);
    assert_ptr_equal(let_one_go(f), a);
}

static void of_two_that_go_dark_together_the_one_in_demand_is_first(void **s)
{
    struct fixture *f = *s;
    struct tk_entry *a = kept(f, "crm/client/a");
    struct tk_entry *b = kept(f, "crm/client/b");

    hold(f);
    tk_entry_note_use(b, f->now);
    want(f, a);
    want(f, b);
    assert_ptr_equal(let_one_go(f), b);
}

/* Peers 2: the first n of a list were served, and those behind them never. */
static void callers_of_other_keys_starve_nobody(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *poor = kept(f, "crm/client/poor");
    struct tk_entry *rich[20];
    struct tk_wait waits[20];
    char name[32];
    int turns = 0;

    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "crm/client/r%d", i);
        rich[i] = fresh(f, name, "t", 100 * LIFE);
    }
    hold(f);
    want(f, poor);
    while (!poor->flight && turns < 200) {
        struct tk_entry *next = rich[turns % 20];

        /* The turns are on trial here, not the floor between reports. */
        next->strikes = 0;
        wait_for(f, &waits[turns % 20], next,
                 (struct tk_want){.wait_ms = MINUTE, .newer_than = 99});
        f->now += 6 * SECOND;
        let_one_go(f);
        hold(f);
        snprintf(name, sizeof name, "t%d", turns);
        if (next->flight) land_token(f, next, name, 100 * LIFE);
        turns++;
    }
    assert_non_null(poor->flight);
    assert_in_range(turns, 90, 110);
}

static void keys_never_seen_get_half_of_the_budget(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *known = fresh(f, "crm/client/known", "t", LIFE);
    struct tk_wait waits[20];
    char name[32];

    limit(f, 10);
    f->now += 2 * MINUTE;
    f->source.max_concurrent = 100;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "crm/client/x%d", i);
        wait_for(f, &waits[i], claim(f, name),
                 (struct tk_want){.wait_ms = SECOND});
    }
    assert_int_equal(f->fetches, 1 + 5);
    tk_caller_refresh(f->fleet, known, f->now);
    assert_ptr_equal(f->last, known);
}

static void while_known_keys_wait_a_newcomer_gets_every_second_turn(void **s)
{
    struct fixture *f = *s;
    struct tk_wait waits[4];
    char name[32];
    int newcomers = 0;

    hold(f);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "crm/client/known%d", i);
        want(f, kept(f, name));
        snprintf(name, sizeof name, "crm/client/new%d", i);
        wait_for(f, &waits[i], claim(f, name),
                 (struct tk_want){.wait_ms = SECOND});
    }
    for (int i = 0; i < 4; i++) newcomers += !let_one_go(f)->is_kept;
    assert_int_equal(newcomers, 2);
}

static void a_newcomer_that_nobody_waits_for_is_given_up(void **state)
{
    struct fixture *f = *state;
    struct tk_wait wait;

    hold(f);
    wait_for(f, &wait, claim(f, "crm/client/x"),
             (struct tk_want){.wait_ms = SECOND});
    tk_wait_expire(f->fleet, f->now + SECOND);
    assert_int_equal(f->answers, 1);
    assert_int_equal(tk_fleet_count(f->fleet), 1);
    run_until(f, f->now + 3 * MINUTE);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    assert_int_equal(tk_turn_count(&f->source), 0);
    assert_int_equal(f->fetches, 0);
}

enum { MANY = 100000 };

/* All at once, in the order of demand, and each once. */
static void a_hundred_thousand_keys_start_in_order(void **state)
{
    struct fixture *f = *state;
    struct tk_fleet_options options = {.max_keys = MANY + 64,
                                       .mean_bytes = 64,
                                       .node = TK_STR("test"),
                                       .port = *tk_fleet_port(f->fleet)};
    double last = 1e9;
    char name[32];

    tk_fleet_free(f->fleet);
    assert_int_equal(tk_fleet_new(&options, &f->fleet), 0);
    f->source.max_keys = MANY;
    hold(f);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "crm/client/%u", i);
        kept(f, name)->rate = i * 7919u % MANY;
        want(f, tk_fleet_at(f->fleet, i));
    }
    for (int i = 0; i < MANY; i++) {
        struct tk_entry *entry = let_one_go(f);

        assert_true(entry->rate <= last);
        last = entry->rate;
        hold(f);
        land_token(f, entry, "t", LIFE);
    }
    assert_int_equal(f->fetches, MANY);
    assert_int_equal(tk_turn_count(&f->source), 0);
}

/* Peers 27: a key was dropped for being refreshed, and its place was lost. */
static void a_queued_key_that_is_removed_leaves_the_queue(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "t", LIFE);

    hold(f);
    want(f, a);
    assert_int_equal(tk_turn_count(&f->source), 1);
    assert_true(tk_entry_has_token(a, f->now));
    tk_fleet_remove(f->fleet, a);
    assert_int_equal(tk_turn_count(&f->source), 0);
    assert_null(let_one_go(f));
}

/* --- what an issuer asks for --- */

static void no_key_of_the_source_beats_the_wish_of_its_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *limited = fresh(f, "crm/client/limited", "l", LIFE);
    struct tk_entry *other = fresh(f, "crm/client/other", "o", LIFE);
    struct tk_entry *app = claim(f, "crm/client/app");
    struct tk_str none = {NULL, 0};
    int64_t asked_at = f->now;
    int fetches;

    tk_caller_refresh(f->fleet, limited, f->now);
    fetches = f->fetches;
    land_failure(f, limited, TK_CLASS_RATE, 120 * SECOND);
    tk_caller_refresh(f->fleet, limited, f->now);
    tk_caller_reject(f->fleet, other, 1, none, f->now);
    tk_refresh_want(f->fleet, app, TK_URGENCY_NEEDED, f->now);
    tk_caller_drop(f->fleet, limited, f->now);
    tk_caller_refresh(f->fleet, limited, f->now);
    assert_int_equal(f->fetches, fetches);
    assert_int_equal(run_until(f, f->now + LIFE), asked_at + 120 * SECOND);
    assert_true(f->fetches > fetches);
}

static void a_hostile_wish_holds_a_source_for_an_hour_at_most(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t", 24 * LIFE);
    int64_t asked_at = f->now;

    tk_caller_refresh(f->fleet, entry, f->now);
    land_failure(f, entry, TK_CLASS_TRANSIENT, INT64_MAX);
    assert_int_equal(run_until(f, f->now + 24 * LIFE),
                     asked_at + TK_RETRY_AFTER_MAX_MS);
}

static void no_wish_or_a_senseless_one_holds_nothing(void **state)
{
    static const int64_t wishes[] = {0, -1, INT64_MIN};
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t", LIFE);

    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        tk_caller_refresh(f->fleet, entry, f->now);
        assert_non_null(entry->flight);
        land_failure(f, entry, TK_CLASS_RATE, wishes[i]);
    }
    assert_int_equal(f->source.budget.held_until, 0);
}

static void a_shorter_wish_does_not_take_back_a_longer_one(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = fresh(f, "crm/client/a", "a", LIFE);
    struct tk_entry *b = fresh(f, "crm/client/b", "b", LIFE);
    int64_t asked_at = f->now;

    tk_caller_refresh(f->fleet, a, f->now);
    tk_caller_refresh(f->fleet, b, f->now);
    land_failure(f, a, TK_CLASS_RATE, 300 * SECOND);
    land_failure(f, b, TK_CLASS_RATE, SECOND);
    assert_int_equal(run_until(f, f->now + LIFE), asked_at + 300 * SECOND);
}

static void what_is_wrong_with_one_key_holds_no_other(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *wrong = kept(f, "crm/client/wrong");

    want(f, wrong);
    land_failure(f, wrong, TK_CLASS_CONFIG, 120 * SECOND);
    want(f, claim(f, "crm/client/other"));
    assert_int_equal(f->fetches, 2);
}

static void a_caller_is_told_when_the_issuer_may_be_asked(void **state)
{
    struct fixture *f = *state;
    struct tk_want hasty = {.wait_ms = SECOND};
    struct tk_want patient = {.wait_ms = 3 * MINUTE};
    struct tk_entry *limited = fresh(f, "crm/client/limited", "t", LIFE);
    struct tk_entry *cold = claim(f, "crm/client/cold");
    struct tk_wait wait;
    struct tk_got got;

    tk_caller_refresh(f->fleet, limited, f->now);
    land_failure(f, limited, TK_CLASS_RATE, 120 * SECOND);
    assert_true(tk_caller_get(f->fleet, limited, &hasty, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
    assert_true(tk_caller_get(f->fleet, cold, &hasty, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_BUSY);
    assert_int_equal(got.retry_in_ms, 120 * SECOND);
    assert_false(tk_caller_get(f->fleet, cold, &patient, f->now, &got));
    wait_for(f, &wait, cold, patient);
    run_until(f, f->now + 2 * MINUTE);
    land_token(f, cold, "late", LIFE);
    assert_string_equal(f->token, "late");
}

static void a_source_that_starts_many_refreshes_lets_others_in(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entries[3] = {claim(f, "crm/client/a"),
                                   claim(f, "crm/client/b"),
                                   claim(f, "crm/client/c")};

    f->work_us = TK_SLICE_US;
    f->source.max_concurrent = 0;
    for (int i = 0; i < 3; i++) {
        tk_refresh_want(f->fleet, entries[i], TK_URGENCY_PLANNED, f->now);
    }
    f->source.max_concurrent = 3;
    for (int i = 1; i <= 3; i++) {
        tk_refresh_drain(f->fleet, &f->source, f->now);
        assert_int_equal(f->fetches, i);
    }
    assert_true(tk_fleet_earliest(f->fleet) <= f->now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_source_that_starts_many_refreshes_lets_others_in),
        WITH_FLEET(without_a_call_left_a_refresh_waits_until_there_is_one),
        WITH_FLEET(every_refresh_is_charged_once),
        WITH_FLEET(a_forced_and_a_needed_refresh_need_a_call_too),
        WITH_FLEET(a_caller_moves_a_queued_key_up),
        WITH_FLEET(a_key_whose_caller_has_gone_moves_down),
        WITH_FLEET(of_two_that_go_dark_together_the_one_in_demand_is_first),
        WITH_FLEET(callers_of_other_keys_starve_nobody),
        WITH_FLEET(keys_never_seen_get_half_of_the_budget),
        WITH_FLEET(while_known_keys_wait_a_newcomer_gets_every_second_turn),
        WITH_FLEET(a_newcomer_that_nobody_waits_for_is_given_up),
        WITH_FLEET(a_hundred_thousand_keys_start_in_order),
        WITH_FLEET(a_queued_key_that_is_removed_leaves_the_queue),
        WITH_FLEET(no_key_of_the_source_beats_the_wish_of_its_issuer),
        WITH_FLEET(a_hostile_wish_holds_a_source_for_an_hour_at_most),
        WITH_FLEET(no_wish_or_a_senseless_one_holds_nothing),
        WITH_FLEET(a_shorter_wish_does_not_take_back_a_longer_one),
        WITH_FLEET(what_is_wrong_with_one_key_holds_no_other),
        WITH_FLEET(a_caller_is_told_when_the_issuer_may_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
