#include "base/value.h"

#include "tests/unit/text.h"

#include <math.h>
#include <stdlib.h>

static int set_up(void **state)
{
    struct tk_pool *pool = malloc(sizeof *pool);

    tk_pool_init(pool, 1 << 20);
    *state = pool;
    return 0;
}

static int tear_down(void **state)
{
    tk_pool_fini(*state);
    free(*state);
    return 0;
}

/* { name = "crm", nested = { deep = 7 }, "first", "second" } */
static struct tk_value make_tree(struct tk_pool *pool)
{
    struct tk_value tree = tk_value_of_table(pool, 2, 2);
    struct tk_value nested = tk_value_of_table(pool, 0, 1);

    nested.as.table.pairs[0].name = TK_STR("deep");
    nested.as.table.pairs[0].value = tk_value_of_int(7);
    tree.as.table.items[0] = tk_value_of_text(pool, TK_STR("first"));
    tree.as.table.items[1] = tk_value_of_text(pool, TK_STR("second"));
    tree.as.table.pairs[0].name = TK_STR("name");
    tree.as.table.pairs[0].value = tk_value_of_text(pool, TK_STR("crm"));
    tree.as.table.pairs[1].name = TK_STR("nested");
    tree.as.table.pairs[1].value = nested;
    return tree;
}

static void assert_tree(const struct tk_value *tree)
{
    const struct tk_value *nested = tk_value_get(tree, "nested");

    assert_int_equal(tree->type, TK_TABLE);
    assert_text(tk_value_text(tk_value_get(tree, "name")), TK_STR("crm"));
    assert_int_equal(tk_value_get(nested, "deep")->as.integer, 7);
    assert_text(tk_value_text(tk_value_item(tree, 0)), TK_STR("first"));
    assert_text(tk_value_text(tk_value_item(tree, 1)), TK_STR("second"));
    assert_null(tk_value_item(tree, 2));
}

static void finds_pairs_by_name_and_items_by_index(void **state)
{
    struct tk_value tree = make_tree(*state);

    assert_tree(&tree);
    assert_ptr_equal(tk_value_find(&tree, tk_str_of("names", 4)),
                     tk_value_get(&tree, "name"));
    assert_null(tk_value_get(&tree, "Name"));
    assert_null(tk_value_get(&tree, ""));
}

static void looking_into_what_is_no_table_finds_nothing(void **state)
{
    struct tk_value number = tk_value_of_int(1);
    struct tk_value text = tk_value_of_text(*state, TK_STR("x"));
    struct tk_value nil = {.type = TK_NIL};

    assert_null(tk_value_get(NULL, "a"));
    assert_null(tk_value_get(tk_value_get(NULL, "a"), "b"));
    assert_null(tk_value_get(&number, "a"));
    assert_null(tk_value_get(&text, "a"));
    assert_null(tk_value_get(&nil, "a"));
    assert_null(tk_value_item(NULL, 0));
    assert_null(tk_value_item(&number, 0));
}

static void only_a_text_has_a_text(void **state)
{
    struct tk_value text = tk_value_of_text(*state, tk_str_of(NULL, 0));
    struct tk_value number = tk_value_of_int(1);

    assert_non_null(tk_value_text(&text).data);
    assert_null(tk_value_text(&number).data);
    assert_null(tk_value_text(NULL).data);
}

static void a_text_is_a_terminated_copy(void **state)
{
    char bytes[] = "abc";
    struct tk_value text = tk_value_of_text(*state, tk_str_of(bytes, 2));

    bytes[0] = 'x';
    assert_text(text.as.text, TK_STR("ab"));
    assert_int_equal(text.as.text.data[2], '\0');
}

static struct tk_value of_double(double number)
{
    return (struct tk_value){.type = TK_NUM, .as.number = number};
}

static void whole_numbers_are_whole_however_they_were_written(void **state)
{
    static const struct {
        double number;
        int64_t whole;
    } rows[] = {
        {7200.0, 7200},
        {-1.0, -1},
        {-0.0, 0},
        {9007199254740991.0, INT64_C(9007199254740991)},
        {-9007199254740991.0, INT64_C(-9007199254740991)},
    };
    struct tk_value value = tk_value_of_int(INT64_MIN);
    int64_t whole = 5;

    (void)state;
    assert_true(tk_value_int(&value, &whole));
    assert_int_equal(whole, INT64_MIN);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        value = of_double(rows[i].number);
        assert_true(tk_value_int(&value, &whole));
        assert_int_equal(whole, rows[i].whole);
    }
}

static void other_numbers_and_types_are_not_whole(void **state)
{
    static const double numbers[] = {7200.9,
                                     0.5,
                                     -0.1,
                                     9007199254740992.0, /* or ...993 */
                                     -9007199254740992.0,
                                     1e300,
                                     (double)INFINITY,
                                     -(double)INFINITY,
                                     (double)NAN};
    struct tk_value text = tk_value_of_text(*state, TK_STR("7200"));
    struct tk_value flag = {.type = TK_BOOL, .as.flag = true};
    int64_t whole = 5;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct tk_value value = of_double(numbers[i]);

        if (tk_value_int(&value, &whole)) fail_msg("%.17g", numbers[i]);
    }
    assert_false(tk_value_int(&text, &whole));
    assert_false(tk_value_int(&flag, &whole));
    assert_false(tk_value_int(NULL, &whole));
    assert_int_equal(whole, 5);
}

