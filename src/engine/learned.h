/* engine/learned.h - what an issuer showed of its rules, for one kind of one
 * source. It moves calls and never adds one: an issuer that lies, and callers
 * who report what is not so, gain nothing by it.
 *
 * Fixed in size; carried over a reload.
 */
#ifndef TK_ENGINE_LEARNED_H
#define TK_ENGINE_LEARNED_H

#include "engine/plan.h"

enum { TK_LATENCY_STEPS = 20 };

struct tk_learned {
    /* Of refreshes that gave a token, in steps that double from a
     * millisecond. */
    uint16_t latency[TK_LATENCY_STEPS];
    int64_t life_ms; /* as last announced; 0: nothing yet */
    /* Tokens reported as refused before their end, and the shortest time that
     * one of them was good for. Shown, and never acted upon. */
    uint32_t early_ends;
    int64_t shortest_ms;
    /* The least life left at which the same token came though the facts
     * promised a new one (0: never), and the most, below that, at which a new
     * one came. */
    int64_t same_left_ms;
    int64_t new_left_ms;
    uint16_t trusted; /* renewals since then */
};

/* A refresh has brought a token. */
void tk_learned_took(struct tk_learned *learned, int64_t life_ms,
                     int64_t took_ms);
/* It was the same again (`is_new` false), or a new one, with `left_ms` of the
 * old one's life left. Only for refreshes that nobody forced. */
void tk_learned_saw(struct tk_learned *learned, bool is_new, int64_t left_ms);
/* A caller reports that a token is refused, `good_ms` after it was issued. */
void tk_learned_ended(struct tk_learned *learned, int64_t good_ms);

/* The latency that `percent` of the refreshes do not exceed; 0: unknown. */
int64_t tk_learned_latency(const struct tk_learned *learned, unsigned percent);
/* The moment before which this kind gave nothing new; 0: nothing learned. */
int64_t tk_learned_not_before(const struct tk_learned *learned,
                              const struct tk_life *life);

#endif
