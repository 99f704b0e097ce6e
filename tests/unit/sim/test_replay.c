#define _DEFAULT_SOURCE
#include "sim/replay.h"

#include "tests/unit/engine/folder.h"
#include "tests/unit/random.h"
#include "tests/unit/sim/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ON_DEMAND, ALWAYS_FRESH, SEED, MINE };

/* Three uses that are hours apart. */
static void use_now_and_then(struct trial *trial)
{
    trial_use(trial, "crm/client", 0);
    trial_use(trial, "crm/client", HOUR);
    trial_use(trial, "crm/client", 5 * HOUR);
    trial_use(trial, "crm/client", 10 * HOUR);
}

static void on_demand_makes_a_call_for_each_cold_caller(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    use_now_and_then(trial);
    tally = &trial_run(trial)[ON_DEMAND];
    assert_int_equal(tally->uses, 4);
    assert_int_equal(tally->first, 1);
    assert_int_equal(tally->cold, 2);
    assert_int_equal(tally->calls, 3);
    assert_int_equal(tally->awaited, 3);
    assert_int_equal(tally->unused, 0);
    assert_int_equal(tally->denied, 0);
}

static void a_key_that_is_kept_fresh_has_no_cold_caller(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    use_now_and_then(trial);
    tally = &trial_run(trial)[ALWAYS_FRESH];
    assert_int_equal(tally->first, 1);
    assert_int_equal(tally->cold, 0);
    assert_int_equal(tally->calls, 6); /* one each 118 minutes, in 600 */
    assert_int_equal(tally->background, 5);
    assert_int_equal(tally->unused, 3); /* about 3, 7 and 9 h */
    assert_int_equal(tally->at_risk_ms, 0);
}

static void time_without_a_token_is_summed_up(void **state)
{
    struct trial *trial = *state;

    use_now_and_then(trial);
    /* From 2 to 5 and from 7 to 10 h, and half a second for each call. */
    assert_int_equal(trial_run(trial)[ON_DEMAND].at_risk_ms, 6 * HOUR + 500);
}

/* A token that comes at 10 s ends at 7010 s: when it has less than 900 s left
 * the next tick is at 7200 s, and by then there has been a caller; and so on.
 */
static void the_seed_acts_at_its_ticks_alone(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.issuer.life_ms = 7000 * SECOND;
    for (int i = 0; i < 300; i++) {
        trial_use(trial, "crm/client", 10 * SECOND + i * 100 * SECOND);
    }
    tally = trial_run(trial);
    assert_int_equal(tally[SEED].cold, 4);
    assert_int_equal(tally[SEED].calls, 5);
    assert_int_equal(tally[SEED].background, 0);
    assert_int_equal(tally[ALWAYS_FRESH].cold, 0);
}

/* All tokens end with the tick of 7200 s, after which each key is used. */
static void at_a_tick_the_seed_acts_on_all_that_is_due(void **state)
{
    enum { KEYS = 1500 };
    struct trial *trial = *state;
    const struct tk_tally *tally;

    for (int i = 0; i < KEYS; i++) {
        char key[16];

        snprintf(key, sizeof key, "crm/k/%d", i);
        trial_use(trial, key, 1);
        trial_use(trial, key, 7500 * SECOND);
    }
    tally = &trial_run(trial)[SEED];
    assert_int_equal(tally->first, KEYS);
    assert_int_equal(tally->cold, 0);
    assert_int_equal(tally->background, KEYS);
}

/* Failures make a key lapse, and nobody asks for it. */
static void the_seed_does_not_care_who_asks(void **state)
{
    struct trial *trial = *state;

    trial->terms.issuer.fail_share = .3;
    trial_use(trial, "crm/client", 0);
    trial_use(trial, "crm/client", 30 * DAY);
    assert_true(trial_run(trial)[SEED].calls > 400);
}

/* Wednesday is a trace's third day, and its clock that of the policies. */
static void policies_see_the_time_of_the_trace(void **state)
{
    static const char text[] =
        "return { api = 1, name = 'mine', decide = function()\n"
        "  local is_it = clock.day == 3 and clock.hour == 9\n"
        "  return is_it and renew(0, 'it is') or lapse('it is not')\n"
        "end }\n";
    struct trial *trial = *state;
    struct folder folder;

    folder_make(&folder);
    trial_add(trial, folder_write(&folder, "mine.lua", text), NULL);
    for (int day = 0; day < 4; day++) {
        trial_use(trial, "crm/client", day * DAY + 9 * HOUR + HOUR / 2);
        trial_use(trial, "crm/client", day * DAY + 20 * HOUR);
    }
    assert_int_equal(trial_run(trial)[MINE].background, 1);
    folder_remove(&folder);
}

static void callers_of_one_moment_share_a_call(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial_use(trial, "crm/client", 0);
    for (int i = 0; i < 1200; i++) trial_use(trial, "crm/client", 5 * HOUR);
    trial_use(trial, "crm/client", 6 * HOUR);
    tally = &trial_run(trial)[ON_DEMAND];
    assert_int_equal(tally->cold, 1200);
    assert_int_equal(tally->calls, 2);
    assert_int_equal(tally->denied, 0);
}

