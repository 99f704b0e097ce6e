#include "tests/unit/engine/realm.h"

#include "engine/adopt.h"
#include "engine/chooser.h"

/* A realm with a chooser on a loop. */
struct choosing {
    struct realm *r;
    struct tk_loop *loop;
    struct tk_chooser *chooser;
    int changes;
    struct tk_chosen chosen;
    struct tk_why why;
    const char *awaited; /* a word of the policy of "crm" */
};

static void note_change(void *data)
{
    struct choosing *c = data;

    c->changes++;
    if (c->awaited != NULL) tk_loop_stop(c->loop);
}

static void open_chooser(struct choosing *c)
{
    struct tk_chooser_options options = {.loop = c->loop,
                                         .fleet = c->r->fleet,
                                         .state_dir = c->r->s->folder.path,
                                         .changed = note_change,
                                         .data = c};

    assert_int_equal(tk_chooser_new(&options, &c->chooser), 0);
    tk_chooser_adopt(c->chooser, c->r->config);
}

static int set_up(void **state)
{
    struct choosing *c = calloc(1, sizeof *c);
    void *realm;

    if (c == NULL || realm_set_up(&realm) != 0) return -1;
    c->r = realm;
    assert_int_equal(tk_loop_new(&c->loop), 0);
    open_chooser(c);
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct choosing *c = *state;
    void *realm = c->r;

    tk_chooser_free(c->chooser);
    assert_int_equal(tk_loop_free(c->loop), 0);
    free(c);
    return realm_tear_down(&realm);
}

static int choose(struct choosing *c, const char *source, const char *name,
                  bool is_trial)
{
    struct tk_value choice = {.type = TK_TEXT, .as.text = tk_str(name)};

    return tk_chooser_choose(c->chooser, source_of(c->r, source), &choice,
                             is_trial, &c->chosen, &c->r->s->problems);
}

static const char *name_at(const struct choosing *c, const char *source)
{
    return source_of(c->r, source)->policy->name;
}

/* As a reload, or with `anew` as a restart. */
static void adopt(struct choosing *c, bool anew)
{
    struct tk_config *old = c->r->config;

    if (anew) tk_chooser_free(c->chooser);
    c->r->config = load(c->r->s, realm_config);
    assert_string_equal(problems_of(c->r->s), "");
    if (anew) {
        open_chooser(c);
    } else {
        tk_chooser_adopt(c->chooser, c->r->config);
    }
    assert_true(tk_adopt_judge(c->r->fleet, c->r->config, NULL));
    tk_adopt(c->r->fleet, old, c->r->config, c->r->now, NULL, NULL);
    tk_config_free(old);
}

static void a_choice_is_in_force_and_kept(void **state)
{
    struct choosing *c = *state;

    assert_int_equal(choose(c, "crm", "tiny", false), 0);
    assert_int_equal(c->chosen.not_kept.code, 0);
    assert_int_equal(c->changes, 1);
    assert_string_equal(name_at(c, "crm"), "tiny");
    adopt(c, false);
    assert_string_equal(name_at(c, "crm"), "tiny");
    adopt(c, true);
    assert_string_equal(name_at(c, "crm"), "tiny");
    assert_true(source_of(c->r, "crm")->post.is_chosen);
    assert_string_equal(name_at(c, "hr"), "mine");
}

static void a_trial_changes_nothing(void **state)
{
    struct choosing *c = *state;

    realm_fresh(c->r, "crm/client/a");
    assert_int_equal(choose(c, "crm", "tiny", true), 0);
    assert_int_equal(c->chosen.trial.asked, 1);
    assert_string_equal(name_at(c, "crm"), "mine");
    assert_int_equal(choose(c, "crm", "nobody", true), TK_EINVAL);
    adopt(c, true);
    assert_string_equal(name_at(c, "crm"), "mine");
}

