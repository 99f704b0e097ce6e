/* script/box.h - memory of C that a Lua state owns.
 *
 * A function that Lua calls may be left at any call that raises. What it takes
 * from the heap it takes in a box: the state's collector gives it back, wiped,
 * if the function could not.
 */
#ifndef TK_SCRIPT_BOX_H
#define TK_SCRIPT_BOX_H

#include "base/buf.h"
#include "base/pool.h"

#include <lua.h>

/* Owned by the Lua state. */
struct tk_box {
    struct tk_buf buf;
    struct tk_pool pool;
};

enum { TK_BOX_MAX = 4 << 20 };

/* Called once for each state. May raise. */
void tk_box_setup(lua_State *L);
/* Pushes an empty box. Borrowed while it is on the stack. May raise. */
struct tk_box *tk_box_push(lua_State *L);
/* Gives back what is in it, before the collector would. */
void tk_box_empty(struct tk_box *box);
/* Pushes the bytes of its buffer as a string and empties it. May raise. */
int tk_box_push_text(lua_State *L, struct tk_box *box);

#endif
