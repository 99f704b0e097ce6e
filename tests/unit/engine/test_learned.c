#include "tests/unit/engine/fixture.h"

#include "engine/learned.h"
#include "tests/unit/random.h"

enum { ROUNDS = 400, LIVES = 12, CALLS_A_LIFE = 24 };

static const struct tk_life life = {.sent_at = 0, .expires_at = 7200 * SECOND};

static void nothing_is_known_at_first(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    assert_int_equal(tk_learned_latency(&learned, 99), 0);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
}

static void latency_is_what_most_refreshes_took(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    for (int i = 0; i < 98; i++) tk_learned_took(&learned, 1, 100);
    tk_learned_took(&learned, 1, 3000);
    tk_learned_took(&learned, 1, 3000);
    assert_int_equal(tk_learned_latency(&learned, 50), 128);
    assert_int_equal(tk_learned_latency(&learned, 99), 4096);
}

static void old_latencies_fade(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    for (int i = 0; i < 250; i++) tk_learned_took(&learned, 1, 30 * SECOND);
    for (int i = 0; i < 5000; i++) tk_learned_took(&learned, 1, 100);
    assert_int_equal(tk_learned_latency(&learned, 99), 128);
}

static void any_latency_has_a_step(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_took(&learned, 1, INT64_MAX);
    tk_learned_took(&learned, 1, -5);
    assert_int_equal(tk_learned_latency(&learned, 50), 1);
    assert_int_equal(tk_learned_latency(&learned, 99),
                     INT64_C(1) << (TK_LATENCY_STEPS - 1));
}

static void the_same_token_puts_the_next_try_off(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_saw(&learned, false, 3600 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 5400 * SECOND);
    tk_learned_saw(&learned, false, 1800 * SECOND);
    tk_learned_saw(&learned, true, 900 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 6300 * SECOND);
}

