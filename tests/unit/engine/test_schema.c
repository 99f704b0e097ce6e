#include "tests/unit/engine/tree.h"

static const char declared[] =
    "{'token_url':{'type':'url','required':true},"
    "'scope':{'type':'text'},"
    "'auth':{'type':'text','default':'basic','choices':['basic','post']},"
    "'life':{'default':'1h','min':'1s','max':'2h'},"
    "'tries':{'type':'count','min':1,'max':5},"
    "'share':{'type':'number','default':0.5},"
    "'on':{'default':true},"
    "'names':{'type':'list'},"
    "'params':{'type':'table'},"
    "'secret':{'type':'secret'}}";

static unsigned check(struct tree *tree, const char *json)
{
    struct tk_value fields_value = parse(tree, declared);
    struct tk_value value = parse(tree, json);
    struct tk_field fields[TK_FIELDS_MAX];
    size_t count =
        tk_schema_declared("p", &fields_value, fields, &tree->problems);

    assert_int_equal(count, 10);
    return tk_schema_check("sources.crm", &value, fields, count, false,
                           &tree->problems);
}

static void a_good_table_has_no_problems(void **state)
{
    struct tree *tree = *state;

    assert_int_equal(
        check(tree, "{'token_url':'https://a/b','scope':'read','auth':'post',"
                    "'life':'90m','tries':3,'share':0.25,'on':false,"
                    "'names':['a','b'],'params':{'x':1}}"),
        0);
    assert_string_equal(problems_of(tree), "");
}

static void an_unknown_field_comes_with_the_nearest_name(void **state)
{
    struct tree *tree = *state;

    check(tree, "{'token_url':'https://a','scpoe':'x','zebra':1}");
    assert_string_equal(
        problems_of(tree),
        "sources.crm.scpoe: unknown field; did you mean scope?\n"
        "sources.crm.zebra: unknown field\n");
}

static void all_problems_are_reported_at_once(void **state)
{
    struct tree *tree = *state;

    assert_int_equal(check(tree,
                           "{'scope':7,'auth':'digest','life':'3h','tries':9,"
                           "'share':'x','on':1,'names':[1],'params':3,"
                           "'secret':'in the clear'}"),
                     10);
    assert_non_null(strstr(problems_of(tree),
                           "sources.crm.token_url: is missing; it must be a "
                           "URL (https://...)"));
    assert_non_null(strstr(problems_of(tree),
                           "sources.crm.auth: must be one of: basic, post"));
    assert_non_null(
        strstr(problems_of(tree), "sources.crm.life: is more than 2h"));
    assert_non_null(
        strstr(problems_of(tree), "sources.crm.tries: is more than 5"));
    assert_non_null(strstr(problems_of(tree), "must be a secret"));
}

static void a_span_without_a_unit_is_refused(void **state)
{
    struct tree *tree = *state;

    assert_int_equal(check(tree, "{'token_url':'https://a','life':60}"), 1);
    assert_non_null(strstr(problems_of(tree), "such as \"15m\""));
}

static void no_problem_shows_the_value_of_a_field(void **state)
{
    struct tree *tree = *state;

    check(tree, "{'token_url':'hunter2','secret':'hunter2','tries':'hunter2'}");
    assert_null(strstr(problems_of(tree), "hunter2"));
}

static void what_is_no_table_is_one_problem(void **state)
{
    struct tree *tree = *state;

    assert_int_equal(check(tree, "[1,2]"), 2);
    assert_non_null(strstr(problems_of(tree), "a value without a name"));
}

static void settled_options_have_defaults_and_seconds(void **state)
{
    struct tree *tree = *state;
    struct tk_value fields_value = parse(tree, declared);
    struct tk_value given = parse(tree, "{'token_url':'https://a'}");
    struct tk_field fields[TK_FIELDS_MAX];
    size_t count =
        tk_schema_declared("p", &fields_value, fields, &tree->problems);
    struct tk_value out = tk_schema_settle(&tree->pool, &given, fields, count);

    assert_true(tk_value_get(&out, "life")->as.number == 3600.0);
    assert_true(tk_str_is(tk_value_text(tk_value_get(&out, "auth")), "basic"));
    assert_true(tk_value_get(&out, "on")->as.flag);
    assert_null(tk_value_get(&out, "scope"));
}

