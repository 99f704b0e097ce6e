#include "fake/fault.h"

#include "tests/unit/harness.h"

#include "net/json.h"

enum { DRAWS = 20000 };

static const enum tk_fault all[] = {
    TK_FAULT_NONE,  TK_FAULT_ERROR,   TK_FAULT_LIMIT, TK_FAULT_OK_ERROR,
    TK_FAULT_EMPTY, TK_FAULT_GARBAGE, TK_FAULT_503,   TK_FAULT_HANG,
};
enum { FAULTS = sizeof all / sizeof all[0] };

static void count_draws(const struct tk_switches *switches, uint64_t seed,
                        unsigned counts[FAULTS])
{
    for (size_t i = 0; i < FAULTS; i++) counts[i] = 0;
    for (uint64_t call = 1; call <= DRAWS; call++) {
        counts[tk_fault_draw(switches, seed, call)]++;
    }
}

static void a_good_day_has_no_faults(void **state)
{
    struct tk_switches switches = {.latency_ms = 0};
    unsigned counts[FAULTS];

    (void)state;
    count_draws(&switches, 1, counts);
    assert_int_equal(counts[TK_FAULT_NONE], DRAWS);
    assert_int_equal(tk_fault_latency(&switches, 1, 1), 0);
}

static void each_rate_meets_its_share_of_calls(void **state)
{
    struct tk_switches switches = {
        .error_rate = 0.1,
        .rate_limit_rate = 0.05,
        .ok_error_rate = 0.2,
        .empty_rate = 0.1,
        .garbage_rate = 0.05,
    };
    const unsigned wanted[] = {DRAWS / 2, DRAWS / 10, DRAWS / 20,
                               DRAWS / 5, DRAWS / 10, DRAWS / 20};
    unsigned counts[FAULTS];

    (void)state;
    count_draws(&switches, 42, counts);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_in_range(counts[all[i]], wanted[i] * 9 / 10,
                        wanted[i] * 11 / 10);
    }
}

static void a_rate_of_one_meets_every_call(void **state)
{
    struct tk_switches switches = {.empty_rate = 1, .garbage_rate = 1};
    unsigned counts[FAULTS];

    (void)state;
    count_draws(&switches, 3, counts);
    assert_int_equal(counts[TK_FAULT_EMPTY], DRAWS);
}

static void
the_same_seed_gives_the_same_faults_and_another_seed_others(void **state)
{
    struct tk_switches switches = {.error_rate = 0.5,
                                   .latency_jitter_ms = 1000};
    unsigned same = 0;

    (void)state;
    for (uint64_t call = 1; call <= 1000; call++) {
        assert_int_equal(tk_fault_draw(&switches, 9, call),
                         tk_fault_draw(&switches, 9, call));
        assert_int_equal(tk_fault_latency(&switches, 9, call),
                         tk_fault_latency(&switches, 9, call));
        same += tk_fault_draw(&switches, 9, call) ==
                tk_fault_draw(&switches, 10, call);
    }
    assert_in_range(same, 400, 600);
}

static void an_outage_goes_before_every_rate(void **state)
{
    struct tk_switches switches = {.error_rate = 1, .outage = TK_OUTAGE_503};

    (void)state;
    assert_int_equal(tk_fault_draw(&switches, 1, 1), TK_FAULT_503);
    switches.outage = TK_OUTAGE_HANG;
    assert_int_equal(tk_fault_draw(&switches, 1, 1), TK_FAULT_HANG);
}

static void latency_lies_between_its_floor_and_its_jitter(void **state)
{
    struct tk_switches switches = {.latency_ms = 100, .latency_jitter_ms = 50};
    int64_t least = INT64_MAX;
    int64_t most = 0;

    (void)state;
    for (uint64_t call = 1; call <= 1000; call++) {
        int64_t latency = tk_fault_latency(&switches, 5, call);

        if (latency < least) least = latency;
        if (latency > most) most = latency;
    }
    assert_in_range(least, 100, 103);
    assert_in_range(most, 146, 149);
}

static void a_quota_refuses_until_its_minute_is_over(void **state)
{
    struct tk_quota quota = {0, 0};

    (void)state;
    assert_int_equal(tk_quota_take(&quota, 2, 5000), 0);
    assert_int_equal(tk_quota_take(&quota, 2, 6000), 0);
    assert_int_equal(tk_quota_take(&quota, 2, 7500), 58);
    assert_int_equal(tk_quota_take(&quota, 2, 64999), 1);
    assert_int_equal(tk_quota_take(&quota, 2, 65000), 0);
    assert_int_equal(tk_quota_take(&quota, 2, 65001), 0);
    assert_int_equal(tk_quota_take(&quota, 2, 65002), 60);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(tk_quota_take(&quota, 0, 65000), 0);
    }
}

static int change(struct tk_switches *switches, const char *text,
                  struct tk_why *why)
{
    struct tk_value table;
    struct tk_pool pool;
    int rc;

