/* cli/scores.h - the results of a simulation as tables for people. */
#ifndef TK_CLI_SCORES_H
#define TK_CLI_SCORES_H

#include "cli/show.h"
#include "sim/score.h"

/* What it costs, what it does, and what was assumed. `optimum` may be NULL. */
void tk_scores_print(const struct tk_contest *contest,
                     const struct tk_optimum *optimum,
                     const struct tk_show *show, struct tk_buf *out);

#endif
