/* reader/moment.h - what time is it, for a reader of the shared cache?
 *
 * Tokens end on CLOCK_BOOTTIME, which costs a reader five times as much to read
 * as CLOCK_MONOTONIC_COARSE (24 ns against 5). So the engine publishes by how
 * much the one is ahead of the other, and that is added to the cheap one. It
 * goes wrong when the machine has slept since, which shows in two ways: the
 * engine's beat is old, or wall time has moved against the cheap clock. Then
 * the dear clock is read.
 */
#ifndef TK_READER_MOMENT_H
#define TK_READER_MOMENT_H

#include "cache/mapping.h"

/* Owned by its handle; threads share it. */
struct tk_moment {
    int64_t checked_at; /* the cheap clock's time at which wall time agreed */
    int is_silent;      /* the beat was old when it was last looked at */
};

/* CLOCK_BOOTTIME in milliseconds, never less than it is: a step of the coarse
 * clock is added. */
int64_t tk_moment_now(struct tk_moment *moment,
                      const struct tk_mapping *mapping);

/* Had the engine given no beat for two seconds when the time was last asked? */
bool tk_moment_is_silent(const struct tk_moment *moment);

#endif
