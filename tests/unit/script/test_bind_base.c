#include "tests/unit/script/lua_test.h"

static void what_a_script_must_not_have_is_not_there(void **state)
{
    static const char *const gone[] = {
        "load",         "loadfile",
        "dofile",       "collectgarbage",
        "xpcall",       "getmetatable",
        "print",        "warn",
        "coroutine",    "os",
        "io",           "package",
        "debug",        "string.dump",
        "table.move",   "string.gsub",
        "string.match", "string.gmatch",
    };
    struct provider *p = *state;
    char lua[128];

    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        snprintf(lua, sizeof lua, "assert(%s == nil, '%s')", gone[i], gone[i]);
        passes(p, lua);
    }
}

static void the_plain_functions_work(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(tostring(12) == '12' and tonumber('0x10') == 16)\n"
              "assert(select('#', 1, nil, 3) == 3 and type({}) == 'table')\n"
              "local n = 0 for _, v in ipairs { 1, 2 } do n = n + v end\n"
              "for k, v in pairs { a = 3 } do n = n + v end\n"
              "assert(n == 6 and next({}) == nil)\n"
              "assert(rawequal('a', 'a') and rawlen({ 1, 2 }) == 2)");
}

static void pcall_catches_errors_and_returns_values(void **state)
{
    struct provider *p = *state;

    passes(p, "local ok, a, b = pcall(function(x) return x, 2 end, 1)\n"
              "assert(ok and a == 1 and b == 2)\n"
              "local ok2, e = pcall(error, 'no')\n"
              "assert(not ok2 and e == 'no')\n"
              "local ok3 = pcall(pcall)\n"
              "assert(not ok3)");
}

static void setmetatable_refuses_finalizers(void **state)
{
    struct provider *p = *state;

    raises(p, "setmetatable({}, { __gc = function() end })", "__gc");
    passes(p, "local t = setmetatable({}, { __index = { a = 1 } })\n"
              "assert(t.a == 1)");
    raises(p, "setmetatable(setmetatable({}, { __metatable = 1 }), {})", NULL);
}

static void no_address_of_memory_is_shown(void **state)
{
    struct provider *p = *state;

    passes(p, "assert(not string.find(tostring({}), '0x'))\n"
              "assert(not string.find(tostring(print or type), '0x'))");
}

static void globals_are_closed_once_the_file_is_loaded(void **state)
{
    struct provider *p = *state;

    raises(p, "count = 1", "is a 'local' missing?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(what_a_script_must_not_have_is_not_there),
        WITH_PROVIDER(the_plain_functions_work),
        WITH_PROVIDER(pcall_catches_errors_and_returns_values),
        WITH_PROVIDER(setmetatable_refuses_finalizers),
        WITH_PROVIDER(no_address_of_memory_is_shown),
        WITH_PROVIDER(globals_are_closed_once_the_file_is_loaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
