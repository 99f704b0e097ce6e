/* sim/replay.h - a trace, run through the engine's own fleet in virtual time.
 *
 * Callers, planner, budget and policy are the engine's code; only the issuer
 * is a model. Equal options give equal results.
 */
#ifndef TK_SIM_REPLAY_H
#define TK_SIM_REPLAY_H

#include "sim/issuer.h"
#include "sim/tally.h"

struct tk_policy;

/* All borrowed. */
struct tk_replay_options {
    const struct tk_trace *trace;
    const struct tk_terms *terms;
    struct tk_policy *policy; /* fresh: what it learns is of this run */
    int64_t learn_ms;         /* what happens before is not judged */
    int64_t step_ms; /* acts at multiples of it alone; 0: whenever it is due */
    uint32_t show_key; /* number of the key whose tokens are noted */
    /* How much is done, 0 to 1, every now and then; or NULL. */
    void (*progress)(double share, void *data);
    void *data;
};

/* The name in `out` is left alone. */
TK_MUST_USE int tk_replay(const struct tk_replay_options *options,
                          struct tk_tally *out, struct tk_why *why);

#endif
