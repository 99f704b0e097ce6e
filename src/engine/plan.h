/* engine/plan.h - when a token is renewed: arithmetic on moments, and nothing
 * else. C never trusts a policy's answer; this is where it is bent.
 *
 * All moments are CLOCK_BOOTTIME in milliseconds.
 */
#ifndef TK_ENGINE_PLAN_H
#define TK_ENGINE_PLAN_H

#include "engine/facts.h"
#include "script/unit.h"

/* The life of one token. `sent_at` is when the request for it was sent, so
 * that `expires_at` is never later than the issuer's own idea of it. */
struct tk_life {
    int64_t sent_at;
    int64_t received_at;
    int64_t expires_at;
};

/* What bent the answer of the policy. */
enum tk_clamp {
    TK_CLAMP_NONE,
    TK_CLAMP_HALF_LIFE, /* never before half of the life has passed */
    TK_CLAMP_OVERLAP,   /* renewing takes the old token from its holders */
    TK_CLAMP_WINDOW,    /* the issuer would hand out the same token */
    TK_CLAMP_LEARNED,   /* it did, so this key waits longer than declared */
    TK_CLAMP_LATEST,    /* time for the refresh itself must be left */
};

struct tk_plan {
    int64_t asked;      /* the policy's moment, before it was bent */
    int64_t at;         /* the moment it is acted on; TK_NEVER: not at all */
    uint16_t spread_ms; /* by how much `at` was moved forward */
    uint16_t why;       /* number of the policy's word in the fleet's list */
    uint8_t verb;       /* enum tk_verb */
    uint8_t clamp;      /* enum tk_clamp */
    bool kept;          /* the policy let it lapse, `keep` overruled it */
    bool fallback;      /* the built-in rule answered for the policy */
};

/* The first moment at which a refresh can yield something new. */
int64_t tk_plan_opens(const struct tk_kind *kind, const struct tk_life *life);

/* The first moment at which C lets a refresh happen: after half of the life
 * (seven eighths if that ends the token which others hold), when it can yield
 * something new, and not before what was learned of this token (0: nothing).
 * `clamp` (or NULL) tells which of these it is. */
int64_t tk_plan_earliest(const struct tk_kind *kind, const struct tk_life *life,
                         int64_t not_before, enum tk_clamp *clamp);

/* Bends `asked` and spreads it: sets at, spread_ms and clamp. `needs_ms` is
 * how long a refresh at this issuer takes (0: unknown); a slow one is called
 * earlier. `dice` is a hash of node, key and generation, so that no plan is
 * drawn twice. */
void tk_plan_renew(const struct tk_kind *kind, const struct tk_life *life,
                   int64_t asked, int64_t not_before, int64_t needs_ms,
                   uint64_t dice, struct tk_plan *plan);

/* The same for a token that has ended: a new one is fetched ahead of its use,
 * and only what the issuer allows puts that off. */
void tk_plan_revive(const struct tk_kind *kind, const struct tk_life *life,
                    int64_t asked, int64_t not_before, struct tk_plan *plan);

/* After a refresh that gave nothing new: when to try next. Half of what is
 * left, so that a wrong window costs a handful of calls; past the end there is
 * a new token to be had. */
int64_t tk_plan_not_before(const struct tk_life *life, int64_t now);

/* The moment of the next try after `failures` failures in a row. While a token
 * is valid the tries tighten towards its end; `retry_after_ms` (0: none) is
 * the issuer's own wish and is obeyed. `is_hard`: trying again cannot help
 * before somebody changes something. */
struct tk_retry {
    int64_t now;
    int64_t expires_at; /* of the token that is still there; 0: none */
    int64_t life_ms;    /* of the last token; 0: unknown */
    int64_t retry_after_ms;
    unsigned failures;
    bool is_hard;
    uint64_t dice;
};
int64_t tk_plan_retry(const struct tk_retry *retry);

/* The longest time that an issuer can hold calls back. An hour is what an
 * issuer may mean; who asks for more in earnest, until tomorrow's quota, gets
 * 24 calls a day, and an answer that is broken or hostile darkens a source no
 * longer. */
enum { TK_RETRY_AFTER_MAX_MS = 3600 * 1000 };

/* The least time between two tries for a token of this life. */
int64_t tk_plan_retry_floor(int64_t life_ms);

/* "half of the life", ... for explain; NULL for TK_CLAMP_NONE. */
const char *tk_clamp_name(enum tk_clamp clamp);

#endif
