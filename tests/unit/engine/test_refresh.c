#include "tests/unit/engine/fixture.h"

#include "engine/slice.h"

static void a_new_token_has_a_generation_and_a_plan(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t sent = f->now - 100;

    assert_int_equal(generation_of(f, entry), 1);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_FRESH);
    /* Life runs from the moment the request was sent. */
    assert_int_equal(entry->life.expires_at, sent + LIFE);
    /* The built-in rule: a quarter of the life is left. */
    assert_true(tk_fleet_due(f->fleet, entry) <= sent + LIFE * 3 / 4);
    assert_true(tk_fleet_due(f->fleet, entry) >
                sent + LIFE * 3 / 4 - 61 * SECOND);
}

static void a_key_is_renewed_when_its_moment_comes(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t due = tk_fleet_due(f->fleet, entry);

    f->now = due - 1;
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(f->fetches, 1);
    f->now = due;
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(f->fetches, 2);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_DUE);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(generation_of(f, entry), 2);
}

static void one_refresh_of_a_key_is_on_its_way_at_a_time(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");

    for (int i = 0; i < 10; i++) {
        tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
        tk_refresh_want(f->fleet, entry, TK_URGENCY_NEEDED, f->now);
    }
    assert_int_equal(f->fetches, 1);
}

/* Peers 9: a token was stored where nobody looked for it. */
static void answers_that_come_crosswise_stay_under_their_keys(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *one = claim(f, "crm/client/a");
    struct tk_entry *other = claim(f, "crm/client/b");
    struct tk_record record;

    tk_refresh_want(f->fleet, one, TK_URGENCY_PLANNED, f->now);
    tk_refresh_want(f->fleet, other, TK_URGENCY_PLANNED, f->now);
    land_token(f, other, "for-b", LIFE);
    land_token(f, one, "for-a", LIFE);
    assert_ptr_equal(tk_fleet_find(f->fleet, TK_STR("crm/client/a")), one);
    tk_fleet_read(f->fleet, one, &record);
    assert_true(tk_str_is(record.token, "for-a"));
    tk_fleet_read(f->fleet, other, &record);
    assert_true(tk_str_is(record.token, "for-b"));
}

static void a_failure_keeps_the_token_and_is_retried(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    run_until(f, START + LIFE);
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_STALE);
    assert_true(tk_entry_has_token(entry, f->now));
    assert_int_equal(entry->failure->count, 1);
    assert_string_equal(entry->failure->code, "broken");
    run_until(f, f->now + 60 * SECOND);
    assert_int_equal(f->fetches, 3);
    land_token(f, entry, "t2", LIFE);
    assert_null(entry->failure);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_FRESH);
}

/* Peers 17: one failed try ended all retries. */
static void retries_do_not_end_while_the_issuer_is_away(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int tries = 0;

    tk_entry_note_use(entry, f->now);
    while (f->now < START + LIFE) {
        tk_entry_note_use(entry, f->now);
        run_until(f, f->now + LIFE);
        land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
        tries++;
    }
    assert_true(tries > 30);
    assert_true(tries < 200);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_LAPSED);
    run_until(f, f->now + 120 * SECOND);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_FRESH);
}

static void retry_after_holds_the_next_try_back(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t failed_at;

    failed_at = run_until(f, START + LIFE);
    land_failure(f, entry, TK_CLASS_RATE, 300 * SECOND);
    assert_int_equal(run_until(f, START + LIFE), failed_at + 300 * SECOND);
}

static void what_takes_long_is_done_in_several_goes(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *one = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_entry *two = fresh(f, "crm/client/b", "t2", LIFE);

    f->work_us = TK_SLICE_US;
    one->plan.verb = TK_ASK;
    two->plan.verb = TK_ASK;
    tk_fleet_set_due(f->fleet, one, f->now);
    tk_fleet_set_due(f->fleet, two, f->now);
    tk_refresh_run_due(f->fleet, f->now);
    assert_true((one->plan.verb == TK_RENEW) != (two->plan.verb == TK_RENEW));
    assert_true(tk_fleet_earliest(f->fleet) <= f->now);
    tk_refresh_run_due(f->fleet, f->now);
    assert_true(tk_fleet_earliest(f->fleet) > f->now);
}

