#include "sim/lineup.h"

#include "tests/unit/harness.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Owned by a test: the policies are the installed ones. */
struct scene {
    struct tk_library library;
    struct tk_lineup lineup;
    struct tk_why why;
};

static int set_up(void **state)
{
    static struct scene scene;

    tk_log_setup(TK_LOG_OFF, NULL, NULL);
    scene = (struct scene){0};
    tk_lineup_init(&scene.lineup, &scene.library);
    *state = &scene;
    return tk_library_init(&scene.library, NULL, &scene.why);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    tk_lineup_fini(&scene->lineup);
    return 0;
}

static int add(struct scene *scene, const char *policy, const char *a,
               const char *b)
{
    const char *const sets[] = {a, b, NULL};

    return tk_lineup_add(&scene->lineup, policy, sets, &scene->why);
}

static void assert_name(struct scene *scene, size_t i, const char *name)
{
    assert_true(i < scene->lineup.count);
    assert_string_equal(scene->lineup.trials[i].name, name);
}

static struct tk_policy *open(struct scene *scene, size_t i)
{
    struct tk_policy *policy = NULL;

    if (tk_trial_open(&scene->lineup, &scene->lineup.trials[i], 0, &policy,
                      &scene->why) != 0) {
        fail_msg("%s", scene->why.text);
    }
    return policy;
}

static void a_policy_goes_by_the_name_of_its_file(void **state)
{
    (void)state;
    assert_true(tk_str_is(tk_lineup_name("foresight"), "foresight"));
    assert_true(tk_str_is(tk_lineup_name("my/own.lua"), "own"));
    assert_true(tk_str_is(tk_lineup_name("./.lua"), ".lua"));
}

static void options_are_set_by_the_name_of_their_policy(void **state)
{
    struct scene *scene = *state;
    struct tk_policy *policy;

    assert_int_equal(add(scene, "threshold", "threshold.threshold=120s",
                         "other.threshold=7s"),
                     0);
    assert_int_equal(scene->lineup.count, 1);
    assert_name(scene, 0, "threshold threshold=120s");
    policy = open(scene, 0);
    assert_int_equal(policy->check_interval_ms, 1800 * 1000);
    tk_policy_close(policy);
}

static void an_option_without_a_policy_is_for_all(void **state)
{
    struct scene *scene = *state;
    struct tk_policy *policy;

    assert_int_equal(add(scene, "threshold", "check_interval=60s", NULL), 0);
    policy = open(scene, 0);
    assert_int_equal(policy->check_interval_ms, 60 * 1000);
    tk_policy_close(policy);
}

static void every_combination_of_values_is_a_trial(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        add(scene, "threshold", "threshold=2m,15m", "tenants=true,false"), 0);
    assert_int_equal(scene->lineup.count, 4);
    assert_name(scene, 0, "threshold threshold=2m tenants=true");
    assert_name(scene, 1, "threshold threshold=2m tenants=false");
    assert_name(scene, 3, "threshold threshold=15m tenants=false");
    for (size_t i = 0; i < 4; i++) tk_policy_close(open(scene, i));
}

static void texts_numbers_and_flags_are_told_apart(void **state)
{
    struct scene *scene = *state;
    const struct tk_pair *pairs;

    assert_int_equal(add(scene, "x", "a=15m,10,.5,true,1.5.2,1e17", NULL), 0);
    assert_int_equal(scene->lineup.count, 6);
    pairs = scene->lineup.trials[0].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_TEXT);
    pairs = scene->lineup.trials[1].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_INT);
    pairs = scene->lineup.trials[2].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_NUM);
    pairs = scene->lineup.trials[3].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_BOOL);
    pairs = scene->lineup.trials[4].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_TEXT);
    pairs = scene->lineup.trials[5].choice.as.table.pairs;
    assert_int_equal(pairs->value.type, TK_NUM);
}

static void what_sets_nothing_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(add(scene, "x", "cold_cost", NULL), TK_EINVAL);
    assert_string_equal(scene->why.text,
                        "'cold_cost' is no POLICY.OPTION=VALUE, such as "
                        "foresight.cold_cost=10");
    assert_int_equal(add(scene, "x", "cold_cost=", NULL), TK_EINVAL);
    assert_int_equal(add(scene, "x", "=3", NULL), TK_EINVAL);
}

