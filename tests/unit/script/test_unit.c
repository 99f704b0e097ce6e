#include "tests/unit/script/script_file.h"

static void a_unit_tells_about_itself(void **state)
{
    struct tk_why why;
    struct tk_unit *unit = script_open(
        TK_UNIT_PROVIDER,
        "return { api = 1, name = 'x', settings = { a = { type = 'text' } },\n"
        "  kinds = { client = { renewable = { last = '30m' } } },\n"
        "  fetch = function() end }",
        &why);
    const struct tk_value *about;

    (void)state;
    assert_non_null(unit);
    about = tk_unit_about(unit);
    assert_true(tk_str_is(tk_value_text(tk_value_get(about, "name")), "x"));
    assert_non_null(tk_value_get(tk_value_get(about, "settings"), "a"));
    assert_null(tk_value_get(about, "fetch"));
    assert_true(tk_unit_has(unit, "fetch"));
    assert_false(tk_unit_has(unit, "parse"));
    tk_unit_close(unit);
}

static void single_use_grants_are_two_functions(void **state)
{
    struct tk_why why;
    struct tk_unit *unit =
        script_open(TK_UNIT_PROVIDER,
                    "return { api = 1, name = 'x', settings = {}, kinds = {},\n"
                    "request = function() end, parse = function() end }",
                    &why);

    (void)state;
    assert_non_null(unit);
    assert_true(tk_unit_has(unit, "request"));
    tk_unit_close(unit);
}

struct bad {
    const char *text;
    const char *says;
};

static void broken_scripts_are_refused_with_a_reason(void **state)
{
    static const struct bad bad[] = {
        {"", "must return a table"},
        {"return 7", "must return a table"},
        {"return {", ":1:"},
        {"return {}", "api must be 1"},
        {"return { api = 2, name = 'x' }", "api must be 1"},
        {"return { api = 1 }", "name is missing"},
        {"return { api = 1, name = 'x' }", "no function decide"},
        {"return { api = 1, name = 'x', decide = 7 }", "must be a function"},
        {"return { api = 1, name = 'x', dcide = function() end }",
         "did you mean 'decide'?"},
        {"return { 1 }", "as a key"},
        {"while true do end", "budget"},
        {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) end", ""},
        {"error 'no'", "no"},
        {"error({})", "error object of type table"},
    };
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(script_open(TK_UNIT_POLICY, bad[i].text, &why));
        if (strstr(why.text, bad[i].says) == NULL) {
            fail_msg("%s\nsays: %s", bad[i].text, why.text);
        }
        assert_null(strstr(why.text, "/tmp/"));
    }
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    char *text = malloc(300 * 1024 + 1);
    struct tk_why why;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', 300 * 1024);
    text[300 * 1024] = '\0';
    assert_null(script_open(TK_UNIT_POLICY, text, &why));
    assert_true(why.text[0] != '\0');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_tells_about_itself),
        cmocka_unit_test(single_use_grants_are_two_functions),
        cmocka_unit_test(broken_scripts_are_refused_with_a_reason),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
