#include "tests/unit/script/lua_test.h"

static void the_known_functions_work(void **state)
{
    struct provider *p = *state;

    passes(p, "local t = { 3, 1, 2 } table.sort(t)\n"
              "assert(t[1] == 1 and t[3] == 3)\n"
              "table.sort(t, function(a, b) return a > b end)\n"
              "assert(t[1] == 3)\n"
              "table.insert(t, 9) table.insert(t, 1, 8)\n"
              "assert(t[1] == 8 and t[5] == 9)\n"
              "assert(table.remove(t) == 9 and table.remove(t, 1) == 8)\n"
              "assert(table.concat({ 'a', 'b' }, '-') == 'a-b')\n"
              "local a, b = table.unpack({ 1, 2 })\n"
              "assert(a == 1 and b == 2 and table.pack(1, nil).n == 2)");
}

static void tables_with_a_metatable_are_refused(void **state)
{
    struct provider *p = *state;

    raises(p,
           "table.insert(setmetatable({}, { __len = function() "
           "return 1 << 62 end }), 1, 1)",
           NULL);
    raises(p, "table.concat(setmetatable({}, { __index = {} }))", NULL);
    raises(p, "table.unpack(setmetatable({}, {}))", NULL);
}

static void ranges_without_an_end_are_refused(void **state)
{
    struct provider *p = *state;

    provider_run(p, "return { token = table.unpack({}, 1, 1 << 40) }");
    assert_int_not_equal(p->code, 0);
    tk_unit_close(p->unit);
    provider_run(p, "return { token = table.concat({}, '', 1, 1 << 40) }");
    assert_int_not_equal(p->code, 0);
}

static void any_number_of_values_is_sorted(void **state)
{
    struct provider *p = *state;

    passes(p, "for n = 0, 70 do\n"
              "  local t, sum = {}, 0\n"
              "  for i = 1, n do t[i] = (i * 7919) % 31 sum = sum + t[i] end\n"
              "  table.sort(t)\n"
              "  for i = 2, n do assert(t[i - 1] <= t[i]) end\n"
              "  table.sort(t, function(a, b) return a > b end)\n"
              "  for i = 2, n do assert(t[i - 1] >= t[i]) end\n"
              "  for i = 1, n do sum = sum - t[i] end\n"
              "  assert(#t == n and sum == 0)\n"
              "end");
}

static void a_comparison_that_lies_is_survived(void **state)
{
    struct provider *p = *state;

    provider_run(p, "local t = {} for i = 1, 100 do t[i] = i end\n"
                    "pcall(table.sort, t, function() return true end)\n"
                    "return { token = 'ok' }");
    assert_string_equal(p->token, "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(the_known_functions_work),
        WITH_PROVIDER(tables_with_a_metatable_are_refused),
        WITH_PROVIDER(ranges_without_an_end_are_refused),
        WITH_PROVIDER(any_number_of_values_is_sorted),
        WITH_PROVIDER(a_comparison_that_lies_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
