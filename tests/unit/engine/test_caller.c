#include "tests/unit/engine/fixture.h"

static const struct tk_want any = {.wait_ms = 5000};

static void a_hit_is_answered_at_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_got got;

    assert_true(tk_caller_get(f->fleet, entry, &any, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
    assert_int_equal(got.token.len, 2);
    assert_memory_equal(got.token.data, "t1", 2);
    assert_int_equal(got.expires_in_ms, LIFE - 100);
    assert_int_equal(entry->uses, 1);
    assert_int_equal(f->source.stats.hits, 1);
}

static void ten_thousand_callers_of_a_cold_key_cause_one_call(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait *waits = calloc(10000, sizeof *waits);
    struct tk_got got;

    assert_non_null(waits);
    for (int i = 0; i < 10000; i++) {
        assert_false(tk_caller_get(f->fleet, entry, &any, f->now, &got));
        wait_for(f, &waits[i], entry, any);
    }
    assert_int_equal(f->fetches, 1);
    land_token(f, entry, "t1", LIFE);
    while (tk_wait_expire(f->fleet, f->now) <= f->now) continue;
    assert_int_equal(f->answers, 10000);
    assert_int_equal(f->refusal, TK_REFUSAL_NONE);
    assert_string_equal(f->token, "t1");
    assert_int_equal(f->source.stats.cold, 10000);
    free(waits);
}

static void callers_share_the_error_too(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait waits[3];
    struct tk_got got;

    for (int i = 0; i < 3; i++) wait_for(f, &waits[i], entry, any);
    land_failure(f, entry, TK_CLASS_CONFIG, 0);
    assert_int_equal(f->answers, 3);
    assert_int_equal(f->refusal, TK_REFUSAL_FAILED);
    /* The next one hears of it at once, and when to come again. */
    assert_true(tk_caller_get(f->fleet, entry, &any, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_FAILED);
    assert_int_equal(got.retry_in_ms, 5 * MINUTE);
    assert_int_equal(f->fetches, 1);
}

static void a_caller_waits_for_a_retry_that_comes_in_time(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_want patient = {.wait_ms = 60000};
    struct tk_wait wait;
    struct tk_got got;

    wait_for(f, &wait, entry, any);
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_false(tk_caller_get(f->fleet, entry, &patient, f->now, &got));
    wait_for(f, &wait, entry, patient);
    assert_int_equal(f->fetches, 1);
    run_until(f, f->now + 60000);
    land_token(f, entry, "t1", LIFE);
    assert_string_equal(f->token, "t1");
}

static void every_caller_has_a_deadline_of_his_own(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait hasty;
    struct tk_wait patient;

    wait_for(f, &hasty, entry, (struct tk_want){.wait_ms = 100});
    wait_for(f, &patient, entry, (struct tk_want){.wait_ms = 9000});
    assert_int_equal(tk_wait_expire(f->fleet, f->now + 99), f->now + 100);
    assert_int_equal(f->answers, 0);
    assert_int_equal(tk_wait_expire(f->fleet, f->now + 100), f->now + 9000);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->refusal, TK_REFUSAL_TIMEOUT);
    land_token(f, entry, "t1", LIFE);
    assert_int_equal(f->answers, 2);
    assert_int_equal(f->refusal, TK_REFUSAL_NONE);
}

/* Peers 22: who had waited in vain for another's refresh began one himself. */
static void callers_whose_time_is_up_start_no_call_of_their_own(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait wait;

    for (int i = 1; i <= 100; i++) {
        wait_for(f, &wait, entry, (struct tk_want){.wait_ms = 100});
        f->now += 100;
        tk_wait_expire(f->fleet, f->now);
        tk_refresh_run_due(f->fleet, f->now);
        assert_int_equal(f->answers, i);
        assert_int_equal(f->refusal, TK_REFUSAL_TIMEOUT);
    }
    assert_int_equal(f->fetches, 1);
}

/* Peers 40: a dead grant held every caller for minutes. */
static void nobody_waits_for_what_needs_a_person(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want patient = {.wait_ms = 60000};
    struct tk_got got;

    f->now += LIFE;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_REAUTHORIZE, 0);
    assert_true(tk_caller_get(f->fleet, entry, &patient, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_FAILED);
    assert_int_equal(got.state, TK_STATE_NEEDS_LOGIN);
    assert_int_equal(f->fetches, 2);
}

/* Peers 21: the refresh died with the caller who had asked for it. */
static void a_caller_who_leaves_does_not_cancel_the_refresh(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait wait;

    wait_for(f, &wait, entry, any);
    tk_wait_leave(&wait);
    land_token(f, entry, "t1", LIFE);
    assert_int_equal(f->answers, 0);
    assert_int_equal(generation_of(f, entry), 1);
}

static void min_ttl_that_can_be_met_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want hour = {.min_ttl_ms = 3600 * SECOND, .wait_ms = 5000};
    struct tk_got got;

    f->now = START + LIFE / 2 + SECOND;
    assert_false(tk_caller_get(f->fleet, entry, &hour, f->now, &got));
}

