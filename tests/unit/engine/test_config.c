#include "tests/unit/engine/scripts.h"

#include <sys/mman.h>

/* The limit does not bind who has CAP_IPC_LOCK, so it is not used here. */
static int lock_answer;

int mlock(const void *start, size_t len)
{
    (void)start;
    (void)len;
    return lock_answer;
}

static const char good[] =
    "return { policy = { 'tiny', lead = '5m' },\n"
    "  sources = { crm = { provider = 'tiny', url = 'https://sso.example/t',\n"
    "    id = 'me', password = secret.file '$DIR/password',\n"
    "    keep = { 'client', 'client/*' }, max_concurrent = 7,\n"
    "    tokens = { read = { scope = 'r' }, write = { scope = 'w' } } } } }\n";

static void a_good_file_becomes_sources_and_policies(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load(s, good);
    struct tk_source *source;

    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    source = tk_config_source(config, TK_STR("crm"));
    assert_non_null(source);
    assert_string_equal(source->provider, "tiny");
    assert_int_equal(source->max_concurrent, 7);
    assert_int_equal(source->max_keys, 10000);
    assert_int_equal(source->policy->check_interval_ms, 10000);
    assert_int_equal(source->variants.as.table.pair_count, 2);
    assert_null(tk_config_source(config, TK_STR("other")));
    assert_null(tk_config_listen(config, 0));
    tk_config_free(config);
}

static void threshold_is_the_policy_when_none_is_named(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config =
        load(s, "return { sources = { crm = { provider = 'tiny',\n"
                "  url = 'https://a' } } }");

    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    assert_string_equal(config->policies[0]->name, "threshold");
    assert_int_equal(config->policies[0]->check_interval_ms, 1800 * 1000);
    tk_config_free(config);
}

struct bad {
    const char *text;
    const char *says;
};

