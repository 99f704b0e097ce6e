/* base/clock.h - the clocks.
 *
 * Lifetimes run on CLOCK_BOOTTIME, which counts suspend and never jumps; wall
 * time is for people and for the store. Only the loop and main read them:
 * everywhere else the time is an argument.
 */
#ifndef TK_BASE_CLOCK_H
#define TK_BASE_CLOCK_H

#include <stdint.h>

/* A moment that never comes. */
#define TK_NEVER INT64_MAX

/* All of them at one moment, in milliseconds. */
struct tk_clocks {
    int64_t mono; /* CLOCK_MONOTONIC: stands still in suspend */
    int64_t boot;
    int64_t wall;
};
void tk_clocks_read(struct tk_clocks *out);

int64_t tk_clock_boot_ms(void);
int64_t tk_clock_wall_ms(void);
/* CLOCK_MONOTONIC in microseconds, to see how long something took. */
int64_t tk_clock_mono_us(void);

#endif
