#define _DEFAULT_SOURCE
#include "script/data.h"

#include "base/file.h"
#include "script/bind.h"
#include "script/chunk.h"
#include "script/convert.h"
#include "script/opaque.h"
#include "script/vm.h"

#include <lauxlib.h>

enum { DEPTH_MAX = 16 };

/* Owned by tk_data_read, on its stack. */
struct reading {
    struct tk_vm *vm;
    struct tk_str source;
    struct tk_pool *pool;
    tk_data_secret_cb secret;
    void *data;
    struct tk_value *out;
    struct tk_why *why;
    int code;
};

/* --- secret.file and its kin --- */

static int make_secret(lua_State *L)
{
    struct reading *r = lua_touserdata(L, lua_upvalueindex(1));
    enum tk_secret_from from =
        (enum tk_secret_from)lua_tointeger(L, lua_upvalueindex(2));
    struct tk_secret *secret;
    struct tk_str place;

    if (lua_type(L, 1) != LUA_TSTRING || lua_gettop(L) != 1) {
        return luaL_error(L, "secret.%s takes one text",
                          tk_secret_from_name(from));
    }
    place.data = lua_tolstring(L, 1, &place.len);
    if (place.len == 0 || memchr(place.data, '\0', place.len) != NULL) {
        return luaL_error(L, "secret.%s: the text is empty or holds a zero",
                          tk_secret_from_name(from));
    }
    secret = r->secret(from, place, r->data);
    if (secret == NULL) return luaL_error(L, "%s", tk_err_text(TK_ENOMEM));
    tk_opaque_push(L, secret);
    return 1;
}

static void bind_secret(lua_State *L, struct reading *r)
{
    static const enum tk_secret_from places[] = {TK_SECRET_FILE, TK_SECRET_ENV,
                                                 TK_SECRET_CREDENTIAL};

    tk_opaque_setup(L);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        lua_pushlightuserdata(L, r);
        lua_pushinteger(L, (lua_Integer)places[i]);
        lua_pushcclosure(L, make_secret, 2);
        lua_setfield(L, -2, tk_secret_from_name(places[i]));
    }
    lua_setglobal(L, "secret");
}

/* --- reading --- */

static int run(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = DEPTH_MAX,
                                          .root = "the table"};
    struct reading *r = lua_touserdata(L, 1);

    tk_bind_base(L);
    tk_bind_math(L);
    tk_bind_string(L);
    tk_bind_table(L);
    bind_secret(L, r);
    tk_chunk_push(L, r->source, r->vm->name);
    lua_call(L, 0, 1);
    if (!lua_istable(L, -1)) {
        return luaL_error(L, "%s: must return a table, not %s", r->vm->name,
                          luaL_typename(L, -1));
    }
    r->code = tk_convert_take(L, -1, &how, r->pool, r->out, r->why);
    return 0;
}

/* A syntax error quotes what it met: "unfinished string near '"s3cret'". The
 * line is named, so nobody needs the quote. */
static void cut_quote(struct tk_why *why)
{
    char *quote = why == NULL ? NULL : strstr(why->text, " near '");

    if (quote != NULL) *quote = '\0';
}

int tk_data_read(const char *path, struct tk_pool *pool,
                 tk_data_secret_cb secret, void *data, struct tk_value *out,
                 struct tk_why *why)
{
    struct reading r = {
        .pool = pool, .secret = secret, .data = data, .out = out, .why = why};
    struct tk_buf source;
    int rc;

    *out = (struct tk_value){.type = TK_NIL};
    tk_buf_init(&source, TK_VM_TEXT_MAX);
    rc = tk_file_read(path, &source, why);
    if (rc == 0 && tk_vm_new(path, NULL, &r.vm) != 0) {
        rc = tk_fail(why, TK_ENOMEM, "%s", tk_err_text(TK_ENOMEM));
    }
    if (rc == 0) {
        r.source = tk_buf_str(&source);
        rc = tk_vm_protect(r.vm, run, &r, TK_VM_LOAD_BUDGET, why);
    }
    if (rc != 0) cut_quote(why);
    tk_vm_free(r.vm);
    tk_buf_fini(&source);
    return rc != 0 ? rc : r.code;
}
