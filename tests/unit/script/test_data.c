#include "tests/unit/script/script_file.h"

#include "script/data.h"

static struct tk_secret made;

static struct tk_secret *make_secret(enum tk_secret_from from,
                                     struct tk_str place, void *data)
{
    (void)data;
    tk_secret_fini(&made);
    return tk_secret_init(&made, from, place) == 0 ? &made : NULL;
}

static int read_data(const char *text, struct tk_pool *pool,
                     struct tk_value *out, struct tk_why *why)
{
    struct script_file file;
    int rc;

    *why = (struct tk_why){0};
    script_file_make(&file, text);
    rc = tk_data_read(file.path, pool, make_secret, NULL, out, why);
    unlink(file.path);
    return rc;
}

static void a_file_may_compute_what_it_returns(void **state)
{
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    (void)state;
    tk_pool_init(&pool, 1 << 20);
    assert_int_equal(
        read_data("local t = {} for i = 1, 3 do t['v' .. i] = { scope = i } "
                  "end return { tokens = t, list = { 'a', 'b' } }",
                  &pool, &value, &why),
        0);
    assert_int_equal(tk_value_get(&value, "tokens")->as.table.pair_count, 3);
    assert_int_equal(tk_value_get(&value, "list")->type, TK_LIST);
    tk_pool_fini(&pool);
}

static void a_secret_is_a_place_and_no_bytes(void **state)
{
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    (void)state;
    tk_pool_init(&pool, 1 << 20);
    assert_int_equal(
        read_data("return { s = secret.env 'NAME' }", &pool, &value, &why), 0);
    assert_int_equal(tk_value_get(&value, "s")->type, TK_SECRET);
    assert_string_equal(made.place, "NAME");
    assert_int_equal(made.from, TK_SECRET_ENV);
    tk_secret_fini(&made);
    tk_pool_fini(&pool);
}

static void broken_files_have_a_reason(void **state)
{
    static const char *const bad[] = {
        "",
        "return",
        "return 7",
        "return {",
        "return { a = function() end }",
        "local t = {} t.t = t return t",
        "while true do end",
        "return os.getenv 'HOME'",
        "return { a = io }",
        "return require 'os'",
        "error 'no'",
        "return { s = secret.file() }",
        "return { s = secret.nothing 'x' }",
        "return { s = secret.file 'x' .. 'y' }",
    };
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tk_pool_init(&pool, 1 << 20);
        if (read_data(bad[i], &pool, &value, &why) == 0) {
            if (strstr(bad[i], "= io") == NULL) fail_msg("%s", bad[i]);
        } else {
            assert_true(why.text[0] != '\0');
        }
        tk_pool_fini(&pool);
    }
    tk_secret_fini(&made);
}

static void what_is_wrong_has_its_path_or_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } files[] = {
        {"return {\n  a = 1\n  b = 2 }", ":3:"},
        {"return { sources = { crm = { tokens = print or error } } }",
         "sources.crm.tokens: a function is no value here"},
        {"return { keep = { 'a', 0 / 0 } }",
         "keep[2]: is a number that is not finite"},
        {"return { a = { [true] = 1 } }",
         "a: has a key that is neither a text nor one of 1, 2, 3 ..."},
        {"return { a = { [5] = 1 } }", "a: has a key that is neither"},
        {"local t = { a = {} } t.a.b = t return t", "a.b: contains itself"},
        {"local t = {} for i = 1, 20 do t = { t } end return t",
         "lies too deep"},
        {"return { s = secret.file {} }", ":1: secret.file takes one text"},
        {"return { s = secret.env '' }", "secret.env: the text is empty"},
        {"local t = { 1 } for i = 1, 15 do t = { t, t, t, t } end return t",
         "too large"},
    };
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        tk_pool_init(&pool, 1 << 20);
        assert_int_not_equal(read_data(files[i].text, &pool, &value, &why), 0);
        if (strstr(why.text, files[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", why.text, files[i].says);
        }
        tk_pool_fini(&pool);
    }
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct tk_pool pool;
    struct tk_value value;
    struct tk_why why;

    (void)state;
    tk_pool_init(&pool, 1 << 20);
    assert_int_not_equal(
        tk_data_read("/no/such/file", &pool, make_secret, NULL, &value, &why),
        0);
    assert_non_null(strstr(why.text, "/no/such/file"));
    tk_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_may_compute_what_it_returns),
        cmocka_unit_test(a_secret_is_a_place_and_no_bytes),
        cmocka_unit_test(broken_files_have_a_reason),
        cmocka_unit_test(what_is_wrong_has_its_path_or_its_line),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
