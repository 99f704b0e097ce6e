/* script/facade.h - an object of a script that has no memory of its own: C
 * answers what its fields are, each time one is read, without garbage.
 */
#ifndef TK_SCRIPT_FACADE_H
#define TK_SCRIPT_FACADE_H

#include "script/unit_state.h"

#include <lua.h>

/* Static data. */
struct tk_facade {
    const char *name;          /* "token" */
    const char *const *fields; /* 1 to count - 1, for `push` */
    int count;
    /* Pushes a field, or returns false: there is nothing to read now. */
    bool (*push)(lua_State *L, const struct tk_unit *unit, int field);
    const char *gone; /* is then said */
};

/* Pushes an object. It cannot be changed, and a field that it does not have is
 * an error that names the nearest. May raise. */
void tk_facade_push(lua_State *L, struct tk_unit *unit,
                    const struct tk_facade *facade);

#endif
