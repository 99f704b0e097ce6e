#define _DEFAULT_SOURCE
#include "script/unit.h"

#include "base/file.h"
#include "base/near.h"
#include "net/loop.h"
#include "script/bind.h"
#include "script/box.h"
#include "script/chunk.h"
#include "script/convert.h"
#include "script/opaque.h"
#include "script/task_bind.h"
#include "script/unit_policy.h"
#include "script/unit_state.h"

#include <lauxlib.h>
#include <stdlib.h>

enum { ABOUT_MAX = 256 * 1024, DEPTH_MAX = 16, API = 1 };

/* What the table of a script may hold. */
struct name {
    const char *text;
    int type; /* LUA_TNONE: any */
};

static const struct name names_of[][TK_UNIT_NAMES] = {
    [TK_UNIT_POLICY] = {{"api", LUA_TNUMBER},
                        {"name", LUA_TSTRING},
                        {"decide", LUA_TFUNCTION},
                        {"help", LUA_TSTRING},
                        {"learn", LUA_TFUNCTION},
                        {"options", LUA_TTABLE},
                        {"state", LUA_TTABLE},
                        {"tick", LUA_TFUNCTION}},
    [TK_UNIT_PROVIDER] = {{"api", LUA_TNUMBER},
                          {"name", LUA_TSTRING},
                          {"fetch", LUA_TFUNCTION},
                          {"help", LUA_TSTRING},
                          {"identity", LUA_TTABLE},
                          {"kinds", LUA_TTABLE},
                          {"parse", LUA_TFUNCTION},
                          {"request", LUA_TFUNCTION},
                          {"settings", LUA_TTABLE}},
    [TK_UNIT_FAKE] = {{"api", LUA_TNUMBER},
                      {"name", LUA_TSTRING},
                      {"handle", LUA_TFUNCTION},
                      {"help", LUA_TSTRING},
                      {"routes", LUA_TTABLE},
                      {"settings", LUA_TTABLE},
                      {"start", LUA_TFUNCTION}},
};

/* Owned by tk_unit_open, on its stack. */
struct loading {
    struct tk_unit *unit;
    struct tk_str source;
    struct tk_why *why;
    int code;
};

/* The place of `name` in the list of the unit's kind, or -1. */
static int place_of(const struct tk_unit *unit, const char *name)
{
    const struct name *names = names_of[unit->kind];

    for (int i = 0; i < TK_UNIT_NAMES && names[i].text != NULL; i++) {
        if (strcmp(names[i].text, name) == 0) return i;
    }
    return -1;
}

int tk_unit_function(const struct tk_unit *unit, const char *name)
{
    int place = place_of(unit, name);

    return place < 0 ? LUA_NOREF : unit->functions[place];
}

bool tk_unit_has(const struct tk_unit *unit, const char *function)
{
    return tk_unit_function(unit, function) != LUA_NOREF;
}

/* --- checking the script's table --- */

static void refuse_unknown(lua_State *L, const struct tk_unit *unit)
{
    const struct name *names = names_of[unit->kind];
    char word[TK_VM_NAME];
    struct tk_near near;
    struct tk_str text;

    if (lua_type(L, -2) != LUA_TSTRING) {
        luaL_error(L, "%s: the table it returns has a %s as a key",
                   unit->vm->name, luaL_typename(L, -2));
    }
    text.data = lua_tolstring(L, -2, &text.len);
    tk_vm_make_printable(text, word, sizeof word);
    tk_near_init(&near, tk_str(word));
    for (int i = 0; i < TK_UNIT_NAMES && names[i].text != NULL; i++) {
        tk_near_try(&near, tk_str(names[i].text));
    }
    luaL_error(L, "%s: unknown field '%s'%s%s%s", unit->vm->name, word,
               near.best.len > 0 ? "; did you mean '" : "",
               near.best.len > 0 ? near.best.data : "",
               near.best.len > 0 ? "'?" : "");
}

/* Every field is known and of its type; functions are kept. The table lies on
 * top. */
static void check_fields(lua_State *L, struct tk_unit *unit)
{
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        int place = lua_type(L, -2) == LUA_TSTRING
                        ? place_of(unit, lua_tostring(L, -2))
                        : -1;

        if (place < 0) refuse_unknown(L, unit);
        if (lua_type(L, -1) != names_of[unit->kind][place].type) {
            luaL_error(L, "%s: %s must be a %s, not %s", unit->vm->name,
                       names_of[unit->kind][place].text,
                       lua_typename(L, names_of[unit->kind][place].type),
                       luaL_typename(L, -1));
        }
        if (lua_isfunction(L, -1)) {
            unit->functions[place] = luaL_ref(L, LUA_REGISTRYINDEX);
        } else {
            lua_pop(L, 1);
        }
    }
}

static void check_identity(lua_State *L, struct tk_unit *unit)
{
    const char *name;

    if (lua_getfield(L, -1, "api") != LUA_TNUMBER ||
        lua_tonumber(L, -1) != API) {
        luaL_error(L, "%s: api must be %d", unit->vm->name, API);
    }
    lua_pop(L, 1);
    name =
        lua_getfield(L, -1, "name") == LUA_TSTRING ? lua_tostring(L, -1) : "";
    if (*name == '\0') {
        luaL_error(L, "%s: name is missing", unit->vm->name);
    }
    lua_pop(L, 1);
}

static void check_functions(lua_State *L, const struct tk_unit *unit)
{
    static const char *const needed[] = {[TK_UNIT_POLICY] = "decide",
                                         [TK_UNIT_PROVIDER] = "fetch",
                                         [TK_UNIT_FAKE] = "handle"};

    if (tk_unit_has(unit, needed[unit->kind])) return;
    if (tk_unit_has(unit, "request") && tk_unit_has(unit, "parse")) return;
    luaL_error(
        L, "%s: it has no function %s%s", unit->vm->name, needed[unit->kind],
        unit->kind == TK_UNIT_PROVIDER ? ", nor both of request and parse"
                                       : "");
}

