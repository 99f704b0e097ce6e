/* script/unit_policy.h - what a policy has beside the plain libraries: the
 * view of a token, and the words renew, ask and lapse. */
#ifndef TK_SCRIPT_UNIT_POLICY_H
#define TK_SCRIPT_UNIT_POLICY_H

#include "script/unit_state.h"

/* Before the file is loaded. May raise. */
void tk_unit_policy_setup(lua_State *L, struct tk_unit *unit);

#endif
