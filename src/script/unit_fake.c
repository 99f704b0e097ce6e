#include "script/unit_state.h"

#include "script/convert.h"

#include <lauxlib.h>

enum { RESULTS = 3, DEPTH_MAX = 32 };

/* Owned by tk_unit_handle, on its stack. */
struct handling {
    struct tk_unit *unit;
    const struct tk_value *request;
    double now;
    struct tk_pool *pool;
    struct tk_value *results;
    struct tk_why *why;
    int code;
};

static int take_results(lua_State *L, struct handling *h)
{
    static const struct tk_convert how = {.depth_max = DEPTH_MAX,
                                          .root = "the answer of handle"};

    *h->results = tk_value_of_table(h->pool, RESULTS, 0);
    if (h->results->type == TK_NIL) return TK_ENOMEM;
    h->results->type = TK_LIST;
    for (int i = 0; i < RESULTS; i++) {
        int rc = tk_convert_take(L, i - RESULTS, &how, h->pool,
                                 &h->results->as.table.items[i], h->why);

        if (rc != 0) return rc == TK_EINVAL ? TK_ESCRIPT : rc;
    }
    return 0;
}

static int handle(lua_State *L)
{
    struct handling *h = lua_touserdata(L, 1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, tk_unit_function(h->unit, "handle"));
    tk_convert_push(L, h->request);
    lua_rawgeti(L, LUA_REGISTRYINDEX, h->unit->state_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, h->unit->options);
    lua_setfield(L, -2, "settings");
    lua_pushnumber(L, h->now);
    lua_call(L, 3, RESULTS);
    h->code = take_results(L, h);
    return 0;
}

int tk_unit_handle(struct tk_unit *unit, const struct tk_value *request,
                   double now, struct tk_pool *pool, struct tk_value *results,
                   struct tk_why *why)
{
    struct handling h = {
        .unit = unit,
        .request = request,
        .now = now,
        .pool = pool,
        .results = results,
        .why = why,
    };
    int rc = tk_vm_protect(unit->vm, handle, &h, TK_UNIT_HANDLE_BUDGET, why);

    if (rc == 0) rc = h.code;
    if (rc == TK_ENOMEM && h.code != 0) {
        tk_fail(why, rc, "%s: %s", unit->vm->name, tk_err_text(rc));
    }
    if (rc != 0) *results = (struct tk_value){.type = TK_NIL};
    return rc;
}