static void min_ttl_that_cannot_be_met_gets_the_true_life(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want day = {.min_ttl_ms = 24 * 3600 * SECOND, .wait_ms = 5000};
    struct tk_want most = {.min_ttl_ms = LIFE - 1, .wait_ms = 5000};
    struct tk_got got;

    assert_true(tk_caller_get(f->fleet, entry, &day, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
    assert_int_equal(got.expires_in_ms, LIFE - 100);
    /* Before half of its life, no wish renews a token. */
    assert_true(tk_caller_get(f->fleet, entry, &most, f->now, &got));
    assert_int_equal(f->fetches, 1);
}

static void reject_forces_one_refresh_per_generation(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_str none = {NULL, 0};

    assert_int_equal(tk_caller_reject(f->fleet, entry, 1, none, f->now),
                     TK_VERDICT_REFRESHING);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tk_caller_reject(f->fleet, entry, 1, none, f->now),
                         TK_VERDICT_KNOWN);
    }
    assert_int_equal(f->fetches, 2);
    assert_int_equal(f->source.stats.rejected, 1);
}

static void a_rejected_token_stays_readable_to_others(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_got got;

    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now);
    assert_true(tk_caller_get(f->fleet, entry, &any, f->now, &got));
    assert_int_equal(got.generation, 1);
}

static void newer_than_never_gets_the_rejected_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want newer = {.wait_ms = 5000, .newer_than = 1};
    struct tk_wait wait;
    struct tk_got got;

    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now);
    assert_false(tk_caller_get(f->fleet, entry, &newer, f->now, &got));
    wait_for(f, &wait, entry, newer);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->generation, 2);
    assert_string_equal(f->token, "t2");
}

static void the_same_token_after_a_reject_poisons_the_key(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want newer = {.wait_ms = 5000, .newer_than = 1};
    struct tk_wait wait;
    struct tk_got got;

    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now);
    wait_for(f, &wait, entry, newer);
    land_token(f, entry, "t1", LIFE - 100);
    assert_int_equal(f->refusal, TK_REFUSAL_POISONED);
    assert_string_equal(f->token, "");
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_POISONED);
    /* The next one is refused at once: the issuer is not hammered. */
    assert_true(tk_caller_get(f->fleet, entry, &newer, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_POISONED);
    assert_int_equal(f->fetches, 2);
}

static void newer_than_alone_is_as_good_as_a_report(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want newer = {.wait_ms = 5000, .newer_than = 1};
    struct tk_wait wait;

    wait_for(f, &wait, entry, newer);
    assert_int_equal(f->fetches, 2);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(f->token, "t2");
}