    tk_pool_init(&pool, 1 << 16);
    rc = tk_json_parse(tk_str(text), &pool, &table, why);
    assert_int_equal(rc, 0);
    rc = tk_switches_change(switches, &table, why);
    tk_pool_fini(&pool);
    return rc;
}

static void every_switch_can_be_changed_alone(void **state)
{
    struct tk_switches s = {.latency_ms = 7};
    struct tk_why why;

    (void)state;
    assert_int_equal(change(&s, "{\"error_rate\": 0.25}", &why), 0);
    assert_int_equal(change(&s, "{\"rate_limit_rate\": 1}", &why), 0);
    assert_int_equal(change(&s, "{\"ok_error_rate\": 0.5}", &why), 0);
    assert_int_equal(change(&s, "{\"empty_rate\": 0.125}", &why), 0);
    assert_int_equal(change(&s, "{\"garbage_rate\": 0.75}", &why), 0);
    assert_int_equal(change(&s, "{\"latency_jitter_ms\": 3}", &why), 0);
    assert_int_equal(change(&s, "{\"quota_per_minute\": 4}", &why), 0);
    assert_int_equal(change(&s, "{\"retry_after_s\": 5}", &why), 0);
    assert_int_equal(change(&s, "{\"outage\": \"hang\"}", &why), 0);
    assert_int_equal(s.latency_ms, 7);
    assert_true(s.error_rate == 0.25 && s.rate_limit_rate == 1);
    assert_true(s.ok_error_rate == 0.5 && s.empty_rate == 0.125);
    assert_true(s.garbage_rate == 0.75);
    assert_int_equal(s.latency_jitter_ms, 3);
    assert_int_equal(s.quota_per_minute, 4);
    assert_int_equal(s.retry_after_s, 5);
    assert_int_equal(s.outage, TK_OUTAGE_HANG);
    assert_int_equal(change(&s, "{\"outage\": true}", &why), 0);
    assert_int_equal(s.outage, TK_OUTAGE_503);
    assert_int_equal(change(&s, "{\"outage\": false}", &why), 0);
    assert_int_equal(s.outage, TK_OUTAGE_NONE);
    assert_int_equal(change(&s, "{\"outage\": \"503\"}", &why), 0);
    assert_int_equal(s.outage, TK_OUTAGE_503);
}

static void one_bad_switch_changes_none(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } bad[] = {
        {"{\"latency_ms\": 5, \"error_rate\": 1.5}", "error_rate must be"},
        {"{\"latency_ms\": 5, \"error_rate\": -1}", "error_rate must be"},
        {"{\"latency_ms\": 5, \"empty_rate\": \"1\"}", "empty_rate must be"},
        {"{\"latency_ms\": -5}", "latency_ms must be"},
        {"{\"latency_ms\": 0.5}", "latency_ms must be"},
        {"{\"latency_ms\": 1e12}", "latency_ms must be"},
        {"{\"latency_ms\": 5, \"outage\": \"no\"}", "outage must be"},
        {"{\"latency_ms\": 5, \"outage\": 1}", "outage must be"},
        {"{\"latency_ms\": 5, \"eror_rate\": 0}", "did you mean error_rate?"},
        {"{\"latency_ms\": 5, \"colour\": 0}", "no such switch"},
        {"[1]", "must be an object"},
    };
    struct tk_switches before = {.latency_ms = 1};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tk_switches switches = before;
        struct tk_why why = {0, ""};

        assert_int_equal(change(&switches, bad[i].text, &why), TK_EINVAL);
        if (strstr(why.text, bad[i].reason) == NULL) {
            fail_msg("\"%s\" does not hold \"%s\"", why.text, bad[i].reason);
        }
        assert_memory_equal(&switches, &before, sizeof before);
    }
}

static void every_fault_has_a_word_of_its_own(void **state)
{
    (void)state;
    assert_null(tk_fault_name(TK_FAULT_NONE));
    for (size_t i = 1; i < FAULTS; i++) {
        for (size_t j = 1; j < i; j++) {
            assert_string_not_equal(tk_fault_name(all[i]),
                                    tk_fault_name(all[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_day_has_no_faults),
        cmocka_unit_test(each_rate_meets_its_share_of_calls),
        cmocka_unit_test(a_rate_of_one_meets_every_call),
        cmocka_unit_test(
            the_same_seed_gives_the_same_faults_and_another_seed_others),
        cmocka_unit_test(an_outage_goes_before_every_rate),
        cmocka_unit_test(latency_lies_between_its_floor_and_its_jitter),
        cmocka_unit_test(a_quota_refuses_until_its_minute_is_over),
        cmocka_unit_test(every_switch_can_be_changed_alone),
        cmocka_unit_test(one_bad_switch_changes_none),
        cmocka_unit_test(every_fault_has_a_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
