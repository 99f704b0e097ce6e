#include "tests/unit/script/script_file.h"

#include "net/json.h"

static int handle(struct tk_unit *unit, double now, struct tk_pool *pool,
                  struct tk_value *results, struct tk_why *why)
{
    struct tk_pair pair = {TK_STR("path"),
                           {.type = TK_TEXT, .as.text = TK_STR("/token")}};
    struct tk_value request = {.type = TK_TABLE,
                               .as.table = {.pairs = &pair, .pair_count = 1}};

    return tk_unit_handle(unit, &request, now, pool, results, why);
}

static void state_lives_as_long_as_the_unit(void **state)
{
    struct tk_why why;
    struct tk_unit *unit = script_open(
        TK_UNIT_FAKE,
        "return { api = 1, name = 'x', routes = {},\n"
        "  handle = function(request, state, now)\n"
        "    state.count = (state.count or 0) + 1\n"
        "    return 200, { ['X-Count'] = state.count }, request.path .. now\n"
        "  end }",
        &why);
    struct tk_pool pool;
    struct tk_value results;

    (void)state;
    assert_non_null(unit);
    for (int i = 1; i <= 3; i++) {
        tk_pool_init(&pool, 1 << 20);
        assert_int_equal(handle(unit, 1.5, &pool, &results, &why), 0);
        assert_int_equal(tk_value_item(&results, 0)->as.integer, 200);
        assert_int_equal(
            tk_value_get(tk_value_item(&results, 1), "X-Count")->as.integer, i);
        assert_true(
            tk_str_is(tk_value_text(tk_value_item(&results, 2)), "/token1.5"));
        tk_pool_fini(&pool);
    }
    tk_unit_close(unit);
}

static void a_fake_that_fails_has_a_reason(void **state)
{
    static const char *const bad[] = {"error 'no'", "while true do end",
                                      "return function() end"};
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        struct tk_unit *unit;
        struct tk_pool pool;
        struct tk_value results;

        snprintf(text, sizeof text,
                 "return { api = 1, name = 'x', routes = {},\n"
                 "handle = function() %s end }",
                 bad[i]);
        unit = script_open(TK_UNIT_FAKE, text, &why);
        assert_non_null(unit);
        tk_pool_init(&pool, 1 << 20);
        assert_int_not_equal(handle(unit, 0, &pool, &results, &why), 0);
        assert_true(why.text[0] != '\0');
        tk_pool_fini(&pool);
        tk_unit_close(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_lives_as_long_as_the_unit),
        cmocka_unit_test(a_fake_that_fails_has_a_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
