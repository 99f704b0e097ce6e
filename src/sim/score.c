#include "sim/score.h"

#include <math.h>
#include <stdio.h>

const int tk_ratios[TK_RATIOS] = {4, 10, 30};

/* Where the line-up puts them. */
enum { ON_DEMAND, ALWAYS_FRESH };

static double part(double of, double whole)
{
    return whole > 0 ? of / whole : NAN;
}

static double optimal_cost(const struct tk_optimum *optimum, int ratio)
{
    const struct tk_oracle_cost *best = &optimum->continuous;

    return (double)best->calls +
           (ratio - 1) * (double)(best->cold - best->first);
}

void tk_score_of(const struct tk_contest *contest,
                 const struct tk_optimum *optimum, const struct tk_tally *tally,
                 struct tk_score *out)
{
    *out = (struct tk_score){
        .cold_per_10k = tk_tally_cold_per_10k(tally),
        .of_fresh = part((double)tally->calls,
                         (double)contest->tallies[ALWAYS_FRESH].calls),
        .avoided = 1 - part((double)tally->cold,
                            (double)contest->tallies[ON_DEMAND].cold),
        .at_risk = part((double)tally->at_risk_ms, (double)tally->key_ms),
    };
    for (int i = 0; i < TK_RATIOS; i++) {
        double best =
            optimum == NULL ? NAN : optimal_cost(optimum, tk_ratios[i]);

        out->cost[i] = tk_tally_cost(tally, tk_ratios[i]);
        out->over[i] = part(out->cost[i], best);
        out->regret[i] = out->cost[i] - best;
    }
}

static void set(const struct tk_contest *contest,
                const struct tk_oracle_cost *cost, const char *name,
                struct tk_tally *out)
{
    *out = (struct tk_tally){
        .uses = contest->tallies[ON_DEMAND].uses,
        .calls = cost->calls,
        .cold = cost->cold - cost->first,
        .first = cost->first,
    };
    snprintf(out->name, sizeof out->name, "%s", name);
}

void tk_score_optima(const struct tk_contest *contest,
                     const struct tk_optimum *optimum,
                     struct tk_tally out[TK_OPTIMA])
{
    set(contest, &optimum->continuous, "optimum", &out[0]);
    set(contest, &optimum->ticks, "optimum at ticks", &out[1]);
    set(contest, &optimum->renew, "optimum that never pre-warms", &out[2]);
}
