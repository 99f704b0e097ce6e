#define _GNU_SOURCE
#include "reader/moment.h"

#include "base/clock.h"

enum {
    BEAT_MAX_MS = 2000,
    WALL_MAX_MS = 1000,
};

/* Wall time is compared once for each step of the coarse clock: in between, the
 * machine cannot have slept and this clock have stood still for longer than
 * the step that is added anyway. */
static bool has_slept(struct tk_moment *moment,
                      const struct tk_mapping *mapping, int64_t mono)
{
    bool is_silent = mono - tk_mapping_beat_at(mapping) > BEAT_MAX_MS;
    uint32_t second;
    int64_t drift;

    if (is_silent != tk_moment_is_silent(moment)) {
        __atomic_store_n(&moment->is_silent, is_silent, __ATOMIC_RELAXED);
    }
    if (is_silent) return true;
    drift = tk_moment_coarse(CLOCK_REALTIME_COARSE, &second) - mono -
            tk_mapping_wall_ahead(mapping);
    if (drift > WALL_MAX_MS || drift < -WALL_MAX_MS) return true;
    __atomic_store_n(&moment->checked_at, mono, __ATOMIC_RELAXED);
    return false;
}

void tk_moment_read(struct tk_moment *moment, const struct tk_mapping *mapping,
                    struct tk_instant *out)
{
    int64_t mono = tk_moment_coarse(CLOCK_MONOTONIC_COARSE, &out->second);

    out->now = has_slept(moment, mapping, mono)
                   ? tk_clock_boot_ms()
                   : mono + tk_mapping_boot_ahead(mapping) + TK_MOMENT_STEP_MS;
}

bool tk_moment_is_silent(const struct tk_moment *moment)
{
    return __atomic_load_n(&moment->is_silent, __ATOMIC_RELAXED) != 0;
}
