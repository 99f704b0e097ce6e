/* script/chunk.h - source text to function, and `require`. */
#ifndef TK_SCRIPT_CHUNK_H
#define TK_SCRIPT_CHUNK_H

#include "base/str.h"

#include <lua.h>

/* Compiles a text (never bytecode) and pushes its function. `name` is what
 * errors show. May raise. */
void tk_chunk_push(lua_State *L, struct tk_str source, const char *name);

/* Sets the global `require`: modules "tokeng.NAME" of the state's `lua_dir`,
 * read only while the state is loading, one copy for each state. May raise. */
void tk_chunk_open_require(lua_State *L);

#endif
