#include "tests/unit/engine/fixture.h"

#include "engine/report.h"

static const struct tk_str none = {NULL, 0};

static enum tk_verdict report(struct fixture *f, struct tk_entry *entry)
{
    return tk_caller_reject(f->fleet, entry, generation_of(f, entry), none,
                            f->now);
}

/* Reports every new token as soon as it is there. Returns how many calls that
 * cost the issuer until `moment`. */
static int report_all_until(struct fixture *f, struct tk_entry *entry,
                            int64_t moment)
{
    char token[32];
    int calls = 0;

    while (f->now < moment) {
        report(f, entry);
        if (entry->flight == NULL) run_until(f, moment);
        if (entry->flight == NULL) continue;
        snprintf(token, sizeof token, "n%d", ++calls);
        land_token(f, entry, token, LIFE);
    }
    return calls;
}

static void ten_thousand_reports_of_a_token_cost_one_call(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    for (int i = 0; i < 5000; i++) report(f, entry);
    for (int i = 0; i < 5000; i++) {
        tk_caller_reject(f->fleet, entry, 0, TK_STR("t1"), f->now);
    }
    assert_int_equal(f->fetches, 2);
    assert_int_equal(f->source.stats.rejected, 1);
}

static void late_and_false_reports_cost_no_call(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    land_token(f, entry, "t2", LIFE);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tk_caller_reject(f->fleet, entry, 1, none, f->now),
                         TK_VERDICT_LATE);
        assert_int_equal(
            tk_caller_reject(f->fleet, entry, 0, TK_STR("wrong"), f->now),
            TK_VERDICT_LATE);
        assert_int_equal(tk_caller_reject(f->fleet, entry, 3, none, f->now),
                         TK_VERDICT_UNKNOWN);
        assert_int_equal(
            tk_caller_reject(f->fleet, entry, UINT64_MAX, none, f->now),
            TK_VERDICT_UNKNOWN);
    }
    assert_int_equal(f->fetches, 2);
    assert_int_equal(generation_of(f, entry), 2);
    assert_int_equal(entry->rejected, 0);
    assert_int_equal(f->source.stats.false_rejects, 2000);
}

static void who_reports_every_new_token_does_not_drive_the_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int calls = report_all_until(f, entry, START + 24 * 3600 * SECOND);

    assert_in_range(calls, 20, 40);
    assert_true(f->source.stats.held_rejects > 10);
}

static void a_few_young_tokens_in_a_row_are_renewed_at_once(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    for (int i = 0; i < 3; i++) {
        char token[8];

        assert_int_equal(report(f, entry), TK_VERDICT_REFRESHING);
        snprintf(token, sizeof token, "n%d", i);
        land_token(f, entry, token, LIFE);
    }
    assert_int_equal(report(f, entry), TK_VERDICT_HELD);
    assert_int_equal(report(f, entry), TK_VERDICT_KNOWN);
    assert_int_equal(f->fetches, 4);
}

static void a_report_that_is_held_is_acted_on_later(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want hasty = {.wait_ms = 5 * SECOND, .newer_than = 1};
    struct tk_want patient = {.wait_ms = 60 * SECOND, .newer_than = 1};
    struct tk_wait wait;
    struct tk_got got;

    entry->strikes = 3;
    assert_int_equal(report(f, entry), TK_VERDICT_HELD);
    /* The token stays readable to others meanwhile. */
    assert_true(tk_entry_has_token(entry, f->now));
    assert_true(tk_caller_get(f->fleet, entry, &hasty, f->now, &got));
    assert_int_equal(got.refusal, TK_REFUSAL_HELD);
    assert_int_equal(f->now + got.retry_in_ms,
                     entry->life.sent_at + 20 * SECOND);
    assert_false(tk_caller_get(f->fleet, entry, &patient, f->now, &got));
    wait_for(f, &wait, entry, patient);
    assert_int_equal(f->fetches, 1);
    assert_int_equal(run_until(f, START + LIFE),
                     entry->life.sent_at + 20 * SECOND);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(f->token, "t2");
}

