#include "tests/unit/engine/scripts.h"

/* SHA-256 of "abc" (FIPS 180-2, appendix B.1) and of "b". */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define B   "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"

static struct tk_config *load_with(struct scripts *s, const char *api_keys)
{
    char text[4096];

    snprintf(text, sizeof text,
             "return { api_keys = %s, sources = {\n"
             "  crm = { provider = 'tiny', url = 'https://x' },\n"
             "  hr = { provider = 'tiny', url = 'https://x' } } }",
             api_keys);
    return load(s, text);
}

static void an_api_key_is_found_by_its_digest(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config =
        load_with(s, "{ { name = 'a', sha256 = '" ABC "', allow = {} },\n"
                     "  { name = 'b', sha256 = '" B "', allow = {} } }");
    const struct tk_api_keys *keys;

    assert_string_equal(problems_of(s), "");
    keys = &config->api_keys;
    assert_int_equal(keys->count, 2);
    assert_string_equal(tk_api_keys_find(keys, TK_STR("abc"))->name, "a");
    assert_string_equal(tk_api_keys_find(keys, TK_STR("b"))->name, "b");
    assert_null(tk_api_keys_find(keys, TK_STR("abd")));
    assert_null(tk_api_keys_find(keys, TK_STR("ab")));
    assert_null(tk_api_keys_find(keys, TK_STR(ABC)));
    assert_null(tk_api_keys_find(keys, TK_STR("")));
    assert_null(tk_api_keys_find(keys, tk_str_of("abc\0", 4)));
    tk_config_free(config);
}

/* The digest of nothing is configured, and still lets nobody in. */
static void an_empty_api_key_is_none(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_with(
        s, "{ { name = 'a', allow = { 'get *' }, sha256 = 'E3B0C44298FC1C149A"
           "FBF4C8996FB92427AE41E4649B934CA495991B7852B855' } }");

    assert_non_null(config);
    assert_null(tk_api_keys_find(&config->api_keys, TK_STR("")));
    tk_config_free(config);
}

static void no_api_keys_let_nobody_in(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_with(s, "nil");

    assert_non_null(config);
    assert_int_equal(config->api_keys.count, 0);
    assert_null(tk_api_keys_find(&config->api_keys, TK_STR("abc")));
    tk_config_free(config);
}

static struct tk_config *load_allowing(struct scripts *s, const char *allow)
{
    char text[512];

    snprintf(text, sizeof text,
             "{ { name = 'a', sha256 = '" ABC "', allow = %s } }", allow);
    return load_with(s, text);
}

static void a_grant_covers_its_pattern_and_no_more(void **state)
{
    static const struct {
        const char *allow;
        const char *key;
        bool wanted;
    } cases[] = {
        {"get *", "crm/client", true},
        {"get *", "", true},
        {"get crm/*", "crm/client", true},
        {"get crm/*", "crm/client/read", true},
        {"get crm/*", "crm", false},
        {"get crm/*", "crmx/client", false},
        {"get crm/*", "Crm/client", false},
        {"get crm/client", "crm/client", true},
        {"get crm/client", "crm/client/read", false},
        {"get crm/client", "crm/clien", false},
        {"get crm/client/*", "crm/client/read", true},
        {"get crm/client/*", "crm/client", false},
        {"reject crm/*", "crm/client", false},
        {"admin *", "crm/client", false},
        {"metrics", "crm/client", false},
    };
    struct scripts *s = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char allow[64];
        struct tk_config *config;

        snprintf(allow, sizeof allow, "{ '%s' }", cases[i].allow);
        config = load_allowing(s, allow);
        assert_string_equal(problems_of(s), "");
        if (tk_api_key_may(&config->api_keys.list[0], TK_RIGHT_GET,
                           tk_str(cases[i].key)) != cases[i].wanted) {
            fail_msg("%s for %s", cases[i].allow, cases[i].key);
        }
        tk_config_free(config);
    }
}

