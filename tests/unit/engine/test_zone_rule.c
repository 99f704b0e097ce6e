#include "engine/zone_rule.h"

#include "base/date.h"

#include "tests/unit/text.h"

static int64_t utc(const char *text)
{
    int64_t ms;

    assert_int_equal(tk_date_parse_rfc3339(tk_str(text), &ms), 0);
    return ms / 1000;
}

static void summers_begin_and_end_as_the_rule_says(void **state)
{
    static const struct {
        const char *rule;
        int year;
        const char *begins;
        const char *ends;
    } rows[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", 2026, "2026-03-29T01:00:00Z",
         "2026-10-25T01:00:00Z"},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 2027, "2027-03-28T01:00:00Z",
         "2027-10-31T01:00:00Z"},
        {"EST5EDT,M3.2.0,M11.1.0", 2026, "2026-03-08T07:00:00Z",
         "2026-11-01T06:00:00Z"},
        /* South of the equator the year begins in summer; half an hour. */
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2026, "2026-10-03T15:30:00Z",
         "2026-04-04T15:00:00Z"},
        /* An edge before its day, and one at its beginning. */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, "2026-03-29T01:00:00Z",
         "2026-10-25T01:00:00Z"},
        /* The last Sunday of a February of 28 days that begins on one. */
        {"AAA0BBB0,M2.5.0/0,M12.5.4/0", 2026, "2026-02-22T00:00:00Z",
         "2026-12-31T00:00:00Z"},
        /* Days of the year: with and without the 29th of February. */
        {"AAA0BBB0,J59/0,J60/0", 2028, "2028-02-28T00:00:00Z",
         "2028-03-01T00:00:00Z"},
        {"AAA0BBB0,59/0,60/0", 2028, "2028-02-29T00:00:00Z",
         "2028-03-01T00:00:00Z"},
        {"AAA0BBB0,J59/0,J60/0", 2026, "2026-02-28T00:00:00Z",
         "2026-03-01T00:00:00Z"},
        {"AAA0BBB0,0/0,J365/24", 2026, "2026-01-01T00:00:00Z",
         "2027-01-01T00:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_zone_rule rule;

        if (tk_zone_rule_parse(tk_str(rows[i].rule), &rule) != 0) {
            fail_msg("%s is refused", rows[i].rule);
        }
        assert_int_equal(tk_zone_rule_begins(&rule, rows[i].year),
                         utc(rows[i].begins));
        assert_int_equal(tk_zone_rule_ends(&rule, rows[i].year),
                         utc(rows[i].ends));
    }
}

static void reads_how_far_ahead_the_clock_is(void **state)
{
    static const struct {
        const char *text;
        int32_t standard_s;
        bool has_summer;
        int32_t summer_s;
    } rows[] = {
        {"UTC0", 0, false, 0},
        {"CST-8", 8 * 3600, false, 0},
        {"<+0545>-5:45", 5 * 3600 + 45 * 60, false, 0},
        {"<-03>3", -3 * 3600, false, 0},
        {"LMT+1:02:03", -3723, false, 0},
        {"CET-1CEST,M3.5.0,M10.5.0/3", 3600, true, 7200},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 3600, true, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tk_zone_rule rule;

        if (tk_zone_rule_parse(tk_str(rows[i].text), &rule) != 0) {
            fail_msg("%s is refused", rows[i].text);
        }
        assert_int_equal(rule.standard_s, rows[i].standard_s);
        assert_int_equal(rule.has_summer, rows[i].has_summer);
        assert_int_equal(rule.summer_s, rows[i].summer_s);
    }
}

static void refuses_what_is_no_rule(void **state)
{
    static const char *const texts[] = {
        "",
        "CET",
        "-1",
        "CE-1",
        "<CE>-1",
        "<CET-1",
        "C3T-1",
        "CET-25",
        "CET-1:60",
        "CET-1:00:60",
        "CET-1000",
        "CET--1",
        "CET-1 ",
        "CET-1CEST",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,J1,J366",
        "CET-1CEST,0,366",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0/,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-1CEST-x,M3.5.0,M10.5.0",
    };
    struct tk_zone_rule rule;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (tk_zone_rule_parse(tk_str(texts[i]), &rule) != TK_EINVAL) {
            fail_msg("%s is taken", texts[i]);
        }
    }
    assert_int_equal(tk_zone_rule_parse(tk_str_of("UTC0\0", 5), &rule),
                     TK_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summers_begin_and_end_as_the_rule_says),
        cmocka_unit_test(reads_how_far_ahead_the_clock_is),
        cmocka_unit_test(refuses_what_is_no_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