static void one_key_that_is_stuck_does_not_make_others_late(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_saw(&learned, false, 1);
    assert_int_equal(tk_learned_not_before(&learned, &life), 6750 * SECOND);
    tk_learned_saw(&learned, true, 450 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
}

static void a_new_token_before_the_learned_moment_ends_the_lesson(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_saw(&learned, false, 1800 * SECOND);
    tk_learned_saw(&learned, true, 1800 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
}

static void a_lesson_is_learned_again_after_many_renewals(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_saw(&learned, false, 1800 * SECOND);
    for (int i = 0; i < 63; i++) {
        tk_learned_saw(&learned, true, 900 * SECOND);
    }
    assert_int_equal(tk_learned_not_before(&learned, &life), 6300 * SECOND);
    tk_learned_saw(&learned, true, 900 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
}

static void facts_that_hold_teach_nothing(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_saw(&learned, true, 900 * SECOND);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
    tk_learned_saw(&learned, false, -1);
    assert_int_equal(tk_learned_not_before(&learned, &life), 0);
}

static void the_shortest_life_seen_is_kept(void **state)
{
    struct tk_learned learned = {0};

    (void)state;
    tk_learned_ended(&learned, 900);
    tk_learned_ended(&learned, 600);
    tk_learned_ended(&learned, 700);
    assert_int_equal(learned.early_ends, 3);
    assert_int_equal(learned.shortest_ms, 600);
}

/* --- a fleet, whatever its issuer does --- */

/* An issuer that keeps its own rules, not those that were declared. */
struct issuer {
    enum tk_renewable truth;
    int64_t window;
    int64_t life;
    int64_t ends_at; /* of the current token */
    unsigned number;
    int64_t flight; /* how long it takes */
};

static bool gives_new(const struct issuer *issuer, int64_t now)
{
    if (now >= issuer->ends_at) return true;
    switch (issuer->truth) {
    case TK_RENEWABLE_ALWAYS:
        return true;
    case TK_RENEWABLE_LAST:
        return issuer->ends_at - now < issuer->window;
    case TK_RENEWABLE_EXTENDS:
    case TK_RENEWABLE_AT_END:
        break;
    }
    return false;
}

/* One call: what it gives, and what it says of the life that is left. */
static void answer(struct fixture *f, struct issuer *issuer,
                   struct tk_entry *entry)
{
    char token[32];
    struct tk_answer answer = {
        .order = entry->commits, .is_token = true, .sent_at = f->now};
    int64_t stamped = f->now + issuer->flight / 2;

    if (gives_new(issuer, stamped)) {
        issuer->number++;
        issuer->ends_at = stamped + issuer->life;
    } else if (issuer->truth == TK_RENEWABLE_EXTENDS) {
        issuer->ends_at = stamped + issuer->life;
    }
    snprintf(token, sizeof token, "t%u", issuer->number);
    answer.token = tk_str(token);
    answer.life_ms = (issuer->ends_at - stamped) / SECOND * SECOND;
    f->now += issuer->flight;
    answer.received_at = f->now;
    tk_refresh_land(f->fleet, entry, entry->source, &answer, f->now);
}

static void choose(uint64_t *seed, struct fixture *f, struct issuer *issuer)
{
    struct tk_kind *kind = &f->source.kinds[0];

    *issuer = (struct issuer){
        .truth = (enum tk_renewable)(roll(seed) % 4),
        .life = (int64_t)(60 + roll(seed) % 7200) * SECOND,
        .flight = roll(seed) % 2000,
    };
    issuer->window = issuer->life / (1 + roll(seed) % 20);
    kind->renewable = (enum tk_renewable)(roll(seed) % 4);
    kind->window_ms = issuer->life / (1 + roll(seed) % 20);
    kind->overlap_is_own_life = roll(seed) % 2 == 0;
    f->source.learned[0] = (struct tk_learned){0};
}

static void live(struct fixture *f, struct issuer *issuer,
                 struct tk_entry *entry)
{
    int64_t stop = f->now + LIVES * issuer->life;
    int calls = 0;

    while (f->now < stop) {
        int before = f->fetches;

        run_until(f, stop);
        if (f->fetches == before) break;
        calls++;
        answer(f, issuer, entry);
        assert_true(entry->life.expires_at <= issuer->ends_at);
        tk_entry_note_use(entry, f->now);
    }
    assert_in_range(calls, LIVES - 2, LIVES * CALLS_A_LIFE);
}

/* No token is served past its end at the issuer, and no life costs more than a
 * handful of calls. */
static void facts_may_be_wrong_in_any_direction(void **state)
{
    struct fixture *f = *state;
    uint64_t seed = 12;

    for (int i = 0; i < ROUNDS; i++) {
        struct issuer issuer;
        struct tk_entry *entry = claim(f, "crm/client/a");

        choose(&seed, f, &issuer);
        tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
        answer(f, &issuer, entry);
        live(f, &issuer, entry);
        if (entry->flight != NULL) answer(f, &issuer, entry);
        tk_fleet_remove(f->fleet, entry);
    }
}

/* The second life costs one call where the first one had to search. */
static void
a_window_that_was_declared_too_wide_is_learned_for_all_keys(void **state)
{
    struct fixture *f = *state;
    struct issuer issuer = {.truth = TK_RENEWABLE_LAST,
                            .window = 10 * MINUTE,
                            .life = LIFE,
                            .flight = 100};
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct issuer other = issuer;
    int fetches;

    f->source.kinds[0].renewable = TK_RENEWABLE_LAST;
    f->source.kinds[0].window_ms = 90 * MINUTE;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    answer(f, &issuer, entry);
    while (issuer.number < 2) {
        run_until(f, f->now + LIFE);
        answer(f, &issuer, entry);
    }
    assert_true(f->source.stats.unchanged > 0);
    assert_true(f->source.learned[0].new_left_ms > 0);
    tk_fleet_remove(f->fleet, entry);

    entry = claim(f, "crm/client/b");
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    answer(f, &other, entry);
    fetches = f->fetches;
    run_until(f, f->now + LIFE);
    answer(f, &other, entry);
    assert_int_equal(other.number, 2);
    assert_int_equal(f->fetches, fetches + 1);
}

static void a_refresh_before_the_window_opens_is_only_early(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    int64_t planned;

    f->source.kinds[0].renewable = TK_RENEWABLE_LAST;
    f->source.kinds[0].window_ms = 30 * MINUTE;
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    planned = entry->plan.at;
    f->now += 10 * MINUTE;
    tk_caller_refresh(f->fleet, entry, f->now);
    land_token(f, entry, "t1", LIFE - 10 * MINUTE);
    assert_int_equal(f->source.stats.early, 1);
    assert_int_equal(f->source.stats.unchanged, 0);
    assert_int_equal(entry->not_before, 0);
    assert_int_equal(entry->plan.at, planned);
    assert_int_equal(f->source.learned[0].same_left_ms, 0);
}

/* Reports cannot teach that a kind is renewable earlier, nor make it dearer. */
static void what_a_report_brings_teaches_nothing(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    f->source.learned[0].same_left_ms = 30 * MINUTE;
    f->now += MINUTE;
    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now);
    land_token(f, entry, "t2", LIFE);
    assert_int_equal(f->source.learned[0].same_left_ms, 30 * MINUTE);
    assert_int_equal(f->source.learned[0].early_ends, 1);
    assert_int_equal(f->source.learned[0].shortest_ms, MINUTE + 100);
}

static void a_slow_issuer_is_called_earlier(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry;
    struct tk_entry *slow;

    f->source.kinds[0].renewable = TK_RENEWABLE_LAST;
    f->source.kinds[0].window_ms = 2 * SECOND;
    entry = fresh(f, "crm/client/a", "t1", 100 * SECOND);
    f->source.kinds[0].window_ms = 30 * SECOND;
    for (int i = 0; i < 50; i++) {
        tk_learned_took(&f->source.learned[0], LIFE, 4 * SECOND);
    }
    slow = fresh(f, "crm/client/b", "t1", 100 * SECOND);
    assert_true(entry->life.expires_at - entry->plan.at <
                slow->life.expires_at - slow->plan.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(latency_is_what_most_refreshes_took),
        cmocka_unit_test(old_latencies_fade),
        cmocka_unit_test(any_latency_has_a_step),
        cmocka_unit_test(the_same_token_puts_the_next_try_off),
        cmocka_unit_test(one_key_that_is_stuck_does_not_make_others_late),
        cmocka_unit_test(a_new_token_before_the_learned_moment_ends_the_lesson),
        cmocka_unit_test(a_lesson_is_learned_again_after_many_renewals),
        cmocka_unit_test(facts_that_hold_teach_nothing),
        cmocka_unit_test(the_shortest_life_seen_is_kept),
        WITH_FLEET(facts_may_be_wrong_in_any_direction),
        WITH_FLEET(a_window_that_was_declared_too_wide_is_learned_for_all_keys),
        WITH_FLEET(a_refresh_before_the_window_opens_is_only_early),
        WITH_FLEET(what_a_report_brings_teaches_nothing),
        WITH_FLEET(a_slow_issuer_is_called_earlier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
