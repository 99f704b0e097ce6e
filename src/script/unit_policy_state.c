#include "script/unit_state.h"

#include "net/json.h"
#include "script/convert.h"

#include <lauxlib.h>

/* Owned by the functions below, on their stack. */
struct handover {
    struct tk_unit *unit;
    struct tk_pool *pool;
    struct tk_value *out;
    const struct tk_value *in;
    struct tk_why *why;
    int code;
};

/* Pushes what is under `state` in the script's table, and says its type. */
static int push_state(lua_State *L, const struct tk_unit *unit)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, unit->table_ref);
    lua_pushliteral(L, "state");
    lua_rawget(L, -2);
    lua_remove(L, -2);
    return lua_type(L, -1);
}

/* --- a copy of it --- */

/* Bounded as the text that it is kept as. */
static int check_size(struct handover *h)
{
    struct tk_buf text;
    int rc;

    tk_buf_init(&text, TK_UNIT_STATE_MAX);
    rc = tk_json_write(&text, h->out);
    tk_buf_fini(&text);
    if (rc == TK_EINVAL || rc == TK_EDENIED) {
        return tk_fail(h->why, TK_ESCRIPT,
                       "a table in policy.state has %s, which cannot be kept",
                       rc == TK_EDENIED ? "a secret" : "both items and names");
    }
    if (rc == 0) return 0;
    if (rc == TK_ENOMEM) return tk_fail(h->why, rc, "out of memory");
    return tk_fail(h->why, TK_EFULL, "policy.state is larger than %d KiB",
                   TK_UNIT_STATE_MAX / 1024);
}

static int take_state(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = TK_JSON_DEPTH,
                                          .root = "policy.state"};
    struct handover *h = lua_touserdata(L, 1);
    int type = push_state(L, h->unit);

    if (type == LUA_TNIL) {
        h->out->type = TK_TABLE;
    } else if (type != LUA_TTABLE) {
        h->code =
            tk_fail(h->why, TK_ESCRIPT, "policy.state must be a table, not %s",
                    luaL_typename(L, -1));
    } else {
        h->code = tk_convert_take(L, -1, &how, h->pool, h->out, h->why);
        if (h->code == TK_EINVAL) h->code = TK_ESCRIPT;
        if (h->code == 0) h->code = check_size(h);
    }
    return 0;
}

static int fail_in_file(const struct tk_unit *unit, int rc, struct tk_why *why)
{
    struct tk_why what = why == NULL ? (struct tk_why){0} : *why;

    return tk_fail(why, rc, "%s: %s", unit->vm->name, what.text);
}

int tk_unit_state_get(struct tk_unit *unit, struct tk_pool *pool,
                      struct tk_value *out, struct tk_why *why)
{
    struct handover h = {.unit = unit, .pool = pool, .out = out, .why = why};
    int rc;

    *out = (struct tk_value){.type = TK_NIL};
    rc = tk_vm_protect(unit->vm, take_state, &h, TK_VM_LOAD_BUDGET, why);
    if (rc == 0 && h.code != 0) rc = fail_in_file(unit, h.code, why);
    if (rc != 0) *out = (struct tk_value){.type = TK_NIL};
    return rc;
}

/* --- another one in its place --- */

static void drop_items(lua_State *L)
{
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
}

static void put_fields(lua_State *L, const struct tk_value *state)
{
    drop_items(L);
    for (uint32_t i = 0; i < state->as.table.item_count; i++) {
        tk_convert_push(L, &state->as.table.items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    for (uint32_t i = 0; i < state->as.table.pair_count; i++) {
        const struct tk_pair *pair = &state->as.table.pairs[i];

        lua_pushlstring(L, pair->name.data, pair->name.len);
        tk_convert_push(L, &pair->value);
        lua_rawset(L, -3);
    }
}

static int put_state(lua_State *L)
{
    struct handover *h = lua_touserdata(L, 1);

    if (push_state(L, h->unit) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_rawgeti(L, LUA_REGISTRYINDEX, h->unit->table_ref);
        lua_pushliteral(L, "state");
        lua_pushvalue(L, -3);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
    put_fields(L, h->in);
    return 0;
}

int tk_unit_state_set(struct tk_unit *unit, const struct tk_value *state,
                      struct tk_why *why)
{
    struct handover h = {.unit = unit, .in = state};

    if (state->type != TK_TABLE && state->type != TK_LIST) {
        return tk_fail(why, TK_EINVAL, "%s: a state must be a table, not %s",
                       unit->vm->name, tk_value_type_name(state));
    }
    return tk_vm_protect(unit->vm, put_state, &h, TK_VM_LOAD_BUDGET, why);
}
