/* The two optima that need no search.
 *
 * Continuous: refreshes that are usable for a while each have to hit all uses;
 * greedily from the left, each as late as its first use allows. Whoever starts
 * one earlier serves the same first use and fewer later ones.
 *
 * Renew: before a use past its end a token is either renewed in time, as often
 * as it takes, or it lapses and the use is cold. The cheaper of the two is
 * right, for the price of one more renewal makes up for whatever the dearer
 * one has ahead, at most one gain. Of equals the cold one ends later.
 */
#include "sim/oracle.h"

static int64_t useful_ms(const struct tk_oracle_terms *terms)
{
    return terms->life_ms - terms->margin_ms;
}

int tk_oracle_check(const struct tk_oracle_terms *terms, struct tk_why *why)
{
    if (terms->margin_ms < 0 || terms->latency_ms < 0 || terms->step_ms < 1 ||
        terms->cold_cost < 1) {
        return tk_fail(why, TK_EINVAL,
                       "margin and latency must be 0 or more, the step 1 ms "
                       "or more, and a cold call 1 or more");
    }
    if (useful_ms(terms) < 1 || useful_ms(terms) < 2 * terms->latency_ms) {
        return tk_fail(why, TK_EINVAL,
                       "a life of %lld ms without the margin is too short for "
                       "a latency of %lld ms: it must be twice as long",
                       (long long)terms->life_ms, (long long)terms->latency_ms);
    }
    if (terms->window_ms < terms->margin_ms + terms->latency_ms) {
        return tk_fail(why, TK_EINVAL,
                       "a window of %lld ms is shorter than margin and "
                       "latency: every token would leave a gap",
                       (long long)terms->window_ms);
    }
    return 0;
}

size_t tk_oracle_first(const int64_t *at_ms, size_t n, size_t i, int64_t moment)
{
    size_t end = n;

    while (i < end) {
        size_t middle = i + (end - i) / 2;

        if (at_ms[middle] < moment) {
            i = middle + 1;
        } else {
            end = middle;
        }
    }
    return i;
}

size_t tk_oracle_waiting(const int64_t *at_ms, size_t n, size_t i,
                         int64_t ready)
{
    size_t end = tk_oracle_first(at_ms, n, i, ready);

    return end > i ? end - i : 1;
}

/* A refresh at `start` with `cold` callers. */
static void count_call(const struct tk_oracle_terms *terms, int64_t start,
                       size_t cold, struct tk_oracle_cost *out)
{
    if (start >= terms->count_from_ms) {
        out->calls++;
        out->cold += cold;
    }
}

/* One for the caller at `i`; returns when its token ends. */
static int64_t call_cold(const int64_t *at_ms, size_t n, size_t i,
                         const struct tk_oracle_terms *terms,
                         struct tk_oracle_cost *out)
{
    count_call(terms, at_ms[i],
               tk_oracle_waiting(at_ms, n, i, at_ms[i] + terms->latency_ms),
               out);
    return at_ms[i] + useful_ms(terms);
}

/* Into `starts` (or NULL) goes when each refresh starts. */
static size_t walk(const int64_t *at_ms, size_t n,
                   const struct tk_oracle_terms *terms, int64_t *starts,
                   struct tk_oracle_cost *out)
{
    size_t count = 0;
    int64_t end = 0;

    for (size_t i = 0; i < n; i++) {
        int64_t start = i == 0 ? at_ms[0] : at_ms[i] - terms->latency_ms;

        if (i > 0 && at_ms[i] < end) continue;
        if (i == 0) {
            (void)call_cold(at_ms, n, 0, terms, out);
        } else {
            count_call(terms, start, 0, out);
        }
        end = start + useful_ms(terms);
        if (starts != NULL) starts[count] = start;
        count++;
    }
    return count;
}

void tk_oracle_continuous(const int64_t *at_ms, size_t n,
                          const struct tk_oracle_terms *terms,
                          struct tk_oracle_cost *out)
{
    *out = (struct tk_oracle_cost){0};
    (void)walk(at_ms, n, terms, NULL, out);
    out->first = out->cold;
}

size_t tk_oracle_starts(const int64_t *at_ms, size_t n,
                        const struct tk_oracle_terms *terms, int64_t *starts)
{
    struct tk_oracle_cost cost = {0};

    return walk(at_ms, n, terms, starts, &cost);
}

/* `calls` of them, the first at `start`, one every `gain`. */
static void count_renewals(const struct tk_oracle_terms *terms, int64_t start,
                           int64_t gain, int64_t calls,
                           struct tk_oracle_cost *out)
{
    int64_t early = terms->count_from_ms - start;
    int64_t left_out = early <= 0 ? 0 : (early + gain - 1) / gain;

    out->calls += left_out < calls ? (uint64_t)(calls - left_out) : 0;
}

/* What the cold call at `i` would cost. */
static uint64_t cold_worth(const int64_t *at_ms, size_t n, size_t i,
                           const struct tk_oracle_terms *terms)
{
    size_t cold = tk_oracle_waiting(at_ms, n, i, at_ms[i] + terms->latency_ms);

    return 1 + cold * (terms->cold_cost - 1);
}

void tk_oracle_renew(const int64_t *at_ms, size_t n,
                     const struct tk_oracle_terms *terms,
                     struct tk_oracle_cost *out)
{
    int64_t gain = useful_ms(terms) - terms->latency_ms;
    int64_t end;

    *out = (struct tk_oracle_cost){0};
    if (n == 0) {
        return;
    }
    end = call_cold(at_ms, n, 0, terms, out);
    out->first = out->cold;
    for (size_t i = 1; i < n; i++) {
        int64_t calls = (at_ms[i] - end) / gain + 1;

        if (at_ms[i] < end) {
            continue;
        }
        if ((uint64_t)calls < cold_worth(at_ms, n, i, terms)) {
            count_renewals(terms, end - terms->latency_ms, gain, calls, out);
            end += calls * gain;
        } else {
            end = call_cold(at_ms, n, i, terms, out);
        }
    }
}
