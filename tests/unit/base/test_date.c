#define _DEFAULT_SOURCE
#include "base/date.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#include <time.h>

struct row {
    const char *text;
    int64_t ms;
};

static void reads_the_dates_of_rfc_3339(void **state)
{
    static const struct row rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"2026-11-23T12:00:00Z", INT64_C(1795435200000)},
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520)},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000)},
        {"1996-12-20T00:39:57Z", INT64_C(851042397000)},
        {"1990-12-31T23:59:60Z", INT64_C(662688000000)},
        {"1990-12-31T15:59:60-08:00", INT64_C(662688000000)},
        {"1970-01-01T00:20:00+00:20", 0},
        {"1970-01-01T01:00:00+01:00", 0},
        {"1970-01-01T00:00:00+01:00", -3600000},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2024-02-29T23:59:59Z", INT64_C(1709251199000)},
        {"2024-03-01T00:00:00-00:00", INT64_C(1709251200000)},
        {"2038-01-19T03:14:08Z", INT64_C(2147483648000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"2026-11-23t12:00:00z", INT64_C(1795435200000)},
        {"2026-11-23 12:00:00Z", INT64_C(1795435200000)},
        {"2026-11-23T12:00:00.1Z", INT64_C(1795435200100)},
        {"2026-11-23T12:00:00.123456789Z", INT64_C(1795435200123)},
        {"2026-11-23T12:00:00.999999999999Z", INT64_C(1795435200999)},
        {"2026-11-23T12:00:00.5+23:59", INT64_C(1795348860500)},
        {"2026-11-23T12:00:00.5-23:59", INT64_C(1795521540500)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        int rc = tk_date_parse_rfc3339(tk_str(rows[i].text), &ms);

        if (ms != rows[i].ms || rc != 0) {
            fail_msg("%s: %d %lld, not %lld", rows[i].text, rc, (long long)ms,
                     (long long)rows[i].ms);
        }
    }
}

static void refuses_what_is_no_date_of_rfc_3339(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR(""),
        TK_STR("2026"),
        TK_STR("2026-11-23"),
        TK_STR("2026-11-23T12:00:00"),
        TK_STR("2026-11-23T12:00Z"),
        TK_STR("2026-11-23T12:00:00ZZ"),
        TK_STR("2026-11-23T12:00:00Z "),
        TK_STR(" 2026-11-23T12:00:00Z"),
        TK_STR("2026-11-23T12:00:00Z\0"),
        TK_STR("26-11-23T12:00:00Z"),
        TK_STR("02026-11-23T12:00:00Z"),
        TK_STR("2026-1-23T12:00:00Z"),
        TK_STR("2026-11-3T12:00:00Z"),
        TK_STR("2026/11/23T12:00:00Z"),
        TK_STR("20261123T120000Z"),
        TK_STR("2026-11-23_12:00:00Z"),
        TK_STR("2026-00-23T12:00:00Z"),
        TK_STR("2026-13-23T12:00:00Z"),
        TK_STR("2026-11-00T12:00:00Z"),
        TK_STR("2026-11-31T12:00:00Z"),
        TK_STR("2026-02-29T12:00:00Z"),
        TK_STR("2100-02-29T12:00:00Z"),
        TK_STR("2024-02-30T12:00:00Z"),
        TK_STR("1969-12-31T23:59:59Z"),
        TK_STR("0000-01-01T00:00:00Z"),
        TK_STR("1969-12-31T23:00:00-01:00"), /* the year as written */
        TK_STR("2026-11-23T24:00:00Z"),
        TK_STR("2026-11-23T12:60:00Z"),
        TK_STR("2026-11-23T12:00:61Z"),
        TK_STR("2026-11-23T12:00:00.Z"),
        TK_STR("2026-11-23T12:00:00,5Z"),
        TK_STR("2026-11-23T12:00:00+0100"),
        TK_STR("2026-11-23T12:00:00+01"),
        TK_STR("2026-11-23T12:00:00+24:00"),
        TK_STR("2026-11-23T12:00:00+01:60"),
        TK_STR("2026-11-23T12:00:00+-1:00"),
        TK_STR("2026-11-23T12:00:00+01:00Z"),
        TK_STR("2026-11-23T12:00:00+"),
        TK_STR("2026-11-23T-1:00:00Z"),
        TK_STR("-026-11-23T12:00:00Z"),
        TK_STR("2026-11-23T::Z"),
        TK_STR("2026-11-23T12:00:0\xd9\xa0Z"),
        TK_STR("Mon, 23 Nov 2026 12:00:00 GMT"),
    };
    int64_t ms = -1;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (tk_date_parse_rfc3339(texts[i], &ms) != TK_EINVAL) {
            fail_msg("%.*s: %lld", TK_ARG(texts[i]), (long long)ms);
        }
    }
    assert_int_equal(tk_date_parse_rfc3339(tk_str_of(NULL, 0), &ms), TK_EINVAL);
    assert_int_equal(ms, -1);
}

