#include "engine/habit.h"

#include "tests/unit/engine/fixture.h"

#include <math.h>

#define HOUR (60 * MINUTE)
#define DAY  (24 * HOUR)

/* Wednesday, 25 November 2026, 10:20:30 UTC. */
#define WEDNESDAY INT64_C(1795602030000)

static void set_wall(struct fixture *f, int64_t wall_ms)
{
    tk_fleet_set_wall(f->fleet, wall_ms - f->now);
}

static void local_time_counts_from_a_monday(void **state)
{
    struct fixture *f = *state;
    int64_t local_s;

    set_wall(f, WEDNESDAY);
    local_s = tk_fleet_local_s(f->fleet, &f->source, f->now);
    assert_int_equal(local_s / (24 * 3600) % 7, 2);
    assert_int_equal(local_s % (24 * 3600), 10 * 3600 + 20 * 60 + 30);
    assert_int_equal(tk_fleet_local_s(f->fleet, &f->source, f->now + HOUR),
                     local_s + 3600);
}

static void local_time_is_that_of_the_source(void **state)
{
    struct fixture *f = *state;
    struct tk_why why;
    int64_t local_s;

    set_wall(f, WEDNESDAY);
    if (tk_zone_open("Asia/Tokyo", &f->source.zone, &why) != 0) {
        fail_msg("%s", why.text);
    }
    local_s = tk_fleet_local_s(f->fleet, &f->source, f->now);
    assert_int_equal(local_s % (24 * 3600), 19 * 3600 + 20 * 60 + 30);
    tk_zone_free(f->source.zone);
}

static void a_key_that_was_never_used_weighs_nothing_more(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);

    assert_null(entry->profile);
    assert_false(tk_habit_is_over(f->fleet, entry, f->now + 9 * DAY));
    tk_habit_roll(f->fleet, entry, f->now + 9 * DAY);
    assert_null(entry->profile);
}

static void each_kind_of_use_is_recorded(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *asked = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_entry *shared = fresh(f, "crm/client/b", "t2", LIFE);
    struct tk_want want = {0};
    struct tk_got got;

    set_wall(f, WEDNESDAY);
    assert_true(tk_caller_get(f->fleet, asked, &want, f->now, &got));
    tk_caller_note_use(f->fleet, shared, f->now);
    for (int i = 0; i < 2; i++) {
        const struct tk_entry *entry = i == 0 ? asked : shared;
        int64_t local_s = tk_fleet_local_s(f->fleet, &f->source, f->now);
        double hour = tk_profile_hour(entry->profile->phase_s, local_s);

        assert_non_null(entry->profile);
        assert_int_equal(entry->uses, 1);
        assert_int_equal(entry->profile->today, UINT64_C(1) << (int)(2 * hour));
    }
}

/* A provider that needs another token of its source is no caller. */
static void a_refresh_that_waits_for_a_token_is_no_use_of_it(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_wait wait;

    wait_for(f, &wait, entry, (struct tk_want){.wait_ms = 5 * SECOND});
    land_token(f, entry, "t1", LIFE);
    assert_int_equal(f->answers, 1);
    assert_null(entry->profile);
    assert_int_equal(entry->uses, 0);
}

static void a_policy_sees_the_days_that_have_ended(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = fresh(f, "crm/client/a", "t1", LIFE);
    struct tk_token_view view;

    set_wall(f, WEDNESDAY);
    tk_caller_note_use(f->fleet, entry, f->now);
    tk_schedule_view(f->fleet, entry, f->now, &view);
    assert_ptr_equal(view.profile, entry->profile);
    assert_int_equal(view.phase_s, entry->profile->phase_s);
    assert_int_equal(view.local_s,
                     tk_fleet_local_s(f->fleet, &f->source, f->now));
    assert_int_not_equal(entry->profile->today, 0);
    f->now += DAY;
    assert_true(tk_habit_is_over(f->fleet, entry, f->now));
    tk_schedule_ask(f->fleet, entry, f->now);
    assert_false(tk_habit_is_over(f->fleet, entry, f->now));
    assert_int_equal(entry->profile->today, 0);
    assert_int_equal(entry->profile->days[0], 1);
}

static struct tk_habit habit_of(struct fixture *f, struct tk_entry *entry)
{
    struct tk_habit habit;

    assert_true(tk_fleet_export_habit(f->fleet, entry, &habit));
    return habit;
}