static void a_number_is_one_however_it_is_held(void **state)
{
    const struct tk_value whole = tk_value_of_int(-3);
    const struct tk_value part = {.type = TK_NUM, .as.number = 0.5};
    const struct tk_value text = {.type = TK_TEXT, .as.text = TK_STR("3")};
    double number;

    (void)state;
    assert_true(tk_value_num(&whole, &number));
    assert_true(number == -3);
    assert_true(tk_value_num(&part, &number));
    assert_true(number == 0.5);
    assert_false(tk_value_num(&text, &number));
    assert_false(tk_value_num(NULL, &number));
}

static void types_have_names_for_messages(void **state)
{
    static const struct {
        enum tk_type type;
        const char *name;
    } rows[] = {
        {TK_NIL, "nothing"},   {TK_BOOL, "true or false"},
        {TK_INT, "a number"},  {TK_NUM, "a number"},
        {TK_TEXT, "a text"},   {TK_SECRET, "a secret"},
        {TK_TABLE, "a table"}, {TK_LIST, "a list"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_value value = {.type = rows[i].type};

        assert_string_equal(tk_value_type_name(&value), rows[i].name);
    }
    assert_string_equal(tk_value_type_name(NULL), "nothing");
}

static void a_table_starts_with_nothing_in_it(void **state)
{
    struct tk_value table = tk_value_of_table(*state, 3, 2);

    assert_int_equal(table.type, TK_TABLE);
    assert_int_equal(table.as.table.item_count, 3);
    assert_int_equal(table.as.table.pair_count, 2);
    assert_int_equal(tk_value_item(&table, 2)->type, TK_NIL);
    assert_int_equal(table.as.table.pairs[1].value.type, TK_NIL);
    assert_null(tk_value_get(&table, "a"));
    table = tk_value_of_table(*state, 0, 0);
    assert_int_equal(table.type, TK_TABLE);
}

static void a_table_too_large_is_nil(void **state)
{
    struct tk_value table = tk_value_of_table(*state, UINT32_MAX, UINT32_MAX);

    assert_int_equal(table.type, TK_NIL);
}

static void a_copy_shares_nothing_but_secrets(void **state)
{
    struct tk_pool first;
    struct tk_secret secret;
    struct tk_value tree;
    struct tk_value copy;

    assert_int_equal(tk_secret_init(&secret, TK_SECRET_GIVEN, TK_STR("x")), 0);
    tk_pool_init(&first, 10000);
    tree = make_tree(&first);
    assert_int_equal(tk_value_copy(*state, &tree, &copy), 0);
    tk_pool_fini(&first);
    assert_tree(&copy);
    tree = (struct tk_value){.type = TK_SECRET, .as.secret = &secret};
    assert_int_equal(tk_value_copy(*state, &tree, &copy), 0);
    assert_ptr_equal(copy.as.secret, &secret);
    tk_secret_fini(&secret);
}

static void a_copy_keeps_the_type_of_a_list(void **state)
{
    struct tk_value list = tk_value_of_table(*state, 1, 0);
    struct tk_value copy;

    list.type = TK_LIST;
    assert_int_equal(tk_value_copy(*state, &list, &copy), 0);
    assert_int_equal(copy.type, TK_LIST);
    assert_int_equal(copy.as.table.item_count, 1);
}

static void a_copy_fails_cleanly_at_every_size_of_pool(void **state)
{
    struct tk_value tree = make_tree(*state);
    int rc = TK_ENOMEM;

    for (size_t max = 0; rc != 0; max += 16) {
        struct tk_pool small;
        struct tk_value copy;

        assert_in_range(max, 0, 2000);
        tk_pool_init(&small, max);
        rc = tk_value_copy(&small, &tree, &copy);
        if (rc != 0) assert_int_equal(rc, TK_ENOMEM);
        tk_pool_fini(&small);
    }
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(finds_pairs_by_name_and_items_by_index),
        WITH(looking_into_what_is_no_table_finds_nothing),
        WITH(only_a_text_has_a_text),
        WITH(a_text_is_a_terminated_copy),
        WITH(whole_numbers_are_whole_however_they_were_written),
        WITH(other_numbers_and_types_are_not_whole),
        WITH(a_number_is_one_however_it_is_held),
        WITH(types_have_names_for_messages),
        WITH(a_table_starts_with_nothing_in_it),
        WITH(a_table_too_large_is_nil),
        WITH(a_copy_shares_nothing_but_secrets),
        WITH(a_copy_keeps_the_type_of_a_list),
        WITH(a_copy_fails_cleanly_at_every_size_of_pool),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
