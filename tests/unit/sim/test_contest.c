#include "sim/contest.h"

#include "tests/unit/sim/trial.h"

#include <stdlib.h>

static void every_trial_has_its_tally(void **state)
{
    struct trial *trial = *state;
    const struct tk_tally *tallies;

    for (int i = 0; i < 100; i++) trial_use(trial, "k", i * HOUR);
    trial_add(trial, "threshold", "threshold=2m,15m");
    tallies = trial_run(trial);
    assert_int_equal(trial->contest.count, 5);
    assert_string_equal(tallies[0].name, "on-demand");
    assert_string_equal(tallies[4].name, "threshold threshold=15m");
    assert_true(tallies[3].calls < tallies[4].calls);
}

static void was_begun(const struct tk_trial *trial, double share, void *data)
{
    (void)trial;
    (void)share;
    (void)data;
    fail_msg("a trial was begun");
}

static void a_trial_that_cannot_begin_is_told_before_any_begins(void **state)
{
    struct trial *trial = *state;

    trial->terms.progress = was_begun;
    trial_use(trial, "k", 0);
    tk_trace_sort(&trial->trace);
    trial_add(trial, "threshold", "nonsense=1");
    assert_int_equal(
        tk_contest_run(&trial->terms, &trial->contest, &trial->why), TK_EINVAL);
    assert_int_equal(trial->contest.count, 0);
}

/* The references keep the ticks that they are known for. */
static void the_tick_is_of_the_policies_that_are_tried(void **state)
{
    struct trial *trial = *state;
    uint64_t seed;

    for (int i = 0; i < 500; i++) trial_use(trial, "k", i * 600 * SECOND);
    trial->terms.issuer.life_ms = 7000 * SECOND;
    seed = trial_run(trial)[2].cold;
    trial->terms.tick_ms = 1000;
    assert_int_equal(trial_run(trial)[2].cold, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRIAL(every_trial_has_its_tally),
        WITH_TRIAL(a_trial_that_cannot_begin_is_told_before_any_begins),
        WITH_TRIAL(the_tick_is_of_the_policies_that_are_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
