#include "sim/generate.h"

#include "tests/unit/harness.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static void make(struct tk_trace *trace, uint32_t keys, uint32_t days,
                 uint64_t seed)
{
    struct tk_crowd crowd = {keys, days, seed};

    tk_trace_init(trace);
    assert_int_equal(tk_generate(&crowd, trace), 0);
}

static bool is_same(const struct tk_trace *a, const struct tk_trace *b)
{
    return a->use_count == b->use_count &&
           memcmp(&a->uses[a->use_count / 2], &b->uses[b->use_count / 2],
                  sizeof a->uses[0]) == 0;
}

static void it_is_the_same_each_time(void **state)
{
    struct tk_trace a, b, c;

    (void)state;
    make(&a, 50, 14, 1);
    make(&b, 50, 14, 1);
    make(&c, 50, 14, 2);
    assert_true(is_same(&a, &b));
    assert_false(is_same(&a, &c));
    tk_trace_fini(&a);
    tk_trace_fini(&b);
    tk_trace_fini(&c);
}

/* So that a longer or wider trace holds the same tenants. */
static void a_key_does_not_depend_on_the_others(void **state)
{
    struct tk_trace few, many;
    size_t of_few = 0, of_many = 0;

    (void)state;
    make(&few, 10, 7, 1);
    make(&many, 100, 7, 1);
    for (size_t i = 0; i < few.use_count; i++) of_few += few.uses[i].key == 3;
    for (size_t i = 0; i < many.use_count; i++) {
        of_many += many.uses[i].key == 3;
    }
    assert_int_equal(of_few, of_many);
    assert_string_equal(few.keys[3].data, many.keys[3].data);
    tk_trace_fini(&few);
    tk_trace_fini(&many);
}

static void uses_are_in_order_and_within_the_days(void **state)
{
    struct tk_trace trace;

    (void)state;
    make(&trace, 200, 14, 1);
    assert_int_equal(trace.key_count, 200);
    assert_in_range(trace.use_count, 100 * 1000, 2 * 1000 * 1000);
    for (size_t i = 1; i < trace.use_count; i++) {
        assert_true(trace.uses[i - 1].at_ms <= trace.uses[i].at_ms);
    }
    assert_true(trace.uses[0].at_ms >= 0);
    assert_true(trace.end_ms < 14 * DAY_MS);
    tk_trace_fini(&trace);
}

static void people_work_on_working_days(void **state)
{
    struct tk_trace trace;
    size_t by_day[7] = {0};

    (void)state;
    make(&trace, 100, 28, 1);
    for (size_t i = 0; i < trace.use_count; i++) {
        const char *name = trace.keys[trace.uses[i].key].data;

        if (strstr(name, "/office") == NULL) continue;
        by_day[trace.uses[i].at_ms / DAY_MS % 7]++;
    }
    assert_true(by_day[2] > 5 * by_day[5]);
    assert_true(by_day[2] > 5 * by_day[6]);
    tk_trace_fini(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_same_each_time),
        cmocka_unit_test(a_key_does_not_depend_on_the_others),
        cmocka_unit_test(uses_are_in_order_and_within_the_days),
        cmocka_unit_test(people_work_on_working_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
