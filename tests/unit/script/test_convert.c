#include "tests/unit/script/lua_state.h"

#include "net/json.h"

struct conversion {
    const char *lua;
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;
    int code;
};

static int take(lua_State *L)
{
    static const struct tk_convert how = {.depth_max = 4, .root = "the table"};
    struct conversion *c = lua_touserdata(L, 1);

    run_chunk(L, c->lua);
    c->code = tk_convert_take(L, -1, &how, &c->pool, &c->value, &c->why);
    return 0;
}

/* The tree of a piece of Lua as JSON, or the reason why there is none. */
static const char *convert(struct lua_state *s, const char *lua)
{
    static struct tk_buf out;
    struct conversion c = {.lua = lua};

    tk_pool_init(&c.pool, 1 << 20);
    if (call(s, take, &c) != 0) fail_msg("%s", s->why.text);
    tk_buf_init(&out, 1 << 20);
    if (c.code != 0) {
        tk_buf_put_text(&out, c.why.text);
    } else if (tk_json_write(&out, &c.value) != 0) {
        tk_buf_put_text(&out, "cannot be written");
    }
    tk_pool_fini(&c.pool);
    return tk_buf_text(&out);
}

static void assert_converts(struct lua_state *s, const char *lua,
                            const char *wanted)
{
    const char *got = convert(s, lua);

    assert_string_equal(got, wanted);
    free((void *)(uintptr_t)got);
}

static void values_keep_their_kind(void **state)
{
    struct lua_state *s = *state;

    assert_converts(s, "return { 1, 2.5, 'x', true }", "[1,2.5,\"x\",true]");
    assert_converts(s, "return {}", "{}");
    assert_converts(s, "return nil", "null");
}

static void names_are_sorted(void **state)
{
    struct lua_state *s = *state;

    assert_converts(s, "return { b = 1, a = 2, c = { d = 3 } }",
                    "{\"a\":2,\"b\":1,\"c\":{\"d\":3}}");
}

static void what_is_wrong_is_named_with_its_path(void **state)
{
    struct lua_state *s = *state;
    const char *got = convert(s, "return { a = { b = function() end } }");

    assert_non_null(strstr(got, "a.b"));
    free((void *)(uintptr_t)got);
}

static void depth_cycles_and_infinity_are_refused(void **state)
{
    static const char *const bad[] = {
        "local t = {} t.t = t return t", "return { { { { { { 1 } } } } } }",
        "return { a = 1 / 0 }",          "return { a = 0 / 0 }",
        "return { [true] = 1 }",         "return { [1.5] = 1 }",
    };
    struct lua_state *s = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct conversion c = {.lua = bad[i]};

        tk_pool_init(&c.pool, 1 << 20);
        assert_int_equal(call(s, take, &c), 0);
        assert_int_equal(c.code, TK_EINVAL);
        assert_true(c.why.text[0] != '\0');
        tk_pool_fini(&c.pool);
    }
}

static int push_and_check(lua_State *L)
{
    tk_convert_push(L, lua_touserdata(L, 1));
    lua_setglobal(L, "v");
    run_chunk(L, "assert(v.a[1] == 1 and v.a[2] == 'x' and v.b == true)\n"
                 "assert(v.c == nil and v.d == 2.5)");
    return 0;
}

static void a_tree_becomes_a_table(void **state)
{
    struct lua_state *s = *state;
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    tk_pool_init(&pool, 1 << 20);
    assert_int_equal(
        tk_json_parse(
            TK_STR("{\"a\":[1,\"x\"],\"b\":true,\"c\":null,\"d\":2.5}"), &pool,
            &value, &why),
        0);
    if (call(s, push_and_check, &value) != 0) fail_msg("%s", s->why.text);
    tk_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATE(values_keep_their_kind),
        WITH_STATE(names_are_sorted),
        WITH_STATE(what_is_wrong_is_named_with_its_path),
        WITH_STATE(depth_cycles_and_infinity_are_refused),
        WITH_STATE(a_tree_becomes_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