static void a_whole_source_takes_a_grant_for_all_its_keys(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_allowing(
        s, "{ 'admin crm/*', 'admin hr/client', 'get hr/*', 'metrics' }");
    const struct tk_api_key *key = &config->api_keys.list[0];

    assert_true(tk_api_key_may_all(key, TK_RIGHT_ADMIN, TK_STR("crm")));
    assert_false(tk_api_key_may_all(key, TK_RIGHT_ADMIN, TK_STR("hr")));
    assert_false(tk_api_key_may_all(key, TK_RIGHT_ADMIN, TK_STR("cr")));
    assert_false(tk_api_key_may_all(key, TK_RIGHT_ADMIN, TK_STR("")));
    assert_true(tk_api_key_may_all(key, TK_RIGHT_METRICS, TK_STR("")));
    assert_true(tk_api_key_sees(key, TK_STR("hr")));
    assert_false(tk_api_key_sees(key, TK_STR("h")));
    assert_false(tk_api_key_sees(key, TK_STR("")));
    tk_config_free(config);
}

static void a_grant_of_metrics_shows_no_source(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_allowing(s, "{ 'metrics' }");

    assert_false(tk_api_key_sees(&config->api_keys.list[0], TK_STR("crm")));
    tk_config_free(config);
}

static void what_is_wrong_with_api_keys_is_told(void **state)
{
#define ONE(allow)                                                             \
    "{ { name = 'a', sha256 = '" ABC "', allow = { " allow " } } }"
    static const struct {
        const char *api_keys;
        const char *says;
    } cases[] = {
        {"7", "api_keys: must be a list"},
        {"{ name = 'a' }", "api_keys: must be a list"},
        {"{ 7 }", "api_keys[1]: "},
        {"{ { name = 'a', sha256 = '" ABC "' } }",
         "api_keys[1].allow: is missing"},
        {"{ { name = 'a', key = 'hunter2', allow = {} } }",
         "api_keys[1].key: unknown field"},
        {"{ { name = 'a', sha256 = 'hunter2', allow = {} } }",
         "api_keys[1]: sha256 must be the 64 hex digits"},
        {"{ { name = 'a', allow = {}, sha256 = '" ABC "0' } }",
         "api_keys[1]: sha256 must be"},
        {"{ { name = 'a b', sha256 = '" ABC "', allow = {} } }",
         "api_keys[1]: name must be of"},
        {"{ { name = 'a', sha256 = '" ABC "', allow = {} },\n"
         "  { name = 'a', sha256 = '" B "', allow = {} } }",
         "api_keys[2]: there is another one named a"},
        {"{ { name = 'a', sha256 = '" ABC "', allow = {} },\n"
         "  { name = 'b', sha256 = '" ABC "', allow = {} } }",
         "api_keys[2]: a has the same API key"},
        {ONE("'get'"), "allow: 'get' must be"},
        {ONE("'gte crm/*'"), "allow: 'gte crm/*' must be"},
        {ONE("'metrics *'"), "allow: 'metrics *' must be"},
        {ONE("'get crm'"), "allow: 'get crm' must be"},
        {ONE("'get crm*'"), "allow: 'get crm*' must be"},
        {ONE("'get crm/*/read'"), "allow: 'get crm/*/read' must be"},
        {ONE("'get */client'"), "allow: 'get */client' must be"},
        {ONE("'get crm//*'"), "allow: 'get crm//*' must be"},
        {ONE("'get crm/../*'"), "allow: 'get crm/../*' must be"},
        {ONE("'get  *'"), "allow: 'get  *' must be"},
        {ONE("'get crn/*'"),
         "allow: there is no source crn; did you mean crm?"},
        {ONE("7"), "api_keys[1].allow: must be a list of texts"},
    };
#undef ONE
    struct scripts *s = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(load_with(s, cases[i].api_keys));
        if (strstr(problems_of(s), cases[i].says) == NULL) {
            fail_msg("%s: %s", cases[i].api_keys, problems_of(s));
        }
        assert_null(strstr(problems_of(s), "hunter2"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(an_api_key_is_found_by_its_digest),
        WITH_SCRIPTS(an_empty_api_key_is_none),
        WITH_SCRIPTS(no_api_keys_let_nobody_in),
        WITH_SCRIPTS(a_grant_covers_its_pattern_and_no_more),
        WITH_SCRIPTS(a_whole_source_takes_a_grant_for_all_its_keys),
        WITH_SCRIPTS(a_grant_of_metrics_shows_no_source),
        WITH_SCRIPTS(what_is_wrong_with_api_keys_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
