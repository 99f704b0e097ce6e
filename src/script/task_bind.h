/* script/task_bind.h - what only a provider's task can call: http, log, and
 * the `engine` that fetch is given.
 */
#ifndef TK_SCRIPT_TASK_BIND_H
#define TK_SCRIPT_TASK_BIND_H

#include <lua.h>

/* Sets http and log. May raise. */
int tk_task_bind(lua_State *L);
/* Pushes the table that fetch gets as `engine`. May raise. */
void tk_task_bind_push_engine(lua_State *L);

#endif
