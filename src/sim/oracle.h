/* sim/oracle.h - what the uses of one key would cost somebody who knows them
 * all beforehand: the bound that every policy is held against.
 *
 * The model: a refresh that starts at s gives a token that is usable in
 * [s + latency, s + life - margin). A caller who finds none is cold: he waits
 * for the refresh that runs, or for one that starts at his moment. The first
 * use of a key is cold whatever anybody knows. A refresh costs 1, each cold
 * caller cold_cost - 1 more.
 *
 * The optimum is that of the whole trace; only what happens from `count_from`
 * on is counted, so that it compares with a policy after its time of learning.
 */
#ifndef TK_SIM_ORACLE_H
#define TK_SIM_ORACLE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct tk_oracle_terms {
    int64_t life_ms;
    int64_t margin_ms;  /* of the life, held back at its end */
    int64_t latency_ms; /* of every refresh */
    /* With more than this left the issuer hands out the same token again;
     * life_ms or more: it never does. */
    int64_t window_ms;
    int64_t step_ms;  /* between two ticks; tk_oracle_ticks only */
    int64_t phase_ms; /* the moment of one of them */
    int64_t count_from_ms;
    uint32_t cold_cost; /* of a refresh with one cold caller; at least 1 */
};

struct tk_oracle_cost {
    uint64_t calls; /* to the issuer, those for cold callers included */
    uint64_t cold;  /* callers */
    uint64_t first; /* of these, in the first refresh of the key */
};

/* 0, or TK_EINVAL with a reason: terms under which no token can be followed by
 * the next without a gap. */
TK_MUST_USE int tk_oracle_check(const struct tk_oracle_terms *terms,
                                struct tk_why *why);

/* The functions below take the moments of the uses of one key in rising order
 * (equal ones are several callers), and terms that passed tk_oracle_check. */

/* The fewest refreshes with which nobody is cold but at first, started at any
 * moment. With a latency of 0 on-demand fetching makes as many, so this is
 * also the fewest that anybody can make. */
void tk_oracle_continuous(const int64_t *at_ms, size_t n,
                          const struct tk_oracle_terms *terms,
                          struct tk_oracle_cost *out);

/* When the refreshes of tk_oracle_continuous start, into `starts` with room for
 * n. Returns how many there are. */
size_t tk_oracle_starts(const int64_t *at_ms, size_t n,
                        const struct tk_oracle_terms *terms, int64_t *starts);

/* The cheapest when only a token that is still good may be renewed: what
 * remains without pre-warming after a lapse. A renewal is in time or not made,
 * which is exact for a latency of 0. */
void tk_oracle_renew(const int64_t *at_ms, size_t n,
                     const struct tk_oracle_terms *terms,
                     struct tk_oracle_cost *out);

/* The cheapest when refreshes start at ticks or for a cold caller. Returns 0
 * or TK_ENOMEM. */
TK_MUST_USE int tk_oracle_ticks(const int64_t *at_ms, size_t n,
                                const struct tk_oracle_terms *terms,
                                struct tk_oracle_cost *out);

/* The index of the first of the uses from `i` on that is not before
 * `moment`. */
size_t tk_oracle_first(const int64_t *at_ms, size_t n, size_t i,
                       int64_t moment);

/* How many callers wait for a refresh that was started for the one at `i` and
 * is there at `ready`: himself, and who comes meanwhile. */
size_t tk_oracle_waiting(const int64_t *at_ms, size_t n, size_t i,
                         int64_t ready);

#endif
