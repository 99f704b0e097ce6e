/* engine/swap.h - sources get another policy while the engine runs.
 *
 * The newcomer is loaded beside the one in force, checked, and asked about
 * live keys; only then does it take its place, between two calls of a script.
 * What goes wrong on the way leaves everything as it was.
 */
#ifndef TK_ENGINE_SWAP_H
#define TK_ENGINE_SWAP_H

#include "engine/config.h"
#include "engine/schedule.h"

/* Whose policy is to be replaced. */
struct tk_swap {
    struct tk_fleet *fleet;
    struct tk_config *config;
    struct tk_source *source;    /* of this source; NULL: */
    const struct tk_policy *old; /* of all that have this one */
    int64_t now;
};

/* What a policy answered about live keys before it was in force. */
struct tk_trial {
    bool is_made;
    uint32_t asked;
    uint32_t renews;
    uint32_t asks;
    uint32_t lapses;
    uint32_t at_once; /* of the renewals, those whose moment has come */
};

/* Opens what `choice` names and tries it on live keys, with a copy of the state
 * of the one that it is to follow if both are the same script. NULL if anything
 * is wrong; then it is in `problems`, under `path`. The caller holds it. */
struct tk_policy *tk_swap_open(const struct tk_swap *swap, const char *path,
                               const struct tk_value *choice,
                               struct tk_trial *trial,
                               struct tk_problems *problems);

/* Puts a policy in force: over the API for a source, or as the newer version
 * of `old`. Keys with a token are asked about anew; a refresh that is on its
 * way, in a queue or waiting for its next try goes on. */
void tk_swap_choose(const struct tk_swap *swap, struct tk_policy *policy);
void tk_swap_renew(const struct tk_swap *swap, struct tk_policy *policy);

/* For a source: the policy before is in force again, with its state as it was
 * then; a second call takes the first back. TK_ENOENT if there was none. */
TK_MUST_USE int tk_swap_back(const struct tk_swap *swap, struct tk_why *why);

/* For a source: what the configuration names is in force again. */
void tk_swap_reset(const struct tk_swap *swap);

/* Notes at each of the sources why a policy was not taken. */
void tk_swap_refuse(const struct tk_swap *swap, struct tk_str why);

/* Copies the state of a policy to one that follows it, if both are the same
 * script. */
TK_MUST_USE int tk_swap_carry(const struct tk_policy *old,
                              struct tk_policy *policy, struct tk_why *why);

#endif
