/* script/convert.h - values of Lua as trees of C, and back. */
#ifndef TK_SCRIPT_CONVERT_H
#define TK_SCRIPT_CONVERT_H

#include "base/value.h"

#include <lua.h>

struct tk_convert {
    int depth_max;       /* levels of tables */
    bool skip_functions; /* leave them out; else they are an error */
    const char *root;    /* how messages call the whole: "the table" */
};

/* Converts the value at `index`: pairs sorted by name, so that the same table
 * always gives the same tree; a table with items alone is a TK_LIST, an empty
 * one a TK_TABLE. Returns 0, TK_EINVAL with the path of what is wrong, or
 * TK_ENOMEM. Secrets are borrowed from the state. Does not raise. */
TK_MUST_USE int tk_convert_take(lua_State *L, int index,
                                const struct tk_convert *how,
                                struct tk_pool *pool, struct tk_value *out,
                                struct tk_why *why);

/* Pushes a tree; TK_NIL is nil. May raise. */
void tk_convert_push(lua_State *L, const struct tk_value *value);

#endif