static const struct bad bad_files[] = {
    {"return {", "tokeng.lua:1:"},
    {"return { sources = { crm = { password = 'hunter2 } } }",
     "tokeng.lua:1: unfinished string"},
    {"return {\n password = 'x' hunter2 }", "tokeng.lua:2: '}' expected"},
    {"return {\n password = hunter2\n hunter2 = 7 }",
     "tokeng.lua:3: '}' expected"},
    {"return {\n password = [[hunter2", "tokeng.lua:2: unfinished long string"},
    {"return { password = 'hunter2\\q' }",
     "tokeng.lua:1: invalid escape sequence"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  password = secret.file '$DIR/password' .. 'hunter2' } } }",
     "tokeng.lua:2: attempt to concatenate"},
    {"return 7", "table"},
    {"return {}", "sources: is missing"},
    {"return { sources = {} }", "sources"},
    {"return { sources = 7 }", "sources: must be a table, not a number"},
    {"return { suorces = {} }",
     "suorces: unknown field; did you mean sources?"},
    {"return { sources = { crm = 7 } }",
     "sources.crm: must be a table, not a number"},
    {"return { sources = { crm = {} } }", "sources.crm: provider is missing"},
    {"return { sources = { crm = { provider = 'nope' } } }",
     "sources.crm: no script named nope"},
    {"return { sources = { ['a/b'] = { provider = 'tiny' } } }",
     "sources.a/b: is no part of a key"},
    {"return { sources = { crm = { provider = 'tiny' } } }",
     "sources.crm.url: is missing; it must be a URL"},
    {"return { sources = { crm = { provider = 'tiny', url = 'ftp://x' } } }",
     "sources.crm.url: must be a URL"},
    {"return { sources = { crm = { provider = 'tiny', url = 'http://x' } } }",
     "url is not https; for a loopback address set insecure_http = true"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  sceop = 'r' } } }",
     "sources.crm.sceop: unknown field; did you mean scope?"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  password = 'hunter2' } } }",
     "sources.crm.password: must be a secret"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  password = secret.file '$DIR/nothing' } } }",
     "sources.crm: password: $DIR/nothing: No such file"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  password = secret.env 'TOKENG_TEST_UNSET' } } }",
     "the variable TOKENG_TEST_UNSET is not set"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  keep = { 'clinet' } } } }",
     "keep: source crm has no kind clinet; did you mean client?"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  keep = { 'client/x' } } } }",
     "keep: sources.crm.tokens has no x"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  tokens = { read = { scpoe = 'r' } } } } }",
     "sources.crm.tokens.read.scpoe: unknown field; did you mean scope?"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  max_keys = 0 } } }",
     "sources.crm.max_keys: is less than 1"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  timeout = '1h' } } }",
     "sources.crm.timeout: is more than 5m"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  facts = { renewable = 'often' } } } }",
     "renewable must be"},
    {"return { sources = { crm = { provider = 'tiny', url = 'https://x',\n"
     "  policy = { 'tiny', laed = '1m' } } } }",
     "sources.crm.policy.laed: unknown field; did you mean lead?"},
    {"return { policy = { 'tiny', lead = 5 }, sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "policy.lead: must be a length of time"},
    {"return { policy = 'nope', sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "policy: no script named nope"},
    {"return { listen = { 'tcp:0.0.0.0:80' }, sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "listen: 'tcp:0.0.0.0:80' must be"},
    {"return { listen = { 'unix:relative.sock' }, sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "listen: 'unix:relative.sock' must be"},
    {"return { listen = { 'tcp:127.0.0.1:7070' }, sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "listen: 'tcp:127.0.0.1:7070' needs api_keys"},
    {"return { listen = { 'tcp:127.0.0.1:7070' }, api_keys = {},\n"
     "  sources = { crm = { provider = 'tiny', url = 'https://x' } } }",
     "listen: 'tcp:127.0.0.1:7070' needs api_keys"},
    {"return { listen = 7, sources = { crm = {\n"
     "  provider = 'tiny', url = 'https://x' } } }",
     "listen: must be a list of texts"},
    {"while true do end", "tokeng.lua"},
    {"return { sources = { crm = { provider = 'tiny', url = function() end } } "
     "}",
     "sources.crm.url: a function is no value here"},
};

static void every_broken_field_gets_a_sentence(void **state)
{
    struct scripts *s = *state;

    for (size_t i = 0; i < sizeof bad_files / sizeof bad_files[0]; i++) {
        struct tk_config *config = load(s, bad_files[i].text);
        char says[512];
        const char *mark = strstr(bad_files[i].says, "$DIR");

        assert_null(config);
        snprintf(says, sizeof says, "%s", bad_files[i].says);
        if (mark != NULL) {
            snprintf(says, sizeof says, "%.*s%s%s",
                     (int)(mark - bad_files[i].says), bad_files[i].says,
                     s->folder.path, mark + 4);
        }
        if (strstr(problems_of(s), says) == NULL) {
            fail_msg("%s\nsays: %sand not: %s", bad_files[i].text,
                     problems_of(s), says);
        }
        assert_null(strstr(problems_of(s), "hunter2"));
    }
}

static void all_problems_of_a_file_are_reported(void **state)
{
    struct scripts *s = *state;

    assert_null(load(s, "return { polcy = 1, sources = {\n"
                        "  a = { provider = 'tiny', url = 7 },\n"
                        "  b = { provider = 'nope' },\n"
                        "  c = { provider = 'tiny', url = 'https://x',\n"
                        "        max_keys = 'many' } } }"));
    assert_int_equal(s->problems.count, 4);
}

static void the_environment_is_read_once_and_remembered(void **state)
{
    static const char text[] =
        "return { sources = {\n"
        "  a = { provider = 'tiny', url = 'https://x',\n"
        "        password = secret.env 'TOKENG_TEST_PASSWORD' },\n"
        "  b = { provider = 'tiny', url = 'https://x',\n"
        "        password = secret.env 'TOKENG_TEST_PASSWORD' } } }";
    struct scripts *s = *state;
    struct tk_config *config;
    struct tk_config *again;

    assert_int_equal(setenv("TOKENG_TEST_PASSWORD", "hunter2", 1), 0);
    config = load(s, text);
    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    assert_string_not_equal(getenv("TOKENG_TEST_PASSWORD"), "hunter2");
    again = tk_config_load(s->config, config, NULL, &s->problems);
    assert_string_equal(problems_of(s), "");
    assert_non_null(again);
    tk_config_free(config);
    tk_config_free(again);
    unsetenv("TOKENG_TEST_PASSWORD");
}

static void secrets_that_are_not_locked_are_told(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config;
    size_t bytes = 0;

    lock_answer = -1;
    config = load(s, good);
    lock_answer = 0;
    assert_non_null(config);
    assert_false(tk_config_secret_memory(config, &bytes));
    assert_true(bytes > 0);
    tk_config_free(config);
    config = load(s, good);
    assert_non_null(config);
    assert_true(tk_config_secret_memory(config, &bytes));
    tk_config_free(config);
}

static void secrets_that_must_be_locked_are_or_nothing_is_loaded(void **state)
{
    struct scripts *s = *state;
    char text[1024];
    struct tk_config *config;

    snprintf(text, sizeof text, "return { require_mlock = true,%s",
             good + strlen("return {"));
    config = load(s, text);
    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    tk_config_free(config);
    lock_answer = -1;
    assert_null(load(s, text));
    lock_answer = 0;
    assert_non_null(strstr(problems_of(s), "require_mlock: the"));
    assert_non_null(strstr(problems_of(s), "LimitMEMLOCK="));
}

static void one_policy_file_can_overrule_all(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config;
    const char *path =
        write_config(s, "return { policy = 'nope', sources = { crm = {\n"
                        "  provider = 'tiny', url = 'https://x',\n"
                        "  policy = { 'tiny' } } } }");

    config = tk_config_load(path, NULL, "policies/tiny.lua", &s->problems);
    assert_string_equal(problems_of(s), "");
    assert_non_null(config);
    assert_ptr_equal(config->sources[0]->policy, config->policies[0]);
    tk_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIPTS(a_good_file_becomes_sources_and_policies),
        WITH_SCRIPTS(threshold_is_the_policy_when_none_is_named),
        WITH_SCRIPTS(every_broken_field_gets_a_sentence),
        WITH_SCRIPTS(all_problems_of_a_file_are_reported),
        WITH_SCRIPTS(the_environment_is_read_once_and_remembered),
        WITH_SCRIPTS(secrets_that_are_not_locked_are_told),
        WITH_SCRIPTS(secrets_that_must_be_locked_are_or_nothing_is_loaded),
        WITH_SCRIPTS(one_policy_file_can_overrule_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
