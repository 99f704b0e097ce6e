/* sim/contest.h - every policy of a line-up over the same trace, and what
 * somebody could do who knows the trace beforehand.
 */
#ifndef TK_SIM_CONTEST_H
#define TK_SIM_CONTEST_H

#include "sim/issuer.h"
#include "sim/lineup.h"

/* What is set before tk_contest_run; all borrowed. */
struct tk_contest_terms {
    const struct tk_trace *trace;
    const struct tk_lineup *lineup;
    struct tk_terms issuer;
    int64_t learn_ms; /* what happens before is not judged */
    int64_t tick_ms;  /* of all policies but the references; 0: their own */
    uint32_t show_key;
    /* A trial is `share` done, 0 to 1; or NULL. */
    void (*progress)(const struct tk_trial *trial, double share, void *data);
    void *data;
};

/* Owned by whoever called tk_contest_run; tk_contest_fini frees it. */
struct tk_contest {
    const struct tk_contest_terms *terms; /* borrowed */
    struct tk_tally *tallies;             /* beside the trials of the line-up */
    size_t count;
};

/* After a failure there is nothing to free. */
TK_MUST_USE int tk_contest_run(const struct tk_contest_terms *terms,
                               struct tk_contest *out, struct tk_why *why);
void tk_contest_fini(struct tk_contest *contest);

#endif
