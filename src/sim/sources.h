/* sim/sources.h - the sources that the keys of a trace belong to, with the
 * facts of a modelled issuer and the policy under trial.
 *
 * A key such as "crm/client/read" keeps its name; any other text of a trace
 * becomes the subject of sim/key.
 */
#ifndef TK_SIM_SOURCES_H
#define TK_SIM_SOURCES_H

#include "engine/fleet.h"
#include "sim/issuer.h"

/* A key of the trace, as the fleet knows it. */
struct tk_sim_key {
    struct tk_str text;
    struct tk_source *source;
};

/* Owned by the replay. */
struct tk_sim_sources {
    struct tk_source **sources;
    size_t count;
    struct tk_sim_key *keys; /* beside those of the trace */
    struct tk_pool pool;
};

TK_MUST_USE int tk_sim_sources_init(struct tk_sim_sources *sources,
                                    const struct tk_trace *trace,
                                    const struct tk_terms *terms,
                                    struct tk_policy *policy,
                                    struct tk_why *why);
void tk_sim_sources_fini(struct tk_sim_sources *sources);

/* The entry of a key, which is made if need be. */
TK_MUST_USE int tk_sim_sources_claim(const struct tk_sim_sources *sources,
                                     struct tk_fleet *fleet, uint32_t key,
                                     struct tk_entry **out, struct tk_why *why);

#endif
