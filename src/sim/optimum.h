/* sim/optimum.h - what the oracle says of a whole trace: its keys, summed up.
 *
 * Without failures and without a quota: a bound also for runs that have them.
 */
#ifndef TK_SIM_OPTIMUM_H
#define TK_SIM_OPTIMUM_H

#include "sim/issuer.h"
#include "sim/oracle.h"

struct tk_optimum {
    struct tk_oracle_cost continuous;
    struct tk_oracle_cost ticks;
    struct tk_oracle_cost renew;
};

/* The issuer in the oracle's words. */
struct tk_oracle_terms tk_optimum_terms(const struct tk_terms *issuer,
                                        int64_t count_from_ms, int64_t step_ms,
                                        uint32_t cold_cost);

/* TK_EINVAL for terms that tk_oracle_check refuses, or TK_ENOMEM. */
TK_MUST_USE int tk_optimum_of(const struct tk_trace *trace,
                              const struct tk_oracle_terms *terms,
                              struct tk_optimum *out, struct tk_why *why);

#endif
