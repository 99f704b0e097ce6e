#include "tests/unit/engine/tree.h"

#include "engine/facts.h"

static struct tk_kind read_kind(struct tree *tree, const char *declared,
                                const char *overrides)
{
    struct tk_value facts = parse(tree, declared);
    struct tk_value over = parse(tree, overrides);
    struct tk_kind kind;

    tk_kind_read("facts", TK_STR("tenant"), &facts, &over, &tree->problems,
                 &kind);
    return kind;
}

static void every_renewal_family_is_read(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind = read_kind(tree, "{'renewable':'always'}", "{}");

    assert_int_equal(kind.renewable, TK_RENEWABLE_ALWAYS);
    kind = read_kind(tree, "{'renewable':{'last':'30m'}}", "{}");
    assert_int_equal(kind.renewable, TK_RENEWABLE_LAST);
    assert_int_equal(kind.window_ms, 1800000);
    kind = read_kind(tree, "{'renewable':'extends'}", "{}");
    assert_int_equal(kind.renewable, TK_RENEWABLE_EXTENDS);
    kind = read_kind(tree, "{'renewable':'at_end'}", "{}");
    assert_int_equal(kind.renewable, TK_RENEWABLE_AT_END);
    assert_string_equal(problems_of(tree), "");
}

static void a_source_overrides_its_providers_facts(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind =
        read_kind(tree, "{'renewable':{'last':'30m'},'overlap':'own_life'}",
                  "{'renewable':{'last':'5s'},'overlap':'5m'}");

    assert_int_equal(kind.window_ms, 5000);
    assert_false(kind.overlap_is_own_life);
    assert_int_equal(kind.overlap_ms, 300000);
}

static void a_token_is_a_bearer_unless_the_kind_says_else(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind = read_kind(tree, "{}", "{}");

    assert_string_equal(kind.attach_header, "Authorization");
    assert_string_equal(kind.attach_format, "Bearer %s");
    kind = read_kind(
        tree, "{'attach':{'header':'X-Token','format':'QQBot %s'}}", "{}");
    assert_string_equal(kind.attach_header, "X-Token");
    assert_string_equal(kind.attach_format, "QQBot %s");
}

static void a_format_that_printf_would_trip_over_is_refused(void **state)
{
    struct tree *tree = *state;

    read_kind(tree, "{'attach':{'format':'Bearer %s %n'}}", "{}");
    read_kind(tree, "{'attach':{'format':'Bearer'}}", "{}");
    read_kind(tree, "{'attach':{'format':'%s%s'}}", "{}");
    assert_int_equal(tree->problems.count, 3);
}

static void nonsense_is_reported(void **state)
{
    struct tree *tree = *state;

    read_kind(tree, "{'renewable':'sometimes'}", "{}");
    read_kind(tree, "{'overlap':'forever'}", "{}");
    read_kind(tree, "{'subject':'maybe'}", "{}");
    read_kind(tree, "{'renewabel':'always'}", "{}");
    assert_int_equal(tree->problems.count, 4);
    assert_non_null(strstr(problems_of(tree), "did you mean renewable?"));
}

static void facts_are_told_in_words(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind = read_kind(tree, "{'renewable':{'last':'30m'}}", "{}");
    char words[TK_KIND_TEXT];

    assert_string_equal(tk_kind_describe(&kind, words),
                        "renewable while less than 30m remain");
    kind = read_kind(tree,
                     "{'overlap':'5m','one_spender':true,'single_use':true,"
                     "'quota':{'per_minute':50}}",
                     "{}");
    assert_string_equal(
        tk_kind_describe(&kind, words),
        "renewable at any time; renewing ends the old token 5m later; one "
        "refresher only; its secret is used once; at most 50 calls a minute");
}

static void a_quota_is_read_and_may_be_overruled(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind =
        read_kind(tree, "{'quota':{'per_second':5,'per_day':2000}}", "{}");

    assert_int_equal(kind.quota.per_second, 5);
    assert_int_equal(kind.quota.per_minute, 0);
    assert_int_equal(kind.quota.per_day, 2000);
    kind = read_kind(tree, "{'quota':{'per_second':5}}",
                     "{'quota':{'per_minute':9}}");
    assert_int_equal(kind.quota.per_second, 0);
    assert_int_equal(kind.quota.per_minute, 9);
    assert_string_equal(problems_of(tree), "");
    read_kind(tree, "{'quota':{'per_hour':5}}", "{}");
    assert_non_null(strstr(problems_of(tree), "facts.quota.per_hour"));
}

static void only_a_short_overlap_makes_a_renewal_hurt(void **state)
{
    struct tree *tree = *state;
    struct tk_kind kind = read_kind(tree, "{'overlap':0}", "{}");

    assert_true(tk_kind_renewal_hurts(&kind));
    kind = read_kind(tree, "{'overlap':'5m'}", "{}");
    assert_false(tk_kind_renewal_hurts(&kind));
    kind = read_kind(tree, "{'overlap':'own_life'}", "{}");
    assert_false(tk_kind_renewal_hurts(&kind));
    kind = read_kind(tree, "{'overlap':0,'renewable':'extends'}", "{}");
    assert_false(tk_kind_renewal_hurts(&kind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TREE(every_renewal_family_is_read),
        WITH_TREE(a_source_overrides_its_providers_facts),
        WITH_TREE(a_token_is_a_bearer_unless_the_kind_says_else),
        WITH_TREE(a_format_that_printf_would_trip_over_is_refused),
        WITH_TREE(nonsense_is_reported),
        WITH_TREE(facts_are_told_in_words),
        WITH_TREE(a_quota_is_read_and_may_be_overruled),
        WITH_TREE(only_a_short_overlap_makes_a_renewal_hurt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
