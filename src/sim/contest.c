#include "sim/contest.h"

#include "sim/replay.h"

#include <stdio.h>
#include <stdlib.h>

/* Which trial the progress is of. */
struct running {
    const struct tk_contest_terms *terms;
    const struct tk_trial *trial;
};

static void progressed(double share, void *data)
{
    struct running *running = data;

    running->terms->progress(running->trial, share, running->terms->data);
}

static int run_trial(const struct tk_contest_terms *terms,
                     const struct tk_trial *trial, bool is_reference,
                     struct tk_tally *out, struct tk_why *why)
{
    struct running running = {terms, trial};
    struct tk_replay_options options = {
        .trace = terms->trace,
        .terms = &terms->issuer,
        .learn_ms = terms->learn_ms,
        .step_ms = trial->step_ms,
        .show_key = terms->show_key,
        .progress = terms->progress == NULL ? NULL : progressed,
        .data = &running,
    };
    struct tk_policy *policy;
    int rc = tk_trial_open(terms->lineup, trial,
                           is_reference ? 0 : terms->tick_ms, &policy, why);

    if (rc != 0) return rc;
    options.policy = policy;
    snprintf(out->name, sizeof out->name, "%s", trial->name);
    rc = tk_replay(&options, out, why);
    tk_policy_close(policy);
    return rc;
}

/* A word that is wrong is told before an hour's work, not after it. */
static int check_trials(const struct tk_contest_terms *terms,
                        struct tk_why *why)
{
    const struct tk_lineup *lineup = terms->lineup;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < lineup->count; i++) {
        struct tk_policy *policy;

        rc = tk_trial_open(lineup, &lineup->trials[i], terms->tick_ms, &policy,
                           why);
        if (rc == 0) tk_policy_close(policy);
    }
    return rc;
}

int tk_contest_run(const struct tk_contest_terms *terms, struct tk_contest *out,
                   struct tk_why *why)
{
    const struct tk_lineup *lineup = terms->lineup;
    int rc = check_trials(terms, why);

    *out = (struct tk_contest){0};
    if (rc != 0) return rc;
    *out = (struct tk_contest){.terms = terms, .count = lineup->count};
    out->tallies = calloc(lineup->count, sizeof *out->tallies);
    if (out->tallies == NULL) return tk_fail(why, TK_ENOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < lineup->count; i++) {
        rc = run_trial(terms, &lineup->trials[i], i < lineup->references,
                       &out->tallies[i], why);
    }
    if (rc != 0) tk_contest_fini(out);
    return rc;
}

void tk_contest_fini(struct tk_contest *contest)
{
    for (size_t i = 0; i < contest->count; i++) {
        tk_tally_fini(&contest->tallies[i]);
    }
    free(contest->tallies);
    *contest = (struct tk_contest){0};
}
