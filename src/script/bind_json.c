#include "script/bind.h"

#include "net/json.h"
#include "script/box.h"
#include "script/convert.h"

#include <lauxlib.h>

/* json.decode(text): the value, or nil and the reason. null in an object is
 * nil, which is to say not there. */
static int decode(lua_State *L)
{
    struct tk_str text;
    struct tk_value value;
    struct tk_why why;
    struct tk_box *box;

    text.data = luaL_checklstring(L, 1, &text.len);
    box = tk_box_push(L);
    if (tk_json_parse(text, &box->pool, &value, &why) != 0) {
        tk_box_empty(box);
        lua_pushnil(L);
        lua_pushstring(L, why.text);
        return 2;
    }
    tk_convert_push(L, &value);
    tk_box_empty(box);
    return 1;
}

/* json.encode(value): a table with items alone is an array, names are sorted,
 * a secret is an error. */
static int encode(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = TK_JSON_DEPTH,
                                          .root = "json.encode"};
    struct tk_value value;
    struct tk_why why;
    struct tk_box *box;
    int rc;

    luaL_checkany(L, 1);
    box = tk_box_push(L);
    rc = tk_convert_take(L, 1, &how, &box->pool, &value, &why);
    if (rc != 0) return luaL_error(L, "%s", why.text);
    rc = tk_json_write(&box->buf, &value);
    if (rc == TK_EDENIED) {
        return luaL_error(L, "json.encode: a secret may stand in the json of "
                             "http.post, nowhere else");
    }
    if (rc == TK_EINVAL) {
        return luaL_error(L, "json.encode: a table has both items and names");
    }
    if (rc != 0) return luaL_error(L, "json.encode: %s", tk_err_text(rc));
    return tk_box_push_text(L, box);
}

int tk_bind_json(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"decode", decode}, {"encode", encode}, {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_setglobal(L, "json");
    return 0;
}