static void places_are_bounded_and_the_darkest_key_goes_first(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *late = fresh(f, "crm/client/late", "a", LIFE);
    struct tk_entry *soon = fresh(f, "crm/client/soon", "b", LIFE / 2);
    struct tk_entry *busy[3];
    const char *names[] = {"crm/client/1", "crm/client/2", "crm/client/3"};

    for (int i = 0; i < 3; i++) {
        busy[i] = claim(f, names[i]);
        tk_refresh_want(f->fleet, busy[i], TK_URGENCY_PLANNED, f->now);
    }
    tk_refresh_want(f->fleet, late, TK_URGENCY_PLANNED, f->now);
    tk_refresh_want(f->fleet, soon, TK_URGENCY_PLANNED, f->now);
    assert_int_equal(f->fetches, 5);
    assert_int_equal(f->source.active, 3);
    assert_int_equal(tk_entry_state(soon, f->now), TK_STATE_DUE);
    land_failure(f, busy[0], TK_CLASS_TRANSIENT, 0);
    assert_ptr_equal(f->last, soon);
    land_failure(f, busy[1], TK_CLASS_TRANSIENT, 0);
    assert_ptr_equal(f->last, late);
}

static void a_needed_refresh_does_not_wait_for_a_place(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *queued;

    f->source.max_concurrent = 1;
    tk_refresh_want(f->fleet, claim(f, "crm/client/1"), TK_URGENCY_PLANNED,
                    f->now);
    queued = claim(f, "crm/client/2");
    tk_refresh_want(f->fleet, queued, TK_URGENCY_PLANNED, f->now);
    assert_true(queued->is_queued);
    tk_refresh_want(f->fleet, queued, TK_URGENCY_NEEDED, f->now);
    assert_false(queued->is_queued);
    assert_int_equal(f->fetches, 2);
}

/* Peers 35: GCE and Feishu hand out the same token before their window. */
static void the_same_token_is_recognised_and_corrects_the_plan(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int tries = 0;

    while (f->now < START + LIFE) {
        run_until(f, START + 2 * LIFE);
        if (f->now >= START + LIFE) break;
        land_token(f, entry, "t1", START + LIFE - f->now);
        assert_int_equal(generation_of(f, entry), 1);
        assert_true(entry->life.expires_at <= START + LIFE);
        tries++;
    }
    assert_in_range(tries, 2, 14);
    assert_int_equal(f->source.stats.unchanged, tries);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(generation_of(f, entry), 2);
}

/* Peers 33: a cache between us and the issuer repeats the same expires_in. */
static void a_frozen_life_does_not_extend_a_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int64_t end = entry->life.expires_at;

    run_until(f, START + LIFE);
    land_token(f, entry, "t1", LIFE);
    assert_int_equal(entry->life.expires_at, end);
}

static void an_issuer_that_extends_is_believed(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    f->source.kinds[0].renewable = TK_RENEWABLE_EXTENDS;
    run_until(f, START + LIFE);
    land_token(f, entry, "t1", LIFE);
    assert_int_equal(entry->life.expires_at, f->now - 100 + LIFE);
    assert_int_equal(generation_of(f, entry), 1);
    assert_int_equal(f->source.stats.extended, 1);
}

/* A threshold of 15 minutes on tokens of 10 made 6,700 calls in 3 s. */
static void a_short_token_costs_at_most_two_calls_a_life(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t0", 10 * MINUTE);
    char token[16];
    int calls = 0;

    while (f->now < START + 20 * 10 * MINUTE) {
        run_until(f, f->now + LIFE);
        snprintf(token, sizeof token, "t%d", ++calls);
        land_token(f, entry, token, 10 * MINUTE);
    }
    assert_in_range(calls, 20, 40);
}

static void a_token_that_is_dead_on_arrival_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");

    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_token(f, entry, "t1", 50);
    assert_int_equal(generation_of(f, entry), 0);
    assert_string_equal(entry->failure->code, "expired_on_arrival");
}

static void a_key_that_never_succeeded_is_forgotten(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/nobody");

    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_CONFIG, 0);
    assert_int_equal(tk_fleet_count(f->fleet), 1);
    run_until(f, f->now + 10 * MINUTE);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    assert_int_equal(f->source.key_count, 0);
}

