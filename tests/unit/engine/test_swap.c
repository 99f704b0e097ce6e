#include "tests/unit/engine/realm.h"

#include "engine/swap.h"

static struct tk_value choice_of(struct tk_str *name)
{
    return (struct tk_value){.type = TK_TEXT, .as.text = *name};
}

static struct tk_swap swap_of(const struct realm *r, const char *source)
{
    return (struct tk_swap){.fleet = r->fleet,
                            .config = r->config,
                            .source = source_of(r, source),
                            .now = r->now};
}

static struct tk_policy *open_one(const struct realm *r,
                                  const struct tk_swap *swap, const char *name,
                                  struct tk_trial *trial)
{
    struct tk_str text = tk_str(name);
    struct tk_value choice = choice_of(&text);

    return tk_swap_open(swap, "here", &choice, trial, &r->s->problems);
}

/* Puts another in force at one source. */
static void choose(const struct realm *r, const char *source, const char *name)
{
    struct tk_swap swap = swap_of(r, source);
    struct tk_trial trial;
    struct tk_policy *policy = open_one(r, &swap, name, &trial);

    assert_string_equal(problems_of(r->s), "");
    assert_non_null(policy);
    tk_swap_choose(&swap, policy);
    tk_policy_close(policy);
}

/* A new version of what both sources have. */
static void renew_mine(const struct realm *r, const char *text)
{
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_trial trial;
    struct tk_policy *policy;

    folder_write(&r->s->folder, "policies/mine.lua", text);
    swap.old = swap.source->policy;
    swap.source = NULL;
    policy = open_one(r, &swap, "mine", &trial);
    assert_string_equal(problems_of(r->s), "");
    assert_non_null(policy);
    tk_swap_renew(&swap, policy);
    tk_policy_close(policy);
}

static void another_policy_decides_for_its_source_alone(void **state)
{
    struct realm *r = *state;
    struct tk_entry *ours = realm_fresh(r, "crm/client/a");
    struct tk_entry *other = realm_fresh(r, "hr/client/a");

    choose(r, "crm", "tiny");
    tk_refresh_run_due(r->fleet, r->now);
    assert_string_equal(why_of(r, ours), "lead");
    assert_int_equal(ours->plan.verb, TK_RENEW);
    assert_string_equal(why_of(r, other), "first 2");
    assert_true(source_of(r, "crm")->post.is_chosen);
    assert_false(source_of(r, "hr")->post.is_chosen);
    assert_int_equal(r->config->policy_count, 2);
}

static void a_new_version_decides_for_all_who_have_the_old(void **state)
{
    struct realm *r = *state;
    struct tk_entry *ours = realm_fresh(r, "crm/client/a");
    struct tk_entry *other = realm_fresh(r, "hr/client/a");

    renew_mine(r, MINE("second"));
    tk_refresh_run_due(r->fleet, r->now);
    /* With the state of the old one, and without what the trial noted. */
    assert_string_equal(why_of(r, ours), "second 3");
    assert_string_equal(why_of(r, other), "second 4");
    assert_ptr_equal(source_of(r, "crm")->policy,
                     source_of(r, "hr")->post.configured);
    assert_false(source_of(r, "crm")->post.is_chosen);
    assert_int_equal(r->config->policy_count, 1);
}

static void the_plan_stands_until_the_newcomer_is_asked(void **state)
{
    struct realm *r = *state;
    struct tk_entry *entry = realm_fresh(r, "crm/client/a");
    struct tk_entry *busy = realm_fresh(r, "crm/client/b");
    int64_t asked = entry->plan.asked;
    int64_t due = tk_fleet_due(r->fleet, entry);

    tk_refresh_want(r->fleet, busy, TK_URGENCY_FORCED, r->now);
    assert_non_null(busy->flight);
    renew_mine(r, MINE("second"));
    assert_int_equal(tk_fleet_due(r->fleet, entry), due);
    assert_true(tk_fleet_earliest(r->fleet) <= r->now);
    tk_refresh_run_due(r->fleet, r->now);
    assert_int_equal(strncmp(why_of(r, entry), "second", 6), 0);
    assert_int_equal(tk_fleet_due(r->fleet, busy), TK_NEVER);
    assert_int_equal(entry->plan.asked, asked);
    assert_non_null(busy->flight);
    assert_int_equal(r->fetches, 3);
}

/* What was asked of a policy goes on where it was, however often it is
 * replaced; else a tick would never come. */
static void ticks_go_on_where_they_were(void **state)
{
    struct realm *r = *state;
    struct tk_policy *old = source_of(r, "crm")->policy;
    int64_t next = tk_policy_tick_at(old, r->now + 1);

    r->now += 3000;
    renew_mine(r, MINE("second"));
    assert_int_equal(tk_policy_tick_at(source_of(r, "crm")->policy, r->now + 1),
                     next);
    tk_refresh_run_due(r->fleet, r->now);
    assert_int_equal(source_of(r, "crm")->policy->tick_at, next);
    assert_int_equal(source_of(r, "crm")->policy->ticked_at, REALM_NOW);
    assert_true(tk_list_is_empty(&old->of_ticks));
}

struct bad {
    const char *text;
    const char *says;
};

