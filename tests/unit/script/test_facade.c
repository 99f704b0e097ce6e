#include "script/facade.h"

#include "tests/unit/script/script_file.h"

#include <lauxlib.h>
#include <lualib.h>

static const char *const fields[] = {[1] = "apples", [2] = "pears"};

static bool push(lua_State *L, const struct tk_unit *unit, int field)
{
    if (unit->view == NULL) return false;
    lua_pushinteger(L, field * 10);
    return true;
}

static const struct tk_facade basket = {
    .name = "basket",
    .fields = fields,
    .count = 3,
    .push = push,
    .gone = "the basket is gone",
};

static const struct tk_token_view view;

/* Runs a line with the global `basket`; what it says when it fails. */
static const char *run(const char *line, const struct tk_token_view *seen)
{
    static char said[256];
    struct tk_unit unit = {.view = seen};
    lua_State *L = luaL_newstate();

    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    tk_facade_push(L, &unit, &basket);
    lua_setglobal(L, "basket");
    if (luaL_dostring(L, line)) {
        snprintf(said, sizeof said, "%s", lua_tostring(L, -1));
    } else {
        said[0] = '\0';
    }
    lua_close(L);
    return said;
}

static void fields_are_read_from_c(void **state)
{
    (void)state;
    assert_string_equal(
        run("if basket.apples + basket.pears ~= 30 then error 'no' end", &view),
        "");
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_non_null(strstr(run("return basket.aples", &view),
                           "basket has no field 'aples'; did you mean "
                           "'apples'?"));
    assert_non_null(strstr(run("return basket.zzzzzzzz", &view),
                           "basket has no field 'zzzzzzzz'"));
    assert_non_null(strstr(run("return basket[1]", &view),
                           "the fields of a basket have names"));
    assert_non_null(
        strstr(run("basket.apples = 1", &view), "a basket cannot be changed"));
    assert_non_null(
        strstr(run("return basket.apples", NULL), "the basket is gone"));
}

static void nothing_gets_behind_it(void **state)
{
    (void)state;
    assert_non_null(strstr(run("setmetatable(basket, nil)", &view), "table"));
    assert_non_null(strstr(run("rawset(basket, 1, 1)", &view), "table"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_from_c),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(nothing_gets_behind_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
