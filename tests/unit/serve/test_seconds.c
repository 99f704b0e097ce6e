#include "serve/seconds.h"

#include "tests/unit/harness.h"

static void milliseconds_become_seconds_with_three_decimals(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0.000"},
        {1, "0.001"},
        {999, "0.999"},
        {1000, "1.000"},
        {7199250, "7199.250"},
        {-1, "-0.001"},
        {-61005, "-61.005"},
        {INT64_MAX, "9223372036854775.807"},
        {INT64_MIN, "-9223372036854775.808"},
    };
    char out[TK_SECONDS_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(tk_seconds_print(cases[i].ms, out), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milliseconds_become_seconds_with_three_decimals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