/* Peers 13: WxJava #1300. */
static void a_late_report_does_not_kill_a_newer_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(
        tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now),
        TK_VERDICT_LATE);
    assert_int_equal(tk_caller_reject(f->fleet, entry, 0, TK_STR("t1"), f->now),
                     TK_VERDICT_LATE);
    assert_int_equal(f->fetches, 2);
    assert_int_equal(tk_caller_reject(f->fleet, entry, 0, TK_STR("t2"), f->now),
                     TK_VERDICT_REFRESHING);
}

static void a_generation_that_was_never_given_out_is_unknown(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    assert_int_equal(
        tk_caller_reject(f->fleet, entry, 2, (struct tk_str){NULL, 0}, f->now),
        TK_VERDICT_UNKNOWN);
    assert_int_equal(f->fetches, 1);
}

static void a_dropped_token_is_gone_and_its_generation_is_not(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    entry->is_kept = true;
    tk_caller_drop(f->fleet, entry, f->now);
    assert_false(tk_entry_has_token(entry, f->now));
    assert_int_equal(f->fetches, 2);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(generation_of(f, entry), 2);
}

static void generations_do_not_repeat_after_a_key_was_forgotten(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    tk_caller_drop(f->fleet, entry, f->now);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    entry = fresh(f, "crm/client/a", "t2", LIFE);
    assert_int_equal(generation_of(f, entry), 2);
}

