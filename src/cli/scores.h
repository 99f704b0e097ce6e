/* cli/scores.h - the results of a simulation as tables for people. */
#ifndef TK_CLI_SCORES_H
#define TK_CLI_SCORES_H

#include "cli/show.h"
#include "sim/contest.h"

void tk_scores_print(const struct tk_contest *contest,
                     const struct tk_show *show, struct tk_buf *out);

#endif
