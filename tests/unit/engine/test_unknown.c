#include "tests/unit/engine/fixture.h"

enum { ROOM = TK_UNKNOWN_SETS * TK_UNKNOWN_WAYS };

static struct tk_unknowns *make(void)
{
    struct tk_unknowns *unknowns = calloc(1, sizeof *unknowns);

    assert_non_null(unknowns);
    unknowns->seed = (struct tk_seed){1, 2};
    return unknowns;
}

static void a_refusal_is_remembered_until_its_time_is_up(void **state)
{
    struct tk_unknowns *unknowns = make();
    struct tk_str key = TK_STR("crm/client/nobody");
    const struct tk_unknown *found;

    (void)state;
    assert_null(tk_unknown_find(unknowns, key, 1000));
    tk_unknown_remember(unknowns, key, 5, "no_such_tenant", 2000);
    found = tk_unknown_find(unknowns, key, 1999);
    assert_non_null(found);
    assert_int_equal(found->class, 5);
    assert_string_equal(found->code, "no_such_tenant");
    assert_null(tk_unknown_find(unknowns, key, 2000));
    assert_null(tk_unknown_find(unknowns, TK_STR("crm/client/other"), 1000));
    free(unknowns);
}

static void a_key_that_is_refused_again_takes_one_place(void **state)
{
    struct tk_unknowns *unknowns = make();

    (void)state;
    for (int i = 0; i < 10; i++) {
        tk_unknown_remember(unknowns, TK_STR("a/b"), 5, "no", 2000 + i);
    }
    assert_int_equal(tk_unknown_count(unknowns, 1000), 1);
    tk_unknown_forget_all(unknowns);
    assert_int_equal(tk_unknown_count(unknowns, 1000), 0);
    free(unknowns);
}

static void a_million_keys_fill_the_table_and_no_more(void **state)
{
    struct tk_unknowns *unknowns = make();
    char key[32];

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        int len = snprintf(key, sizeof key, "crm/client/%d", i);

        tk_unknown_remember(unknowns, tk_str_of(key, (size_t)len), 5, "no",
                            2000 + i);
    }
    assert_int_equal(tk_unknown_count(unknowns, 1000), ROOM);
    /* The last is there: the one that ends first has made room. */
    assert_non_null(tk_unknown_find(unknowns, tk_str(key), 1000));
    free(unknowns);
}

static void a_subject_that_was_refused_is_no_key_and_is_remembered(void **state)
{
    struct fixture *f = *state;
    struct tk_entry *entry = claim(f, "crm/client/nobody");
    struct tk_str key = TK_STR("crm/client/nobody");
    const struct tk_unknown *unknown;

    tk_refresh_want(f->fleet, entry, TK_URGENCY_PLANNED, f->now);
    land_failure(f, entry, TK_CLASS_REAUTHORIZE, 0);
    tk_refresh_run_due(f->fleet, f->now);
    assert_int_equal(tk_fleet_count(f->fleet), 0);
    unknown = tk_unknown_find(tk_fleet_unknowns(f->fleet), key, f->now);
    assert_non_null(unknown);
    assert_int_equal(unknown->class, TK_CLASS_REAUTHORIZE);
    assert_string_equal(unknown->code, "broken");
    assert_null(tk_unknown_find(tk_fleet_unknowns(f->fleet), key,
                                f->now + 10 * MINUTE));
}

/* As a caller does who asks for a subject that he made up. */
static void ask_for_made_up(struct fixture *f, int number)
{
    struct tk_want want = {.wait_ms = 0};
    struct tk_entry *entry;
    struct tk_wait wait;
    struct tk_key key;
    char text[40];
    int len = snprintf(text, sizeof text, "crm/client/x%d", number);

    if (tk_key_parse(tk_str_of(text, (size_t)len), &key, NULL) != 0 ||
        tk_fleet_claim(f->fleet, &f->source, &key, &entry, NULL) != 0) {
        return;
    }
    wait_for(f, &wait, entry, want);
    tk_wait_expire(f->fleet, f->now);
}

/* Every refresh is answered at once. */
static void answer_all(struct fixture *f, const struct tk_entry *good,
                       int *renewed)
{
    for (uint32_t id = 0; id < tk_fleet_count(f->fleet); id++) {
        struct tk_entry *entry = tk_fleet_at(f->fleet, id);

        if (entry->flight == NULL) continue;
        if (entry == good) {
            land_token(f, entry, ++*renewed % 2 == 0 ? "t2" : "t3", LIFE);
        } else {
            land_failure(f, entry, TK_CLASS_CONFIG, 0);
        }
    }
}

/* Peers 4: more keys than the cache held pushed the good ones out. */
static void a_million_made_up_subjects_cost_little_and_hurt_no_key(void **state)
{
    struct fixture *f = *state;
    struct tk_limits quota = {{0, 20, 0}};
    struct tk_limits half = tk_limits_half(&quota);
    struct tk_entry *good = fresh(f, "crm/client/good", "t1", LIFE);
    int64_t began = f->now;
    int renewed = 0;

    tk_budget_limit(&f->source.budget, &quota);
    tk_budget_limit(&f->source.newcomer_budget, &half);
    for (int i = 0; i < 1000000; i++) {
        f->now += 10;
        ask_for_made_up(f, i);
        if (i % 100 == 0) {
            tk_entry_note_use(good, f->now);
            tk_refresh_run_due(f->fleet, f->now);
        }
        if (f->source.active > 0) answer_all(f, good, &renewed);
        assert_true(tk_entry_has_token(good, f->now));
        assert_true(tk_fleet_count(f->fleet) <= f->source.max_keys);
    }
    assert_in_range(renewed, 1, 3);
    assert_true(f->fetches <= 10 * (f->now - began + MINUTE) / MINUTE + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_remembered_until_its_time_is_up),
        cmocka_unit_test(a_key_that_is_refused_again_takes_one_place),
        cmocka_unit_test(a_million_keys_fill_the_table_and_no_more),
        WITH_FLEET(a_subject_that_was_refused_is_no_key_and_is_remembered),
        WITH_FLEET(a_million_made_up_subjects_cost_little_and_hurt_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