static void a_key_that_nobody_uses_is_forgotten_though_it_is_renewed(void **s)
{
    struct fixture *f = *s;
    struct tk_entry *idle = fresh(f, "crm/client/idle", "t", LIFE);
    struct tk_entry *busy = fresh(f, "crm/client/busy", "t", LIFE);
    struct tk_entry *kept = fresh(f, "crm/client/kept", "t", LIFE);
    char token[24];
    int count = 0;

    kept->is_kept = true;
    tk_entry_note_use(kept, f->now);
    tk_entry_note_use(idle, f->now);
    while (f->now < START + 30 * 3600 * SECOND) {
        tk_entry_note_use(busy, f->now);
        run_until(f, f->now + 3600 * SECOND);
        snprintf(token, sizeof token, "t%d", count++);
        if (f->last->flight != NULL) land_token(f, f->last, token, LIFE);
        if (f->now < START + 24 * 3600 * SECOND) {
            assert_non_null(tk_fleet_find(f->fleet, TK_STR("crm/client/idle")));
        }
    }
    assert_null(tk_fleet_find(f->fleet, TK_STR("crm/client/idle")));
    assert_ptr_equal(tk_fleet_find(f->fleet, TK_STR("crm/client/busy")), busy);
    assert_ptr_equal(tk_fleet_find(f->fleet, TK_STR("crm/client/kept")), kept);
}

/* Peers 19: a spread that is drawn at each look is no spread. */
static void the_plan_of_a_generation_is_drawn_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t", LIFE);
    int64_t due = tk_fleet_due(f->fleet, entry);

    for (int i = 0; i < 20; i++) {
        f->now += SECOND;
        tk_schedule_ask(f->fleet, entry, f->now);
        assert_in_range(tk_fleet_due(f->fleet, entry), due - 1, due + 1);
    }
}

/* Peers 1 and 32: a check that comes after the window, and no margin at all. A
 * threshold that is passed between two checks is met to the millisecond. */
static void a_renewal_never_waits_for_a_check_nor_for_the_end(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t", LIFE);
    int64_t due = tk_fleet_due(f->fleet, entry);

    f->policy.check_interval_ms = 10 * LIFE;
    assert_int_equal(run_until(f, START + LIFE), due);
    assert_true(f->now < entry->life.expires_at - MINUTE);
}

/* Peers 7: a token that others are made from was fetched for each of them. */
static void a_token_that_many_need_is_fetched_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *app = claim(f, "crm/client/app");
    struct tk_wait waits[20];

    for (int i = 0; i < 20; i++) {
        waits[i] = (struct tk_wait){.entry = app,
                                    .want = {.wait_ms = 30 * SECOND},
                                    .done = fixture_answered,
                                    .data = f};
        tk_caller_wait(f->fleet, &waits[i], TK_URGENCY_NEEDED, f->now);
    }
    land_token(f, app, "t", LIFE);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(f->answers, 20);
}

/* Peers 23 and 24: an end a second early or late; a dead token's life that was
 * extended because the issuer was away. */
static void no_failure_moves_the_end_of_a_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t", LIFE);
    int64_t end = entry->life.expires_at;

    for (int i = 0; i < 5; i++) {
        tk_caller_refresh(f->fleet, entry, f->now);
        land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    }
    assert_int_equal(entry->life.expires_at, end);
    assert_true(tk_entry_has_token(entry, end - 1));
    assert_false(tk_entry_has_token(entry, end));
}

static void a_kept_key_is_retried_though_it_never_succeeded(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/kept");

    entry->is_kept = true;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    run_until(f, f->now + 2 * MINUTE);
    assert_int_equal(f->fetches, 2);
}

static void
a_failure_of_a_replaced_source_is_not_held_against_the_new_one(void **state)
{
    struct fixture *f = *state;
    struct tk_source old = f->source;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_answer answer = {.order = entry->commits,
                               .class = TK_CLASS_CREDENTIAL};

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    f->source.active = 0;
    old.active = 1;
    tk_refresh_land(f->fleet, entry, &old, &answer, f->now);
    assert_int_equal(old.active, 0);
    assert_null(entry->failure);
    assert_int_equal(f->fetches, 3);
}

