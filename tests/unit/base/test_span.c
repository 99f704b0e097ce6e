#include "base/span.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

static void reads_spans_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"0s", 0},
        {"0ms", 0},
        {"1ms", 1},
        {"250ms", 250},
        {"1s", 1000},
        {"12s", 12000},
        {"15m", 900000},
        {"1h", 3600000},
        {"1h30m", 5400000},
        {"1d", 86400000},
        {"30d", INT64_C(2592000000)},
        {"1d2h3m4s5ms", 93784005},
        {"5ms4s3m2h1d", 93784005},
        {"1s1s", 2000},
        {"90m", 5400000},
        {"007s", 7000},
        {"000000000000001s", 1000},
        {"3650d", TK_SPAN_MAX_MS},
        {"3649d24h", TK_SPAN_MAX_MS},
        {"315360000000ms", TK_SPAN_MAX_MS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        if (tk_span_parse(tk_str(rows[i].text), &ms) != 0) {
            fail_msg("%s is refused", rows[i].text);
        }
        assert_int_equal(ms, rows[i].ms);
    }
}

static void refuses_what_is_no_span(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR(""),
        TK_STR("0"),
        TK_STR("15"),
        TK_STR("m"),
        TK_STR("s5"),
        TK_STR("-5s"),
        TK_STR("+5s"),
        TK_STR("1.5h"),
        TK_STR("1,5h"),
        TK_STR(" 5s"),
        TK_STR("5s "),
        TK_STR("5 s"),
        TK_STR("1h 30m"),
        TK_STR("1h30"),
        TK_STR("5S"),
        TK_STR("5M"),
        TK_STR("5sec"),
        TK_STR("5min"),
        TK_STR("5us"),
        TK_STR("5w"),
        TK_STR("5y"),
        TK_STR("5mm"),
        TK_STR("1e3s"),
        TK_STR("0x5s"),
        TK_STR("5s\0"),
        TK_STR("5\0s"),
        TK_STR("inf"),
        TK_STR("5\xc2\xb5s"),
        TK_STR("3651d"),
        TK_STR("3650d1ms"),
        TK_STR("1ms3650d"),
        TK_STR("3650d3650d"),
        TK_STR("315360000001ms"),
        TK_STR("999999999999999d"),
        TK_STR("9999999999999999ms"),
        TK_STR("0000000000000001s"),
        TK_STR("18446744073709551617ms"),
        TK_STR("106751991168d"),
    };
    int64_t ms = -1;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (tk_span_parse(texts[i], &ms) != TK_EINVAL) {
            fail_msg("%.*s: %lld", TK_ARG(texts[i]), (long long)ms);
        }
    }
    assert_int_equal(tk_span_parse(tk_str_of(NULL, 0), &ms), TK_EINVAL);
    assert_int_equal(ms, -1);
}

static void prints_the_two_largest_units(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "0ms"},
        {1, "1ms"},
        {250, "250ms"},
        {999, "999ms"},
        {1000, "1s"},
        {12340, "12s"},
        {59999, "59s"},
        {60000, "1m"},
        {61000, "1m 1s"},
        {60999, "1m"},
        {3599999, "59m 59s"},
        {3600000, "1h"},
        {3659999, "1h"},
        {7140000, "1h 59m"},
        {86400000, "1d"},
        {90000000, "1d 1h"},
        {93784005, "1d 2h"},
        {TK_SPAN_MAX_MS, "3650d"},
        {-1, "-1ms"},
        {-12340, "-12s"},
        {-5400000, "-1h 30m"},
        {INT64_MAX, "106751991167d 7h"},
        {INT64_MIN + 1, "-106751991167d 7h"},
        {INT64_MIN, "-106751991167d 7h"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[TK_SPAN_TEXT];

        assert_ptr_equal(tk_span_print(rows[i].ms, out), out);
        assert_string_equal(out, rows[i].text);
    }
}

/* What is printed says the span to within one of its smaller unit. */
static void what_is_printed_is_nearly_read_back(void **state)
{
    uint64_t seed = 4;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)((uint64_t)roll(&seed) << 31 | roll(&seed)) >>
                     roll(&seed) % 62;
        char out[TK_SPAN_TEXT];
        char *space;
        int64_t back = -1;

        if (ms > TK_SPAN_MAX_MS) continue;
        tk_span_print(ms, out);
        space = strchr(out, ' ');
        if (space != NULL) memmove(space, space + 1, strlen(space));
        assert_int_equal(tk_span_parse(tk_str(out), &back), 0);
        assert_true(back <= ms);
        assert_true(ms - back <= ms / 24 || ms - back < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_spans_as_people_write_them),
        cmocka_unit_test(refuses_what_is_no_span),
        cmocka_unit_test(prints_the_two_largest_units),
        cmocka_unit_test(what_is_printed_is_nearly_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
