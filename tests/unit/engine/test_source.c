#include "tests/unit/engine/scripts.h"

static const char text[] =
    "return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
    "  password = secret.file '$DIR/password', proxy = 'http://p:1',\n"
    "  timeout = '3s', tokens = { read = { scope = 'r' } } } } }";

static void what_a_source_says_reaches_its_route(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load(s, text);

    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    assert_string_equal(config->sources[0]->route.proxy, "http://p:1");
    assert_int_equal(config->sources[0]->route.total_ms, 3000);
    assert_false(config->sources[0]->route.insecure_http);
    tk_config_free(config);
}

static void a_secret_that_changed_is_noticed(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load(s, text);
    const struct tk_value *password;

    assert_non_null(config);
    assert_false(tk_secrets_reread(&config->sources[0]->secrets));
    folder_write(&s->folder, "password", "hunter3\n");
    assert_true(tk_secrets_reread(&config->sources[0]->secrets));
    assert_false(tk_secrets_reread(&config->sources[0]->secrets));
    password = tk_value_get(&config->sources[0]->settings, "password");
    assert_non_null(password);
    assert_true(tk_str_is(tk_secret_bytes(password->as.secret), "hunter3"));
    /* A file that has gone leaves what was read. */
    unlink(folder_path(&s->folder, "password"));
    assert_false(tk_secrets_reread(&config->sources[0]->secrets));
    assert_true(tk_str_is(tk_secret_bytes(password->as.secret), "hunter3"));
    tk_config_free(config);
}

static void a_variant_holds_only_what_differs(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load(s, text);
    const struct tk_source *source;
    const struct tk_value *variant;

    assert_non_null(config);
    source = config->sources[0];
    variant = tk_source_variant(
        source, tk_source_kind(source, TK_STR("client")), TK_STR("read"));
    assert_non_null(variant);
    assert_int_equal(variant->as.table.pair_count, 1);
    assert_true(tk_str_is(tk_value_text(tk_value_get(variant, "scope")), "r"));
    tk_config_free(config);
}

static void a_variant_has_no_secret_of_its_own(void **state)
{
    struct scripts *s = *state;

    assert_null(load(s,
                     "return { sources = { crm = { provider = 'tiny',\n"
                     "  url = 'https://x', tokens = { read = {\n"
                     "    password = secret.file '$DIR/password' } } } } }"));
    assert_non_null(
        strstr(problems_of(s), "sources.crm.tokens.read.password: unknown"));
}

static void a_provider_that_is_broken_is_a_problem_with_its_line(void **state)
{
    struct scripts *s = *state;

    folder_write(&s->folder, "providers/broken.lua", "return {\n  api = = }");
    assert_null(load(s, "return { sources = { crm = {\n"
                        "  provider = 'broken' } } }"));
    assert_non_null(strstr(problems_of(s), "broken.lua:2:"));
}

static void the_users_of_a_source_may_live_elsewhere(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config =
        load(s, "return { sources = { crm = { provider = 'tiny',\n"
                "  url = 'https://x', timezone = 'Asia/Shanghai' } } }");

    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    assert_int_equal(tk_zone_ahead_s(config->sources[0]->zone, 1795602030),
                     8 * 3600);
    tk_config_free(config);
    assert_null(load(s, "return { sources = { crm = { provider = 'tiny',\n"
                        "  url = 'https://x', timezone = 'Asia/Shanghia'\n"
                        "} } }"));
    assert_non_null(strstr(problems_of(s), "sources.crm: timezone: "));
    assert_non_null(strstr(problems_of(s), "did you mean Asia/Shanghai?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(what_a_source_says_reaches_its_route),
        WITH_SCRIPTS(a_secret_that_changed_is_noticed),
        WITH_SCRIPTS(a_variant_holds_only_what_differs),
        WITH_SCRIPTS(a_variant_has_no_secret_of_its_own),
        WITH_SCRIPTS(the_users_of_a_source_may_live_elsewhere),
        WITH_SCRIPTS(a_provider_that_is_broken_is_a_problem_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
