#include "sim/optimum.h"

#include <stdlib.h>

/* The uses of a trace by key: those of key k are at_ms[begin[k]] up to
 * at_ms[begin[k + 1]]. Owned by tk_optimum_of. */
struct sorted {
    int64_t *at_ms;
    size_t *begin;
};

struct tk_oracle_terms tk_optimum_terms(const struct tk_terms *issuer,
                                        int64_t count_from_ms, int64_t step_ms,
                                        uint32_t cold_cost)
{
    return (struct tk_oracle_terms){
        .life_ms = issuer->life_ms,
        .margin_ms = issuer->skew_ms,
        .latency_ms = issuer->latency_ms,
        .window_ms =
            issuer->window_ms > 0 ? issuer->window_ms : issuer->life_ms,
        .step_ms = step_ms,
        .count_from_ms = count_from_ms,
        .cold_cost = cold_cost,
    };
}

/* By counting. While uses are put down, begin[k + 1] is where the next one of
 * key k goes. */
static int sort_uses(const struct tk_trace *trace, struct sorted *sorted)
{
    size_t *begin = calloc((size_t)trace->key_count + 2, sizeof *begin);

    sorted->begin = begin;
    sorted->at_ms = calloc(trace->use_count + 1, sizeof *sorted->at_ms);
    if (begin == NULL || sorted->at_ms == NULL) return TK_ENOMEM;
    for (size_t i = 0; i < trace->use_count; i++) {
        begin[trace->uses[i].key + 2]++;
    }
    for (size_t k = 2; k <= trace->key_count; k++) begin[k] += begin[k - 1];
    for (size_t i = 0; i < trace->use_count; i++) {
        size_t place = begin[trace->uses[i].key + 1]++;

        sorted->at_ms[place] = trace->uses[i].at_ms;
    }
    return 0;
}

static void add(struct tk_oracle_cost *sum, const struct tk_oracle_cost *cost)
{
    sum->calls += cost->calls;
    sum->cold += cost->cold;
    sum->first += cost->first;
}

static int add_key(const int64_t *at_ms, size_t n,
                   const struct tk_oracle_terms *terms, struct tk_optimum *out)
{
    struct tk_oracle_cost cost;
    int rc = tk_oracle_ticks(at_ms, n, terms, &cost);

    if (rc != 0) return rc;
    add(&out->ticks, &cost);
    tk_oracle_continuous(at_ms, n, terms, &cost);
    add(&out->continuous, &cost);
    tk_oracle_renew(at_ms, n, terms, &cost);
    add(&out->renew, &cost);
    return 0;
}

int tk_optimum_of(const struct tk_trace *trace,
                  const struct tk_oracle_terms *terms, struct tk_optimum *out,
                  struct tk_why *why)
{
    struct sorted sorted;
    int rc = tk_oracle_check(terms, why);

    *out = (struct tk_optimum){0};
    if (rc != 0) return rc;
    rc = sort_uses(trace, &sorted);
    for (size_t k = 0; rc == 0 && k < trace->key_count; k++) {
        rc = add_key(sorted.at_ms + sorted.begin[k],
                     sorted.begin[k + 1] - sorted.begin[k], terms, out);
    }
    free(sorted.at_ms);
    free(sorted.begin);
    return rc == 0 ? 0 : tk_fail(why, rc, "the optimum: %s", tk_err_text(rc));
}
