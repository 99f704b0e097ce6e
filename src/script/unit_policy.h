/* script/unit_policy.h - what a policy has beside the plain libraries: the
 * view of a token, and the words renew, ask and lapse. */
#ifndef TK_SCRIPT_UNIT_POLICY_H
#define TK_SCRIPT_UNIT_POLICY_H

#include "script/unit_state.h"

/* Before the file is loaded. May raise. */
void tk_unit_policy_setup(lua_State *L, struct tk_unit *unit);

/* Pushes an object that shows these options and cannot be changed: only a tick
 * moves them, and C must know. May raise. */
void tk_unit_policy_push_options(lua_State *L, const struct tk_value *options);

#endif
