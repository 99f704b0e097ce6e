/* script/unit_view.h - what a policy sees: the token, and the clock where its
 * users live. */
#ifndef TK_SCRIPT_UNIT_VIEW_H
#define TK_SCRIPT_UNIT_VIEW_H

#include "script/unit_state.h"

#include <lua.h>

/* Makes the view at unit->view_ref and the global `clock`. May raise. */
void tk_unit_view_setup(lua_State *L, struct tk_unit *unit);

#endif
