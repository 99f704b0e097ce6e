/* tests/unit/sim/trial.h - a trace written by hand, and a line-up of installed
 * policies over it.
 */
#ifndef TK_TESTS_UNIT_SIM_TRIAL_H
#define TK_TESTS_UNIT_SIM_TRIAL_H

#include "tests/unit/harness.h"

#include "base/log.h"
#include "sim/contest.h"

#include <stdlib.h>

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* Owned by a test. The references come first: on-demand, always-fresh, seed. */
struct trial {
    struct tk_library library;
    struct tk_trace trace;
    struct tk_lineup lineup;
    struct tk_contest_terms terms;
    struct tk_contest contest;
    struct tk_why why;
};

static inline int trial_set_up(void **state)
{
    struct trial *trial = calloc(1, sizeof *trial);

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    tk_trace_init(&trial->trace);
    tk_lineup_init(&trial->lineup, &trial->library);
    trial->terms = (struct tk_contest_terms){
        .trace = &trial->trace,
        .lineup = &trial->lineup,
        .issuer = {.life_ms = 2 * HOUR,
                   .window_ms = HOUR / 2,
                   .latency_ms = 500,
                   .max_concurrent = 1000},
    };
    *state = trial;
    if (tk_library_init(&trial->library, NULL, &trial->why) != 0) return -1;
    return tk_lineup_add_references(&trial->lineup, &trial->why);
}

static inline int trial_tear_down(void **state)
{
    struct trial *trial = *state;

    tk_contest_fini(&trial->contest);
    tk_lineup_fini(&trial->lineup);
    tk_trace_fini(&trial->trace);
    free(trial);
    return 0;
}

static inline void trial_use(struct trial *trial, const char *key,
                             int64_t at_ms)
{
    uint32_t number = 0;

    assert_int_equal(tk_trace_key(&trial->trace, tk_str(key), &number), 0);
    assert_int_equal(tk_trace_add(&trial->trace, at_ms, number), 0);
}

static inline void trial_add(struct trial *trial, const char *policy,
                             const char *set)
{
    const char *const sets[] = {set, NULL};

    assert_int_equal(tk_lineup_add(&trial->lineup, policy, sets, &trial->why),
                     0);
}

static inline const struct tk_tally *trial_run(struct trial *trial)
{
    tk_trace_sort(&trial->trace);
    tk_contest_fini(&trial->contest);
    if (tk_contest_run(&trial->terms, &trial->contest, &trial->why) != 0) {
        fail_msg("%s", trial->why.text);
    }
    return trial->contest.tallies;
}

#define WITH_TRIAL(test)                                                       \
    cmocka_unit_test_setup_teardown(test, trial_set_up, trial_tear_down)

#endif
