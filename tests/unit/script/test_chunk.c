#include "tests/unit/script/lua_state.h"

static int load_text(lua_State *L)
{
    tk_chunk_push(L, *(struct tk_str *)lua_touserdata(L, 1), "test.lua");
    return 0;
}

static void a_text_is_compiled(void **state)
{
    struct lua_state *s = *state;
    struct tk_str text = TK_STR("return 1");

    assert_int_equal(call(s, load_text, &text), 0);
}

static void a_syntax_error_has_its_line(void **state)
{
    struct lua_state *s = *state;
    struct tk_str text = TK_STR("local a = 1\nlocal = 2");

    assert_int_equal(call(s, load_text, &text), TK_ESCRIPT);
    assert_non_null(strstr(s->why.text, "test.lua:2:"));
}

struct dump {
    char bytes[1024];
    size_t len;
};

static int keep_piece(lua_State *L, const void *piece, size_t len, void *data)
{
    struct dump *dump = data;

    (void)L;
    if (len > sizeof dump->bytes - dump->len) return 1;
    memcpy(dump->bytes + dump->len, piece, len);
    dump->len += len;
    return 0;
}

/* Bytecode is not checked when it is loaded: it can do anything. */
static void bytecode_is_refused(void **state)
{
    struct lua_state *s = *state;
    lua_State *other = luaL_newstate();
    struct dump dump = {0};
    struct tk_str text;

    assert_non_null(other);
    assert_int_equal(luaL_loadstring(other, "return 1"), LUA_OK);
    assert_int_equal(lua_dump(other, keep_piece, &dump, 0), 0);
    lua_close(other);
    text = tk_str_of(dump.bytes, dump.len);
    assert_int_equal(call(s, load_text, &text), TK_ESCRIPT);
    assert_non_null(strstr(s->why.text, "binary chunk"));
}

static void deep_nesting_is_survived(void **state)
{
    struct lua_state *s = *state;
    static char text[100001];
    struct tk_str view = {text, 100000};

    memset(text, '(', 100000);
    assert_int_not_equal(call(s, load_text, &view), 0);
}

static int require_outside(lua_State *L)
{
    tk_chunk_open_require(L);
    run_chunk(L, "return require 'tokeng.x'");
    return 0;
}

static int require_elsewhere(lua_State *L)
{
    tk_chunk_open_require(L);
    run_chunk(L, "return require '../../etc/passwd'");
    return 0;
}

static void require_takes_only_modules_of_ours(void **state)
{
    struct lua_state *s = *state;

    assert_int_equal(call(s, require_outside, NULL), TK_ESCRIPT);
    assert_int_equal(call(s, require_elsewhere, NULL), TK_ESCRIPT);
    assert_null(strstr(s->why.text, "root"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATE(a_text_is_compiled),
        WITH_STATE(a_syntax_error_has_its_line),
        WITH_STATE(bytecode_is_refused),
        WITH_STATE(deep_nesting_is_survived),
        WITH_STATE(require_takes_only_modules_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