static void a_call_that_fails_is_tried_again(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.issuer.fail_share = .2;
    for (int i = 0; i < 50; i++) {
        for (int hour = 0; hour < 100; hour++) {
            char key[16];

            snprintf(key, sizeof key, "crm/k/%d", i);
            trial_use(trial, key, hour * HOUR + i * SECOND);
        }
    }
    trial_add(trial, "threshold", "check_interval=60s");
    tally = &trial_run(trial)[MINE];
    assert_in_range(tally->failed * 100, tally->calls * 15, tally->calls * 25);
    assert_int_equal(tally->cold, 0); /* 15 minutes are many tries */
    assert_true(trial->contest.tallies[SEED].cold > 0);
}

static void callers_who_get_no_token_are_counted(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.issuer.fail_share = 1;
    use_now_and_then(trial);
    tally = &trial_run(trial)[ON_DEMAND];
    assert_int_equal(tally->denied, 4);
    assert_int_equal(tally->key_ms, 0);
    assert_true(tally->failed > 0);
}

static void an_issuer_that_ends_tokens_early_is_felt(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.issuer.skew_ms = 1200 * SECOND;
    for (int i = 0; i < 1000; i++) {
        trial_use(trial, "crm/client", i * 10 * SECOND);
    }
    tally = trial_run(trial);
    /* The engine renews 2 minutes before an end that has been 20 before. */
    assert_true(tally[ALWAYS_FRESH].cold > 0);
    assert_true(tally[ALWAYS_FRESH].denied == 0);
    assert_true(tally[ALWAYS_FRESH].at_risk_ms > 0);
}

static void a_quota_is_kept_as_the_engine_keeps_it(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.issuer.quota.limits[TK_MINUTE] = 10;
    for (int i = 0; i < 40; i++) {
        char key[16];

        snprintf(key, sizeof key, "crm/k/%d", i);
        trial_use(trial, key, 0);
        trial_use(trial, key, DAY);
    }
    tally = &trial_run(trial)[ALWAYS_FRESH];
    assert_int_equal(tally->peak, 10);
    assert_int_equal(tally->failed, 0);
    assert_int_equal(tally->cold, 0);
}

static void what_is_learned_before_is_not_judged(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;

    trial->terms.learn_ms = 5 * HOUR;
    use_now_and_then(trial);
    tally = &trial_run(trial)[ON_DEMAND];
    assert_int_equal(tally->uses, 2);
    assert_int_equal(tally->cold, 2);
    assert_int_equal(tally->first, 0);
    assert_int_equal(tally->calls, 2);
}

static void equal_runs_have_equal_results(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tally;
    struct tk_tally first;
    uint64_t dice = 1;

    trial->terms.issuer.fail_share = .1;
    for (int i = 0; i < 3000; i++) {
        char key[16];

        snprintf(key, sizeof key, "k%u", roll(&dice) % 20);
        trial_use(trial, key, roll(&dice) % (uint32_t)(10 * DAY));
    }
    first = trial_run(trial)[SEED];
    first.shown = NULL;
    first.shown_count = first.shown_cap = 0;
    tally = &trial_run(trial)[SEED];
    first.shown = tally->shown;
    first.shown_count = tally->shown_count;
    first.shown_cap = tally->shown_cap;
    assert_memory_equal(&first, tally, sizeof first);
    assert_true(first.cold > 0 && first.failed > 0);
}

static void progress_goes_from_nothing_to_all(double share, void *data)
{
    double *last = data;

    assert_true(share >= *last && share <= 1);
    *last = share;
}

static void a_run_tells_how_far_it_is(void **state)
{
    struct trial *trial = *state;
    struct tk_tally tally = {0};
    struct tk_policy *policy;
    double last = -1;
    struct tk_replay_options options = {
        .trace = &trial->trace,
        .terms = &trial->terms.issuer,
        .progress = progress_goes_from_nothing_to_all,
        .data = &last,
    };

    for (int i = 0; i < 10000; i++) trial_use(trial, "k", i * SECOND);
    tk_trace_sort(&trial->trace);
    assert_int_equal(tk_trial_open(&trial->lineup, &trial->lineup.trials[0], 0,
                                   &policy, &trial->why),
                     0);
    options.policy = policy;
    assert_int_equal(tk_replay(&options, &tally, &trial->why), 0);
    assert_true(last > .8);
    tk_tally_fini(&tally);
    tk_policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRIAL(on_demand_makes_a_call_for_each_cold_caller),
        WITH_TRIAL(a_key_that_is_kept_fresh_has_no_cold_caller),
        WITH_TRIAL(time_without_a_token_is_summed_up),
        WITH_TRIAL(the_seed_acts_at_its_ticks_alone),
        WITH_TRIAL(at_a_tick_the_seed_acts_on_all_that_is_due),
        WITH_TRIAL(the_seed_does_not_care_who_asks),
        WITH_TRIAL(policies_see_the_time_of_the_trace),
        WITH_TRIAL(callers_of_one_moment_share_a_call),
        WITH_TRIAL(a_call_that_fails_is_tried_again),
        WITH_TRIAL(callers_who_get_no_token_are_counted),
        WITH_TRIAL(an_issuer_that_ends_tokens_early_is_felt),
        WITH_TRIAL(a_quota_is_kept_as_the_engine_keeps_it),
        WITH_TRIAL(what_is_learned_before_is_not_judged),
        WITH_TRIAL(equal_runs_have_equal_results),
        WITH_TRIAL(a_run_tells_how_far_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
