/* sim/lineup.h - what is tried against each other: policies with their
 * options, and the references that they are measured by.
 */
#ifndef TK_SIM_LINEUP_H
#define TK_SIM_LINEUP_H

#include "engine/policy.h"
#include "sim/tally.h"

enum { TK_TRIALS_MAX = 200 };

struct tk_trial {
    char name[TK_TALLY_NAME]; /* "foresight cold_cost=10" */
    struct tk_value choice;   /* as a configuration says it */
    int64_t step_ms; /* acts at multiples of it alone; 0: whenever it is due */
};

/* Owned by whoever called tk_lineup_init. */
struct tk_lineup {
    const struct tk_library *library; /* borrowed */
    struct tk_trial *trials;
    size_t count;
    size_t references; /* the first so many */
    struct tk_pool pool;
};

void tk_lineup_init(struct tk_lineup *lineup, const struct tk_library *library);
void tk_lineup_fini(struct tk_lineup *lineup);

/* on-demand, always-fresh and the seed. */
TK_MUST_USE int tk_lineup_add_references(struct tk_lineup *lineup,
                                         struct tk_why *why);

/* A policy by name or file. `sets` (ending with NULL) are "name.option=value"
 * or "option=value"; of "option=a,b,c" each value is a trial of its own. */
TK_MUST_USE int tk_lineup_add(struct tk_lineup *lineup, const char *policy,
                              const char *const *sets, struct tk_why *why);

/* TK_EINVAL if one of the `sets` is for none of the policies; both lists end
 * with NULL. */
TK_MUST_USE int tk_lineup_check_sets(const char *const *sets,
                                     const char *const *policies,
                                     struct tk_why *why);

/* How a policy is called in `sets` and in results: the name of its file. */
struct tk_str tk_lineup_name(const char *policy);

/* A policy of the trial's own, with nothing learned; tk_policy_close ends it.
 * `tick_ms` (0: its own) is the time between its ticks. */
TK_MUST_USE int tk_trial_open(const struct tk_lineup *lineup,
                              const struct tk_trial *trial, int64_t tick_ms,
                              struct tk_policy **out, struct tk_why *why);

#endif
