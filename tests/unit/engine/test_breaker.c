#include "engine/breaker.h"

#include "tests/unit/harness.h"

#include "base/clock.h"

#define SECOND INT64_C(1000)
#define NOW    (1000 * SECOND)

static const int probe, other;

static struct tk_breaker for_two_hours(void)
{
    return (struct tk_breaker){.life_ms = 7200 * SECOND};
}

static bool fail_at(struct tk_breaker *b, int64_t now)
{
    struct tk_unanswered call = {.now = now};

    return tk_breaker_unanswered(b, &call);
}

static void open_at(struct tk_breaker *b, int64_t now)
{
    for (int i = 1; i < TK_BREAKER_FAILURES; i++) {
        assert_false(fail_at(b, now));
    }
    assert_true(fail_at(b, now));
}

static void it_opens_after_failures_in_a_row_and_not_before(void **state)
{
    struct tk_breaker b = for_two_hours();

    (void)state;
    for (int i = 0; i < 20; i++) {
        for (int n = 1; n < TK_BREAKER_FAILURES; n++) fail_at(&b, NOW);
        assert_false(tk_breaker_answered(&b));
    }
    assert_int_equal(tk_breaker_next(&b), 0);
    open_at(&b, NOW);
    assert_int_equal(tk_breaker_next(&b), NOW + 10 * SECOND);
}

static void while_the_probe_is_on_its_way_nothing_leaves(void **state)
{
    struct tk_breaker b = for_two_hours();

    (void)state;
    open_at(&b, NOW);
    tk_breaker_leave(&b, &probe);
    assert_int_equal(tk_breaker_next(&b), TK_NEVER);
    assert_true(tk_breaker_answered(&b));
    assert_int_equal(tk_breaker_next(&b), 0);
    assert_false(fail_at(&b, NOW));
}

static void each_failed_probe_doubles_the_pause_up_to_a_minute(void **state)
{
    static const int64_t pauses[] = {10, 20, 40, 60, 60, 60};
    struct tk_breaker b = for_two_hours();
    int64_t now = NOW;

    (void)state;
    open_at(&b, now);
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        assert_int_equal(tk_breaker_next(&b) - now, pauses[i] * SECOND);
        now = tk_breaker_next(&b);
        tk_breaker_leave(&b, &probe);
        assert_true(fail_at(&b, now));
    }
    assert_int_equal(b.outages, 1);
    for (int i = 0; i < 1000; i++) {
        tk_breaker_leave(&b, &probe);
        fail_at(&b, now);
    }
    assert_int_equal(tk_breaker_next(&b) - now, 60 * SECOND);
}

static void dice_only_shorten_a_pause_and_only_a_little(void **state)
{
    (void)state;
    for (uint64_t dice = 0; dice < 5000; dice += 7) {
        struct tk_breaker b = for_two_hours();
        struct tk_unanswered call = {.now = NOW, .dice = dice};

        for (int i = 0; i < TK_BREAKER_FAILURES; i++) {
            tk_breaker_unanswered(&b, &call);
        }
        assert_in_range(tk_breaker_next(&b) - NOW, 8750, 10000);
    }
}

static void pauses_shrink_with_the_life(void **state)
{
    struct tk_breaker b = {.life_ms = 20 * SECOND};

    (void)state;
    open_at(&b, NOW);
    assert_int_equal(tk_breaker_next(&b) - NOW, 250);
    for (int i = 0; i < 9; i++) {
        tk_breaker_leave(&b, &probe);
        fail_at(&b, NOW);
    }
    assert_int_equal(tk_breaker_next(&b) - NOW, 1500);
}

static void a_token_near_its_end_shortens_the_pause(void **state)
{
    struct tk_breaker b = for_two_hours();
    struct tk_unanswered call = {.now = NOW, .expires_at = NOW + 24 * SECOND};

    (void)state;
    for (int i = 0; i < TK_BREAKER_FAILURES; i++) {
        tk_breaker_unanswered(&b, &call);
    }
    assert_int_equal(tk_breaker_next(&b) - NOW, 6 * SECOND);
    call.expires_at = NOW + 1;
    tk_breaker_leave(&b, &probe);
    tk_breaker_unanswered(&b, &call);
    assert_int_equal(tk_breaker_next(&b) - NOW, 5 * SECOND);
}

static void late_failures_of_calls_that_had_left_prolong_nothing(void **state)
{
    struct tk_breaker b = for_two_hours();
    int64_t next;

    (void)state;
    open_at(&b, NOW);
    next = tk_breaker_next(&b);
    assert_false(fail_at(&b, NOW + 9 * SECOND));
    assert_int_equal(tk_breaker_next(&b), next);
}

static void a_probe_that_tells_nothing_makes_way_for_another(void **state)
{
    struct tk_breaker b = for_two_hours();

    (void)state;
    open_at(&b, NOW);
    assert_false(tk_breaker_ended(&b, &probe, NOW));
    tk_breaker_leave(&b, &probe);
    assert_false(tk_breaker_ended(&b, &other, NOW + SECOND));
    assert_true(tk_breaker_ended(&b, &probe, NOW + SECOND));
    assert_int_equal(tk_breaker_next(&b), NOW + SECOND);
    assert_int_equal(b.openings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_after_failures_in_a_row_and_not_before),
        cmocka_unit_test(while_the_probe_is_on_its_way_nothing_leaves),
        cmocka_unit_test(each_failed_probe_doubles_the_pause_up_to_a_minute),
        cmocka_unit_test(dice_only_shorten_a_pause_and_only_a_little),
        cmocka_unit_test(pauses_shrink_with_the_life),
        cmocka_unit_test(a_token_near_its_end_shortens_the_pause),
        cmocka_unit_test(late_failures_of_calls_that_had_left_prolong_nothing),
        cmocka_unit_test(a_probe_that_tells_nothing_makes_way_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