static void callers_of_a_paused_source_are_refused(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *cold = claim(f, "crm/client/cold");
    struct tk_entry *warm = fresh(f, "crm/client/warm", "t1", LIFE);
    struct tk_wait wait;
    struct tk_got got;

    f->source.max_concurrent = 0;
    wait_for(f, &wait, cold, any);
    tk_caller_pause(f->fleet, &f->source, f->now);
    assert_int_equal(f->refusal, TK_REFUSAL_PAUSED);
    assert_true(tk_caller_get(f->fleet, cold, &any, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_PAUSED);
    assert_true(tk_caller_get(f->fleet, warm, &any, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_NONE);
}

static void keys_asked_for_in_a_pause_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct tk_got got;

    tk_caller_pause(f->fleet, &f->source, f->now);
    assert_true(
        tk_caller_get(f->fleet, claim(f, "crm/client/x"), &any, f->now, &got));
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
}

/* Peers 29: an expired token was handed out for ever. */
static void an_expired_token_is_never_handed_out(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_got got;

    f->now = entry->life.expires_at - 1;
    assert_true(tk_caller_get(f->fleet, entry, &any, f->now, &got));
    f->now++;
    assert_false(tk_caller_get(f->fleet, entry, &any, f->now, &got));
}

static void a_refresh_that_needs_a_token_is_no_demand(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_got got;

    assert_true(tk_caller_peek(f->fleet, entry, &any, f->now, &got));
    assert_int_equal(entry->uses, 0);
    assert_int_equal(f->source.stats.hits, 0);
}

/* An answer to the refresh that was started when the key had seen `order`
 * commits. */
static void land_late(struct fixture *f, struct tk_entry *entry, uint32_t order,
                      const char *token)
{
    struct tk_answer answer = {
        .order = order,
        .is_token = token != NULL,
        .token = tk_str(token),
        .life_ms = LIFE,
        .sent_at = f->now,
        .received_at = f->now,
        .class = TK_CLASS_CONFIG,
    };

    tk_refresh_land(f->fleet, entry, entry->source, &answer, f->now);
}

/* Peers 14: an answer that was overtaken was stored last. */
static void
an_answer_that_was_overtaken_does_not_replace_a_newer_token(void **s)
{
    struct fixture *f = *s;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    uint32_t order = entry->commits;

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_token(f, entry, "t2", LIFE);
    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_late(f, entry, order, "overtaken");
    assert_int_equal(generation_of(f, entry), 2);
    assert_int_equal(f->source.stats.late_answers, 1);
}

/* Peers 16: an error in the background replaced a good token. */
static void a_failure_that_was_overtaken_is_not_held_against_the_key(void **s)
{
    struct fixture *f = *s;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    uint32_t order = entry->commits;

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_token(f, entry, "t2", LIFE);
    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_late(f, entry, order, NULL);
    assert_null(entry->failure);
    assert_true(tk_entry_has_token(entry, f->now));
}

static void a_token_asked_for_before_a_drop_does_not_come_back(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    uint32_t order = entry->commits;

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    tk_caller_drop(f->fleet, entry, f->now);
    land_late(f, entry, order, "dropped");
    assert_false(tk_entry_has_token(entry, f->now));
    /* Nobody wants it: the key goes. */
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    assert_int_equal(f->source.active, 0);
}

static void callers_who_wait_over_a_drop_get_the_token_after_it(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    uint32_t order = entry->commits;
    struct tk_wait wait;

    wait_for(f, &wait, entry, (struct tk_want){.wait_ms = 5000});
    tk_caller_drop(f->fleet, entry, f->now);
    land_late(f, entry, order, "before");
    assert_int_equal(f->answers, 0);
    assert_int_equal(f->fetches, 2);
    land_token(f, entry, "after", LIFE);
    assert_string_equal(f->token, "after");
}

static void a_kept_key_dropped_in_flight_is_fetched_anew(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    uint32_t order = entry->commits;

    entry->is_kept = true;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    tk_caller_drop(f->fleet, entry, f->now);
    land_late(f, entry, order, "before");
    assert_false(tk_entry_has_token(entry, f->now));
    assert_int_equal(f->fetches, 3);
    land_token(f, entry, "after", LIFE);
    assert_int_equal(generation_of(f, entry), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_hit_is_answered_at_once),
        WITH_FLEET(ten_thousand_callers_of_a_cold_key_cause_one_call),
        WITH_FLEET(callers_share_the_error_too),
        WITH_FLEET(a_caller_waits_for_a_retry_that_comes_in_time),
        WITH_FLEET(every_caller_has_a_deadline_of_his_own),
        WITH_FLEET(callers_whose_time_is_up_start_no_call_of_their_own),
        WITH_FLEET(nobody_waits_for_what_needs_a_person),
        WITH_FLEET(a_caller_who_leaves_does_not_cancel_the_refresh),
        WITH_FLEET(min_ttl_that_can_be_met_is_waited_for),
        WITH_FLEET(min_ttl_that_cannot_be_met_gets_the_true_life),
        WITH_FLEET(reject_forces_one_refresh_per_generation),
        WITH_FLEET(a_rejected_token_stays_readable_to_others),
        WITH_FLEET(newer_than_never_gets_the_rejected_token),
        WITH_FLEET(the_same_token_after_a_reject_poisons_the_key),
        WITH_FLEET(newer_than_alone_is_as_good_as_a_report),
        WITH_FLEET(a_late_report_does_not_kill_a_newer_token),
        WITH_FLEET(a_generation_that_was_never_given_out_is_unknown),
        WITH_FLEET(a_dropped_token_is_gone_and_its_generation_is_not),
        WITH_FLEET(generations_do_not_repeat_after_a_key_was_forgotten),
        WITH_FLEET(callers_of_a_paused_source_are_refused),
        WITH_FLEET(keys_asked_for_in_a_pause_are_forgotten),
        WITH_FLEET(an_expired_token_is_never_handed_out),
        WITH_FLEET(a_refresh_that_needs_a_token_is_no_demand),
        WITH_FLEET(an_answer_that_was_overtaken_does_not_replace_a_newer_token),
        WITH_FLEET(a_failure_that_was_overtaken_is_not_held_against_the_key),
        WITH_FLEET(a_token_asked_for_before_a_drop_does_not_come_back),
        WITH_FLEET(callers_who_wait_over_a_drop_get_the_token_after_it),
        WITH_FLEET(a_kept_key_dropped_in_flight_is_fetched_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
