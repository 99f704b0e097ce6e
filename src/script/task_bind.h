/* script/task_bind.h - what only a provider's task has: http, log, and the
 * table `engine`.
 *
 * The functions that wait do nothing but write down what is wanted and yield:
 * when the request is sent the coroutine surely waits for its answer.
 */
#ifndef TK_SCRIPT_TASK_BIND_H
#define TK_SCRIPT_TASK_BIND_H

#include <lua.h>

/* Called once for each state. May raise. */
void tk_task_bind(lua_State *L);
/* Pushes the table that fetch gets as `engine`. Does not raise. */
void tk_task_bind_push_engine(lua_State *L);

#endif
