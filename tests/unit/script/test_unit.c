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

/* The configuration that lent the path of the modules may be gone by then. */
static void a_unit_outlives_the_place_of_its_modules(void **state)
{
    struct tk_token_view view = {.key = TK_STR("a/b"), .state = "fresh"};
    struct script_file file;
    char *lua_dir = strdup("/nowhere");
    struct tk_unit_options options = {TK_UNIT_POLICY, file.path, lua_dir};
    struct tk_decision decision;
    struct tk_unit *unit;
    struct tk_why why;

    (void)state;
    script_file_make(&file,
                     "return { api = 1, name = 'x', decide = function()\n"
                     "  return require 'tokeng.forecast' end }");
    assert_int_equal(tk_unit_open(&options, &unit, &why), 0);
    unlink(file.path);
    memset(lua_dir, '%', strlen(lua_dir));
    free(lua_dir);
    assert_int_equal(tk_unit_decide(unit, &view, &decision, &why), TK_ESCRIPT);
    assert_non_null(strstr(why.text, "only while a file is being loaded"));
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

/* As they stand in the source tree, which is where ctest starts the tests. */
static void the_scripts_that_are_shipped_load(void **state)
{
    static const struct tk_unit_options scripts[] = {
        {TK_UNIT_POLICY, "policies/threshold.lua", "lua"},
        {TK_UNIT_PROVIDER, "lua/tokeng/providers/feishu.lua", "lua"},
        {TK_UNIT_PROVIDER, "lua/tokeng/providers/oauth2.lua", "lua"},
        {TK_UNIT_FAKE, "lua/tokeng/fakes/feishu.lua", "lua"},
        {TK_UNIT_FAKE, "lua/tokeng/fakes/oauth2.lua", "lua"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct tk_unit *unit;
        struct tk_why why;

        if (tk_unit_open(&scripts[i], &unit, &why) != 0) {
            fail_msg("%s", why.text);
        }
        assert_string_equal(tk_unit_path(unit), scripts[i].path);
        tk_unit_close(unit);
    }
}

static void a_module_is_loaded_once_and_only_while_the_file_is(void **state)
{
    struct script_file file;
    struct tk_unit_options options = {TK_UNIT_FAKE, file.path, "lua"};
    struct tk_unit *unit = NULL;
    struct tk_why why;

    (void)state;
    script_file_make(
        &file, "local fake = require 'tokeng.fake'\n"
               "assert(fake == require 'tokeng.fake')\n"
               "assert(not pcall(require, 'tokeng.nothing'))\n"
               "return { api = 1, name = 'x', handle = function()\n"
               "  return require 'tokeng.fake' == fake and 1 or 0,\n"
               "    pcall(require, 'tokeng.fakes.oauth2') and 1 or 0 end }");
    if (tk_unit_open(&options, &unit, &why) != 0) fail_msg("%s", why.text);
    unlink(file.path);
    {
        struct tk_value request = {.type = TK_TABLE};
        struct tk_value results;
        struct tk_pool pool;

        tk_pool_init(&pool, 1 << 16);
        assert_int_equal(
            tk_unit_handle(unit, &request, 0, &pool, &results, &why), 0);
        assert_int_equal(tk_value_item(&results, 0)->as.integer, 1);
        assert_int_equal(tk_value_item(&results, 1)->as.integer, 0);
        tk_pool_fini(&pool);
    }
    tk_unit_close(unit);
}

static const char *const tries[] = {
    "tostring(s)",
    "('%s'):format(s)",
    "pcall(function() return s .. '' end)",
    "pcall(function() return #s end)",
    "pcall(function() return s:sub(1, 1) end)",
    "pcall(function() return s < s end)",
    "pcall(json.encode, s)",
    "pcall(json.encode, { s })",
    "pcall(base64.encode, s)",
    "pcall(sha256, s)",
    "pcall(string.upper, s)",
    "pcall(table.concat, { s })",
    "pcall(tonumber, s)",
    "pcall(error, s)",
    "pcall(next, s)",
    "pcall(rawget, s, 1)",
    "s == 'hunter2'",
    "({ hunter2 = 'x' })[s]",
};

/* Whatever a script prints of a secret, it is not the secret. */
static void a_secret_among_the_settings_cannot_be_read(void **state)
{
    struct tk_secret secret;
    struct tk_pair pair = {TK_STR("s"),
                           {.type = TK_SECRET, .as.secret = &secret}};
    struct tk_value settings = {.type = TK_TABLE,
                                .as.table = {.pairs = &pair, .pair_count = 1}};

    (void)state;
    assert_int_equal(tk_secret_init(&secret, TK_SECRET_GIVEN, TK_STR("")), 0);
    assert_int_equal(tk_secret_put(&secret, TK_STR("hunter2")), 0);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct tk_value request = {.type = TK_TABLE};
        struct tk_value results;
        struct tk_pool pool;
        struct tk_unit *unit;
        struct tk_why why;
        char text[300];

        snprintf(text, sizeof text,
                 "return { api = 1, name = 'x', handle = function(r, state) "
                 "local s = state.settings.s local a, b = %s "
                 "return tostring(a) .. tostring(b) end }",
                 tries[i]);
        unit = script_open(TK_UNIT_FAKE, text, &why);
        if (unit == NULL) fail_msg("%s", why.text);
        tk_pool_init(&pool, 1 << 16);
        assert_int_equal(tk_unit_set_options(unit, &settings, &why), 0);
        if (tk_unit_handle(unit, &request, 0, &pool, &results, &why) != 0) {
            fail_msg("%s: %s", tries[i], why.text);
        }
        /* Seven is its length. */
        if (strstr(tk_value_text(tk_value_item(&results, 0)).data, "hunter") !=
                NULL ||
            tk_str_starts(tk_value_text(tk_value_item(&results, 0)),
                          TK_STR("true7"))) {
            fail_msg("%s", tries[i]);
        }
        tk_pool_fini(&pool);
        tk_unit_close(unit);
    }
    tk_secret_fini(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unit_tells_about_itself),
        cmocka_unit_test(single_use_grants_are_two_functions),
        cmocka_unit_test(a_unit_outlives_the_place_of_its_modules),
        cmocka_unit_test(broken_scripts_are_refused_with_a_reason),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(the_scripts_that_are_shipped_load),
        cmocka_unit_test(a_module_is_loaded_once_and_only_while_the_file_is),
        cmocka_unit_test(a_secret_among_the_settings_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
