#include "tests/unit/engine/fixture.h"

#include "engine/slice.h"

/* A caller that asks again from inside his answer. */
struct again {
    struct fixture *f;
    struct tk_wait wait;
    int answers;
};

static void ask_again(const struct tk_got *got, void *data)
{
    struct again *again = data;

    (void)got;
    again->answers++;
    if (again->answers > 1) return;
    tk_wait_enter(again->f->fleet, &again->wait, again->f->now);
}

static void a_caller_who_asks_again_is_not_answered_twice(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct again again = {.f = f};

    again.wait = (struct tk_wait){.entry = entry,
                                  .want = {.wait_ms = 1000},
                                  .done = ask_again,
                                  .data = &again};
    tk_wait_enter(f->fleet, &again.wait, f->now);
    tk_wait_settle(f->fleet, entry, TK_REFUSAL_FAILED, f->now);
    assert_int_equal(again.answers, 1);
    assert_int_equal(entry->wait_count, 1);
    assert_true(tk_wait_expire(f->fleet, f->now + 1000) == TK_NEVER);
    assert_int_equal(again.answers, 2);
    assert_int_equal(entry->wait_count, 0);
}

static void count_answer(const struct tk_got *got, void *data)
{
    unsigned *counts = data;

    counts[got->refusal == TK_REFUSAL_NONE]++;
}

static void very_many_callers_are_answered_in_several_goes(void **state)
{
    enum { CALLERS = 1200, SECONDS = 60 };
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_wait *waits = calloc(CALLERS, sizeof *waits);
    unsigned counts[2] = {0};
    unsigned before = 0;

    assert_non_null(waits);
    for (int i = 0; i < CALLERS; i++) {
        waits[i] = (struct tk_wait){.entry = entry,
                                    .want = {.wait_ms = SECONDS * 1000},
                                    .done = count_answer,
                                    .data = counts};
        tk_wait_enter(f->fleet, &waits[i], f->now);
    }
    f->work_us = TK_SLICE_US;
    tk_wait_settle_soon(f->fleet, entry, TK_REFUSAL_FAILED, f->now);
    assert_true(tk_fleet_earliest(f->fleet) <= f->now);
    while (counts[1] < CALLERS) {
        assert_true(counts[1] > before && counts[1] - before <= CALLERS / 2);
        before = counts[1];
        tk_wait_expire(f->fleet, f->now);
    }
    assert_int_equal(counts[0], 0);
    assert_int_equal(entry->wait_count, 0);
    assert_true(tk_wait_expire(f->fleet, f->now) == TK_NEVER);
    free(waits);
}

static void a_refusal_carries_no_token(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_got got;

    tk_wait_fill(f->fleet, entry, TK_REFUSAL_PAUSED, f->now, &got);
    assert_int_equal(got.token.len, 0);
    assert_int_equal(got.expires_in_ms, 0);
    assert_true(got.retry_in_ms > 0);
}

static void a_want_is_met_by_life_and_generation(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_want want = {0};

    assert_true(tk_wait_is_met(f->fleet, entry, &want, f->now, false));
    want.newer_than = 1;
    assert_false(tk_wait_is_met(f->fleet, entry, &want, f->now, true));
    want.newer_than = 0;
    want.min_ttl_ms = LIFE;
    assert_false(tk_wait_is_met(f->fleet, entry, &want, f->now, false));
    assert_true(tk_wait_is_met(f->fleet, entry, &want, f->now, true));
    f->now = entry->life.expires_at;
    assert_false(tk_wait_is_met(f->fleet, entry, &want, f->now, true));
}

static void every_refusal_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i <= TK_REFUSAL_STOPPING; i++) {
        assert_non_null(tk_refusal_name((enum tk_refusal)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_caller_who_asks_again_is_not_answered_twice),
        WITH_FLEET(very_many_callers_are_answered_in_several_goes),
        WITH_FLEET(a_refusal_carries_no_token),
        WITH_FLEET(a_want_is_met_by_life_and_generation),
        WITH_FLEET(every_refusal_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
