#include "script/opaque.h"

#include <lauxlib.h>

static const char meta_key;

/* Owned by the Lua state. */
struct opaque {
    struct tk_secret *secret; /* borrowed, or `own` */
    struct tk_secret own;
};

static int on_collect(lua_State *L)
{
    struct opaque *opaque = lua_touserdata(L, 1);

    tk_secret_fini(&opaque->own);
    return 0;
}

static int on_text(lua_State *L)
{
    lua_pushliteral(L, "secret(\xe2\x80\xa6)");
    return 1;
}

void tk_opaque_setup(lua_State *L)
{
    static const luaL_Reg events[] = {
        {"__gc", on_collect}, {"__tostring", on_text}, {NULL, NULL}};

    luaL_newlib(L, events);
    lua_pushliteral(L, "secret");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &meta_key);
}

static struct opaque *push(lua_State *L)
{
    struct opaque *opaque = lua_newuserdatauv(L, sizeof *opaque, 0);

    *opaque = (struct opaque){0};
    lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key);
    lua_setmetatable(L, -2);
    return opaque;
}

void tk_opaque_push(lua_State *L, struct tk_secret *secret)
{
    push(L)->secret = secret;
}

void tk_opaque_push_copy(lua_State *L, struct tk_str bytes)
{
    struct opaque *opaque = push(L);

    opaque->secret = &opaque->own;
    if (tk_secret_init(&opaque->own, TK_SECRET_GIVEN, TK_STR("")) != 0 ||
        tk_secret_put(&opaque->own, bytes) != 0) {
        luaL_error(L, "%s", tk_err_text(TK_ENOMEM));
    }
}

struct tk_secret *tk_opaque_get(lua_State *L, int index)
{
    struct opaque *opaque = lua_touserdata(L, index);
    bool is_ours;

    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) {
        return NULL;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key);
    is_ours = lua_rawequal(L, -1, -2) != 0;
    lua_pop(L, 2);
    return is_ours ? opaque->secret : NULL;
}
