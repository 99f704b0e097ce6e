#include "base/err.h"

#include "tests/unit/harness.h"

#include <string.h>

static const int codes[] = {
#define CODE(name, number, text) TK_##name,
    TK_ERR_MAP(CODE)
#undef CODE
};
enum { CODES = sizeof codes / sizeof codes[0] };

static void codes_are_negative_and_differ(void **state)
{
    (void)state;
    for (int i = 0; i < CODES; i++) {
        assert_true(codes[i] < 0);
        for (int j = 0; j < i; j++) assert_int_not_equal(codes[i], codes[j]);
    }
}

static void every_code_has_a_name_and_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < CODES; i++) {
        assert_string_not_equal(tk_err_name(codes[i]), "EUNKNOWN");
        assert_string_not_equal(tk_err_text(codes[i]), "unknown error");
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(tk_err_name(codes[i]),
                                    tk_err_name(codes[j]));
            assert_string_not_equal(tk_err_text(codes[i]),
                                    tk_err_text(codes[j]));
        }
    }
    assert_string_equal(tk_err_name(TK_ETLS), "ETLS");
    assert_string_equal(tk_err_text(TK_ETLS), "TLS failed");
    assert_string_equal(tk_err_name(0), "OK");
    assert_string_equal(tk_err_text(0), "no error");
}

static void numbers_that_are_no_code_are_named_too(void **state)
{
    static const int numbers[] = {1, -99, 2147483647, -2147483647 - 1};

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_string_equal(tk_err_name(numbers[i]), "EUNKNOWN");
        assert_string_equal(tk_err_text(numbers[i]), "unknown error");
    }
}

static void failing_fills_the_reason_and_returns_the_code(void **state)
{
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_fail(&why, TK_EIO, "%s: %d", "disk", 5), TK_EIO);
    assert_int_equal(why.code, TK_EIO);
    assert_string_equal(why.text, "disk: 5");
}

static void failing_without_a_reason_returns_the_code(void **state)
{
    (void)state;
    assert_int_equal(tk_fail(NULL, TK_EIO, "%s", "nobody asks"), TK_EIO);
}

static void a_long_reason_is_cut(void **state)
{
    struct tk_why why;
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(tk_fail(&why, TK_EIO, "%s", text), TK_EIO);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

static void a_reason_may_be_wrapped_into_itself(void **state)
{
    struct tk_why why;

    (void)state;
    (void)tk_fail(&why, TK_EIO, "disk full");
    (void)tk_fail(&why, TK_EINVAL, "%s: %s", "sources.crm", why.text);
    assert_string_equal(why.text, "sources.crm: disk full");
    assert_int_equal(why.code, TK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_negative_and_differ),
        cmocka_unit_test(every_code_has_a_name_and_a_text_of_its_own),
        cmocka_unit_test(numbers_that_are_no_code_are_named_too),
        cmocka_unit_test(failing_fills_the_reason_and_returns_the_code),
        cmocka_unit_test(failing_without_a_reason_returns_the_code),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(a_reason_may_be_wrapped_into_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
