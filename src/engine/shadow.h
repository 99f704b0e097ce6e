/* engine/shadow.h - what another policy would have done for a source.
 *
 * Beside the fleet stands a small one with the same keys, the same issuer facts
 * and the same uses, where the other policy decides and refreshes only seem to
 * happen: each takes as long as they usually do and brings a token with the
 * usual life. So everything between a decision and a call is the same code.
 */
#ifndef TK_ENGINE_SHADOW_H
#define TK_ENGINE_SHADOW_H

#include "engine/caller.h"

struct tk_shadow;

/* Takes over the keys of `source`, a part at each run, with their tokens and
 * what is known of their use. `policy` is held. */
TK_MUST_USE int tk_shadow_new(const struct tk_fleet *fleet,
                              struct tk_source *source,
                              struct tk_policy *policy, int64_t now,
                              struct tk_shadow **out);
void tk_shadow_free(struct tk_shadow *shadow);

struct tk_source *tk_shadow_source(const struct tk_shadow *shadow);
const struct tk_policy *tk_shadow_policy(const struct tk_shadow *shadow);
/* The key as it stands in the shadow, or NULL; and the fleet that it is in. */
const struct tk_entry *tk_shadow_find(const struct tk_shadow *shadow,
                                      struct tk_str key);
const struct tk_fleet *tk_shadow_fleet(const struct tk_shadow *shadow);
/* A reload has put another source of the same name in the place of the one.
 * False if its keys are other ones now. */
TK_MUST_USE bool tk_shadow_move(struct tk_shadow *shadow,
                                struct tk_source *source);

/* Somebody uses this key of the source; told before the key itself is. */
void tk_shadow_use(struct tk_shadow *shadow, const struct tk_entry *entry,
                   int64_t now);
/* Does what is due; tk_shadow_due is when there will be something. */
void tk_shadow_run(struct tk_shadow *shadow, int64_t now);
int64_t tk_shadow_due(const struct tk_shadow *shadow);

/* Since all keys were taken over. */
struct tk_deeds {
    uint64_t uses;
    uint64_t calls; /* refreshes, whatever came of them */
    uint64_t cold;
};

struct tk_comparison {
    int64_t since;         /* a moment; 0: keys are still being taken over */
    uint32_t keys;         /* in the shadow */
    uint32_t left_out;     /* for which it has no room */
    struct tk_deeds live;  /* what the policy in force has done, */
    struct tk_deeds would; /* and what the other would have */
};

void tk_shadow_compare(const struct tk_shadow *shadow,
                       struct tk_comparison *out);

#endif