static void what_is_for_no_policy_is_refused(void **state)
{
    static const char *const policies[] = {"threshold", "my/own.lua", NULL};
    static const char *const good[] = {"threshold.a=1", "own.b=1", "c=1", NULL};
    static const char *const bad[] = {"own.b=1", "treshold.a=1", NULL};
    static const char *const for_all[] = {"c=1", NULL};
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_lineup_check_sets(good, policies, &why), 0);
    assert_int_equal(tk_lineup_check_sets(bad, policies, &why), TK_EINVAL);
    assert_string_equal(why.text,
                        "'treshold.a=1' is for no policy that is tried");
    assert_int_equal(tk_lineup_check_sets(for_all, policies + 2, &why),
                     TK_EINVAL);
}

/* Sixteen options of a policy, and no fewer for those of another. */
static void the_options_of_each_policy_are_counted_apart(void **state)
{
    static const char *sets[] = {"a=1", "a=1", "a=1", "a=1", "a=1",       "a=1",
                                 "a=1", "a=1", "a=1", "a=1", "a=1",       "a=1",
                                 "a=1", "a=1", "a=1", "a=1", "other.a=1", NULL};
    struct scene *scene = *state;

    assert_int_equal(tk_lineup_add(&scene->lineup, "x", sets, &scene->why), 0);
    assert_int_equal(tk_lineup_add(&scene->lineup, "other", sets, &scene->why),
                     TK_EFULL);
}

static void values_without_end_are_refused(void **state)
{
    struct scene *scene = *state;
    size_t size = 5 * 1024 * 1024;
    char *set = malloc(size + 1);

    memset(set, 'a', size);
    set[1] = '=';
    set[size] = '\0';
    assert_int_equal(add(scene, "x", set, NULL), TK_ENOMEM);
    free(set);
}

static void a_sweep_without_end_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(add(scene, "x", "a=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
                         "b=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"),
                     TK_EFULL);
    assert_string_equal(scene->why.text, "more than 200 runs are asked for");
}

static void an_option_that_the_policy_does_not_have_is_told(void **state)
{
    struct scene *scene = *state;
    struct tk_policy *policy;

    assert_int_equal(add(scene, "threshold", "treshold=2m", NULL), 0);
    assert_int_equal(tk_trial_open(&scene->lineup, &scene->lineup.trials[0], 0,
                                   &policy, &scene->why),
                     TK_EINVAL);
    assert_string_equal(scene->why.text,
                        "--policy threshold.treshold: unknown field; did you "
                        "mean threshold?");
}

static void a_tick_overrules_that_of_the_policy(void **state)
{
    struct scene *scene = *state;
    struct tk_policy *policy;

    assert_int_equal(add(scene, "threshold", NULL, NULL), 0);
    assert_int_equal(tk_trial_open(&scene->lineup, &scene->lineup.trials[0],
                                   60000, &policy, &scene->why),
                     0);
    assert_int_equal(policy->check_interval_ms, 60000);
    tk_policy_close(policy);
}

static void the_references_can_be_opened(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_lineup_add_references(&scene->lineup, &scene->why), 0);
    assert_int_equal(scene->lineup.references, 3);
    assert_name(scene, 0, "on-demand");
    assert_name(scene, 1, "always-fresh");
    assert_name(scene, 2, "seed");
    assert_int_equal(scene->lineup.trials[2].step_ms, 1800 * 1000);
    for (size_t i = 0; i < 3; i++) tk_policy_close(open(scene, i));
}

#define WITH_SCENE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_goes_by_the_name_of_its_file),
        WITH_SCENE(options_are_set_by_the_name_of_their_policy),
        WITH_SCENE(an_option_without_a_policy_is_for_all),
        WITH_SCENE(every_combination_of_values_is_a_trial),
        WITH_SCENE(texts_numbers_and_flags_are_told_apart),
        WITH_SCENE(what_sets_nothing_is_refused),
        cmocka_unit_test(what_is_for_no_policy_is_refused),
        WITH_SCENE(the_options_of_each_policy_are_counted_apart),
        WITH_SCENE(values_without_end_are_refused),
        WITH_SCENE(a_sweep_without_end_is_refused),
        WITH_SCENE(an_option_that_the_policy_does_not_have_is_told),
        WITH_SCENE(a_tick_overrules_that_of_the_policy),
        WITH_SCENE(the_references_can_be_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