static void reads_http_dates(void **state)
{
    static const struct row rows[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
        {"Mon, 23 Nov 2026 12:00:00 GMT", INT64_C(1795435200000)},
        {"Tue, 29 Feb 2000 00:00:00 GMT", INT64_C(951782400000)},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799000)},
        {"Mon, 31 Dec 1990 23:59:60 GMT", INT64_C(662688000000)},
    };
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec"};
    int64_t last = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;

        assert_int_equal(tk_date_parse_http(tk_str(rows[i].text), &ms), 0);
        assert_int_equal(ms, rows[i].ms);
    }
    for (size_t i = 0; i < 12; i++) {
        char text[] = "Xyz, 02 Jan 1970 00:00:00 GMT";
        int64_t ms = -1;

        memcpy(text, "Thu", 3); /* the day of the week is not checked */
        memcpy(text + 8, months[i], 3);
        assert_int_equal(tk_date_parse_http(tk_str(text), &ms), 0);
        assert_true(ms > last);
        last = ms;
    }
}

static void refuses_what_is_no_http_date(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR(""),
        TK_STR("0"),
        TK_STR("Sunday, 06-Nov-94 08:49:37 GMT"),
        TK_STR("Sun Nov  6 08:49:37 1994"),
        TK_STR("Sun, 06 Nov 1994 08:49:37"),
        TK_STR("Sun, 06 Nov 1994 08:49:37 UTC"),
        TK_STR("Sun, 06 Nov 1994 08:49:37 gmt"),
        TK_STR("Sun, 06 Nov 1994 08:49:37 GMT "),
        TK_STR("Sun, 6 Nov 1994 08:49:37 GMT"),
        TK_STR("Sun; 06 Nov 1994 08:49:37 GMT"),
        TK_STR("Sun,006 Nov 1994 08:49:37 GMT"),
        TK_STR("Sun, 06 NOV 1994 08:49:37 GMT"),
        TK_STR("Sun, 06 Nix 1994 08:49:37 GMT"),
        TK_STR("Sun, 06 anF 1994 08:49:37 GMT"),
        TK_STR("Sun, 00 Nov 1994 08:49:37 GMT"),
        TK_STR("Sun, 31 Nov 1994 08:49:37 GMT"),
        TK_STR("Sun, 29 Feb 1900 08:49:37 GMT"),
        TK_STR("Sun, 29 Feb 2023 08:49:37 GMT"),
        TK_STR("Sun, 06 Nov 1969 08:49:37 GMT"),
        TK_STR("Sun, 06 Nov 1994 24:49:37 GMT"),
        TK_STR("Sun, 06 Nov 1994 08:60:37 GMT"),
        TK_STR("Sun, 06 Nov 1994 08:49:61 GMT"),
        TK_STR("Sun, 06 Nov 1994 08-49-37 GMT"),
        TK_STR("Sun, 06 Nov 1994 08:49:3x GMT"),
        TK_STR("Sun, 06 Nov\0001994 08:49:37 GMT"),
    };
    int64_t ms = -1;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (tk_date_parse_http(texts[i], &ms) != TK_EINVAL) {
            fail_msg("%.*s: %lld", TK_ARG(texts[i]), (long long)ms);
        }
    }
    assert_int_equal(ms, -1);
}

static void prints_utc_with_milliseconds(void **state)
{
    static const struct row rows[] = {
        {"1970-01-01T00:00:00.000Z", 0},
        {"1970-01-01T00:00:00.007Z", 7},
        {"2026-11-23T12:00:00.120Z", INT64_C(1795435200120)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"1969-12-31T23:59:59.000Z", -1000},
        {"1969-12-31T23:59:58.999Z", -1001},
        {"292278994-08-17T07:12:55.807Z", INT64_MAX},
        {"-292275055-05-16T16:47:04.192Z", INT64_MIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[TK_DATE_TEXT];

        assert_ptr_equal(tk_date_print(rows[i].ms, out), out);
        assert_string_equal(out, rows[i].text);
    }
}

static void what_is_printed_is_read_back(void **state)
{
    uint64_t seed = 11;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)((uint64_t)roll(&seed) << 31 | roll(&seed)) %
                     INT64_C(253402300800000);
        char out[TK_DATE_TEXT];
        int64_t back = -1;

        assert_int_equal(
            tk_date_parse_rfc3339(tk_str(tk_date_print(ms, out)), &back), 0);
        assert_int_equal(back, ms);
    }
}

static void agrees_with_libc_on_every_day(void **state)
{
    char text[40];
    char http[40];
    struct tm tm;

    (void)state;
    for (time_t day = 0; day < 2932896; day += 1 + day % 3) {
        time_t at = day * 86400 + day % 86400;
        int64_t ms = -1;

        assert_non_null(gmtime_r(&at, &tm));
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
        strftime(http, sizeof http, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        assert_int_equal(tk_date_parse_rfc3339(tk_str(text), &ms), 0);
        assert_int_equal(ms, (int64_t)at * 1000);
        ms = -1;
        assert_int_equal(tk_date_parse_http(tk_str(http), &ms), 0);
        assert_int_equal(ms, (int64_t)at * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_dates_of_rfc_3339),
        cmocka_unit_test(refuses_what_is_no_date_of_rfc_3339),
        cmocka_unit_test(reads_http_dates),
        cmocka_unit_test(refuses_what_is_no_http_date),
        cmocka_unit_test(prints_utc_with_milliseconds),
        cmocka_unit_test(what_is_printed_is_read_back),
        cmocka_unit_test(agrees_with_libc_on_every_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
