#include "engine/plan.h"

#include "base/clock.h"
#include "base/span.h"

enum {
    /* Issuers count whole seconds and round, which hides up to a second of the
     * life; half a second more is what two clocks drift apart in two hours
     * (70 parts in a million). Past that it is inside the window by every
     * reading. */
    WINDOW_EDGE_MS = 1500,
    SPREAD_MAX_MS = 60 * 1000,
    SPREAD_SHARE = 20, /* one part in 20: 5 % of the lead */
    /* Time that is left for the refresh itself. */
    MARGIN_SHARE = 50,
    MARGIN_MIN_MS = 500,
    MARGIN_MAX_MS = 60 * 1000,
    /* A slow issuer gets more, but never more than a tenth of the life. */
    MARGIN_NEEDS_SHARE = 10,
    /* Where a renewal hurts it comes late, with room for its retries. */
    HURTS_SHARE = 8,
    /* Retries: for a token of two hours 10 s at least and 60 s at most; both
     * shrink with the life so that shortened time behaves alike. */
    RETRY_FLOOR_SHARE = 720,
    RETRY_FLOOR_MIN_MS = 250,
    RETRY_FLOOR_MAX_MS = 10 * 1000,
    RETRY_CAP_SHARE = 60,
    RETRY_CAP_MIN_MS = 1000,
    RETRY_CAP_MAX_MS = 60 * 1000,
    RETRY_HARD_MS = 5 * 60 * 1000,
    RETRY_UNKNOWN_LIFE_MS = 3600 * 1000,
};

_Static_assert(SPREAD_MAX_MS <= UINT16_MAX, "a spread fits its field");

