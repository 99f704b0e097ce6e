#include "tests/unit/script/lua_state.h"

static int fill_and_push(lua_State *L)
{
    struct tk_box *box = tk_box_push(L);
    char *taken;

    tk_buf_put_text(&box->buf, "abc");
    taken = tk_pool_take(&box->pool, 100);
    if (taken == NULL) return luaL_error(L, "no memory");
    tk_box_push_text(L, box);
    if (strcmp(lua_tostring(L, -1), "abc") != 0 || box->buf.len != 0) {
        return luaL_error(L, "not the bytes that were put");
    }
    return 0;
}

static void its_bytes_become_a_text(void **state)
{
    struct lua_state *s = *state;

    assert_int_equal(call(s, fill_and_push, NULL), 0);
}

static int fill_and_raise(lua_State *L)
{
    struct tk_box *box = tk_box_push(L);

    tk_buf_put_text(&box->buf, "abc");
    return luaL_error(L, "left in the middle");
}

/* The leak checker would tell if the collector did not give it back. */
static void what_is_left_in_it_is_given_back(void **state)
{
    struct lua_state *s = *state;

    for (int i = 0; i < 100; i++) {
        assert_int_equal(call(s, fill_and_raise, NULL), TK_ESCRIPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATE(its_bytes_become_a_text),
        WITH_STATE(what_is_left_in_it_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
