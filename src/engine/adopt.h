/* engine/adopt.h - a new configuration takes over the keys of the old one.
 */
#ifndef TK_ENGINE_ADOPT_H
#define TK_ENGINE_ADOPT_H

#include "engine/caller.h"
#include "engine/config.h"

/* Judges which keys a new configuration leaves as they are; changes nothing
 * else. Returns false if memory does not suffice to tell: then adopting it
 * might withdraw a good token, and the problem is said. */
TK_MUST_USE bool tk_adopt_judge(struct tk_fleet *fleet,
                                const struct tk_config *new,
                                struct tk_problems *problems);

/* After tk_adopt_judge. Each key goes to the source of the same name if its
 * tokens are still for the same thing; then it keeps its token and is planned
 * anew. Otherwise its token is withdrawn at once. Pauses survive. Refreshes
 * that are on their way land on the keys that are still theirs:
 * `flight_dropped` is called for those of withdrawn keys. `old` may be NULL; it
 * is no longer referred to when this returns, but by refreshes on their way. */
void tk_adopt(struct tk_fleet *fleet, const struct tk_config *old,
              const struct tk_config *new, int64_t now,
              void (*flight_dropped)(struct tk_entry *entry, void *data),
              void *data);

/* Claims every kept key and fetches what has no token yet. */
void tk_adopt_kept(struct tk_fleet *fleet, const struct tk_config *config,
                   int64_t now);

#endif
