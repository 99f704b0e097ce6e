/* serve/tally.h - the keys of a fleet counted by source, in one scan.
 */
#ifndef TK_SERVE_TALLY_H
#define TK_SERVE_TALLY_H

#include "engine/config.h"
#include "engine/fleet.h"

struct tk_tally_source {
    const struct tk_source *source;
    uint64_t states[TK_STATES];
    int64_t shortest_ms; /* life left of a fresh token; -1: there is none */
};

/* Owned by whoever called tk_tally_take; tk_tally_fini frees it. */
struct tk_tally {
    struct tk_tally_source *sources; /* not in the order of the configuration */
    size_t count;
    uint64_t waiting;   /* callers, over all keys */
    uint64_t kept;      /* keys that are to be kept, */
    uint64_t kept_dark; /* and those of them without a token */
};

TK_MUST_USE int tk_tally_take(const struct tk_fleet *fleet,
                              const struct tk_config *config, int64_t now,
                              struct tk_tally *out);
void tk_tally_fini(struct tk_tally *tally);

#endif
