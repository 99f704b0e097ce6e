#include "engine/pattern.h"

#include "tests/unit/harness.h"

static const struct {
    const char *text;
    const char *key;
    bool is_covered;
} cases[] = {
    {"crm/client", "crm/client", true},
    {"crm/client", "crm/client/read", false},
    {"crm/client", "crm/clien", false},
    {"crm/client/*", "crm/client/read", true},
    {"crm/client/*", "crm/client", false},
    {"crm/*", "crm/client/read", true},
    {"crm/*", "crmx/client", false},
    {"*", "hr/client", true},
};

static void a_pattern_covers_its_keys_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tk_pattern pattern;

        assert_true(tk_pattern_read(tk_str(cases[i].text), &pattern));
        assert_int_equal(tk_pattern_covers(&pattern, tk_str(cases[i].key)),
                         cases[i].is_covered);
    }
}

static void what_is_no_pattern_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",       "crm",      "crm*",   "*/client", "crm/../*",
        "crm//*", "crm/c d*", "/crm/*", "**",       "crm/*/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tk_pattern pattern;

        if (tk_pattern_read(tk_str(wrong[i]), &pattern)) {
            fail_msg("'%s'", wrong[i]);
        }
    }
}

static void it_is_known_which_sources_it_names(void **state)
{
    struct tk_pattern all, source, kind, key;

    (void)state;
    assert_true(tk_pattern_read(TK_STR("*"), &all));
    assert_true(tk_pattern_read(TK_STR("crm/*"), &source));
    assert_true(tk_pattern_read(TK_STR("crm/client/*"), &kind));
    assert_true(tk_pattern_read(TK_STR("crm/client"), &key));
    assert_true(tk_pattern_names(&all, TK_STR("hr")));
    assert_true(tk_pattern_names(&key, TK_STR("crm")));
    assert_false(tk_pattern_names(&key, TK_STR("cr")));
    assert_true(tk_pattern_covers_all(&all, TK_STR("")));
    assert_true(tk_pattern_covers_all(&source, TK_STR("crm")));
    assert_false(tk_pattern_covers_all(&source, TK_STR("")));
    assert_false(tk_pattern_covers_all(&kind, TK_STR("crm")));
    assert_false(tk_pattern_covers_all(&key, TK_STR("crm")));
}

static void a_source_that_is_not_there_is_a_problem(void **state)
{
    struct tk_pair pairs[] = {{.name = TK_STR("crm")}};
    struct tk_value sources = {.type = TK_TABLE};
    struct tk_problems problems;
    struct tk_pattern pattern;

    (void)state;
    sources.as.table.pairs = pairs;
    sources.as.table.pair_count = 1;
    tk_problems_init(&problems);
    assert_true(tk_pattern_read(TK_STR("crm/*"), &pattern));
    tk_pattern_check(&pattern, &sources, "here", &problems);
    assert_int_equal(problems.count, 0);
    assert_true(tk_pattern_read(TK_STR("crn/*"), &pattern));
    tk_pattern_check(&pattern, &sources, "here", &problems);
    assert_string_equal(tk_buf_text(&problems.text),
                        "here: there is no source crn; did you mean crm?\n");
    tk_problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_covers_its_keys_and_no_more),
        cmocka_unit_test(what_is_no_pattern_is_refused),
        cmocka_unit_test(it_is_known_which_sources_it_names),
        cmocka_unit_test(a_source_that_is_not_there_is_a_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
