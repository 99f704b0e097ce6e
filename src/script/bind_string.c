#define _GNU_SOURCE
#include "script/bind.h"

#include "script/vm.h"

#include <lauxlib.h>
#include <lualib.h>

static struct tk_str check_text(lua_State *L, int index)
{
    struct tk_str text;

    text.data = luaL_checklstring(L, index, &text.len);
    return text;
}

/* --- rep --- */

static int repeat(lua_State *L)
{
    struct tk_str text = check_text(L, 1);
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_Buffer buffer;
    struct tk_str between;
    size_t step;
    size_t total;
    char *at;

    between.data = luaL_optlstring(L, 3, "", &between.len);
    step = text.len + between.len;
    if (count <= 0 || step == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    total = (size_t)count > TK_VM_TEXT_MAX / step + 1
                ? SIZE_MAX
                : step * (size_t)count - between.len;
    if (total > TK_VM_TEXT_MAX) {
        return luaL_error(L, "the text would be longer than %d bytes",
                          TK_VM_TEXT_MAX);
    }
    tk_vm_charge(L, (size_t)count);
    at = luaL_buffinitsize(L, &buffer, total);
    for (lua_Integer i = 0; i < count; i++) {
        memcpy(at, text.data, text.len);
        at += text.len;
        if (i + 1 == count) break;
        memcpy(at, between.data, between.len);
        at += between.len;
    }
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* --- format --- */

/* Everything but the texts is left to Lua's own function. Texts are made here,
 * by our tostring; %p would show an address, %q and %a serve no script. */
static int format(lua_State *L)
{
    struct tk_str rest = check_text(L, 1);
    int arg = 1;

    while (rest.len > 0) {
        size_t at = 1;

        if (rest.data[0] != '%') {
            rest = tk_str_skip(rest, 1);
            continue;
        }
        while (at < rest.len && rest.data[at] != '\0' &&
               strchr("-+ #0123456789.", rest.data[at]) != NULL) {
            at++;
        }
        if (at == rest.len || rest.data[at] == '\0' ||
            strchr("%cdeEfgGiosuxX", rest.data[at]) == NULL) {
            return luaL_error(L, "bad conversion in the format");
        }
        if (rest.data[at] != '%') arg++;
        if (rest.data[at] == 's') {
            luaL_checkany(L, arg);
            lua_pushvalue(L, arg);
            tk_bind_base_to_text(L);
            lua_replace(L, arg);
        }
        rest = tk_str_skip(rest, at + 1);
    }
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* --- plain texts --- */

/* Where a start given as in Lua (1 is the first byte, -1 the last) lies,
 * counted from 0. */
static size_t start_of(lua_Integer init, size_t len)
{
    if (init > 0) return (size_t)init - 1;
    if (init == 0 || init < -(lua_Integer)len) return 0;
    return len - (size_t)-init;
}

static int find(lua_State *L)
{
    struct tk_str text = check_text(L, 1);
    struct tk_str wanted = check_text(L, 2);
    size_t start = start_of(luaL_optinteger(L, 3, 1), text.len);
    const char *at = NULL;

    tk_vm_charge(L, text.len / 16);
    if (start <= text.len) {
        at = memmem(text.data + start, text.len - start, wanted.data,
                    wanted.len);
    }
    if (at == NULL) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, at - text.data + 1);
    lua_pushinteger(L, at - text.data + (lua_Integer)wanted.len);
    return 2;
}

static int split(lua_State *L)
{
    struct tk_str rest = check_text(L, 1);
    struct tk_str mark = check_text(L, 2);
    lua_Integer count = 0;

    luaL_argcheck(L, mark.len > 0, 2, "an empty text separates nothing");
    lua_newtable(L);
    for (;;) {
        const char *at = memmem(rest.data, rest.len, mark.data, mark.len);
        size_t len = at == NULL ? rest.len : (size_t)(at - rest.data);

        tk_vm_charge(L, 1);
        lua_pushlstring(L, rest.data, len);
        lua_rawseti(L, -2, ++count);
        if (at == NULL) return 1;
        rest = tk_str_skip(rest, len + mark.len);
    }
}

static int starts_with(lua_State *L)
{
    lua_pushboolean(L, tk_str_starts(check_text(L, 1), check_text(L, 2)));
    return 1;
}

static int ends_with(lua_State *L)
{
    struct tk_str text = check_text(L, 1);
    struct tk_str end = check_text(L, 2);

    lua_pushboolean(L,
                    text.len >= end.len &&
                        tk_str_eq(tk_str_skip(text, text.len - end.len), end));
    return 1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int trim(lua_State *L)
{
    struct tk_str text = check_text(L, 1);

    while (text.len > 0 && is_space(text.data[0])) text = tk_str_skip(text, 1);
    while (text.len > 0 && is_space(text.data[text.len - 1])) text.len--;
    lua_pushlstring(L, text.data, text.len);
    return 1;
}

/* --- opening --- */

/* One metatable serves all texts of the state. It holds no arithmetic: "1" + 1
 * is an error here. */
static void set_text_metatable(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 2);
    lua_getglobal(L, "string");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

int tk_bind_string(lua_State *L)
{
    static const char *const kept[] = {
        "byte", "char", "len", "lower", "reverse", "sub", "upper", NULL,
    };
    static const luaL_Reg ours[] = {
        {"ends_with", ends_with},
        {"find", find},
        {"rep", repeat},
        {"split", split},
        {"starts_with", starts_with},
        {"trim", trim},
        {NULL, NULL},
    };

    luaL_newlib(L, ours);
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    for (const char *const *name = kept; *name != NULL; name++) {
        lua_getfield(L, -1, *name);
        lua_setfield(L, -3, *name);
    }
    lua_getfield(L, -1, "format");
    lua_pushcclosure(L, format, 1);
    lua_setfield(L, -3, "format");
    lua_pop(L, 1);
    lua_setglobal(L, "string");
    set_text_metatable(L);
    return 0;
}
