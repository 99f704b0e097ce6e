/* serve/census.h - the keys of a fleet counted by source, in one scan.
 */
#ifndef TK_SERVE_CENSUS_H
#define TK_SERVE_CENSUS_H

#include "engine/config.h"
#include "engine/fleet.h"

struct tk_census_source {
    const struct tk_source *source;
    uint64_t states[TK_STATES];
    int64_t shortest_ms; /* life left of a fresh token; -1: there is none */
};

/* Owned by whoever called tk_census_take; tk_census_fini frees it. */
struct tk_census {
    struct tk_census_source *sources; /* by address */
    size_t count;
    uint64_t waiting;   /* callers, over all keys */
    uint64_t kept;      /* keys that are to be kept, */
    uint64_t kept_dark; /* and those of them without a token */
};

TK_MUST_USE int tk_census_take(const struct tk_fleet *fleet,
                               const struct tk_config *config, int64_t now,
                               struct tk_census *out);
void tk_census_fini(struct tk_census *census);

#endif
