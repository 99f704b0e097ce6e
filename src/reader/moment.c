#define _GNU_SOURCE
#include "reader/moment.h"

#include "base/clock.h"

#include <time.h>

enum {
    BEAT_MAX_MS = 2000,
    WALL_MAX_MS = 1000,
    /* The longest step of a coarse clock: HZ is 100 at least. */
    STEP_MS = 10,
};

static int64_t read_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wall time is compared once for each step of the coarse clock: in between, the
 * machine cannot have slept and this clock have stood still for longer than
 * the step that is added anyway. */
static bool has_slept(struct tk_moment *moment,
                      const struct tk_mapping *mapping, int64_t mono)
{
    bool is_silent = mono - tk_mapping_beat_at(mapping) > BEAT_MAX_MS;
    int64_t drift;

    if (is_silent != tk_moment_is_silent(moment)) {
        __atomic_store_n(&moment->is_silent, is_silent, __ATOMIC_RELAXED);
    }
    if (is_silent) return true;
    if (__atomic_load_n(&moment->checked_at, __ATOMIC_RELAXED) == mono) {
        return false;
    }
    drift =
        read_ms(CLOCK_REALTIME_COARSE) - mono - tk_mapping_wall_ahead(mapping);
    if (drift > WALL_MAX_MS || drift < -WALL_MAX_MS) return true;
    __atomic_store_n(&moment->checked_at, mono, __ATOMIC_RELAXED);
    return false;
}

int64_t tk_moment_now(struct tk_moment *moment,
                      const struct tk_mapping *mapping)
{
    int64_t mono = read_ms(CLOCK_MONOTONIC_COARSE);

    if (has_slept(moment, mapping, mono)) return tk_clock_boot_ms();
    return mono + tk_mapping_boot_ahead(mapping) + STEP_MS;
}

bool tk_moment_is_silent(const struct tk_moment *moment)
{
    return __atomic_load_n(&moment->is_silent, __ATOMIC_RELAXED) != 0;
}
