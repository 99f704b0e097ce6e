#include "tests/unit/engine/scripts.h"

#include <stdio.h>

static struct tk_config *load_with(struct scripts *s, const char *readers)
{
    char text[4096];

    snprintf(text, sizeof text,
             "return { readers = %s, sources = {\n"
             "  crm = { provider = 'tiny', url = 'https://x' },\n"
             "  hr = { provider = 'tiny', url = 'https://x' } } }",
             readers);
    return load(s, text);
}

static void a_group_is_named_or_numbered(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_with(
        s, "{ ['4711'] = { 'hr/*' }, root = { 'crm/client', 'hr/*' } }");

    assert_string_equal(problems_of(s), "");
    assert_int_equal(config->readers.count, 2);
    assert_int_equal(config->readers.list[0].gid, 0);
    assert_int_equal(config->readers.list[0].key_count, 2);
    assert_int_equal(config->readers.list[1].gid, 4711);
    tk_config_free(config);
}

static void without_readers_there_are_none(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config = load_with(s, "nil");

    assert_non_null(config);
    assert_int_equal(config->readers.count, 0);
    tk_config_free(config);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *readers;
        const char *problem;
    } cases[] = {
        {"'www-data'", "readers: must be a table of at most 32 groups"},
        {"{ 'www-data' }", "readers: must be a table of at most 32 groups"},
        {"{ nosuchgroup = { 'crm/*' } }",
         "readers.nosuchgroup: there is no such group on this host"},
        {"{ ['4294967295'] = { 'crm/*' } }", "there is no such group"},
        {"{ root = 'crm/*' }", "readers.root: must be a list"},
        {"{ root = {} }", "readers.root: must be a list of 1 to 1000 keys"},
        {"{ root = { 'crm' } }", "readers.root: 'crm' must be a key"},
        {"{ root = { 7 } }", "readers.root: '' must be a key"},
        {"{ root = { 'crn/*' } }",
         "readers.root: there is no source crn; did you mean crm?"},
        {"{ root = { 'crm/*' }, ['0'] = { 'hr/*' } }", "is the same group as"},
    };
    struct scripts *s = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(load_with(s, cases[i].readers));
        if (strstr(problems_of(s), cases[i].problem) == NULL) {
            fail_msg("%s: %s", cases[i].readers, problems_of(s));
        }
    }
}

static void a_caller_may_what_one_of_his_groups_may(void **state)
{
    struct scripts *s = *state;
    struct tk_config *config =
        load_with(s, "{ ['11'] = { 'hr/*' }, ['12'] = { 'crm/client' } }");
    const struct tk_readers *readers;
    const gid_t both[] = {12, 5, 11}, one[] = {12}, none[] = {13};
    tk_readers_set set;

    assert_string_equal(problems_of(s), "");
    readers = &config->readers;
    set = tk_readers_of(readers, both, 3);
    assert_true(tk_readers_may(readers, set, TK_STR("hr/client")));
    assert_true(tk_readers_may(readers, set, TK_STR("crm/client")));
    set = tk_readers_of(readers, one, 1);
    assert_false(tk_readers_may(readers, set, TK_STR("hr/client")));
    assert_false(tk_readers_see(readers, set, TK_STR("hr")));
    assert_true(tk_readers_see(readers, set, TK_STR("crm")));
    assert_false(tk_readers_may(readers, set, TK_STR("crm/client/read")));
    assert_int_equal(tk_readers_of(readers, none, 1), 0);
    assert_false(tk_readers_may(readers, 0, TK_STR("crm/client")));
    tk_config_free(config);
}

static void two_are_the_same_if_groups_and_keys_are(void **state)
{
    static const char *const other[] = {
        "{ ['11'] = { 'hr/*' } }",
        "{ ['11'] = { 'hr/*' }, ['12'] = { 'crm/client/*' } }",
        "{ ['11'] = { 'hr/*' }, ['13'] = { 'crm/client' } }",
        "{ ['11'] = { 'hr/*' }, ['12'] = { 'crm/client', 'hr/*' } }",
    };
    struct scripts *s = *state;
    const char *text = "{ ['11'] = { 'hr/*' }, ['12'] = { 'crm/client' } }";
    struct tk_config *a = load_with(s, text);
    struct tk_config *b = load_with(s, text);

    assert_true(tk_readers_same(&a->readers, &b->readers));
    tk_config_free(b);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        b = load_with(s, other[i]);
        assert_false(tk_readers_same(&a->readers, &b->readers));
        tk_config_free(b);
    }
    tk_config_free(a);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scripts_set_up, scripts_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_group_is_named_or_numbered),
        TEST(without_readers_there_are_none),
        TEST(what_is_wrong_is_said_with_its_place),
        TEST(a_caller_may_what_one_of_his_groups_may),
        TEST(two_are_the_same_if_groups_and_keys_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
