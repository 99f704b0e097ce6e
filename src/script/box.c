#include "script/box.h"

#include <lauxlib.h>

static const char meta_key;

void tk_box_empty(struct tk_box *box)
{
    tk_buf_fini(&box->buf);
    tk_pool_fini(&box->pool);
}

static int on_collect(lua_State *L)
{
    tk_box_empty(lua_touserdata(L, 1));
    return 0;
}

void tk_box_setup(lua_State *L)
{
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, on_collect);
    lua_setfield(L, -2, "__gc");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &meta_key);
}

struct tk_box *tk_box_push(lua_State *L)
{
    struct tk_box *box = lua_newuserdatauv(L, sizeof *box, 0);

    tk_buf_init(&box->buf, TK_BOX_MAX);
    tk_pool_init(&box->pool, TK_BOX_MAX);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &meta_key);
    lua_setmetatable(L, -2);
    return box;
}

int tk_box_push_text(lua_State *L, struct tk_box *box)
{
    struct tk_str text = tk_buf_str(&box->buf);

    if (box->buf.failed != 0) {
        return luaL_error(L, "%s", tk_err_text(box->buf.failed));
    }
    lua_pushlstring(L, text.data, text.len);
    tk_box_empty(box);
    return 1;
}