static int64_t between(int64_t low, int64_t value, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t life_ms(const struct tk_life *life)
{
    return life->expires_at - life->sent_at;
}

/* The issuer stamped the token somewhere between sent and received, so its own
 * end lies at most that much after ours. */
static int64_t issuer_end(const struct tk_life *life)
{
    return life->expires_at + (life->received_at - life->sent_at);
}

int64_t tk_plan_opens(const struct tk_kind *kind, const struct tk_life *life)
{
    switch (kind->renewable) {
    case TK_RENEWABLE_LAST:
        if (kind->window_ms >= life_ms(life)) return life->sent_at;
        return issuer_end(life) - kind->window_ms + WINDOW_EDGE_MS;
    case TK_RENEWABLE_AT_END:
        return issuer_end(life) + WINDOW_EDGE_MS;
    case TK_RENEWABLE_ALWAYS:
    case TK_RENEWABLE_EXTENDS:
        break;
    }
    return life->sent_at;
}

int64_t tk_plan_earliest(const struct tk_kind *kind, const struct tk_life *life,
                         int64_t not_before, enum tk_clamp *clamp)
{
    int64_t first = life->sent_at + life_ms(life) / 2;
    int64_t opens = tk_plan_opens(kind, life);
    enum tk_clamp by = TK_CLAMP_HALF_LIFE;

    if (tk_kind_renewal_hurts(kind)) {
        first = life->expires_at - life_ms(life) / HURTS_SHARE;
        by = TK_CLAMP_OVERLAP;
    }
    if (opens > first) {
        first = opens;
        by = TK_CLAMP_WINDOW;
    }
    if (not_before > first) {
        first = not_before;
        by = TK_CLAMP_LEARNED;
    }
    if (clamp != NULL) *clamp = by;
    return first;
}

/* The time that a refresh is given before the end, two of the usual. */
static int64_t margin_of(const struct tk_life *life, int64_t needs_ms)
{
    int64_t margin =
        between(MARGIN_MIN_MS, life_ms(life) / MARGIN_SHARE, MARGIN_MAX_MS);
    int64_t most = life_ms(life) / MARGIN_NEEDS_SHARE;

    return later(margin, between(0, 2 * needs_ms, most));
}

void tk_plan_renew(const struct tk_kind *kind, const struct tk_life *life,
                   int64_t asked, int64_t not_before, int64_t needs_ms,
                   uint64_t dice, struct tk_plan *plan)
{
    int64_t margin = margin_of(life, needs_ms);
    enum tk_clamp early;
    int64_t first = tk_plan_earliest(kind, life, not_before, &early);
    int64_t last = later(first, life->expires_at - margin);
    int64_t room;

    plan->asked = asked;
    plan->at = between(first, asked, last);
    plan->clamp = (uint8_t)(asked < first  ? early
                            : asked > last ? TK_CLAMP_LATEST
                                           : TK_CLAMP_NONE);
    room =
        between(0, (life->expires_at - plan->at) / SPREAD_SHARE, SPREAD_MAX_MS);
    if (room > plan->at - first) room = plan->at - first;
    plan->spread_ms = (uint16_t)(dice % (uint64_t)(room + 1));
    plan->at -= plan->spread_ms;
}

void tk_plan_revive(const struct tk_kind *kind, const struct tk_life *life,
                    int64_t asked, int64_t not_before, struct tk_plan *plan)
{
    enum tk_clamp early;
    int64_t first = tk_plan_earliest(kind, life, not_before, &early);

    plan->asked = asked;
    plan->at = later(first, asked);
    plan->spread_ms = 0;
    plan->clamp = (uint8_t)(asked < first ? early : TK_CLAMP_NONE);
}

int64_t tk_plan_not_before(const struct tk_life *life, int64_t now)
{
    int64_t left = life->expires_at - now;

    if (left <= 2 * WINDOW_EDGE_MS) return issuer_end(life) + WINDOW_EDGE_MS;
    return now + left / 2;
}

/* Decorrelated back-off: each step is drawn between the floor and three times
 * the last one, here from the dice so that it can be explained. */
static int64_t back_off(int64_t floor_ms, int64_t cap_ms, unsigned failures,
                        uint64_t dice)
{
    int64_t reach = floor_ms;

    for (unsigned i = 1; i < failures && reach < cap_ms; i++) reach *= 3;
    reach = between(floor_ms, reach, cap_ms);
    return floor_ms + (int64_t)(dice % (uint64_t)(reach - floor_ms + 1));
}

int64_t tk_plan_retry_floor(int64_t life_ms)
{
    int64_t life = life_ms > 0 ? life_ms : RETRY_UNKNOWN_LIFE_MS;

    return between(RETRY_FLOOR_MIN_MS, life / RETRY_FLOOR_SHARE,
                   RETRY_FLOOR_MAX_MS);
}

int64_t tk_plan_retry(const struct tk_retry *retry)
{
    int64_t life = retry->life_ms > 0 ? retry->life_ms : RETRY_UNKNOWN_LIFE_MS;
    int64_t floor_ms = tk_plan_retry_floor(life);
    int64_t cap_ms =
        between(RETRY_CAP_MIN_MS, life / RETRY_CAP_SHARE, RETRY_CAP_MAX_MS);
    int64_t left = retry->expires_at - retry->now;
    int64_t delay;

    if (retry->retry_after_ms > 0) {
        return retry->now + between(retry->is_hard ? RETRY_HARD_MS : floor_ms,
                                    retry->retry_after_ms,
                                    TK_RETRY_AFTER_MAX_MS);
    }
    if (retry->is_hard) return retry->now + RETRY_HARD_MS;
    delay = back_off(floor_ms, cap_ms, retry->failures, retry->dice);
    if (left > 0) delay = between(floor_ms, delay, later(floor_ms, left / 4));
    return retry->now + delay;
}

const char *tk_clamp_name(enum tk_clamp clamp)
{
    switch (clamp) {
    case TK_CLAMP_HALF_LIFE:
        return "not before half of the life has passed";
    case TK_CLAMP_OVERLAP:
        return "not this early: renewing ends the token that others hold";
    case TK_CLAMP_WINDOW:
        return "not before the issuer gives a new token";
    case TK_CLAMP_LEARNED:
        return "not yet: the issuer gave the same token again";
    case TK_CLAMP_LATEST:
        return "no later: the refresh itself needs time";
    case TK_CLAMP_NONE:
        break;
    }
    return NULL;
}
