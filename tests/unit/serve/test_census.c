#include "serve/census.h"

#include "tests/unit/serve/scene.h"

static const struct tk_census_source *of(const struct tk_census *census,
                                         const struct tk_source *source)
{
    for (size_t i = 0; i < census->count; i++) {
        if (census->sources[i].source == source) return &census->sources[i];
    }
    fail_msg("source %s is not counted", source->name);
    return NULL;
}

static void take(struct scene *s, struct tk_census *out)
{
    assert_int_equal(tk_census_take(s->f->fleet, &s->config, s->f->now, out),
                     0);
}

static void every_source_is_there_also_without_keys(void **state)
{
    struct scene *s = *state;
    struct tk_census census;

    take(s, &census);
    assert_int_equal(census.count, 2);
    for (int i = 0; i < TK_STATES; i++) {
        assert_int_equal(of(&census, &s->f->source)->states[i], 0);
        assert_int_equal(of(&census, &s->hr)->states[i], 0);
    }
    assert_int_equal(of(&census, &s->hr)->shortest_ms, -1);
    tk_census_fini(&census);
}

/* Whatever the order of the sources in the configuration and in memory. */
static void keys_are_counted_by_state_under_their_source(void **state)
{
    struct scene *s = *state;
    struct tk_entry *moved;
    struct tk_census census;

    fresh(s->f, "crm/client/a", "1", LIFE);
    fresh(s->f, "crm/client/b", "2", LIFE / 2);
    fresh(s->f, "crm/client/c", "3", SECOND);
    claim(s->f, "crm/client/unknown");
    moved = fresh(s->f, "crm/client/d", "4", LIFE);
    s->f->now += SECOND;
    for (int i = 0; i < 2; i++) {
        s->sources[i] = &s->f->source;
        s->sources[1 - i] = &s->hr;
        moved->source = &s->hr;
        take(s, &census);
        moved->source = &s->f->source;
        assert_int_equal(of(&census, &s->f->source)->states[TK_STATE_FRESH], 2);
        assert_int_equal(of(&census, &s->f->source)->states[TK_STATE_LAPSED],
                         1);
        assert_int_equal(of(&census, &s->hr)->states[TK_STATE_FRESH], 1);
        tk_census_fini(&census);
    }
}

/* A lapsed or failing token says nothing about how soon the fresh ones end. */
static void the_shortest_life_is_that_of_a_fresh_token(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "1", 10 * SECOND);
    struct tk_census census;

    fresh(s->f, "crm/client/b", "2", LIFE);
    fresh(s->f, "crm/client/c", "3", 5 * SECOND);
    take(s, &census);
    assert_int_equal(of(&census, &s->f->source)->shortest_ms, 4900);
    tk_census_fini(&census);
    s->f->now += 5 * SECOND; /* the last one has lapsed */
    take(s, &census);
    assert_int_equal(of(&census, &s->f->source)->shortest_ms,
                     entry->life.expires_at - s->f->now);
    tk_census_fini(&census);
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_FORCED, s->f->now);
    land_failure(s->f, entry, TK_CLASS_TRANSIENT, 0);
    take(s, &census);
    assert_int_equal(of(&census, &s->f->source)->shortest_ms,
                     LIFE - 100 - 5100);
    tk_census_fini(&census);
}

static void kept_keys_in_the_dark_and_callers_are_counted(void **state)
{
    struct scene *s = *state;
    struct tk_entry *good = fresh(s->f, "crm/client/a", "1", LIFE);
    struct tk_entry *dark = claim(s->f, "crm/client/b");
    struct tk_wait first;
    struct tk_wait second;
    struct tk_census census;

    good->is_kept = true;
    dark->is_kept = true;
    wait_for(s->f, &first, dark, (struct tk_want){.wait_ms = SECOND});
    wait_for(s->f, &second, dark, (struct tk_want){.wait_ms = SECOND});
    take(s, &census);
    assert_int_equal(census.waiting, 2);
    assert_int_equal(census.kept, 2);
    assert_int_equal(census.kept_dark, 1);
    tk_census_fini(&census);
    tk_wait_leave(&first);
    tk_wait_leave(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(every_source_is_there_also_without_keys),
        IN_SCENE(keys_are_counted_by_state_under_their_source),
        IN_SCENE(the_shortest_life_is_that_of_a_fresh_token),
        IN_SCENE(kept_keys_in_the_dark_and_callers_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
