/* sim/generate.h - a trace of our own: tenants of a service, made up, and the
 * same each time.
 */
#ifndef TK_SIM_GENERATE_H
#define TK_SIM_GENERATE_H

#include "sim/trace.h"

struct tk_crowd {
    uint32_t keys;
    uint32_t days;
    uint64_t seed;
};

/* Office hours in several places, timers, batches at night, keys that are
 * always in use, and many that hardly are. */
TK_MUST_USE int tk_generate(const struct tk_crowd *crowd, struct tk_trace *out);

#endif