static void what_was_undone_is_undone_after_a_restart(void **state)
{
    struct choosing *c = *state;

    assert_int_equal(choose(c, "crm", "tiny", false), 0);
    assert_int_equal(tk_chooser_back(c->chooser, source_of(c->r, "crm"),
                                     &c->chosen, &c->why),
                     0);
    assert_int_equal(c->chosen.not_kept.code, 0);
    adopt(c, true);
    assert_string_equal(name_at(c, "crm"), "mine");
    assert_int_equal(choose(c, "crm", "tiny", false), 0);
    tk_chooser_reset(c->chooser, source_of(c->r, "crm"), &c->chosen);
    adopt(c, true);
    assert_string_equal(name_at(c, "crm"), "mine");
    assert_int_equal(tk_chooser_back(c->chooser, source_of(c->r, "crm"),
                                     &c->chosen, &c->why),
                     TK_ENOENT);
}

/* The script of a choice may be gone or broken when the engine starts. */
static void a_choice_that_is_not_possible_waits_for_better_times(void **state)
{
    struct choosing *c = *state;

    folder_write(&c->r->s->folder, "policies/other.lua", tiny_policy);
    assert_int_equal(choose(c, "crm", "other", false), 0);
    folder_write(&c->r->s->folder, "policies/other.lua", "return 5");
    adopt(c, true);
    assert_string_equal(name_at(c, "crm"), "mine");
    assert_false(source_of(c->r, "crm")->post.is_chosen);
    folder_write(&c->r->s->folder, "policies/other.lua", tiny_policy);
    adopt(c, false);
    assert_string_equal(name_at(c, "crm"), "other");
}

static void a_reload_carries_the_state_and_what_was_before(void **state)
{
    struct choosing *c = *state;
    struct tk_entry *entry = realm_fresh(c->r, "crm/client/a");

    assert_int_equal(choose(c, "crm", "tiny", false), 0);
    assert_int_equal(choose(c, "crm", "mine", false), 0);
    tk_schedule_ask(c->r->fleet, entry, c->r->now);
    tk_schedule_ask(c->r->fleet, entry, c->r->now);
    adopt(c, false);
    tk_schedule_ask(c->r->fleet, entry, c->r->now);
    assert_string_equal(why_of(c->r, entry), "first 4");
    assert_string_equal(entry->source->post.before->name, "tiny");
    assert_int_equal(entry->source->post.swaps, 2);
}

static void await(struct choosing *c)
{
    c->awaited = "changed";
    tk_loop_run(c->loop);
    c->awaited = NULL;
}

static void a_file_that_changes_is_loaded(void **state)
{
    struct choosing *c = *state;
    struct tk_entry *entry = realm_fresh(c->r, "hr/client/a");

    folder_write(&c->r->s->folder, "policies/mine.lua", MINE("newer"));
    await(c);
    tk_refresh_run_due(c->r->fleet, INT64_MAX / 2);
    assert_int_equal(strncmp(why_of(c->r, entry), "newer", 5), 0);
    assert_int_equal(source_of(c->r, "crm")->post.swaps, 1);
    assert_int_equal(source_of(c->r, "hr")->post.swaps, 1);
}

/* A version that somebody went back from does not come again by a reload. */
static void what_was_turned_down_stays_so_over_a_reload(void **state)
{
    struct choosing *c = *state;
    const struct tk_policy *first = source_of(c->r, "crm")->policy;

    folder_write(&c->r->s->folder, "policies/mine.lua", MINE("newer"));
    await(c);
    assert_int_equal(tk_chooser_back(c->chooser, source_of(c->r, "crm"),
                                     &c->chosen, &c->why),
                     0);
    assert_ptr_equal(source_of(c->r, "crm")->policy, first);
    assert_int_equal(c->chosen.not_kept.code, TK_EVERSION);
    adopt(c, false);
    assert_ptr_equal(source_of(c->r, "crm")->policy, first);
    assert_ptr_not_equal(source_of(c->r, "hr")->policy, first);
}

#define CHOOSING(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHOOSING(a_choice_is_in_force_and_kept),
        CHOOSING(a_trial_changes_nothing),
        CHOOSING(what_was_undone_is_undone_after_a_restart),
        CHOOSING(a_choice_that_is_not_possible_waits_for_better_times),
        CHOOSING(a_reload_carries_the_state_and_what_was_before),
        CHOOSING(a_file_that_changes_is_loaded),
        CHOOSING(what_was_turned_down_stays_so_over_a_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