/* The wish holds for every key, forced or not, and ends. */
static void an_issuer_holds_its_calls_for_an_hour_at_most(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_entry *other = claim(f, "crm/client/b");
    int64_t end = f->now + TK_RETRY_AFTER_MAX_MS;

    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_RATE, INT64_C(1) << 50);
    other->is_kept = true;
    tk_refresh_want(f->fleet, other, TK_URGENCY_FORCED, f->now);
    run_until(f, end - 1);
    assert_int_equal(f->fetches, 1);
    run_until(f, end + 1);
    assert_true(f->fetches > 1);
}

static void a_refresh_that_cannot_start_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");

    f->fetch_fails = 1;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    assert_int_equal(f->source.active, 0);
    assert_string_equal(entry->failure->code, "no_memory");
}

static void many_refreshes_that_cannot_start_do_not_pile_up(void **state)
{
    struct fixture *f = *state;
    char name[32];

    f->source.max_concurrent = 1;
    tk_refresh_want(f->fleet, claim(f, "crm/client/first"), TK_URGENCY_PLANNED,
                    f->now);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "crm/client/%d", i);
        tk_refresh_want(f->fleet, claim(f, name), TK_URGENCY_PLANNED, f->now);
    }
    f->fetch_fails = 1000;
    land_token(f, claim(f, "crm/client/first"), "t", LIFE);
    assert_int_equal(f->source.active, 0);
    assert_int_equal(f->source.queue.count, 0);
    assert_int_equal(f->source.stats.failed, 40);
}

static void a_paused_source_makes_no_calls_until_it_is_resumed(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    tk_caller_pause(f->fleet, &f->source, f->now);
    run_until(f, START + LIFE / 10 * 9);
    assert_int_equal(f->fetches, 1);
    assert_true(tk_entry_has_token(entry, f->now));
    tk_caller_resume(f->fleet, &f->source, f->now);
    assert_int_equal(f->fetches, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_new_token_has_a_generation_and_a_plan),
        WITH_FLEET(a_key_is_renewed_when_its_moment_comes),
        WITH_FLEET(one_refresh_of_a_key_is_on_its_way_at_a_time),
        WITH_FLEET(answers_that_come_crosswise_stay_under_their_keys),
        WITH_FLEET(a_failure_keeps_the_token_and_is_retried),
        WITH_FLEET(retries_do_not_end_while_the_issuer_is_away),
        WITH_FLEET(retry_after_holds_the_next_try_back),
        WITH_FLEET(what_takes_long_is_done_in_several_goes),
        WITH_FLEET(places_are_bounded_and_the_darkest_key_goes_first),
        WITH_FLEET(a_needed_refresh_does_not_wait_for_a_place),
        WITH_FLEET(the_same_token_is_recognised_and_corrects_the_plan),
        WITH_FLEET(a_frozen_life_does_not_extend_a_token),
        WITH_FLEET(an_issuer_that_extends_is_believed),
        WITH_FLEET(a_short_token_costs_at_most_two_calls_a_life),
        WITH_FLEET(a_token_that_is_dead_on_arrival_is_a_failure),
        WITH_FLEET(a_key_that_never_succeeded_is_forgotten),
        WITH_FLEET(a_key_that_nobody_uses_is_forgotten_though_it_is_renewed),
        WITH_FLEET(the_plan_of_a_generation_is_drawn_once),
        WITH_FLEET(a_renewal_never_waits_for_a_check_nor_for_the_end),
        WITH_FLEET(a_token_that_many_need_is_fetched_once),
        WITH_FLEET(no_failure_moves_the_end_of_a_token),
        WITH_FLEET(a_kept_key_is_retried_though_it_never_succeeded),
        WITH_FLEET(
            a_failure_of_a_replaced_source_is_not_held_against_the_new_one),
        WITH_FLEET(an_issuer_holds_its_calls_for_an_hour_at_most),
        WITH_FLEET(a_refresh_that_cannot_start_is_a_failure),
        WITH_FLEET(many_refreshes_that_cannot_start_do_not_pile_up),
        WITH_FLEET(a_paused_source_makes_no_calls_until_it_is_resumed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
