#include "serve/next.h"

#include "tests/unit/serve/scene.h"

static void next_is(struct scene *s, const struct tk_entry *entry,
                    const char *what, int64_t in_ms, const char *why)
{
    struct tk_next next = tk_next_of(s->f->fleet, entry, s->f->now);

    assert_string_equal(next.what, what);
    assert_int_equal(next.in_ms, in_ms);
    assert_string_equal(next.why, why);
}

/* The built-in rule renews when a quarter of the life is left. */
static void a_fresh_token_is_renewed_at_its_moment(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t1", LIFE);
    int64_t in = tk_fleet_due(s->f->fleet, entry) - s->f->now;

    assert_in_range(in, LIFE / 2, LIFE * 3 / 4);
    next_is(s, entry, "renew", in, "built-in rule");
    s->f->now += in + 1; /* the loop has not come to it yet */
    next_is(s, entry, "renew", 0, "built-in rule");
}

static void a_refresh_on_its_way_runs_also_while_paused(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");

    next_is(s, entry, "none", -1, "fetched when asked for");
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_PLANNED, s->f->now);
    next_is(s, entry, "running", -1, "the issuer is being asked");
    tk_caller_pause(s->f->fleet, &s->f->source, s->f->now);
    next_is(s, entry, "running", -1, "the issuer is being asked");
}

static void a_paused_source_does_nothing_next(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t1", LIFE);

    tk_caller_pause(s->f->fleet, &s->f->source, s->f->now);
    next_is(s, entry, "paused", -1, "the source is paused");
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_FORCED, s->f->now);
    assert_true(entry->is_queued);
    next_is(s, entry, "paused", -1, "the source is paused");
}

static void a_refresh_without_a_place_is_queued(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");

    s->f->source.max_concurrent = 0;
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_PLANNED, s->f->now);
    next_is(s, entry, "queued", -1, "max_concurrent is reached");
}

static void a_refresh_without_a_call_left_tells_when_there_is_one(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t1", LIFE);
    struct tk_next next;

    s->f->source.budget.windows[TK_MINUTE].limit = 1;
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_FORCED, s->f->now);
    next = tk_next_of(s->f->fleet, entry, s->f->now);
    assert_string_equal(next.what, "queued");
    assert_in_range(next.in_ms, 59 * SECOND, 63 * SECOND);
}

static void a_failed_renewal_is_tried_again(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t1", LIFE);

    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_FORCED, s->f->now);
    land_failure(s->f, entry, TK_CLASS_TRANSIENT, 90 * SECOND);
    next_is(s, entry, "retry", 90 * SECOND, "broken");
}

static void a_key_that_never_worked_waits_to_be_asked_for(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");
    struct tk_entry *kept = claim(s->f, "crm/client/b");

    kept->is_kept = true;
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_PLANNED, s->f->now);
    tk_refresh_want(s->f->fleet, kept, TK_URGENCY_PLANNED, s->f->now);
    land_failure(s->f, entry, TK_CLASS_RATE, 5 * SECOND);
    land_failure(s->f, kept, TK_CLASS_RATE, 5 * SECOND);
    next_is(s, entry, "none", -1, "tried again when asked for");
    next_is(s, kept, "retry", 5 * SECOND, "broken");
}

static void a_plan_to_ask_or_to_lapse_is_named(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = fresh(s->f, "crm/client/a", "t1", LIFE);

    entry->plan.verb = TK_ASK;
    tk_fleet_set_due(s->f->fleet, entry, s->f->now + MINUTE);
    next_is(s, entry, "ask", MINUTE, "built-in rule");
    entry->plan.verb = TK_LAPSE;
    next_is(s, entry, "lapse", LIFE - 100, "built-in rule");
    s->f->now += LIFE;
    next_is(s, entry, "none", -1, "built-in rule");
    entry->plan.verb = TK_RENEW;
    tk_fleet_set_due(s->f->fleet, entry, TK_NEVER);
    next_is(s, entry, "none", -1, "built-in rule");
}

static void no_moment_is_written_as_null(void **state)
{
    struct scene *s = *state;
    struct tk_json json = {.out = &s->out};
    const struct tk_next none = {"none", -1, "a \"reason\""};
    const struct tk_next some = {"renew", 1500, "threshold"};

    tk_json_open(&json, '[');
    tk_next_write(&none, &json);
    tk_next_write(&some, &json);
    tk_json_close(&json, ']');
    assert_text(tk_buf_str(&s->out),
                TK_STR("[{\"what\":\"none\",\"in\":null,\"why\":\"a "
                       "\\\"reason\\\"\"},{\"what\":\"renew\",\"in\":1.5,"
                       "\"why\":\"threshold\"}]"));
}

static void a_name_that_was_merely_asked_for_is_not_shown(void **state)
{
    struct scene *s = *state;
    struct tk_entry *entry = claim(s->f, "crm/client/a");

    assert_false(tk_next_is_shown(entry));
    tk_refresh_want(s->f->fleet, entry, TK_URGENCY_PLANNED, s->f->now);
    assert_false(tk_next_is_shown(entry));
    land_failure(s->f, entry, TK_CLASS_RATE, 0);
    assert_true(tk_next_is_shown(entry));
    assert_true(tk_next_is_shown(fresh(s->f, "crm/client/b", "t", LIFE)));
    entry = claim(s->f, "crm/client/c");
    entry->is_kept = true;
    assert_true(tk_next_is_shown(entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_fresh_token_is_renewed_at_its_moment),
        IN_SCENE(a_refresh_on_its_way_runs_also_while_paused),
        IN_SCENE(a_paused_source_does_nothing_next),
        IN_SCENE(a_refresh_without_a_place_is_queued),
        IN_SCENE(a_refresh_without_a_call_left_tells_when_there_is_one),
        IN_SCENE(a_failed_renewal_is_tried_again),
        IN_SCENE(a_key_that_never_worked_waits_to_be_asked_for),
        IN_SCENE(a_plan_to_ask_or_to_lapse_is_named),
        IN_SCENE(no_moment_is_written_as_null),
        IN_SCENE(a_name_that_was_merely_asked_for_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