static void what_is_wrong_is_said_and_changes_nothing(void **state)
{
    static const struct bad cases[] = {
        {"return {", "mine.lua:1"},
        {"return 5", "must return a table"},
        {"return { api = 1, name = 'mine' }", "no function decide"},
        {"return { api = 1, name = 'mine', decide = function(token)\n"
         "  return token.colour end }",
         "asked about crm/client/a: mine.lua:2"},
        {"return { api = 1, name = 'mine', decide = function()\n"
         "  while true do end end }",
         "asked about crm/client/a"},
    };
    struct realm *r = *state;
    struct tk_entry *entry = realm_fresh(r, "crm/client/a");
    struct tk_policy *before = source_of(r, "crm")->policy;
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_trial trial;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tk_problems_fini(&r->s->problems);
        tk_problems_init(&r->s->problems);
        folder_write(&r->s->folder, "policies/mine.lua", cases[i].text);
        assert_null(open_one(r, &swap, "mine", &trial));
        if (strstr(problems_of(r->s), cases[i].says) == NULL) {
            fail_msg("%s: %s", cases[i].text, problems_of(r->s));
        }
    }
    assert_null(open_one(r, &swap, "nobody", &trial));
    assert_ptr_equal(source_of(r, "crm")->policy, before);
    assert_string_equal(why_of(r, entry), "first 1");
}

static void a_trial_tells_what_would_happen(void **state)
{
    struct realm *r = *state;
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_trial trial;
    struct tk_policy *policy;
    char key[32];

    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "%s/client/k%d", i % 2 == 0 ? "crm" : "hr",
                 i);
        realm_fresh(r, key);
    }
    folder_write(&r->s->folder, "policies/sorter.lua",
                 "return { api = 1, name = 'sorter', decide = function(t)\n"
                 "  if t.source ~= 'crm' then error('not mine') end\n"
                 "  local last = t.key:sub(-1)\n"
                 "  if last == '0' then return lapse() end\n"
                 "  if last == '2' then return ask(60) end\n"
                 "  if last == '4' then return renew(0) end\n"
                 "  return renew(60) end }");
    policy = open_one(r, &swap, "sorter", &trial);
    assert_string_equal(problems_of(r->s), "");
    assert_non_null(policy);
    assert_int_equal(trial.asked, 50);
    assert_int_equal(trial.asked, trial.renews + trial.asks + trial.lapses);
    assert_true(trial.lapses > 5 && trial.asks > 5 && trial.at_once > 5);
    assert_true(trial.renews > trial.at_once);
    tk_policy_close(policy);
}

static void a_slow_script_is_tried_on_fewer_keys(void **state)
{
    struct realm *r = *state;
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_trial trial;
    struct tk_policy *policy;
    char key[32];

    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "crm/client/k%d", i);
        realm_fresh(r, key);
    }
    r->step_us = 3000;
    policy = open_one(r, &swap, "tiny", &trial);
    assert_non_null(policy);
    assert_int_equal(trial.asked, 7);
    tk_policy_close(policy);
}

static void a_rollback_brings_the_old_state_back(void **state)
{
    struct realm *r = *state;
    struct tk_entry *entry = realm_fresh(r, "crm/client/a");
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_why why;

    assert_int_equal(tk_swap_back(&swap, &why), TK_ENOENT);
    assert_non_null(strstr(why.text, "no other policy"));
    renew_mine(r, MINE("second"));
    for (int i = 0; i < 5; i++) tk_schedule_ask(r->fleet, entry, r->now);
    assert_string_equal(why_of(r, entry), "second 6");
    assert_int_equal(tk_swap_back(&swap, &why), 0);
    tk_refresh_run_due(r->fleet, r->now);
    assert_string_equal(why_of(r, entry), "first 2");
    /* Its file has a newer version, which was turned down. */
    assert_true(tk_watch_is_behind(&source_of(r, "crm")->policy->watch));
    assert_int_equal(tk_swap_back(&swap, &why), 0);
    tk_refresh_run_due(r->fleet, r->now);
    assert_string_equal(why_of(r, entry), "second 7");
}

static void a_reset_brings_what_is_configured(void **state)
{
    struct realm *r = *state;
    struct tk_source *source = source_of(r, "crm");
    struct tk_swap swap = swap_of(r, "crm");
    struct tk_policy *configured = source->policy;

    tk_swap_reset(&swap);
    assert_int_equal(source->post.swaps, 0);
    choose(r, "crm", "tiny");
    choose(r, "crm", "mine");
    assert_ptr_not_equal(source->policy, configured);
    tk_swap_reset(&swap);
    assert_ptr_equal(source->policy, configured);
    assert_false(source->post.is_chosen);
    assert_int_equal(r->config->policy_count, 1);
}

static void a_refusal_is_told_where_it_was_meant_for(void **state)
{
    struct realm *r = *state;
    struct tk_swap swap = swap_of(r, "crm");

    choose(r, "hr", "tiny");
    swap.old = swap.source->policy;
    swap.source = NULL;
    tk_swap_refuse(&swap, TK_STR("because"));
    assert_string_equal(source_of(r, "crm")->post.refusal.text, "because");
    assert_int_equal(source_of(r, "crm")->post.refused_at, r->now);
    assert_int_equal(source_of(r, "hr")->post.refusals, 0);
    choose(r, "crm", "tiny");
    assert_int_equal(source_of(r, "crm")->post.refused_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REALM(another_policy_decides_for_its_source_alone),
        WITH_REALM(a_new_version_decides_for_all_who_have_the_old),
        WITH_REALM(the_plan_stands_until_the_newcomer_is_asked),
        WITH_REALM(ticks_go_on_where_they_were),
        WITH_REALM(what_is_wrong_is_said_and_changes_nothing),
        WITH_REALM(a_trial_tells_what_would_happen),
        WITH_REALM(a_slow_script_is_tried_on_fewer_keys),
        WITH_REALM(a_rollback_brings_the_old_state_back),
        WITH_REALM(a_reset_brings_what_is_configured),
        WITH_REALM(a_refusal_is_told_where_it_was_meant_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