/* Boot time begins anew, and the host was off for an hour. */
static void habits_outlive_a_restart(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/a");
    struct tk_habit before;
    struct tk_habit after;

    set_wall(f, WEDNESDAY);
    tk_habit_use(f->fleet, entry, f->now);
    tk_habit_use(f->fleet, entry, f->now + MINUTE);
    before = habit_of(f, entry);
    tk_fleet_remove(f->fleet, entry);
    f->now = MINUTE;
    set_wall(f, WEDNESDAY + MINUTE + HOUR);
    entry = claim(f, "crm/client/a");
    assert_int_equal(tk_fleet_import_habit(f->fleet, entry, &before, f->now),
                     0);
    assert_int_equal(f->now - entry->last_use_at, HOUR);
    assert_int_equal(entry->uses, 2);
    after = habit_of(f, entry);
    assert_memory_equal(&after.profile, &before.profile, sizeof after.profile);
    assert_int_equal(after.last_use_wall_ms, WEDNESDAY + MINUTE);
    /* A day later it is folded as if nothing had been. */
    tk_habit_roll(f->fleet, entry, f->now + DAY);
    assert_int_equal(entry->profile->days[0], 1);
}

static void what_was_used_again_keeps_its_habit(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = claim(f, "crm/client/a");
    struct tk_entry *b = claim(f, "crm/client/b");
    struct tk_habit habit;

    set_wall(f, WEDNESDAY);
    assert_false(tk_fleet_export_habit(f->fleet, a, &habit));
    tk_habit_use(f->fleet, a, f->now);
    habit = habit_of(f, a);
    habit.uses = 99;
    assert_int_equal(tk_fleet_import_habit(f->fleet, a, &habit, f->now), 0);
    assert_int_equal(a->uses, 1);
    /* Another key has another phase, whatever is said. */
    assert_int_equal(tk_fleet_import_habit(f->fleet, b, &habit, f->now), 0);
    assert_int_equal(b->uses, 99);
    assert_int_equal(b->profile->phase_s,
                     tk_profile_phase(TK_STR("crm/client/b")));
}

static void a_habit_that_cannot_be_is_refused(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *a = claim(f, "crm/client/a");
    struct tk_entry *b = claim(f, "crm/client/b");
    struct tk_habit good;
    struct tk_habit bad[6];

    set_wall(f, WEDNESDAY);
    tk_habit_use(f->fleet, a, f->now);
    good = habit_of(f, a);
    for (size_t i = 0; i < 6; i++) bad[i] = good;
    bad[0].uses = 0;
    bad[1].last_use_wall_ms = 0;
    bad[2].last_use_wall_ms = INT64_MIN;
    bad[3].rate = -1;
    bad[4].rate = (float)INFINITY;
    bad[5].profile.today = UINT64_MAX;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(tk_fleet_import_habit(f->fleet, b, &bad[i], f->now),
                         TK_EINVAL);
        assert_null(b->profile);
    }
    /* A clock that was years ahead. */
    good.last_use_wall_ms = INT64_MAX;
    assert_int_equal(tk_fleet_import_habit(f->fleet, b, &good, f->now), 0);
    assert_int_equal(b->last_use_at, f->now);
}

static void note(const struct tk_entry *entry, int64_t now, void *data)
{
    struct fixture *f = data;

    /* The use before. */
    assert_true(entry->last_use_at < now);
    f->answers++;
}

static void whoever_wants_to_know_is_told_of_each_use(void **state)
{
    struct fixture *f = *state;
    struct tk_fleet_options options = {
        .max_keys = 8,
        .mean_bytes = 256,
        .node = TK_STR("test"),
        .port = {.fetch = fixture_fetch, .data = f, .used = note}};
    struct tk_fleet *fleet = f->fleet;
    struct tk_entry *entry;
    struct tk_want want = {0};
    struct tk_got got;

    assert_int_equal(tk_fleet_new(&options, &f->fleet), 0);
    entry = fresh(f, "crm/client/a", "t1", LIFE);
    assert_int_equal(f->answers, 0);
    assert_true(tk_caller_get(f->fleet, entry, &want, f->now, &got));
    tk_caller_note_use(f->fleet, entry, f->now + SECOND);
    assert_int_equal(f->answers, 2);
    tk_fleet_free(f->fleet);
    f->fleet = fleet;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(local_time_counts_from_a_monday),
        WITH_FLEET(local_time_is_that_of_the_source),
        WITH_FLEET(a_key_that_was_never_used_weighs_nothing_more),
        WITH_FLEET(each_kind_of_use_is_recorded),
        WITH_FLEET(a_refresh_that_waits_for_a_token_is_no_use_of_it),
        WITH_FLEET(a_policy_sees_the_days_that_have_ended),
        WITH_FLEET(habits_outlive_a_restart),
        WITH_FLEET(what_was_used_again_keeps_its_habit),
        WITH_FLEET(a_habit_that_cannot_be_is_refused),
        WITH_FLEET(whoever_wants_to_know_is_told_of_each_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
