/* engine/tick.h - what a policy does besides deciding: its ticks. */
#ifndef TK_ENGINE_TICK_H
#define TK_ENGINE_TICK_H

#include "engine/fleet.h"

/* The policy is in force from now on: ticks fall on now + n * check_interval.
 * Whoever puts a policy in force calls this, the simulator too. */
void tk_tick_start(struct tk_fleet *fleet, struct tk_policy *policy,
                   int64_t now);

/* Works at the ticks that are due, for 2.5 ms at a time; what is left goes on
 * with the next call. Part of tk_refresh_run_due.
 *
 * A tick counts the keys (if the script has a `tick` to be told), calls it,
 * and has those keys asked about whose demand has changed, or all of them if
 * the script has moved its options. */
void tk_tick_run_due(struct tk_fleet *fleet, int64_t now);

#endif
