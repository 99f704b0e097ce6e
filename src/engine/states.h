/* engine/states.h - what policies note in policy.state, kept over a restart: a
 * file for each source, policy-state/SOURCE.json in the state directory.
 */
#ifndef TK_ENGINE_STATES_H
#define TK_ENGINE_STATES_H

#include "engine/config.h"

/* Writes the state of the source's policy if it has changed since the last
 * time. Sources that share a policy have one state, that of the first. */
void tk_states_save(const char *state_dir, struct tk_source *source);

/* Gives each policy the state that it had, if it is still the same script. What
 * cannot be read is logged and left out. */
void tk_states_restore(const char *state_dir, const struct tk_config *config);

#endif
