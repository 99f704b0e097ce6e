/* net/loop.h - the event loop: timers, signals, an orderly end.
 *
 * One thread runs one loop and owns everything on it; no function here may be
 * called from another thread. Only the net room names uv.h.
 */
#ifndef TK_NET_LOOP_H
#define TK_NET_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct tk_loop;
struct tk_timer;

typedef void (*tk_loop_cb)(void *data);

/* Ignores SIGPIPE for the process: a peer that hangs up is no reason to die.
 * On a thread that blocks it the process is left as it is. */
TK_MUST_USE int tk_loop_new(struct tk_loop **out);

/* Runs until tk_loop_stop, or until nothing is left that could happen. A
 * handler of a signal alone does not keep it running. */
void tk_loop_run(struct tk_loop *loop);
/* Takes effect at the end of the current turn. */
void tk_loop_stop(struct tk_loop *loop);

/* Closes what is still open and frees the loop; deferred calls that were not
 * made yet are dropped. Returns how many handles their owners had left open: 0
 * in a program without a leak. `loop` may be NULL. */
int tk_loop_free(struct tk_loop *loop);

/* CLOCK_BOOTTIME in milliseconds, read at most twice in a turn: before its
 * timers and after its poll. What follows from one event happens at one
 * moment, however long it takes. */
int64_t tk_loop_now(const struct tk_loop *loop);

/* Calls `cb` once, in the next turn; never from inside this call. Calls come
 * in the order in which they were asked for. Fails only with TK_ENOMEM. */
TK_MUST_USE int tk_loop_defer(struct tk_loop *loop, tk_loop_cb cb, void *data);
/* Takes back all deferred calls with this `data`: its owner goes away. */
void tk_loop_undefer(struct tk_loop *loop, const void *data);

/* Calls `cb` for each `signum` received, until tk_loop_free. */
TK_MUST_USE int tk_loop_on_signal(struct tk_loop *loop, int signum,
                                  tk_loop_cb cb, void *data);

/* A timer that is set for a moment of tk_loop_now. It sleeps at most ten
 * seconds at a time, so that time spent in suspend is noticed. Owned by the
 * caller until tk_timer_free (NULL is allowed, and so is the timer's own
 * callback). */
TK_MUST_USE int tk_timer_new(struct tk_loop *loop, tk_loop_cb cb, void *data,
                             struct tk_timer **out);
void tk_timer_free(struct tk_timer *timer);
/* Replaces what was set before; a moment in the past fires a millisecond from
 * now, in a later turn. `at_ms` TK_NEVER stops the timer. */
void tk_timer_set(struct tk_timer *timer, int64_t at_ms);

/* Has this turn held the loop for 5 ms already? Who has much I/O to do asks
 * after each piece and leaves the rest for the next turn. Not so outside of a
 * run. */
bool tk_loop_is_long(const struct tk_loop *loop);

/* In microseconds. */
struct tk_loop_longest {
    int64_t turn_us; /* that one turn of callbacks has held the loop, */
    int64_t cpu_us;  /* and of processor time: the rest was other programs' */
};

/* Since the last call of this function. */
struct tk_loop_longest tk_loop_take_longest(struct tk_loop *loop);

#endif
