#include "base/profile.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#include <math.h>
#include <stdio.h>

#define SLOT ((int64_t)TK_PROFILE_SLOT_S)
#define HOUR INT64_C(3600)
#define DAY  (24 * HOUR)
#define WEEK (7 * DAY)

/* A Monday of our days. */
#define MONDAY (3000 * WEEK)

static struct tk_profile begin(uint16_t phase_s, int64_t local_s)
{
    struct tk_profile profile;

    tk_profile_begin(&profile, phase_s, local_s);
    return profile;
}

static bool is_near(double a, double b, double most)
{
    return a - b <= most && b - a <= most;
}

static void a_use_marks_its_half_hour_of_today(void **state)
{
    struct tk_profile profile = begin(0, MONDAY);

    (void)state;
    tk_profile_use(&profile, MONDAY + 9 * HOUR + 1800);
    tk_profile_use(&profile, MONDAY + DAY - 1);
    for (int slot = 0; slot < TK_PROFILE_SLOTS; slot++) {
        assert_int_equal(tk_profile_today(&profile, slot),
                         slot == 19 || slot == 47);
        assert_true(tk_profile_share(&profile, slot, false) == 0);
    }
}

static void a_day_is_folded_when_it_has_ended(void **state)
{
    struct tk_profile profile = begin(0, MONDAY + 9 * HOUR);

    (void)state;
    tk_profile_use(&profile, MONDAY + 9 * HOUR);
    assert_false(tk_profile_is_over(&profile, MONDAY + DAY - 1));
    tk_profile_roll(&profile, MONDAY + DAY - 1);
    assert_true(tk_profile_today(&profile, 18));
    assert_true(tk_profile_is_over(&profile, MONDAY + DAY));
    tk_profile_roll(&profile, MONDAY + DAY);
    assert_false(tk_profile_is_over(&profile, MONDAY + DAY));
    assert_false(tk_profile_today(&profile, 18));
    assert_true(tk_profile_share(&profile, 18, false) == 1);
    assert_true(tk_profile_share(&profile, 20, false) == 0);
    assert_true(tk_profile_share(&profile, 18, true) == 0);
}

static void the_first_days_count_alike(void **state)
{
    struct tk_profile profile = begin(0, MONDAY);

    (void)state;
    /* On two of the four first days. */
    tk_profile_use(&profile, MONDAY + 5 * HOUR);
    tk_profile_use(&profile, MONDAY + 2 * DAY + 5 * HOUR);
    tk_profile_roll(&profile, MONDAY + 4 * DAY);
    assert_true(is_near(tk_profile_share(&profile, 10, false), .5, .01));
}

static void weekends_are_kept_apart(void **state)
{
    struct tk_profile profile = begin(0, MONDAY);

    (void)state;
    for (int day = 0; day < 28; day++) {
        tk_profile_use(&profile,
                       MONDAY + day * DAY + (day % 7 < 5 ? 8 : 20) * HOUR);
    }
    tk_profile_roll(&profile, MONDAY + 28 * DAY);
    assert_true(tk_profile_share(&profile, 16, false) == 1);
    assert_true(tk_profile_share(&profile, 40, false) == 0);
    assert_true(tk_profile_share(&profile, 16, true) == 0);
    assert_true(tk_profile_share(&profile, 40, true) == 1);
    assert_int_equal(profile.days[0], 20);
    assert_int_equal(profile.days[1], 8);
}

/* To the nearest, a share of 4 of 255 would stay for ever. */
static void a_habit_that_ends_is_forgotten_to_nothing(void **state)
{
    double sum = 0;

    (void)state;
    for (uint16_t phase = 0; phase < 1000; phase++) {
        struct tk_profile profile = begin(phase, MONDAY);

        for (int day = 0; day < 28; day++) {
            tk_profile_use(&profile, MONDAY + day * DAY + 12 * HOUR);
        }
        tk_profile_roll(&profile, MONDAY + 56 * DAY);
        assert_true(tk_profile_share(&profile, 24, false) < .2);
        tk_profile_roll(&profile, MONDAY + 140 * DAY);
        sum += tk_profile_share(&profile, 24, false);
    }
    assert_true(sum / 1000 < .002);
}