/* newer_than is a report too. */
static void newer_than_cannot_drive_the_issuer_either(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t0", LIFE);
    int64_t end = START + 3600 * SECOND;
    char token[16];
    int calls = 0;

    while (f->now < end) {
        struct tk_want newer = {.wait_ms = 100,
                                .newer_than = generation_of(f, entry)};
        struct tk_wait wait;
        struct tk_got got;

        if (!tk_caller_get(f->fleet, entry, &newer, f->now, &got)) {
            wait_for(f, &wait, entry, newer);
            if (entry->flight == NULL) tk_wait_leave(&wait);
        }
        if (entry->flight == NULL) run_until(f, f->now + SECOND);
        if (entry->flight == NULL) continue;
        snprintf(token, sizeof token, "n%d", ++calls);
        land_token(f, entry, token, LIFE);
    }
    assert_in_range(calls, 5, 15);
}

static void a_token_that_nobody_reported_ends_the_row(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    entry->strikes = 10;
    run_until(f, START + LIFE);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(entry->strikes, 0);
    assert_int_equal(report(f, entry), TK_VERDICT_REFRESHING);
}

static void a_token_past_half_of_its_life_may_always_be_reported(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    entry->strikes = 20;
    f->now = START + LIFE / 2;
    assert_int_equal(report(f, entry), TK_VERDICT_REFRESHING);
}

/* Peers 6 and 12: the retry used the token that had been refused; an error was
 * kept for the life of the process. */
static void a_poisoned_key_is_tried_again_and_recovers(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want newer = {.wait_ms = 60 * SECOND, .newer_than = 1};
    int64_t last = f->now;
    int64_t gap = 0;
    struct tk_wait wait;
    int tries = 0;

    report(f, entry);
    while (tries < 5) {
        land_token(f, entry, "t1", START + LIFE - f->now);
        assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_POISONED);
        run_until(f, START + LIFE);
        assert_true(f->now - last > gap);
        gap = f->now - last;
        last = f->now;
        tries++;
    }
    assert_true(gap < LIFE / 4);
    wait_for(f, &wait, entry, newer);
    land_token(f, entry, "t2", LIFE);
    assert_string_equal(f->token, "t2");
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_FRESH);
    assert_int_equal(entry->poisonings, 0);
}

static void an_issuer_that_stays_poisoned_is_not_hammered(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    int calls = 1;

    report(f, entry);
    while (f->now < START + LIFE) {
        land_token(f, entry, "t1", START + LIFE - f->now);
        run_until(f, START + LIFE);
        if (entry->flight == NULL) break;
        calls++;
    }
    assert_in_range(calls, 5, 40);
}

static void a_poisoned_key_waits_for_the_window_of_its_issuer(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_kind *kind = &f->source.kinds[0];

    kind->renewable = TK_RENEWABLE_LAST;
    kind->window_ms = LIFE / 4;
    report(f, entry);
    land_token(f, entry, "t1", START + LIFE - f->now);
    assert_int_equal(tk_entry_state(entry, f->now), TK_STATE_POISONED);
    assert_int_equal(run_until(f, START + LIFE),
                     tk_plan_opens(kind, &entry->life));
    assert_int_equal(f->fetches, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(ten_thousand_reports_of_a_token_cost_one_call),
        WITH_FLEET(late_and_false_reports_cost_no_call),
        WITH_FLEET(who_reports_every_new_token_does_not_drive_the_issuer),
        WITH_FLEET(a_few_young_tokens_in_a_row_are_renewed_at_once),
        WITH_FLEET(a_report_that_is_held_is_acted_on_later),
        WITH_FLEET(newer_than_cannot_drive_the_issuer_either),
        WITH_FLEET(a_token_that_nobody_reported_ends_the_row),
        WITH_FLEET(a_token_past_half_of_its_life_may_always_be_reported),
        WITH_FLEET(a_poisoned_key_is_tried_again_and_recovers),
        WITH_FLEET(an_issuer_that_stays_poisoned_is_not_hammered),
        WITH_FLEET(a_poisoned_key_waits_for_the_window_of_its_issuer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
