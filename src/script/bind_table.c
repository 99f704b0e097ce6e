/* All functions here work on plain tables: a table with a metatable is
 * refused, for __len and __index could make a loop in C as long as they like.
 * What a call moves or compares is counted against the budget. */
#include "script/bind.h"

#include "script/vm.h"

#include <lauxlib.h>

enum { UNPACK_MAX = 5000 };

static lua_Integer check_list(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TTABLE);
    if (lua_getmetatable(L, index)) {
        luaL_argerror(L, index, "a plain table is wanted, without a metatable");
    }
    return (lua_Integer)lua_rawlen(L, index);
}

static int insert(lua_State *L)
{
    lua_Integer count = check_list(L, 1);
    lua_Integer at = count + 1;

    if (lua_gettop(L) == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, at >= 1 && at <= count + 1, 2,
                      "position out of bounds");
    } else if (lua_gettop(L) != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    tk_vm_charge(L, (size_t)(count + 1 - at));
    for (lua_Integer i = count; i >= at; i--) {
        lua_rawgeti(L, 1, i);
        lua_rawseti(L, 1, i + 1);
    }
    lua_rawseti(L, 1, at);
    return 0;
}

static int drop(lua_State *L)
{
    lua_Integer count = check_list(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, count);

    if (count == 0 && at == 0) {
        lua_pushnil(L);
        return 1;
    }
    luaL_argcheck(L, at >= 1 && at <= count + 1, 2, "position out of bounds");
    tk_vm_charge(L, (size_t)(count + 1 - at));
    lua_rawgeti(L, 1, at);
    for (lua_Integer i = at; i < count; i++) {
        lua_rawgeti(L, 1, i + 1);
        lua_rawseti(L, 1, i);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, at > count ? at : count);
    return 1;
}

static int concat(lua_State *L)
{
    lua_Integer count = check_list(L, 1);
    size_t len;
    const char *between = luaL_optlstring(L, 2, "", &len);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    lua_Integer last = luaL_optinteger(L, 4, count);
    luaL_Buffer buffer;

    luaL_argcheck(L, first >= 1 && last <= count, 3, "out of bounds");
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = first; i <= last; i++) {
        tk_vm_charge(L, 1);
        lua_rawgeti(L, 1, i);
        if (!lua_isstring(L, -1)) {
            return luaL_error(L, "concat: item %I is %s, not a text", i,
                              luaL_typename(L, -1));
        }
        luaL_addvalue(&buffer);
        if (i < last) luaL_addlstring(&buffer, between, len);
        if (luaL_bufflen(&buffer) > TK_VM_TEXT_MAX) {
            return luaL_error(L, "the text would be longer than %d bytes",
                              TK_VM_TEXT_MAX);
        }
    }
    luaL_pushresult(&buffer);
    return 1;
}

static int pack(lua_State *L)
{
    int count = lua_gettop(L);

    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static int unpack(lua_State *L)
{
    lua_Integer count = check_list(L, 1);
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = luaL_optinteger(L, 3, count);

    if (first > last) return 0;
    if (last > UNPACK_MAX || first < -UNPACK_MAX ||
        last - first >= UNPACK_MAX || !lua_checkstack(L, UNPACK_MAX)) {
        return luaL_error(L, "too many results to unpack");
    }
    tk_vm_charge(L, (size_t)(last - first + 1));
    for (lua_Integer i = first; i <= last; i++) lua_rawgeti(L, 1, i);
    return (int)(last - first + 1);
}

/* --- sort --- */

/* Does the value at stack index `a` stand before that at `b`? Both are
 * negative. */
static bool is_before(lua_State *L, int a, int b)
{
    bool before;

    tk_vm_charge(L, 1);
    if (lua_isnil(L, 2)) return lua_compare(L, a, b, LUA_OPLT) != 0;
    lua_pushvalue(L, 2);
    lua_pushvalue(L, a - 1);
    lua_pushvalue(L, b - 2);
    lua_call(L, 2, 1);
    before = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return before;
}

/* Lets the value at `hole` sink to its place in the heap of `count` items. */
static void sift(lua_State *L, lua_Integer hole, lua_Integer count)
{
    lua_rawgeti(L, 1, hole);
    for (;;) {
        lua_Integer child = 2 * hole;

        if (child > count) break;
        lua_rawgeti(L, 1, child);
        if (child < count) {
            lua_rawgeti(L, 1, child + 1);
            if (is_before(L, -2, -1)) {
                lua_replace(L, -2);
                child++;
            } else {
                lua_pop(L, 1);
            }
        }
        if (!is_before(L, -2, -1)) {
            lua_pop(L, 1);
            break;
        }
        lua_rawseti(L, 1, hole);
        hole = child;
    }
    lua_rawseti(L, 1, hole);
}

/* A heap sort: no order function, however false, makes it longer than
 * n log n or leaves the table. */
static int sort(lua_State *L)
{
    lua_Integer count = check_list(L, 1);

    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    for (lua_Integer i = count / 2; i >= 1; i--) sift(L, i, count);
    for (lua_Integer last = count; last > 1; last--) {
        lua_rawgeti(L, 1, 1);
        lua_rawgeti(L, 1, last);
        lua_rawseti(L, 1, 1);
        lua_rawseti(L, 1, last);
        sift(L, 1, last - 1);
    }
    return 0;
}

int tk_bind_table(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", concat}, {"insert", insert}, {"pack", pack},
        {"remove", drop},   {"sort", sort},     {"unpack", unpack},
        {NULL, NULL},
    };

    luaL_newlib(L, functions);
    lua_setglobal(L, "table");
    return 0;
}