/* The mean over many keys is what their uses are, seldom ones too. */
static void shares_are_fair(void **state)
{
    static const double wanted[] = {.01, .05, .1, .5, .9, .99};
    uint64_t seed = 5;

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        double sum = 0;

        for (uint16_t key = 0; key < 2000; key++) {
            struct tk_profile profile = begin(key, MONDAY);

            for (int day = 0; day < 70; day++) {
                if (roll(&seed) % 10000 >= wanted[i] * 10000) continue;
                tk_profile_use(&profile, MONDAY + day * DAY + 12 * HOUR);
            }
            tk_profile_roll(&profile, MONDAY + 70 * DAY);
            sum += tk_profile_share(&profile, (int)((12 * HOUR + key) / SLOT),
                                    false);
        }
        if (!is_near(sum / 2000, wanted[i], .01)) {
            fail_msg("%f of %f", sum / 2000, wanted[i]);
        }
    }
}

static void a_key_lives_ahead_by_its_phase(void **state)
{
    struct tk_profile profile = begin(1800, MONDAY);

    (void)state;
    tk_profile_use(&profile, MONDAY + 9 * HOUR - 1);
    assert_true(tk_profile_today(&profile, 18));
    tk_profile_use(&profile, MONDAY + 9 * HOUR);
    assert_true(tk_profile_today(&profile, 19));
    assert_true(tk_profile_is_over(&profile, MONDAY + DAY - 1800));
    assert_false(tk_profile_is_over(&profile, MONDAY + DAY - 1801));
    assert_true(tk_profile_hour(1800, MONDAY + 9 * HOUR) == 9.5);
    assert_true(tk_profile_hour(1800, MONDAY - 1800) == 0);
    assert_true(tk_profile_hour(0, MONDAY - 1) < 24);
    assert_true(tk_profile_is_weekend(1800, MONDAY - 1801));
    assert_false(tk_profile_is_weekend(1800, MONDAY - 1800));
    assert_true(tk_profile_is_weekend(1800, MONDAY + 5 * DAY - 1800));
}

static void phases_spread_keys_over_an_hour(void **state)
{
    unsigned minutes[60] = {0};

    (void)state;
    for (int i = 0; i < 6000; i++) {
        char key[32];

        snprintf(key, sizeof key, "crm/client/%d", i);
        assert_true(tk_profile_phase(tk_str(key)) < TK_PROFILE_PHASES);
        minutes[tk_profile_phase(tk_str(key)) / 60]++;
    }
    for (int i = 0; i < 60; i++) assert_in_range(minutes[i], 60, 140);
    assert_int_equal(tk_profile_phase(TK_STR("crm/client/a")),
                     tk_profile_phase(TK_STR("crm/client/a")));
}

static struct tk_profile with_a_habit(void)
{
    struct tk_profile profile = begin(0, MONDAY);

    for (int day = 0; day < 28; day++) {
        tk_profile_use(&profile, MONDAY + day * DAY + 12 * HOUR);
    }
    return profile;
}

/* Daylight saving sets the clock back across midnight. */
static void a_clock_set_back_by_an_hour_stays_in_its_day(void **state)
{
    struct tk_profile profile = with_a_habit();

    (void)state;
    tk_profile_roll(&profile, MONDAY + 28 * DAY + 60);
    tk_profile_use(&profile, MONDAY + 28 * DAY - HOUR);
    assert_int_equal(profile.days[0], 20);
    tk_profile_roll(&profile, MONDAY + 29 * DAY);
    assert_int_equal(profile.days[0], 21);
    assert_int_equal(profile.days[1], 8);
}

