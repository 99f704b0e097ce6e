/* engine/tick.h - what a policy does besides deciding: its ticks. */
#ifndef TK_ENGINE_TICK_H
#define TK_ENGINE_TICK_H

#include "engine/fleet.h"

/* The policy is in force from now on: ticks fall on now + n * check_interval.
 * Whoever puts a policy in force calls this, the simulator too. */
void tk_tick_start(struct tk_fleet *fleet, struct tk_policy *policy,
                   int64_t now);

/* All keys of the policy are asked about anew, by the same calls. */
void tk_tick_ask_all(struct tk_fleet *fleet, struct tk_policy *policy,
                     int64_t now);
/* A policy takes the place of another: all its keys are asked about, and its
 * ticks go on where the other's would have been, or as they do if it decides
 * for other keys already. `old` stops if nothing is left for it. */
void tk_tick_follow(struct tk_fleet *fleet, struct tk_policy *policy,
                    struct tk_policy *old, int64_t now);
/* Its ticks are over. */
void tk_tick_stop(struct tk_policy *policy);

/* Works at the ticks that are due, for 2.5 ms at a time; what is left goes on
 * with the next call. Part of tk_refresh_run_due.
 *
 * A tick counts the keys (if the script has a `tick` to be told), calls it,
 * and has those keys asked about whose demand has changed, or all of them if
 * the script has moved its options. */
void tk_tick_run_due(struct tk_fleet *fleet, int64_t now);

#endif
