/* tests/unit/script/lua_state.h - one sandboxed state, and a protected call
 * into it.
 */
#ifndef TK_TESTS_UNIT_SCRIPT_LUA_STATE_H
#define TK_TESTS_UNIT_SCRIPT_LUA_STATE_H

#include "tests/unit/harness.h"

#include "script/bind.h"
#include "script/box.h"
#include "script/chunk.h"
#include "script/convert.h"
#include "script/opaque.h"
#include "script/vm.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

struct lua_state {
    struct tk_vm *vm;
    struct tk_why why;
};

static inline int lua_state_open(lua_State *L)
{
    tk_box_setup(L);
    tk_opaque_setup(L);
    tk_bind_base(L);
    tk_bind_math(L);
    tk_bind_string(L);
    tk_bind_table(L);
    tk_bind_json(L);
    tk_bind_codec(L);
    return 0;
}

static inline int lua_state_set_up(void **state)
{
    static struct lua_state s;

    s = (struct lua_state){0};
    *state = &s;
    if (tk_vm_new("/some/where/test.lua", NULL, &s.vm) != 0) return -1;
    return tk_vm_protect(s.vm, lua_state_open, NULL, TK_VM_LOAD_BUDGET, &s.why);
}

static inline int lua_state_tear_down(void **state)
{
    tk_vm_free(((struct lua_state *)*state)->vm);
    return 0;
}

/* Runs `function` protected and returns what came of it. */
static inline int call(struct lua_state *s, lua_CFunction function, void *arg)
{
    return tk_vm_protect(s->vm, function, arg, TK_VM_LOAD_BUDGET, &s->why);
}

/* Runs a chunk and leaves its result on top; inside `call`. */
static inline void run_chunk(lua_State *L, const char *text)
{
    tk_chunk_push(L, tk_str(text), "test.lua");
    lua_call(L, 0, 1);
}

#define WITH_STATE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, lua_state_set_up, lua_state_tear_down)

#endif
