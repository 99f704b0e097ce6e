#include "tests/unit/script/lua_state.h"

static int try_all(lua_State *L)
{
    tk_opaque_push_copy(L, TK_STR("hunter2"));
    lua_setglobal(L, "s");
    run_chunk(L, "assert(tostring(s) == 'secret(\xe2\x80\xa6)')\n"
                 "assert(not pcall(function() return #s end))\n"
                 "assert(not pcall(function() return s .. '' end))\n"
                 "assert(not pcall(function() return s < s end))\n"
                 "assert(not pcall(function() return s.x end))\n"
                 "assert(not pcall(function() s.x = 1 end))\n"
                 "assert(not pcall(string.len, s))\n"
                 "assert(not pcall(string.byte, s))\n"
                 "assert(s == s and type(s) == 'userdata')\n"
                 "return s");
    if (!tk_str_is(tk_secret_bytes(tk_opaque_get(L, -1)), "hunter2")) {
        return luaL_error(L, "not the secret that was pushed");
    }
    return 0;
}

static void a_secret_has_no_operation(void **state)
{
    struct lua_state *s = *state;

    if (call(s, try_all, NULL) != 0) fail_msg("%s", s->why.text);
}

static int compare(lua_State *L)
{
    tk_opaque_push_copy(L, TK_STR("same"));
    tk_opaque_push_copy(L, TK_STR("same"));
    if (lua_compare(L, -1, -2, LUA_OPEQ)) return luaL_error(L, "equal");
    return 0;
}

/* Equality would let a script guess. */
static void two_secrets_with_the_same_bytes_are_not_equal(void **state)
{
    struct lua_state *s = *state;

    assert_int_equal(call(s, compare, NULL), 0);
}

static int look_at_others(lua_State *L)
{
    lua_newtable(L);
    if (tk_opaque_get(L, -1) != NULL) return luaL_error(L, "a table");
    lua_pushnil(L);
    if (tk_opaque_get(L, -1) != NULL) return luaL_error(L, "nil");
    lua_newuserdatauv(L, 64, 0);
    if (tk_opaque_get(L, -1) != NULL) return luaL_error(L, "userdata");
    tk_box_push(L);
    if (tk_opaque_get(L, -1) != NULL) return luaL_error(L, "a box");
    return 0;
}

static void no_other_value_is_taken_for_one(void **state)
{
    struct lua_state *s = *state;

    if (call(s, look_at_others, NULL) != 0) fail_msg("%s", s->why.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATE(a_secret_has_no_operation),
        WITH_STATE(two_secrets_with_the_same_bytes_are_not_equal),
        WITH_STATE(no_other_value_is_taken_for_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
