#include "script/facade.h"

#include "base/near.h"

#include <lauxlib.h>

enum { UNIT = 1, FACADE, NUMBERS, UPVALUES = NUMBERS };

static int no_such_field(lua_State *L, const struct tk_facade *facade)
{
    struct tk_near near;
    char name[TK_WHY_WORD];
    struct tk_str text;

    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "the fields of a %s have names, not %s keys",
                          facade->name, luaL_typename(L, 2));
    }
    text.data = lua_tolstring(L, 2, &text.len);
    tk_vm_make_printable(text, name, sizeof name);
    tk_near_init(&near, tk_str(name));
    for (int i = 1; i < facade->count; i++) {
        tk_near_try(&near, tk_str(facade->fields[i]));
    }
    if (near.best.len == 0) {
        return luaL_error(L, "%s has no field '%s'", facade->name, name);
    }
    return luaL_error(L, "%s has no field '%s'; did you mean '%s'?",
                      facade->name, name, near.best.data);
}

static int get_field(lua_State *L)
{
    const struct tk_facade *facade =
        lua_touserdata(L, lua_upvalueindex(FACADE));
    const struct tk_unit *unit = lua_touserdata(L, lua_upvalueindex(UNIT));
    int field;

    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(NUMBERS));
    field = (int)lua_tointeger(L, -1);
    if (field == 0) return no_such_field(L, facade);
    if (!facade->push(L, unit, field)) return luaL_error(L, "%s", facade->gone);
    return 1;
}

static int set_field(lua_State *L)
{
    return luaL_error(L, "a %s cannot be changed",
                      lua_tostring(L, lua_upvalueindex(1)));
}

static void push_get_field(lua_State *L, struct tk_unit *unit,
                           const struct tk_facade *facade)
{
    lua_pushlightuserdata(L, unit);
    lua_pushlightuserdata(L, (void *)facade);
    lua_createtable(L, 0, facade->count);
    for (int i = 1; i < facade->count; i++) {
        lua_pushinteger(L, i);
        lua_setfield(L, -2, facade->fields[i]);
    }
    lua_pushcclosure(L, get_field, UPVALUES);
}

void tk_facade_push(lua_State *L, struct tk_unit *unit,
                    const struct tk_facade *facade)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 4);
    push_get_field(L, unit, facade);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, facade->name);
    lua_pushcclosure(L, set_field, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushstring(L, facade->name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}