/* --- loading --- */

static int refuse_global(lua_State *L)
{
    char name[TK_VM_NAME];
    struct tk_str text = {"?", 1};

    if (lua_type(L, 2) == LUA_TSTRING) {
        text.data = lua_tolstring(L, 2, &text.len);
    }
    tk_vm_make_printable(text, name, sizeof name);
    return luaL_error(L,
                      "no new global '%s' once the file is loaded; is a "
                      "'local' missing?",
                      name);
}

/* A global that a function sets by mistake would be seen by the next call. */
static void close_globals(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, refuse_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

static void open_libraries(lua_State *L, struct tk_unit *unit)
{
    tk_box_setup(L);
    tk_opaque_setup(L);
    tk_bind_base(L);
    tk_bind_math(L);
    tk_bind_string(L);
    tk_bind_table(L);
    tk_chunk_open_require(L);
    if (unit->kind == TK_UNIT_POLICY) {
        tk_unit_policy_setup(L, unit);
        return;
    }
    tk_bind_json(L);
    tk_bind_codec(L);
    if (unit->kind == TK_UNIT_PROVIDER) tk_task_bind(L);
}

static int load(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = DEPTH_MAX,
                                          .skip_functions = true,
                                          .root = "the table it returns"};
    struct loading *loading = lua_touserdata(L, 1);
    struct tk_unit *unit = loading->unit;

    open_libraries(L, unit);
    unit->vm->is_loading = true;
    tk_chunk_push(L, loading->source, unit->vm->name);
    lua_call(L, 0, 1);
    unit->vm->is_loading = false;
    unit->vm->lua_dir = NULL; /* borrowed for the loading only */
    if (!lua_istable(L, -1)) {
        return luaL_error(L, "%s: must return a table, not %s", unit->vm->name,
                          luaL_typename(L, -1));
    }
    check_fields(L, unit);
    check_identity(L, unit);
    check_functions(L, unit);
    unit->decide_ref = tk_unit_function(unit, "decide");
    lua_pushvalue(L, -1);
    unit->table_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    unit->options = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    unit->variants = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    unit->state_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    close_globals(L);
    loading->code =
        tk_convert_take(L, -1, &how, &unit->pool, &unit->about, loading->why);
    return 0;
}

static int load_file(struct tk_unit *unit, struct tk_why *why)
{
    struct loading loading = {.unit = unit, .why = why};
    struct tk_buf source;
    int rc;

    tk_buf_init(&source, TK_VM_TEXT_MAX);
    rc = tk_file_read(unit->path, &source, why);
    if (rc == 0) {
        loading.source = tk_buf_str(&source);
        rc = tk_vm_protect(unit->vm, load, &loading, TK_VM_LOAD_BUDGET, why);
    }
    tk_buf_fini(&source);
    if (rc == 0 && loading.code != 0) {
        return tk_fail(why, TK_ESCRIPT, "%s: %s", unit->vm->name,
                       why == NULL ? "" : why->text);
    }
    return rc;
}

int tk_unit_open(const struct tk_unit_options *options, struct tk_unit **out,
                 struct tk_why *why)
{
    struct tk_unit *unit = calloc(1, sizeof *unit);
    int rc = TK_ENOMEM;

    *out = NULL;
    if (unit == NULL) return tk_fail(why, rc, "%s", tk_err_text(rc));
    unit->kind = options->kind;
    tk_pool_init(&unit->pool, ABOUT_MAX);
    tk_outgoing_init(&unit->outgoing);
    for (int i = 0; i < TK_UNIT_NAMES; i++) unit->functions[i] = LUA_NOREF;
    unit->path = strdup(options->path);
    if (unit->path != NULL) {
        rc = tk_vm_new(unit->path, options->lua_dir, &unit->vm);
    }
    if (rc == 0) {
        rc = load_file(unit, why);
    } else {
        tk_fail(why, rc, "%s", tk_err_text(rc));
    }
    if (rc != 0) {
        tk_unit_close(unit);
        return rc;
    }
    *out = unit;
    return 0;
}

void tk_unit_close(struct tk_unit *unit)
{
    if (unit == NULL) return;
    if (unit->collects_on != NULL) tk_loop_undefer(unit->collects_on, unit);
    tk_vm_free(unit->vm);
    tk_outgoing_fini(&unit->outgoing);
    tk_pool_fini(&unit->pool);
    free(unit->path);
    free(unit);
}

const struct tk_value *tk_unit_about(const struct tk_unit *unit)
{
    return &unit->about;
}

const char *tk_unit_path(const struct tk_unit *unit)
{
    return unit->path;
}

/* --- options --- */

/* Owned by tk_unit_set_options, on its stack. */
struct handover {
    struct tk_unit *unit;
    const struct tk_value *value;
};

static int hand_over(lua_State *L)
{
    struct handover *handover = lua_touserdata(L, 1);

    if (handover->unit->kind == TK_UNIT_POLICY) {
        tk_unit_policy_push_options(L, handover->value);
    } else {
        tk_convert_push(L, handover->value);
    }
    lua_rawseti(L, LUA_REGISTRYINDEX, handover->unit->options);
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, handover->unit->variants);
    return 0;
}

int tk_unit_set_options(struct tk_unit *unit, const struct tk_value *value,
                        struct tk_why *why)
{
    struct handover handover = {unit, value};

    return tk_vm_protect(unit->vm, hand_over, &handover, TK_VM_LOAD_BUDGET,
                         why);
}