static void a_bad_declaration_is_a_problem(void **state)
{
    struct tree *tree = *state;
    struct tk_value value = parse(tree, "{'a':{'type':'colour'},"
                                        "'b':{'default':'5s','min':'1m'}}");
    struct tk_field fields[TK_FIELDS_MAX];

    tk_schema_declared("options", &value, fields, &tree->problems);
    assert_string_equal(problems_of(tree),
                        "options.a: declares an unknown type\n"
                        "options.b: is less than 1m\n");
}

/* In a log or on a terminal it must not pass for another one. */
static void a_problem_is_one_line_whatever_a_field_is_called(void **state)
{
    struct tree *tree = *state;

    check(tree, "{'token_url':'https://a','x\\ny\\u001b[2J':1}");
    assert_string_equal(problems_of(tree),
                        "sources.crm.x?y?[2J: unknown field\n");
}

static void too_many_problems_are_counted_and_not_lost(void **state)
{
    struct tree *tree = *state;

    for (int i = 0; i < 100000; i++) {
        tk_problem(&tree->problems, "sources.crm", "problem %d", i);
    }
    assert_int_equal(tree->problems.count, 100000);
    assert_non_null(strstr(problems_of(tree), "sources.crm: problem 1000\n"));
    assert_non_null(strstr(problems_of(tree), "\nthe others are not shown\n"));
}

static const char *declare(struct tree *tree, const char *json)
{
    struct tk_value declaration = parse(tree, json);
    struct tk_field fields[TK_FIELDS_MAX];

    tk_problems_fini(&tree->problems);
    tk_problems_init(&tree->problems);
    tk_schema_declared("p", &declaration, fields, &tree->problems);
    return problems_of(tree);
}

static void a_declaration_is_checked_too(void **state)
{
    struct tree *tree = *state;

    assert_string_equal(
        declare(tree, "{'a':{'default':1,'unit':'calls','help':'how many'}}"),
        "");
    assert_string_equal(declare(tree, "{'a':{'default':1,'hlep':'x'}}"),
                        "p.a.hlep: unknown field; did you mean help?\n");
    assert_string_equal(declare(tree, "{'a':5}"),
                        "p.a: must be a table, not a number\n");
    assert_string_equal(declare(tree, "{'a':{'default':'5m','min':3}}"),
                        "p.a: has a min or max that is no bound of a length of "
                        "time such as \"15m\"\n");
    assert_string_equal(declare(tree, "{'a':{'default':1,'max':'1h'}}"),
                        "p.a: has a min or max that is no bound of a number\n");
    assert_string_equal(declare(tree, "{'a':{'default':2,'max':1.5}}"),
                        "p.a: is more than 1.5\n");
}

static void a_value_of_a_script_is_checked_as_scripts_see_it(void **state)
{
    static const struct tk_field span = {
        .type = TK_FIELD_SPAN, .min = 1000, .max = 60000};
    struct tree *tree = *state;
    struct tk_value value = {.type = TK_NUM, .as.number = 1.5};

    tk_schema_check_settled("o", &value, &span, &tree->problems);
    assert_string_equal(problems_of(tree), "");
    value.as.number = 0.5;
    tk_schema_check_settled("o", &value, &span, &tree->problems);
    value = tk_value_of_int(61);
    tk_schema_check_settled("o", &value, &span, &tree->problems);
    value = parse(tree, "'5s'");
    tk_schema_check_settled("o", &value, &span, &tree->problems);
    assert_string_equal(problems_of(tree),
                        "o: is less than 1s\no: is more than 1m\n"
                        "o: must be a number of seconds, not a text\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TREE(a_declaration_is_checked_too),
        WITH_TREE(a_value_of_a_script_is_checked_as_scripts_see_it),
        WITH_TREE(a_good_table_has_no_problems),
        WITH_TREE(an_unknown_field_comes_with_the_nearest_name),
        WITH_TREE(all_problems_are_reported_at_once),
        WITH_TREE(a_span_without_a_unit_is_refused),
        WITH_TREE(no_problem_shows_the_value_of_a_field),
        WITH_TREE(what_is_no_table_is_one_problem),
        WITH_TREE(settled_options_have_defaults_and_seconds),
        WITH_TREE(a_bad_declaration_is_a_problem),
        WITH_TREE(a_problem_is_one_line_whatever_a_field_is_called),
        WITH_TREE(too_many_problems_are_counted_and_not_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
