#include "script/chunk.h"

#include "base/file.h"
#include "script/box.h"
#include "script/vm.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>

/* Some constructs cost the compiler time that grows with the square of their
 * number (labels, chains of `and`), and no hook runs in it. It is fed in small
 * pieces, and the clock is looked at between them. */
enum { PIECE = 1024 };

static const char modules_key;

struct feed {
    struct tk_str rest;
};

static const char *feed_piece(lua_State *L, void *data, size_t *size)
{
    struct feed *feed = data;
    struct tk_str rest = feed->rest;

    tk_vm_check_time(L);
    *size = rest.len < PIECE ? rest.len : PIECE;
    feed->rest = tk_str_skip(rest, *size);
    return *size == 0 ? NULL : rest.data;
}

void tk_chunk_push(lua_State *L, struct tk_str source, const char *name)
{
    struct feed feed = {source};

    lua_pushfstring(L, "@%s", name);
    if (lua_load(L, feed_piece, &feed, lua_tostring(L, -1), "t") != LUA_OK) {
        tk_vm_recheck(L);
        lua_error(L);
    }
    lua_remove(L, -2);
}

/* --- require --- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Makes "tokeng/a/b" of "tokeng.a.b"; no other name names a module. */
static bool make_path(struct tk_str name, char *out, size_t cap)
{
    char before = '.';

    if (!tk_str_starts(name, TK_STR("tokeng.")) || name.len >= cap) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        if (!is_name_byte(c) && (c != '.' || before == '.')) return false;
        out[i] = c == '.' ? '/' : c;
        before = c;
    }
    out[name.len] = '\0';
    return before != '.';
}

static void load_module(lua_State *L, const char *name, const char *path)
{
    struct tk_vm *vm = tk_vm_of(L);
    struct tk_box *box = tk_box_push(L);
    char full[PATH_MAX];
    char shown[TK_VM_NAME];
    int len = snprintf(full, sizeof full, "%s/%s.lua",
                       vm->lua_dir == NULL ? "" : vm->lua_dir, path);

    if (!vm->is_loading || vm->lua_dir == NULL || len >= (int)sizeof full) {
        luaL_error(L, "require '%s': only while a file is being loaded", name);
    }
    box->buf.max = TK_VM_TEXT_MAX;
    if (tk_file_read(full, &box->buf, NULL) != 0) {
        luaL_error(L, "require '%s': no such module", name);
    }
    snprintf(shown, sizeof shown, "%s.lua", path);
    tk_chunk_push(L, tk_buf_str(&box->buf), shown);
    tk_box_empty(box);
    lua_remove(L, -2);
    lua_call(L, 0, 1);
}

/* While a module is being loaded, false stands for it. */
static int require_module(lua_State *L)
{
    struct tk_str name;
    char path[TK_VM_NAME - 4];

    name.data = luaL_checklstring(L, 1, &name.len);
    if (!make_path(name, path, sizeof path)) {
        return luaL_error(L, "require takes the name of a module of tokeng, "
                             "such as \"tokeng.forecast\"");
    }
    lua_settop(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &modules_key);
    lua_pushvalue(L, 1);
    lua_rawget(L, 2);
    if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
        return luaL_error(L, "require '%s': it requires itself", name.data);
    }
    if (!lua_isnil(L, -1)) return 1;
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 0);
    lua_rawset(L, 2);
    load_module(L, name.data, path);
    if (lua_isnil(L, -1)) {
        return luaL_error(L, "require '%s': it returns nothing", name.data);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, 2);
    return 1;
}

void tk_chunk_open_require(lua_State *L)
{
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &modules_key);
    lua_pushcfunction(L, require_module);
    lua_setglobal(L, "require");
}
