#include "serve/params.h"

#include "tests/unit/harness.h"

static const struct tk_str absent = {NULL, 0};

static void nothing_asked_for_is_the_default(void **state)
{
    struct tk_want want = {1, 2, 3};
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_params_want(absent, absent, absent, &want, &why), 0);
    assert_int_equal(want.min_ttl_ms, 0);
    assert_int_equal(want.wait_ms, 5000);
    assert_int_equal(want.newer_than, 0);
}

static void min_ttl_is(const char *text, int64_t wanted)
{
    struct tk_want want;
    struct tk_why why = {0, ""};

    if (tk_params_want(tk_str(text), absent, absent, &want, &why) != 0) {
        fail_msg("min_ttl=%s: %s", text, why.text);
    }
    assert_int_equal(want.min_ttl_ms, wanted);
}

static void min_ttl_is_refused(const char *text)
{
    struct tk_want want;
    struct tk_why why = {0, ""};

    assert_int_equal(tk_params_want(tk_str(text), absent, absent, &want, &why),
                     TK_EINVAL);
    assert_string_equal(why.text,
                        "min_ttl must be seconds or a span, like 60 or 5m");
}

static void min_ttl_is_seconds_or_a_span(void **state)
{
    (void)state;
    min_ttl_is("0", 0);
    min_ttl_is("60", 60000);
    min_ttl_is("1.5", 1500);
    min_ttl_is("1.05", 1050);
    min_ttl_is("1.0009", 1000);
    min_ttl_is("60s", 60000);
    min_ttl_is("1h30m", 5400000);
    min_ttl_is("250ms", 250);
    min_ttl_is("315360000", INT64_C(315360000000));
}

static void a_min_ttl_that_makes_no_sense_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1,5",
        "1.",
        ".5",
        "1.-5",
        "1e3",
        "0x10",
        "60 s",
        "s60",
        "60sec",
        "inf",
        "nan",
        "1.5s",
        "315360001",
        "99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        min_ttl_is_refused(bad[i]);
    }
}

static void wait_is_a_span_of_at_most_a_minute(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0}, {"0s", 0}, {"250ms", 250}, {"5s", 5000}, {"1m", 60000}};
    static const char *const bad[] = {"",    "5",  "61s", "60001ms", "-1s",
                                      "0.5", "00", "1d",  "soon"};
    struct tk_want want;
    struct tk_why why = {0, ""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(
            tk_params_want(absent, tk_str(good[i].text), absent, &want, &why),
            0);
        assert_int_equal(want.wait_ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            tk_params_want(absent, tk_str(bad[i]), absent, &want, &why),
            TK_EINVAL);
        assert_non_null(strstr(why.text, "wait must be 0 or a span"));
    }
}

static void newer_than_is_a_generation(void **state)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "1.0",
                                      "1e3",
                                      "x",
                                      "0x1",
                                      "9007199254740992",
                                      "18446744073709551616"};
    struct tk_want want;
    struct tk_why why = {0, ""};

    (void)state;
    assert_int_equal(
        tk_params_want(absent, absent, tk_str("9007199254740991"), &want, &why),
        0);
    assert_true(want.newer_than == UINT64_C(9007199254740991));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(
            tk_params_want(absent, absent, tk_str(bad[i]), &want, &why),
            TK_EINVAL);
        assert_non_null(strstr(why.text, "newer_than must be a whole number"));
    }
}

static void a_count_keeps_to_its_range(void **state)
{
    uint64_t count = 7;
    struct tk_why why = {0, ""};

    (void)state;
    assert_int_equal(tk_params_count("limit", absent, 1, 10, &count, &why), 0);
    assert_int_equal(count, 7);
    assert_int_equal(
        tk_params_count("limit", tk_str("10"), 1, 10, &count, &why), 0);
    assert_int_equal(count, 10);
    assert_int_equal(
        tk_params_count("limit", tk_str("11"), 1, 10, &count, &why), TK_EINVAL);
    assert_string_equal(why.text, "limit must be a whole number from 1 to 10");
    assert_int_equal(tk_params_count("limit", tk_str("0"), 1, 10, &count, &why),
                     TK_EINVAL);
    assert_int_equal(count, 10);
}

static void only_text_plain_in_front_asks_for_the_bare_token(void **state)
{
    static const char *const plain[] = {"text/plain", "TEXT/Plain",
                                        "text/plain;q=0.5", "text/plain ;q=1",
                                        "text/plain, */*"};
    static const char *const other[] = {"",
                                        "*/*",
                                        "application/json",
                                        "application/json, text/plain",
                                        "text/plainx",
                                        "text/html",
                                        "text/*",
                                        ", text/plain"};

    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_true(tk_params_is_plain(tk_str(plain[i])));
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        assert_false(tk_params_is_plain(tk_str(other[i])));
    }
    assert_false(tk_params_is_plain(absent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_for_is_the_default),
        cmocka_unit_test(min_ttl_is_seconds_or_a_span),
        cmocka_unit_test(a_min_ttl_that_makes_no_sense_is_refused),
        cmocka_unit_test(wait_is_a_span_of_at_most_a_minute),
        cmocka_unit_test(newer_than_is_a_generation),
        cmocka_unit_test(a_count_keeps_to_its_range),
        cmocka_unit_test(only_text_plain_in_front_asks_for_the_bare_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
