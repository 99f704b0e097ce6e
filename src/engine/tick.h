/* engine/tick.h - what a policy does besides deciding: its ticks, and the
 * events it learns of.
 */
#ifndef TK_ENGINE_TICK_H
#define TK_ENGINE_TICK_H

#include "engine/fleet.h"

/* The policy is in force from now on: ticks fall on now + n * check_interval.
 * Whoever puts a policy in force calls this, the simulator too. */
void tk_tick_start(struct tk_fleet *fleet, struct tk_policy *policy,
                   int64_t now);

/* Runs the ticks that are due. Part of tk_refresh_run_due. */
void tk_tick_run_due(struct tk_fleet *fleet, int64_t now);

/* Tells the policy of the key what has happened to it. A key that has never
 * had a token is none of its business. */
void tk_tick_learn(struct tk_fleet *fleet, struct tk_entry *entry,
                   enum tk_event event, int64_t now);

#endif
