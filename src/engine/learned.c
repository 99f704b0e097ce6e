#include "engine/learned.h"

enum {
    /* Sums of a step are halved beyond it, so that the newest weigh most. */
    LATENCY_FULL = 256,
    /* A window is forgotten after so many renewals and learned again, for an
     * issuer that has changed its mind; that costs a handful of calls. */
    TRUST_MAX = 64,
    /* What one key's token taught makes others no later than this part of
     * their life before its end: there each finds out for itself. */
    LATEST_SHARE = 16,
};

static void fade(struct tk_learned *learned)
{
    for (int i = 0; i < TK_LATENCY_STEPS; i++) learned->latency[i] /= 2;
}

void tk_learned_took(struct tk_learned *learned, int64_t life_ms,
                     int64_t took_ms)
{
    int step = 0;

    while (step < TK_LATENCY_STEPS - 1 && INT64_C(1) << step < took_ms) step++;
    if (learned->latency[step] >= LATENCY_FULL) fade(learned);
    learned->latency[step]++;
    learned->life_ms = life_ms;
}

static void forget_window(struct tk_learned *learned)
{
    learned->same_left_ms = 0;
    learned->new_left_ms = 0;
    learned->trusted = 0;
}

static void saw_same(struct tk_learned *learned, int64_t left_ms)
{
    if (left_ms <= 0) return;
    if (learned->same_left_ms == 0 || left_ms < learned->same_left_ms) {
        learned->same_left_ms = left_ms;
    }
    if (learned->new_left_ms >= left_ms) learned->new_left_ms = 0;
}

static void saw_new(struct tk_learned *learned, int64_t left_ms)
{
    if (learned->same_left_ms == 0) return;
    if (left_ms >= learned->same_left_ms || ++learned->trusted >= TRUST_MAX) {
        forget_window(learned);
    } else if (left_ms > learned->new_left_ms) {
        learned->new_left_ms = left_ms;
    }
}

void tk_learned_saw(struct tk_learned *learned, bool is_new, int64_t left_ms)
{
    if (is_new) {
        saw_new(learned, left_ms);
    } else {
        saw_same(learned, left_ms);
    }
}

void tk_learned_ended(struct tk_learned *learned, int64_t good_ms)
{
    if (learned->early_ends < UINT32_MAX) learned->early_ends++;
    if (learned->shortest_ms == 0 || good_ms < learned->shortest_ms) {
        learned->shortest_ms = good_ms;
    }
}

int64_t tk_learned_latency(const struct tk_learned *learned, unsigned percent)
{
    unsigned all = 0;
    unsigned seen = 0;

    for (int i = 0; i < TK_LATENCY_STEPS; i++) all += learned->latency[i];
    for (int i = 0; i < TK_LATENCY_STEPS; i++) {
        seen += learned->latency[i];
        if (all > 0 && seen * 100 >= all * percent) return INT64_C(1) << i;
    }
    return 0;
}

/* Where nothing below the refused moment was tried with success, half of it: a
 * wrong guess halves again. */
int64_t tk_learned_not_before(const struct tk_learned *learned,
                              const struct tk_life *life)
{
    int64_t least = (life->expires_at - life->sent_at) / LATEST_SHARE;
    int64_t left = learned->new_left_ms;

    if (learned->same_left_ms == 0) return 0;
    if (left == 0) left = learned->same_left_ms / 2;
    if (left < least) left = least;
    return life->expires_at - left;
}