static void a_clock_that_was_wrong_by_years_costs_no_habit(void **state)
{
    static const int64_t moments[] = {0, MONDAY - 30 * WEEK, 2 * MONDAY,
                                      INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct tk_profile profile = with_a_habit();

        tk_profile_use(&profile, moments[i]);
        assert_false(tk_profile_is_over(&profile, moments[i]));
        tk_profile_use(&profile, MONDAY + 28 * DAY);
        assert_true(tk_profile_share(&profile, 24, false) == 1);
        assert_true(tk_profile_today(&profile, 0));
        tk_profile_roll(&profile, MONDAY + 29 * DAY);
        assert_true(tk_profile_share(&profile, 0, false) > 0);
        assert_true(tk_profile_share(&profile, 0, false) < .2);
    }
}

static void the_idle_time_before_today_is_kept(void **state)
{
    struct tk_profile profile = begin(0, MONDAY);

    (void)state;
    tk_profile_use(&profile, MONDAY + 9 * HOUR);
    assert_true(tk_profile_idle_before_s(&profile) == HUGE_VAL);
    tk_profile_use(&profile, MONDAY + 20 * HOUR);
    tk_profile_roll(&profile, MONDAY + DAY);
    assert_true(tk_profile_idle_before_s(&profile) == 3.5 * 3600);
    tk_profile_roll(&profile, MONDAY + 3 * DAY);
    assert_true(tk_profile_idle_before_s(&profile) == 51.5 * 3600);
    tk_profile_use(&profile, MONDAY + 4 * DAY - 1);
    tk_profile_roll(&profile, MONDAY + 4 * DAY);
    assert_true(tk_profile_idle_before_s(&profile) == 0);
}

static void a_key_idle_for_years_stays_idle(void **state)
{
    struct tk_profile profile = begin(0, MONDAY);

    (void)state;
    tk_profile_use(&profile, MONDAY);
    for (int day = 1; day < 5 * 365; day++) {
        double before = tk_profile_idle_before_s(&profile);

        tk_profile_roll(&profile, MONDAY + day * DAY);
        assert_true(day == 1 || tk_profile_idle_before_s(&profile) >= before);
    }
    assert_true(tk_profile_idle_before_s(&profile) == HUGE_VAL);
}

static void what_no_profile_can_be_is_told(void **state)
{
    struct tk_profile profile = with_a_habit();

    (void)state;
    assert_true(tk_profile_is_sound(&profile));
    profile.today = UINT64_C(1) << 48;
    assert_false(tk_profile_is_sound(&profile));
    profile = with_a_habit();
    profile.day = INT32_MAX;
    assert_false(tk_profile_is_sound(&profile));
    profile.day = INT32_MIN;
    assert_false(tk_profile_is_sound(&profile));
    profile = with_a_habit();
    profile.phase_s = 3600;
    assert_false(tk_profile_is_sound(&profile));
}

static void a_profile_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct tk_profile) <= 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_use_marks_its_half_hour_of_today),
        cmocka_unit_test(a_day_is_folded_when_it_has_ended),
        cmocka_unit_test(the_first_days_count_alike),
        cmocka_unit_test(weekends_are_kept_apart),
        cmocka_unit_test(a_habit_that_ends_is_forgotten_to_nothing),
        cmocka_unit_test(shares_are_fair),
        cmocka_unit_test(a_key_lives_ahead_by_its_phase),
        cmocka_unit_test(phases_spread_keys_over_an_hour),
        cmocka_unit_test(a_clock_set_back_by_an_hour_stays_in_its_day),
        cmocka_unit_test(a_clock_that_was_wrong_by_years_costs_no_habit),
        cmocka_unit_test(the_idle_time_before_today_is_kept),
        cmocka_unit_test(a_key_idle_for_years_stays_idle),
        cmocka_unit_test(what_no_profile_can_be_is_told),
        cmocka_unit_test(a_profile_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
