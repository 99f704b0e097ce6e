#include "fake/form.h"

#include "tests/unit/text.h"

static struct tk_pool pool;
static struct tk_value table;

static int make_pool(void **state)
{
    (void)state;
    tk_pool_init(&pool, 1 << 16);
    return 0;
}

static int drop_pool(void **state)
{
    (void)state;
    tk_pool_fini(&pool);
    return 0;
}

static struct tk_str field(const char *name)
{
    return tk_value_text(tk_value_get(&table, name));
}

static void pairs_are_decoded(void **state)
{
    (void)state;
    assert_int_equal(
        tk_form_parse(TK_STR("a=1&b+c=d%2Be%26f&empty=&bare"), &pool, &table),
        0);
    assert_int_equal(table.as.table.pair_count, 4);
    assert_text(field("a"), TK_STR("1"));
    assert_text(field("b c"), TK_STR("d+e&f"));
    assert_text(field("empty"), TK_STR(""));
    assert_text(field("bare"), TK_STR(""));
}

static void the_first_of_several_counts(void **state)
{
    (void)state;
    assert_int_equal(tk_form_parse(TK_STR("a=1&a=2&=3&&a=4"), &pool, &table),
                     0);
    assert_int_equal(table.as.table.pair_count, 1);
    assert_text(field("a"), TK_STR("1"));
}

static void an_equals_sign_may_stand_in_a_value(void **state)
{
    (void)state;
    assert_int_equal(tk_form_parse(TK_STR("a=b=c"), &pool, &table), 0);
    assert_text(field("a"), TK_STR("b=c"));
}

static void nothing_is_an_empty_table(void **state)
{
    (void)state;
    assert_int_equal(tk_form_parse(TK_STR(""), &pool, &table), 0);
    assert_int_equal(table.type, TK_TABLE);
    assert_int_equal(table.as.table.pair_count, 0);
}

static void broken_escapes_are_refused(void **state)
{
    static const char *const bad[] = {"a=%", "a=%4", "a=%4g", "%zz=1", "a=%-1"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(tk_form_parse(tk_str(bad[i]), &pool, &table),
                         TK_EINVAL);
    }
}

static void sixty_four_pairs_are_enough(void **state)
{
    char text[65 * 4 + 1] = "";

    (void)state;
    for (int i = 0; i < 64; i++) {
        text[4 * i] = (char)('A' + i / 26);
        text[4 * i + 1] = (char)('a' + i % 26);
        text[4 * i + 2] = '=';
        text[4 * i + 3] = i < 63 ? '&' : '\0';
    }
    assert_int_equal(tk_form_parse(tk_str(text), &pool, &table), 0);
    assert_int_equal(table.as.table.pair_count, 64);
    memcpy(text + 4 * 64 - 1, "&z", 3);
    assert_int_equal(tk_form_parse(tk_str(text), &pool, &table), TK_EINVAL);
}

static void lack_of_memory_is_said(void **state)
{
    struct tk_pool small;

    (void)state;
    tk_pool_init(&small, 16);
    assert_int_equal(tk_form_parse(TK_STR("a=1"), &small, &table), TK_ENOMEM);
    assert_int_equal(
        tk_form_basic(TK_STR("Basic Y3JtOnNlY3JldA=="), &small, &table),
        TK_ENOMEM);
    tk_pool_fini(&small);
}

static void basic_credentials_are_decoded_twice(void **state)
{
    (void)state;
    /* my%3Aid:a+b%25 */
    assert_int_equal(
        tk_form_basic(TK_STR("Basic bXklM0FpZDphK2IlMjU="), &pool, &table), 0);
    assert_text(field("id"), TK_STR("my:id"));
    assert_text(field("secret"), TK_STR("a b%"));
    assert_int_equal(
        tk_form_basic(TK_STR("basic Y3JtOnNlY3JldA=="), &pool, &table), 0);
    assert_text(field("id"), TK_STR("crm"));
    assert_text(field("secret"), TK_STR("secret"));
}

static void other_schemes_are_no_basic_credentials(void **state)
{
    (void)state;
    assert_int_equal(tk_form_basic(TK_STR("Bearer abc"), &pool, &table),
                     TK_ENOENT);
    assert_int_equal(tk_form_basic(TK_STR(""), &pool, &table), TK_ENOENT);
    assert_int_equal(tk_form_basic(TK_STR("Basic"), &pool, &table), TK_EINVAL);
    assert_int_equal(tk_form_basic(TK_STR("Basic !"), &pool, &table),
                     TK_EINVAL);
    /* no colon */
    assert_int_equal(tk_form_basic(TK_STR("Basic Y3Jt"), &pool, &table),
                     TK_EINVAL);
    /* a%:b */
    assert_int_equal(tk_form_basic(TK_STR("Basic YSU6Yg=="), &pool, &table),
                     TK_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pool, drop_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pairs_are_decoded),
        TEST(the_first_of_several_counts),
        TEST(an_equals_sign_may_stand_in_a_value),
        TEST(nothing_is_an_empty_table),
        TEST(broken_escapes_are_refused),
        TEST(sixty_four_pairs_are_enough),
        TEST(lack_of_memory_is_said),
        TEST(basic_credentials_are_decoded_twice),
        TEST(other_schemes_are_no_basic_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
