#include "script/bind.h"

#include "script/vm.h"

#include <lauxlib.h>
#include <lualib.h>

/* --- metatables --- */

/* Missing with intent: __gc and __close run where no budget counts, and the
 * collector's work on __mode "k" grows with the square of the table. */
static const char *const events[] = {
    "__add",      "__band",  "__bnot",      "__bor",  "__bxor",  "__call",
    "__concat",   "__div",   "__eq",        "__idiv", "__index", "__le",
    "__len",      "__lt",    "__metatable", "__mod",  "__mul",   "__name",
    "__newindex", "__pairs", "__pow",       "__shl",  "__shr",   "__sub",
    "__tostring", "__unm",
};

static bool is_event(const char *name)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (strcmp(name, events[i]) == 0) return true;
    }
    return false;
}

/* Pushes what of the table at 2 is a metamethod. The object gets this copy, so
 * that nothing can be added to its metatable later. */
static void push_events(lua_State *L)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        const char *name =
            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";

        if (strncmp(name, "__", 2) != 0) {
            lua_pop(L, 1);
            continue;
        }
        if (!is_event(name)) luaL_error(L, "setmetatable: no %s here", name);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 3);
    }
    lua_pushvalue(L, 3);
}

static int set_metatable(lua_State *L)
{
    int type = lua_type(L, 2);

    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2,
                     "nil or table");
    lua_settop(L, 2);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return luaL_error(L, "cannot change a protected metatable");
    }
    if (type == LUA_TTABLE) push_events(L);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

enum { CALLS_BELOW_PCALL = 180 };

/* --- pcall --- */

static int finish_pcall(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
    tk_vm_recheck(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

/* In a coroutine every error that a pcall catches costs Lua a walk over all
 * calls below it. Ending a script that has piled up a hundred thousand of them
 * would take minutes, and no hook counts meanwhile. */
static void check_depth(lua_State *L)
{
    lua_Debug where;

    if (lua_getstack(L, CALLS_BELOW_PCALL, &where) != 0) {
        luaL_error(L, "pcall below more than %d calls", CALLS_BELOW_PCALL);
    }
}

/* The task's requests yield across it. */
static int call_protected(lua_State *L)
{
    luaL_checkany(L, 1);
    check_depth(L);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    return finish_pcall(
        L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall),
        0);
}

/* --- tostring --- */

void tk_bind_base_to_text(lua_State *L)
{
    if (luaL_callmeta(L, -1, "__tostring")) {
        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "'__tostring' must return a string");
        }
    } else if (lua_type(L, -1) > LUA_TSTRING ||
               lua_type(L, -1) == LUA_TLIGHTUSERDATA) {
        lua_pushstring(L, luaL_typename(L, -1));
    } else {
        luaL_tolstring(L, -1, NULL);
    }
    lua_replace(L, -2);
}

static int to_text(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    tk_bind_base_to_text(L);
    return 1;
}

/* --- opening --- */

/* Copies the fields named by `names` from the table on top to the one below
 * it, and pops the former. */
static void copy_fields(lua_State *L, const char *const *names)
{
    for (; *names != NULL; names++) {
        lua_getfield(L, -1, *names);
        lua_setfield(L, -3, *names);
    }
    lua_pop(L, 1);
}

int tk_bind_base(lua_State *L)
{
    static const char *const kept[] = {
        "assert", "error",  "ipairs", "next",     "pairs", "rawequal", "rawget",
        "rawlen", "rawset", "select", "tonumber", "type",  NULL,
    };
    static const luaL_Reg ours[] = {
        {"pcall", call_protected},
        {"setmetatable", set_metatable},
        {"tostring", to_text},
        {NULL, NULL},
    };

    lua_newtable(L);
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 1);
    copy_fields(L, kept);
    luaL_setfuncs(L, ours, 0);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    return 0;
}

/* Without randomseed and random: the same view must give the same answer, in
 * the simulator too. */
int tk_bind_math(lua_State *L)
{
    static const char *const of_math[] = {
        "abs",        "acos",  "asin",      "atan", "ceil", "cos", "deg",
        "exp",        "floor", "fmod",      "huge", "log",  "max", "maxinteger",
        "mininteger", "min",   "modf",      "pi",   "rad",  "sin", "sqrt",
        "tan",        "type",  "tointeger", "ult",  NULL,
    };
    static const char *const of_utf8[] = {
        "char", "codepoint", "codes", "len", "offset", NULL,
    };

    lua_newtable(L);
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    copy_fields(L, of_math);
    lua_setglobal(L, "math");
    lua_newtable(L);
    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    copy_fields(L, of_utf8);
    lua_setglobal(L, "utf8");
    return 0;
}
