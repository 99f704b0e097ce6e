/* tests/unit/sim/brute.h - the cheapest way by trying all of them: every set
 * of moments for refreshes, played forward event by event. Slow and simple, so
 * that the oracle has something to be held against.
 */
#ifndef TK_TESTS_UNIT_SIM_BRUTE_H
#define TK_TESTS_UNIT_SIM_BRUTE_H

#include "sim/oracle.h"

#include "tests/unit/harness.h"
#include "tests/unit/random.h"

#include <stdbool.h>

enum { BRUTE_USES = 9, BRUTE_MOMENTS = 26 };

struct brute {
    struct tk_oracle_terms terms;
    int64_t at[BRUTE_USES];
    size_t n;
    int64_t moments[BRUTE_MOMENTS]; /* at which a refresh may start */
    size_t moment_count;
    bool only_live; /* only while a token is good */
    /* One play: the refreshes that brought a token, and what it cost. */
    int64_t starts[BRUTE_USES + BRUTE_MOMENTS];
    size_t start_count;
    struct tk_oracle_cost cost;
};

static inline uint64_t brute_worth(const struct brute *brute,
                                   const struct tk_oracle_cost *cost)
{
    return cost->calls + cost->cold * (brute->terms.cold_cost - 1);
}

static inline bool brute_is_good(const struct brute *brute, int64_t now)
{
    const struct tk_oracle_terms *terms = &brute->terms;

    for (size_t i = 0; i < brute->start_count; i++) {
        if (now >= brute->starts[i] + terms->latency_ms &&
            now < brute->starts[i] + terms->life_ms - terms->margin_ms) {
            return true;
        }
    }
    return false;
}

static inline bool brute_is_running(const struct brute *brute, int64_t now)
{
    return brute->start_count > 0 &&
           now <
               brute->starts[brute->start_count - 1] + brute->terms.latency_ms;
}

static inline void brute_start(struct brute *brute, int64_t now)
{
    brute->starts[brute->start_count++] = now;
    brute->cost.calls++;
}

/* A refresh at a chosen moment. One outside of the window costs a call and
 * brings nothing. A token may be renewed at the very moment of its end, as
 * no last one before it is a whole number. */
static inline bool brute_choose(struct brute *brute, int64_t now)
{
    int64_t newest = brute->starts[brute->start_count - 1];

    if (brute_is_running(brute, now) ||
        (brute->only_live && !brute_is_good(brute, now) &&
         !brute_is_good(brute, now - 1))) {
        return false;
    }
    if (newest + brute->terms.life_ms - now > brute->terms.window_ms) {
        brute->cost.calls++;
    } else {
        brute_start(brute, now);
    }
    return true;
}

static inline void brute_use(struct brute *brute, int64_t now)
{
    if (brute_is_good(brute, now)) {
        return;
    }
    if (!brute_is_running(brute, now)) {
        brute_start(brute, now);
    }
    brute->cost.cold++;
    brute->cost.first += brute->start_count == 1;
}

/* Plays the chosen moments, each before a use of the same moment; false if one
 * was chosen at which no refresh may start. */
static inline bool brute_play(struct brute *brute, uint32_t chosen)
{
    size_t m = 0;

    brute->cost = (struct tk_oracle_cost){0};
    brute->start_count = 0;
    for (size_t i = 0; i < brute->n; i++) {
        for (; m < brute->moment_count && brute->moments[m] <= brute->at[i];
             m++) {
            if (chosen & (UINT32_C(1) << m) &&
                !brute_choose(brute, brute->moments[m])) {
                return false;
            }
        }
        brute_use(brute, brute->at[i]);
    }
    return true;
}

/* The cheapest of all plays; with `none_cold`, of those where nobody but the
 * first is. */
static inline struct tk_oracle_cost brute_best(struct brute *brute,
                                               bool none_cold)
{
    struct tk_oracle_cost best = {0};
    bool found = false;

    for (uint32_t chosen = 0; chosen < UINT32_C(1) << brute->moment_count;
         chosen++) {
        if (brute_play(brute, chosen) &&
            (!none_cold || brute->cost.cold == brute->cost.first) &&
            (!found ||
             brute_worth(brute, &brute->cost) < brute_worth(brute, &best))) {
            best = brute->cost;
            found = true;
        }
    }
    assert_true(found);
    return best;
}

/* Moments from the first use on, every `step`. */
static inline void brute_moments(struct brute *brute, int64_t step,
                                 int64_t phase)
{
    brute->moment_count = 0;
    for (int64_t at = phase; at <= brute->at[brute->n - 1]; at += step) {
        if (at > brute->at[0]) {
            assert_true(brute->moment_count < BRUTE_MOMENTS);
            brute->moments[brute->moment_count++] = at;
        }
    }
}

/* A small case; everything that can matter is drawn. */
static inline void brute_draw(struct brute *brute, uint64_t *seed,
                              uint32_t horizon)
{
    static const uint32_t prices[] = {1, 2, 4, 10};
    struct tk_oracle_terms *terms = &brute->terms;

    *brute = (struct brute){0};
    terms->latency_ms = roll(seed) % 3;
    terms->margin_ms = roll(seed) % 2;
    terms->life_ms =
        terms->margin_ms + 2 * terms->latency_ms + 1 + roll(seed) % 7;
    terms->window_ms = terms->life_ms;
    if (roll(seed) % 2) {
        terms->window_ms = terms->margin_ms + terms->latency_ms +
                           roll(seed) % (uint32_t)terms->life_ms;
    }
    terms->step_ms = 1 + roll(seed) % 4;
    terms->phase_ms = roll(seed) % terms->step_ms;
    terms->cold_cost = prices[roll(seed) % 4];
    brute->n = 1 + roll(seed) % BRUTE_USES;
    for (size_t i = 0; i < brute->n; i++) {
        size_t k = i;
        int64_t at = roll(seed) % horizon;

        for (; k > 0 && brute->at[k - 1] > at; k--) {
            brute->at[k] = brute->at[k - 1];
        }
        brute->at[k] = at;
    }
}

#endif
