#include "script/unit_state.h"

#include "script/convert.h"

#include <lauxlib.h>

enum { DEPTH_MAX = 16 };

/* Owned by tk_unit_tick, on its stack. */
struct ticking {
    struct tk_unit *unit;
    const struct tk_tick_view *view;
    struct tk_pool *pool;
    struct tk_value *moved;
    struct tk_why *why;
    int code;
};

static int tick(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = DEPTH_MAX,
                                          .root = "options"};
    struct ticking *t = lua_touserdata(L, 1);

    tk_convert_push(L, t->view->options);
    lua_rawgeti(L, LUA_REGISTRYINDEX, tk_unit_function(t->unit, "tick"));
    tk_convert_push(L, t->view->fleet);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 0);
    t->code = tk_convert_take(L, -1, &how, t->pool, t->moved, t->why);
    return 0;
}

int tk_unit_tick(struct tk_unit *unit, const struct tk_tick_view *view,
                 struct tk_pool *pool, struct tk_value *moved,
                 struct tk_why *why)
{
    struct ticking t = {unit, view, pool, moved, why, 0};
    int rc;

    unit->local_s = view->local_s;
    rc = tk_vm_protect(unit->vm, tick, &t, TK_UNIT_DECIDE_BUDGET, why);
    unit->local_s = TK_UNIT_NO_CLOCK;
    if (rc == 0 && t.code != 0) {
        struct tk_why what = why == NULL ? (struct tk_why){0} : *why;

        rc = tk_fail(why, TK_ESCRIPT, "%s: after tick, %s", unit->vm->name,
                     what.text);
    }
    if (rc != 0) *moved = (struct tk_value){.type = TK_NIL};
    return rc;
}
