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

#include <time.h>

/* Owned by its handle; threads share it. */
struct tk_moment {
    int64_t checked_at; /* the cheap clock's time at which wall time agreed and
                         * the engine had a beat */
    int is_silent;      /* the beat was old when it was last looked at */
};

struct tk_instant {
    int64_t now;     /* CLOCK_BOOTTIME in milliseconds, never less than it is: a
                      * step of the coarse clock is added */
    uint32_t second; /* of the cheap clock */
};

/* The longest step of a coarse clock: HZ is 100 at least. */
enum { TK_MOMENT_STEP_MS = 10 };

/* The time of the cheap clock has no sign, and no fraction of interest. */
static inline int64_t tk_moment_coarse(clockid_t id, uint32_t *second)
{
    struct timespec now;

    clock_gettime(id, &now);
    *second = (uint32_t)now.tv_sec;
    return (int64_t)now.tv_sec * 1000 + (uint32_t)now.tv_nsec / 1000000;
}

/* Reads the time if it was checked since the cheap clock's last step; else the
 * answer is false, and tk_moment_read must be asked. */
static inline bool tk_moment_peek(const struct tk_moment *moment,
                                  const struct tk_mapping *mapping,
                                  struct tk_instant *out)
{
    int64_t mono = tk_moment_coarse(CLOCK_MONOTONIC_COARSE, &out->second);

    out->now = mono + tk_mapping_boot_ahead(mapping) + TK_MOMENT_STEP_MS;
    return __atomic_load_n(&moment->checked_at, __ATOMIC_RELAXED) == mono;
}

void tk_moment_read(struct tk_moment *moment, const struct tk_mapping *mapping,
                    struct tk_instant *out);

/* Had the engine given no beat for two seconds when the time was last read? */
bool tk_moment_is_silent(const struct tk_moment *moment);

#endif
