/* The attacks of which a usual sandbox (no os, io and debug, a count hook, a
 * cap on memory) fails a quarter. Each must be ended, and soon. */
#include "tests/unit/script/lua_test.h"

#include <time.h>

static const char *const attacks[] = {
    "while true do end",
    "repeat until false",
    "for i = 1, 1e18 do end",
    "local function f() return f() end f()",
    "local function f() f() end f()",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error) end",
    "local function f() pcall(f) f() end f()",
    "pcall(function() while true do end end) while true do end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t[#t + 1] = ('x'):rep(1000) end",
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local t = {} while true do t = { t } end",
    "string.rep('', 1 << 62)",
    "string.rep('x', 1 << 30)",
    "('x'):rep(1 << 62, ('y'):rep(100))",
    "while true do ('x'):rep(200000) end",
    "local s = ('x'):rep(200000) while true do s:upper() end",
    "local s = ('x'):rep(200000) while true do s:reverse() end",
    "local s = ('a'):rep(200000) while true do s:find('aab') end",
    "local s = ('a'):rep(100000) s:find(('a'):rep(50000) .. 'b')",
    "local s = ('a,'):rep(100000) while true do s:split(',') end",
    "local t = {} for i = 1, 1e5 do t[i] = i end "
    "while true do table.concat(t) end",
    "local t = {} for i = 1, 1e5 do t[i] = -i end "
    "while true do table.sort(t) end",
    "local t = {} for i = 1, 1e5 do t[i] = i end "
    "while true do table.insert(t, 1, 0) end",
    "local t = {} for i = 1, 1e5 do t[i] = i end "
    "while true do table.remove(t, 1) table.insert(t, 1) end",
    "table.unpack({}, 1, 1e8)",
    "while true do table.pack(table.unpack({ 1, 2, 3 })) end",
    "table.concat({}, 'x', 1, 1 << 60)",
    "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "table.insert(setmetatable({}, { __len = function() return 1 << 62 end }),"
    " 1, 1)",
    "setmetatable({}, { __gc = function() while true do end end })",
    "local t = setmetatable({}, { __index = function(t, k) return t[k] end })"
    " return t.x",
    "local t = setmetatable({}, {}) local m = { __index = t } "
    "while true do t = setmetatable({}, m) end",
    "local a = setmetatable({}, { __eq = function() while true do end end }) "
    "local b = setmetatable({}, { __eq = function() while true do end end }) "
    "return a == b",
    "return #setmetatable({}, { __len = function() while true do end end })",
    "return tostring(setmetatable({}, { __tostring = function() while true do "
    "end end }))",
    "for k in pairs(setmetatable({}, { __pairs = function() return function() "
    "return 1 end end })) do end",
    "error(setmetatable({}, { __tostring = function() while true do end end "
    "}))",
    "local ok, e = pcall(error, setmetatable({}, { __tostring = function() "
    "while true do end end })) error(e)",
    "while true do json.decode('[' .. ('1,'):rep(1000) .. '1]') end",
    "while true do json.encode({ ('x'):rep(1000) }) end",
    "while true do sha256(('x'):rep(200000)) end",
    "while true do base64.encode(('x'):rep(200000)) end",
    "while true do string.format('%99d', 1) end",
    "local x = ('%s'):rep(1000) string.format(x)  while true do end",
    "goto a ::a:: goto a",
    "local t = {} t[1] = t while true do t = { t, t } end",
    "while true do tostring({}) end",
    "while true do local f = function() end end",
};

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void every_attack_is_ended(void **state)
{
    struct provider *p = *state;

    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        double before = cpu_ms();

        provider_load(p, attacks[i]);
        provider_start(p);
        tk_loop_run(p->loop);
        assert_int_equal(p->done, (int)i + 1);
        /* Processor time, so that a busy machine fails no test; a script that
         * is not ended would take for ever. Sanitizers cost a factor. */
        if (cpu_ms() - before > 5000) fail_msg("took long: %s", attacks[i]);
        tk_unit_close(p->unit);
        p->unit = NULL;
        tk_timer_set(p->guard, tk_loop_now(p->loop) + 10000);
    }
}

static void the_unit_is_usable_after_every_attack(void **state)
{
    struct provider *p = *state;

    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        char lua[1024];

        snprintf(lua, sizeof lua,
                 "if settings.good then return { token = 'good' } end %s",
                 attacks[i]);
        provider_load(p, lua);
        provider_start(p);
        tk_loop_run(p->loop);
        {
            struct tk_pair pair = {TK_STR("good"),
                                   {.type = TK_BOOL, .as.flag = true}};
            struct tk_value good = {
                .type = TK_TABLE,
                .as.table = {.pairs = &pair, .pair_count = 1}};
            struct tk_why why;

            assert_int_equal(tk_unit_set_options(p->unit, &good, &why), 0);
        }
        provider_start(p);
        tk_loop_run(p->loop);
        assert_string_equal(p->token, "good");
        p->token[0] = '\0';
        tk_unit_close(p->unit);
        p->unit = NULL;
        tk_timer_set(p->guard, tk_loop_now(p->loop) + 10000);
    }
}

static void a_reason_names_file_and_line(void **state)
{
    struct provider *p = *state;

    provider_run(p, "while true do end");
    assert_non_null(strstr(p->detail, ":2:"));
    assert_non_null(strstr(p->detail, "budget"));
    assert_null(strstr(p->detail, "/tmp/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROVIDER(every_attack_is_ended),
        WITH_PROVIDER(the_unit_is_usable_after_every_attack),
        WITH_PROVIDER(a_reason_names_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
