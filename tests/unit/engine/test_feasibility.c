#include "tests/unit/engine/fixture.h"

#include "engine/feasibility.h"

static const struct tk_load sound = {
    .keys = 100,
    .life_ms = 120 * MINUTE,
    .every_ms = 90 * MINUTE,
    .took_ms = 200,
    .lead_ms = 30 * MINUTE,
    .max_concurrent = 3,
};

static void only(const struct tk_load *load, int strain, const char *text)
{
    struct tk_strains strains;

    tk_feasibility_judge(load, &strains);
    for (int i = 0; i < TK_STRAINS; i++) {
        assert_string_equal(strains.texts[i], i == strain ? text : "");
    }
}

static void what_works_is_no_strain(void **state)
{
    struct tk_load load = sound;

    (void)state;
    only(&load, -1, "");
    load.quota.limits[TK_MINUTE] = 2;
    only(&load, -1, "");
    load.every_ms = 0;
    only(&load, -1, "");
}

static void more_keys_than_the_quota_can_renew_go_cold(void **state)
{
    struct tk_load load = sound;

    (void)state;
    load.keys = 900;
    load.life_ms = 97 * MINUTE;
    load.quota.limits[TK_MINUTE] = 5;
    load.quota.limits[TK_SECOND] = 50;
    only(&load, TK_STRAIN_QUOTA,
         "900 keys at one refresh per 1h 30m need 10/min; the limit is 5/min; "
         "46 % will go cold");
}

static void a_slow_issuer_needs_more_places(void **state)
{
    struct tk_load load = sound;

    (void)state;
    load.keys = 5400;
    load.took_ms = 6000;
    only(&load, TK_STRAIN_PLACES,
         "5400 keys at one refresh per 1h 30m need 60/min; max_concurrent lets "
         "through 30/min; 33 % will go cold");
}

static void a_lead_without_time_for_retries_is_too_short(void **state)
{
    struct tk_load load = sound;

    (void)state;
    load.every_ms = load.life_ms - 10 * SECOND;
    only(&load, TK_STRAIN_LEAD,
         "tokens are renewed 10s before their end, but 3 tries need 20s: "
         "renew earlier");
}

static void a_threshold_beyond_the_window_or_half_of_life_is_told(void **state)
{
    struct tk_load load = sound;

    (void)state;
    load.lead_ms = 45 * MINUTE;
    load.clamp = TK_CLAMP_WINDOW;
    only(&load, TK_STRAIN_WINDOW,
         "the policy renews 45m before the end, but the issuer would give the "
         "same token again: it will be 30m");
    load.clamp = TK_CLAMP_HALF_LIFE;
    load.lead_ms = 90 * MINUTE;
    load.every_ms = 60 * MINUTE;
    only(&load, TK_STRAIN_HALF_LIFE,
         "the policy renews 1h 30m before the end, but no token is renewed "
         "before "
         "half of its life: it will be 1h");
}

static void a_source_is_judged_by_its_keys_and_what_was_learned(void **state)
{
    struct fixture *f = *state;
    struct tk_strains strains;

    fresh(f, "crm/client/a", "t", 10 * MINUTE);
    fresh(f, "crm/client/b", "t", 10 * MINUTE);
    tk_feasibility_of(&f->source, &strains);
    assert_string_equal(strains.texts[TK_STRAIN_QUOTA], "");
    f->source.quota.limits[TK_DAY] = 100;
    tk_feasibility_of(&f->source, &strains);
    assert_non_null(strstr(strains.texts[TK_STRAIN_QUOTA], "2 keys"));
}

static int warnings;

static void count_warning(enum tk_log_level level, struct tk_str line,
                          void *data)
{
    (void)data;
    (void)line;
    if (level == TK_LOG_WARN) warnings++;
}

static void a_strain_is_logged_when_it_comes_and_not_again(void **state)
{
    struct fixture *f = *state;
    struct tk_source *sources[] = {&f->source};
    struct tk_config config = {.sources = sources, .source_count = 1};

    fresh(f, "crm/client/a", "t", 10 * MINUTE);
    tk_log_setup(TK_LOG_WARN, count_warning, NULL);
    f->source.quota.limits[TK_DAY] = 10;
    tk_feasibility_warn(&config);
    tk_feasibility_warn(&config);
    assert_int_equal(warnings, 1);
    f->source.quota.limits[TK_DAY] = 0;
    tk_feasibility_warn(&config);
    f->source.quota.limits[TK_DAY] = 10;
    tk_feasibility_warn(&config);
    assert_int_equal(warnings, 2);
    tk_log_setup(TK_LOG_OFF, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_works_is_no_strain),
        cmocka_unit_test(more_keys_than_the_quota_can_renew_go_cold),
        cmocka_unit_test(a_slow_issuer_needs_more_places),
        cmocka_unit_test(a_lead_without_time_for_retries_is_too_short),
        cmocka_unit_test(a_threshold_beyond_the_window_or_half_of_life_is_told),
        WITH_FLEET(a_source_is_judged_by_its_keys_and_what_was_learned),
        WITH_FLEET(a_strain_is_logged_when_it_comes_and_not_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
