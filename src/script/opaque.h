/* script/opaque.h - a secret as Lua sees it: a value without any operation.
 *
 * It may be handed on to http, hmac and back to C. Printed it is "secret(…)";
 * it has no length, no bytes, no order, and it equals itself only.
 */
#ifndef TK_SCRIPT_OPAQUE_H
#define TK_SCRIPT_OPAQUE_H

#include "base/secret.h"

#include <lua.h>

/* Called once for each state. May raise. */
void tk_opaque_setup(lua_State *L);
/* Pushes a value that stands for `secret`, which is borrowed for as long as
 * the state lives. May raise. */
void tk_opaque_push(lua_State *L, struct tk_secret *secret);
/* Pushes a value that owns a copy of `bytes`. May raise. */
void tk_opaque_push_copy(lua_State *L, struct tk_str bytes);
/* The secret at `index`, or NULL if the value is none. Does not raise; needs
 * two slots of the stack. */
struct tk_secret *tk_opaque_get(lua_State *L, int index);

#endif
