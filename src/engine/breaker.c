#include "engine/breaker.h"

#include "base/clock.h"
#include "engine/plan.h"

#include <stddef.h>

enum {
    STEPS_MAX = 6,
    /* For a token of two hours 10 s at first, and a minute at most. */
    LONGEST_FLOORS = 6,
    SPREAD_SHARE = 8,
    LEFT_SHARE = 4,
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t cool_down_ms(const struct tk_breaker *breaker,
                            const struct tk_unanswered *call)
{
    int64_t floor_ms = tk_plan_retry_floor(breaker->life_ms);
    int64_t longest = least(floor_ms * LONGEST_FLOORS, TK_BREAKER_LONGEST_MS);
    int64_t step = least((int64_t)breaker->openings - 1, STEPS_MAX);
    int64_t cool = least(floor_ms << step, longest);
    int64_t left = call->expires_at - call->now;

    cool -= (int64_t)(call->dice % (uint64_t)(cool / SPREAD_SHARE + 1));
    if (left > 0) cool = least(cool, left / LEFT_SHARE);
    return cool > floor_ms / 2 ? cool : floor_ms / 2;
}

int64_t tk_breaker_next(const struct tk_breaker *breaker)
{
    if (!breaker->is_open) return 0;
    return breaker->probe != NULL ? TK_NEVER : breaker->probe_at;
}

void tk_breaker_leave(struct tk_breaker *breaker, const void *who)
{
    if (breaker->is_open && breaker->probe == NULL) breaker->probe = who;
}

bool tk_breaker_answered(struct tk_breaker *breaker)
{
    bool was_open = breaker->is_open;

    breaker->is_open = false;
    breaker->probe = NULL;
    breaker->failures = 0;
    breaker->openings = 0;
    return was_open;
}

bool tk_breaker_unanswered(struct tk_breaker *breaker,
                           const struct tk_unanswered *call)
{
    /* Calls that had left before it opened tell nothing new. */
    if (breaker->is_open && breaker->probe == NULL) return false;
    if (!breaker->is_open) {
        if (++breaker->failures < TK_BREAKER_FAILURES) return false;
        breaker->outages++;
    }
    breaker->is_open = true;
    breaker->probe = NULL;
    breaker->openings++;
    breaker->probe_at = call->now + cool_down_ms(breaker, call);
    return true;
}

bool tk_breaker_ended(struct tk_breaker *breaker, const void *who,
                      int64_t again_at)
{
    if (breaker->probe == NULL || breaker->probe != who) return false;
    breaker->probe = NULL;
    breaker->probe_at = again_at;
    return true;
}
