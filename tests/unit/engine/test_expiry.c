#include "tests/unit/harness.h"

#include "base/span.h"
#include "engine/expiry.h"

#include <math.h>

/* 2026-11-23T12:00:00Z */
#define WALL INT64_C(1795435200000)

static struct tk_value integer(int64_t number)
{
    return (struct tk_value){.type = TK_INT, .as.integer = number};
}

static struct tk_value number(double value)
{
    return (struct tk_value){.type = TK_NUM, .as.number = value};
}

static struct tk_value text(const char *bytes)
{
    return (struct tk_value){.type = TK_TEXT, .as.text = tk_str(bytes)};
}

static int64_t span(struct tk_value value)
{
    int64_t ms = -1;
    int rc = tk_expiry_in(&value, &ms);

    return rc == 0 ? ms : rc;
}

static int64_t moment(struct tk_value value)
{
    int64_t ms = -1;
    int rc = tk_expiry_at(&value, WALL, &ms);

    return rc == 0 ? ms : rc;
}

static void spans_come_as_integer_digits_or_float(void **state)
{
    (void)state;
    assert_int_equal(span(integer(7200)), 7200000);
    assert_int_equal(span(text("7200")), 7200000);
    assert_int_equal(span(number(7200.9)), 7200000);
    assert_int_equal(span(integer(1)), 1000);
    assert_int_equal(span(number(3.6e3)), 3600000);
}

static void senseless_spans_are_refused(void **state)
{
    (void)state;
    assert_int_equal(span(integer(0)), TK_ETIMEDOUT);
    assert_int_equal(span(integer(-1)), TK_ETIMEDOUT);
    assert_int_equal(span(number(0.5)), TK_ETIMEDOUT);
    assert_int_equal(span(number(1e308)), TK_EINVAL);
    assert_int_equal(span(number(INFINITY)), TK_EINVAL);
    assert_int_equal(span(number(NAN)), TK_EINVAL);
    assert_int_equal(span(integer(INT64_MAX)), TK_EINVAL);
    assert_int_equal(span(text("")), TK_EINVAL);
    assert_int_equal(span(text("2h")), TK_EINVAL);
    assert_int_equal(span(text("-7200")), TK_EINVAL);
    assert_int_equal(span(text("99999999999999999999")), TK_EINVAL);
    assert_int_equal(span((struct tk_value){.type = TK_BOOL}), TK_EINVAL);
}

static void ten_years_is_the_longest_span(void **state)
{
    (void)state;
    assert_int_equal(span(integer(TK_SPAN_MAX_MS / 1000)), TK_SPAN_MAX_MS);
    assert_int_equal(span(integer(TK_SPAN_MAX_MS / 1000 + 1)), TK_EINVAL);
}

static void absent_and_null_are_told_apart_from_bad(void **state)
{
    struct tk_value nil = {.type = TK_NIL};
    int64_t ms;

    (void)state;
    assert_int_equal(tk_expiry_in(NULL, &ms), TK_ENOENT);
    assert_int_equal(tk_expiry_in(&nil, &ms), TK_ENOENT);
    assert_int_equal(tk_expiry_at(NULL, WALL, &ms), TK_ENOENT);
    assert_int_equal(tk_expiry_at(&nil, WALL, &ms), TK_ENOENT);
}

static void moments_come_as_rfc3339_seconds_or_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(moment(text("2026-11-23T14:00:00Z")), 7200000);
    assert_int_equal(moment(text("2026-11-23T15:00:00+01:00")), 7200000);
    assert_int_equal(moment(integer(WALL / 1000 + 7200)), 7200000);
    assert_int_equal(moment(integer(WALL + 7200000)), 7200000);
    assert_int_equal(moment(text("1795442400")), 7200000);
    assert_int_equal(moment(number(1.7954424e9)), 7200000);
}

static void moments_that_have_passed_are_refused(void **state)
{
    (void)state;
    assert_int_equal(moment(text("2026-11-23T11:00:00Z")), TK_ETIMEDOUT);
    assert_int_equal(moment(integer(WALL / 1000)), TK_ETIMEDOUT);
    assert_int_equal(moment(integer(-1)), TK_EINVAL);
    assert_int_equal(moment(text("tomorrow")), TK_EINVAL);
    assert_int_equal(moment(number(1e300)), TK_EINVAL);
    assert_int_equal(moment(text("2099-01-01T00:00:00Z")), TK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_come_as_integer_digits_or_float),
        cmocka_unit_test(senseless_spans_are_refused),
        cmocka_unit_test(ten_years_is_the_longest_span),
        cmocka_unit_test(absent_and_null_are_told_apart_from_bad),
        cmocka_unit_test(moments_come_as_rfc3339_seconds_or_milliseconds),
        cmocka_unit_test(moments_that_have_passed_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
