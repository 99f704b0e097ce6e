#include "tests/unit/engine/fixture.h"

#include "engine/adopt.h"
#include "engine/slice.h"

/* A configuration of one source, made by hand. */
struct hand_made {
    struct tk_config config;
    struct tk_source *list[1];
    struct tk_source source;
    struct tk_pair pair;
};

static struct tk_value scope_name = {.type = TK_TEXT, .as.text = {"scope", 5}};
static const struct tk_value identity = {
    .type = TK_LIST, .as.table = {.items = &scope_name, .item_count = 1}};

static struct tk_config *make(struct hand_made *made, const struct fixture *f,
                              const char *name, const char *scope)
{
    made->source = f->source;
    made->source.queue = (struct tk_queue){0};
    made->source.key_count = 0;
    made->source.active = 0;
    made->source.stats = (struct tk_source_stats){0};
    made->source.name = name;
    made->source.identity = &identity;
    made->pair = (struct tk_pair){TK_STR("scope"),
                                  {.type = TK_TEXT, .as.text = tk_str(scope)}};
    made->source.settings = (struct tk_value){
        .type = TK_TABLE, .as.table = {.pairs = &made->pair, .pair_count = 1}};
    made->list[0] = &made->source;
    made->config = (struct tk_config){.sources = made->list, .source_count = 1};
    tk_map_init(&made->config.by_name);
    assert_int_equal(
        tk_map_put(&made->config.by_name, tk_str(name), &made->source), 0);
    return &made->config;
}

static void give_back(struct hand_made *made)
{
    tk_map_fini(&made->config.by_name);
    tk_queue_fini(&made->source.queue);
    tk_queue_fini(&made->source.newcomers);
}

static struct tk_entry *fresh_of(struct fixture *f, struct hand_made *made)
{
    struct tk_entry *entry;
    struct tk_key key;
    struct tk_why why;

    assert_int_equal(tk_key_parse(TK_STR("crm/client/a"), &key, &why), 0);
    assert_int_equal(
        tk_fleet_claim(f->fleet, &made->source, &key, &entry, &why), 0);
    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_token(f, entry, "t1", LIFE);
    return entry;
}

static void drop_flight(struct tk_entry *entry, void *data)
{
    struct fixture *f = data;

    entry->source->active--;
    entry->flight = NULL;
    f->dropped++;
}

static void a_source_that_is_the_same_keeps_its_tokens(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_entry *entry;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    entry = fresh_of(f, &old);
    old.source.is_paused = true;
    new.source.budget.windows[TK_MINUTE].limit = 10;
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    /* The issuer has counted the call of before. */
    assert_int_equal(tk_budget_left(&new.source.budget, TK_MINUTE, f->now), 9);
    assert_ptr_equal(entry->source, &new.source);
    assert_true(tk_entry_has_token(entry, f->now));
    assert_int_equal(new.source.key_count, 1);
    assert_int_equal(old.source.key_count, 0);
    assert_int_equal(new.source.stats.renewed, 1);
    assert_true(new.source.is_paused);
    assert_int_equal(f->fetches, 1);
    give_back(&old);
    give_back(&new);
}

/* It has its source and its token at once, and is due to be planned. */
static void
a_key_that_is_not_asked_about_yet_is_adopted_all_the_same(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_entry *entry;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    entry = fresh_of(f, &old);
    f->work_us = TK_SLICE_US;
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_ptr_equal(entry->source, &new.source);
    assert_true(tk_entry_has_token(entry, f->now));
    assert_true(tk_fleet_due(f->fleet, entry) == f->now);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(entry->plan.verb, TK_RENEW);
    assert_true(tk_fleet_due(f->fleet, entry) > f->now);
    assert_int_equal(f->fetches, 1);
    give_back(&old);
    give_back(&new);
}

/* What the old policy had planned and was queued is not fetched unless the new
 * one plans it too; what somebody has asked for is. */
static void a_queued_refresh_whose_reason_is_gone_is_not_fetched(void **state)
{
    struct fixture *f = *state;
    enum tk_urgency urgencies[] = {TK_URGENCY_PLANNED, TK_URGENCY_FORCED};

    for (int i = 0; i < 2; i++) {
        struct hand_made old;
        struct hand_made new;
        struct tk_entry *entry;
        int before;

        make(&old, f, "crm", "read");
        make(&new, f, "crm", "read");
        entry = fresh_of(f, &old);
        before = f->fetches;
        old.source.max_concurrent = 0;
        tk_refresh_want(f->fleet, entry, urgencies[i], f->now);
        assert_true(entry->is_queued);
        assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
        tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
        assert_false(entry->is_queued);
        assert_int_equal(f->fetches, before + i);
        if (i == 1) land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
        tk_fleet_remove(f->fleet, entry);
        give_back(&old);
        give_back(&new);
    }
}

