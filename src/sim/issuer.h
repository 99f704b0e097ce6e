/* sim/issuer.h - an issuer, as a model: what a call brings, and when.
 *
 * Its clock is the true one. A token is stamped in the middle of a call, and
 * while more than the window is left of it every call brings the same one.
 */
#ifndef TK_SIM_ISSUER_H
#define TK_SIM_ISSUER_H

#include "engine/budget.h"
#include "sim/trace.h"

#include <stdbool.h>

/* What is assumed of an issuer. */
struct tk_terms {
    int64_t life_ms;
    int64_t window_ms;   /* of a token: life left at which a new one is given;
                            0: at any time */
    int64_t latency_ms;  /* of every call */
    bool is_as_recorded; /* calls take what they took while the trace was
                            recorded, and fail as they did */
    double fail_share;   /* of the calls that bring nothing */
    int64_t skew_ms;     /* tokens are refused so long before they end */
    struct tk_limits quota;
    uint32_t max_concurrent;
    uint64_t seed; /* of what is drawn */
};

struct tk_issuer_token {
    int64_t stamped_at;
    int64_t ends_at; /* as the issuer sees it; 0: there was none */
    uint32_t number;
};

/* Owned by the replay. */
struct tk_sim_issuer {
    const struct tk_terms *terms;
    const struct tk_trace *recorded; /* for its answers; or none in it */
    struct tk_issuer_token *tokens;  /* by key */
    struct tk_budget budget;
    uint64_t dice;
};

/* What a call brings. */
struct tk_reply {
    int64_t lands_at;
    int64_t life_ms; /* as told; 0: nothing */
    uint32_t number; /* of the token, from 1 */
    bool is_limited; /* more calls than the quota */
};

TK_MUST_USE int tk_sim_issuer_init(struct tk_sim_issuer *issuer,
                                   const struct tk_terms *terms,
                                   const struct tk_trace *recorded);
void tk_sim_issuer_fini(struct tk_sim_issuer *issuer);

/* A call for `key` that leaves at `now`. */
struct tk_reply tk_sim_issuer_call(struct tk_sim_issuer *issuer, uint32_t key,
                                   int64_t now);

/* Does the API that it is for still take the newest token of the key? Older
 * ones stay good for their own life. */
bool tk_sim_issuer_takes(const struct tk_sim_issuer *issuer, uint32_t key,
                         int64_t now);
/* When that ends. */
int64_t tk_sim_issuer_ends(const struct tk_sim_issuer *issuer, uint32_t key);

#endif
