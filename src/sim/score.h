/* sim/score.h - a tally held against the references of its contest, and
 * against what could have been had.
 */
#ifndef TK_SIM_SCORE_H
#define TK_SIM_SCORE_H

#include "sim/contest.h"
#include "sim/optimum.h"

/* What a cold call may cost, in calls. */
enum { TK_RATIOS = 3 };
extern const int tk_ratios[TK_RATIOS];

/* NaN for what there is nothing to compare with. */
struct tk_score {
    double cold_per_10k;
    double of_fresh; /* its calls, as a part of those of always-fresh */
    double avoided;  /* of the cold callers of on-demand */
    double at_risk;  /* part of the time that a use would have been cold */
    double cost[TK_RATIOS];   /* in calls */
    double over[TK_RATIOS];   /* that, as a multiple of the optimum's */
    double regret[TK_RATIOS]; /* and what it is more */
};

/* `tally` is of the contest, which begins with the references, or of what
 * could have been; `optimum` may be NULL. */
void tk_score_of(const struct tk_contest *contest,
                 const struct tk_optimum *optimum, const struct tk_tally *tally,
                 struct tk_score *out);

/* What could have been, as if it were a run. */
enum { TK_OPTIMA = 3 };
void tk_score_optima(const struct tk_contest *contest,
                     const struct tk_optimum *optimum,
                     struct tk_tally out[TK_OPTIMA]);

#endif