static void a_change_of_identity_withdraws_tokens_at_once(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_wait wait;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "write");
    wait_for(f, &wait, fresh_of(f, &old),
             (struct tk_want){.wait_ms = 1000, .newer_than = 1});
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->refusal, TK_REFUSAL_WITHDRAWN);
    assert_int_equal(f->dropped, 1);
    give_back(&old);
    give_back(&new);
}

static void a_source_that_is_taken_out_is_withdrawn(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;

    make(&old, f, "crm", "read");
    make(&new, f, "other", "read");
    fresh_of(f, &old);
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    give_back(&old);
    give_back(&new);
}

static void a_refresh_under_way_lands_on_the_new_source(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_answer answer = {.is_token = true,
                               .token = TK_STR("t2"),
                               .life_ms = LIFE,
                               .sent_at = START,
                               .received_at = START};
    struct tk_entry *entry;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    entry = fresh_of(f, &old);
    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    answer.order = entry->commits;
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(old.source.active, 1);
    tk_refresh_land(f->fleet, entry, &old.source, &answer, f->now);
    assert_int_equal(old.source.active, 0);
    assert_int_equal(new.source.stats.renewed, 2);
    assert_int_equal(generation_of(f, entry), 2);
    give_back(&old);
    give_back(&new);
}

/* What it is fetched with is read when it starts, not when it was queued. */
static void a_refresh_that_was_queued_starts_under_the_new_source(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_entry *entry;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    entry = fresh_of(f, &old);
    old.source.is_paused = true;
    tk_refresh_want(f->fleet, entry, TK_URGENCY_FORCED, f->now);
    assert_true(entry->is_queued);
    old.source.is_paused = false;
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(f->fetches, 2);
    assert_ptr_equal(f->last->source, &new.source);
    assert_int_equal(old.source.active, 0);
    give_back(&old);
    give_back(&new);
}

static void what_was_learned_survives_a_reload(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    old.source.learned[0].early_ends = 7;
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(new.source.learned[0].early_ends, 7);
    give_back(&old);
    give_back(&new);
}

static void a_report_survives_a_reload(void **state)
{
    struct fixture *f = *state;
    struct hand_made old;
    struct hand_made new;
    struct tk_entry *entry;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    entry = fresh_of(f, &old);
    tk_caller_reject(f->fleet, entry, 1, (struct tk_str){NULL, 0}, f->now);
    land_failure(f, entry, TK_CLASS_TRANSIENT, 0);
    assert_int_equal(f->fetches, 2);
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(f->fetches, 3);
    give_back(&old);
    give_back(&new);
}

static void reload_under(struct fixture *f, const char *origin,
                         int64_t held_until)
{
    struct hand_made old;
    struct hand_made new;

    make(&old, f, "crm", "read");
    make(&new, f, "crm", "read");
    snprintf(old.source.origin, sizeof old.source.origin, "https://issuer");
    snprintf(new.source.origin, sizeof new.source.origin, "%s", origin);
    tk_budget_hold(&old.source.budget, f->now + MINUTE);
    assert_true(tk_adopt_judge(f->fleet, &new.config, NULL));
    tk_adopt(f->fleet, &old.config, &new.config, f->now, drop_flight, f);
    assert_int_equal(new.source.budget.held_until, held_until);
    give_back(&old);
    give_back(&new);
}

static void what_an_issuer_has_asked_for_holds_over_a_reload(void **state)
{
    struct fixture *f = *state;

    reload_under(f, "https://issuer", f->now + MINUTE);
    reload_under(f, "https://another", 0);
}

static void kept_keys_are_fetched_once(void **state)
{
    struct fixture *f = *state;
    struct tk_value word = {.type = TK_TEXT, .as.text = {"client/a", 8}};
    struct tk_value keep = {.type = TK_LIST,
                            .as.table = {.items = &word, .item_count = 1}};
    struct hand_made made;
    struct tk_entry *entry;

    make(&made, f, "crm", "read");
    made.source.keep = &keep;
    tk_adopt_kept(f->fleet, &made.config, f->now);
    tk_adopt_kept(f->fleet, &made.config, f->now);
    entry = tk_fleet_find(f->fleet, TK_STR("crm/client/a"));
    assert_non_null(entry);
    assert_true(entry->is_kept);
    assert_int_equal(f->fetches, 1);
    give_back(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLEET(a_source_that_is_the_same_keeps_its_tokens),
        WITH_FLEET(a_key_that_is_not_asked_about_yet_is_adopted_all_the_same),
        WITH_FLEET(a_queued_refresh_whose_reason_is_gone_is_not_fetched),
        WITH_FLEET(a_change_of_identity_withdraws_tokens_at_once),
        WITH_FLEET(a_source_that_is_taken_out_is_withdrawn),
        WITH_FLEET(a_refresh_under_way_lands_on_the_new_source),
        WITH_FLEET(a_refresh_that_was_queued_starts_under_the_new_source),
        WITH_FLEET(what_was_learned_survives_a_reload),
        WITH_FLEET(a_report_survives_a_reload),
        WITH_FLEET(what_an_issuer_has_asked_for_holds_over_a_reload),
        WITH_FLEET(kept_keys_are_fetched_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
