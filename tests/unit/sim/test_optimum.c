#include "sim/optimum.h"

#include "tests/unit/harness.h"
#include "tests/unit/random.h"

#include <stdlib.h>

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)

static const struct tk_terms FEISHU = {
    .life_ms = 2 * HOUR,
    .window_ms = HOUR / 2,
    .latency_ms = 500,
};

static int set_up(void **state)
{
    struct tk_trace *trace = calloc(1, sizeof *trace);

    tk_trace_init(trace);
    *state = trace;
    return 0;
}

static int tear_down(void **state)
{
    struct tk_trace *trace = *state;

    tk_trace_fini(trace);
    free(trace);
    return 0;
}

static void use(struct tk_trace *trace, const char *key, int64_t at_ms)
{
    uint32_t number = 0;

    assert_int_equal(tk_trace_key(trace, tk_str(key), &number), 0);
    assert_int_equal(tk_trace_add(trace, at_ms, number), 0);
}

static struct tk_optimum optimum_of(struct tk_trace *trace)
{
    struct tk_oracle_terms terms =
        tk_optimum_terms(&FEISHU, 0, 60 * SECOND, 10);
    struct tk_optimum optimum;
    struct tk_why why;

    tk_trace_sort(trace);
    if (tk_optimum_of(trace, &terms, &optimum, &why) != 0) {
        fail_msg("%s", why.text);
    }
    return optimum;
}

static void the_keys_are_summed_up(void **state)
{
    struct tk_trace *trace = *state;
    struct tk_optimum optimum;

    for (int i = 0; i < 3; i++) {
        use(trace, "dense", i * 2 * HOUR);
        use(trace, "sparse", i * 100 * HOUR + 1);
    }
    use(trace, "once", HOUR);
    optimum = optimum_of(trace);
    assert_int_equal(optimum.continuous.calls, 7);
    assert_int_equal(optimum.continuous.cold, 3);
    assert_int_equal(optimum.continuous.first, 3);
    assert_int_equal(optimum.ticks.calls, 7);
    assert_int_equal(optimum.ticks.first, 3);
    assert_int_equal(optimum.renew.calls, 7);
    assert_int_equal(optimum.renew.cold, 5);
}

/* Key by key is the same as each key on its own. */
static void keys_do_not_mix(void **state)
{
    struct tk_trace *trace = *state;
    static const char *const names[] = {"a", "b", "c", "d"};
    uint64_t calls = 0, seed = 9;
    struct tk_trace alone[4];

    for (int k = 0; k < 4; k++) tk_trace_init(&alone[k]);
    for (int i = 0; i < 400; i++) {
        uint32_t k = roll(&seed) % 4;
        int64_t at = roll(&seed) % (1000 * HOUR);

        use(trace, names[k], at);
        use(&alone[k], names[k], at);
    }
    for (int k = 0; k < 4; k++) {
        calls += optimum_of(&alone[k]).ticks.calls;
        tk_trace_fini(&alone[k]);
    }
    assert_int_equal(optimum_of(trace).ticks.calls, calls);
}

static void an_empty_trace_costs_nothing(void **state)
{
    struct tk_optimum optimum = optimum_of(*state);

    assert_int_equal(optimum.continuous.calls, 0);
    assert_int_equal(optimum.ticks.calls, 0);
    assert_int_equal(optimum.renew.calls, 0);
}

static void an_issuer_without_a_window_renews_at_any_time(void **state)
{
    struct tk_terms issuer = FEISHU;

    (void)state;
    assert_int_equal(tk_optimum_terms(&issuer, 1, 2, 3).window_ms, HOUR / 2);
    issuer.window_ms = 0;
    assert_int_equal(tk_optimum_terms(&issuer, 1, 2, 3).window_ms, 2 * HOUR);
}

static void impossible_terms_are_refused(void **state)
{
    struct tk_oracle_terms terms =
        tk_optimum_terms(&FEISHU, 0, 60 * SECOND, 10);
    struct tk_optimum optimum;
    struct tk_why why = {0};

    terms.margin_ms = HOUR;
    assert_int_equal(tk_optimum_of(*state, &terms, &optimum, &why), TK_EINVAL);
    assert_non_null(strstr(why.text, "every token would leave a gap"));
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(the_keys_are_summed_up),
        WITH(keys_do_not_mix),
        WITH(an_empty_trace_costs_nothing),
        WITH(an_issuer_without_a_window_renews_at_any_time),
        WITH(impossible_terms_are_refused),
    };
#undef WITH

    return cmocka_run_group_tests(tests, NULL, NULL);
}
