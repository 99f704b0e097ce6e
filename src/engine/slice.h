/* engine/slice.h - how long work of the fleet may hold the loop before others
 * have their turn: two and a half milliseconds. A run of the fleet takes one
 * slice each for the ticks of policies, for refreshes whose turn has come and
 * for the keys; so does whoever answers many callers.
 */
#ifndef TK_ENGINE_SLICE_H
#define TK_ENGINE_SLICE_H

#include "engine/fleet.h"

enum { TK_SLICE_US = 2500 };

struct tk_slice {
    const struct tk_fleet *fleet;
    int64_t end_us;
};

static inline struct tk_slice tk_slice_begin(const struct tk_fleet *fleet)
{
    return (struct tk_slice){fleet, tk_fleet_clock_us(fleet) + TK_SLICE_US};
}

static inline bool tk_slice_is_over(const struct tk_slice *slice)
{
    return tk_fleet_clock_us(slice->fleet) >= slice->end_us;
}

#endif
