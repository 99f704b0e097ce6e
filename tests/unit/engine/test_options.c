#include "tests/unit/engine/learner.h"

#include "base/span.h"
#include "engine/options.h"

#include "tests/unit/engine/tree.h"

static const char declared[] =
    "{'threshold':{'default':'15m','min':'1s','max':'1h','help':'life left'},"
    "'theta':{'default':0.1,'min':0.005,'max':0.9},"
    "'mode':{'default':'calm','choices':['calm','wild']},"
    "'tenants':{'default':true},"
    "'days':{'default':['mon']},"
    "'limit':{'type':'count','min':0}}";

static int open_options(struct tree *tree, const char *choice,
                        struct tk_options *options)
{
    struct tk_value fields = parse(tree, declared);
    struct tk_value chosen = parse(tree, choice);

    return tk_options_open(options, "policy", &fields, &chosen,
                           &tree->problems);
}

static const char *values_of(struct tree *tree,
                             const struct tk_options *options)
{
    return text_of(&tree->pool, &options->values);
}

static void defaults_are_overruled_by_the_operator(void **state)
{
    struct tree *tree = *state;
    struct tk_options options;

    assert_int_equal(
        open_options(tree, "{'theta':0.2,'threshold':'5m'}", &options), 0);
    assert_string_equal(values_of(tree, &options),
                        "{'threshold':300,'theta':0.2,'mode':'calm',"
                        "'tenants':true,'days':['mon']}");
    tk_options_close(&options);
}

static void a_fraction_has_its_bounds(void **state)
{
    struct tree *tree = *state;
    struct tk_options options;

    assert_int_equal(open_options(tree, "{'theta':0.001}", &options),
                     TK_EINVAL);
    assert_int_equal(open_options(tree, "{'limit':-1}", &options), TK_EINVAL);
    assert_string_equal(problems_of(tree), "policy.theta: is less than 0.005\n"
                                           "policy.limit: is less than 0\n");
}

static const char *move_to(struct tree *tree, struct tk_options *options,
                           const char *moved_text)
{
    static struct tk_why why;
    struct tk_value moved = parse(tree, moved_text);
    bool changed;

    why = (struct tk_why){0};
    if (tk_options_move(options, &moved, &changed, &why) != 0) {
        assert_false(changed);
        return why.text;
    }
    return changed ? "changed" : "same";
}

#define MOVED(threshold, theta, mode)                                          \
    "{'threshold':" threshold ",'theta':" theta ",'mode':" mode                \
    ",'tenants':true,'days':['mon']}"

static void a_script_moves_what_the_operator_left_open(void **state)
{
    struct tree *tree = *state;
    struct tk_options options;

    assert_int_equal(open_options(tree, "{'theta':0.2}", &options), 0);
    assert_string_equal(move_to(tree, &options, MOVED("900", "0.2", "'calm'")),
                        "same");
    assert_string_equal(move_to(tree, &options, MOVED("60.5", "0.2", "'wild'")),
                        "changed");
    assert_string_equal(values_of(tree, &options),
                        "{'threshold':60.5,'theta':0.2,'mode':'wild',"
                        "'tenants':true,'days':['mon']}");
    /* Pinned. */
    assert_string_equal(move_to(tree, &options, MOVED("60.5", "0.7", "'wild'")),
                        "same");
    assert_true(tk_value_get(&options.values, "theta")->as.number == 0.2);
    tk_options_close(&options);
}

static void a_bad_move_is_refused_as_a_whole(void **state)
{
    static const struct {
        const char *moved;
        const char *says;
    } bad[] = {
        {MOVED("0.5", "0.2", "'calm'"), "options.threshold: is less than 1s"},
        {MOVED("1e9", "0.2", "'calm'"), "options.threshold: is more than 1h"},
        {MOVED("'5m'", "0.2", "'calm'"), "must be a number of seconds"},
        {MOVED("60", "2", "'calm'"), "options.theta: is more than 0.9"},
        {MOVED("60", "true", "'calm'"), "options.theta: must be a number"},
        {MOVED("60", "0.2", "'loud'"), "must be one of: calm, wild"},
        {"{'theta':0.1,'mode':'calm','tenants':true,'days':[]}",
         "options.threshold: was taken away by tick"},
        {"{'threshold':900,'theta':0.1,'mode':'calm','tenants':true,"
         "'days':['mon'],'thetta':1}",
         "options.thetta: is no option with a default"},
        {"[]", "was taken away by tick"},
    };
    struct tree *tree = *state;
    struct tk_options options;
    const char *before;

    assert_int_equal(open_options(tree, "{}", &options), 0);
    before = values_of(tree, &options);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *said = move_to(tree, &options, bad[i].moved);

        if (strstr(said, bad[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", said, bad[i].says);
        }
        assert_string_equal(values_of(tree, &options), before);
    }
    tk_options_close(&options);
}

static void a_list_can_be_moved(void **state)
{
    struct tree *tree = *state;
    struct tk_options options;

    assert_int_equal(open_options(tree, "{}", &options), 0);
    assert_string_equal(
        move_to(tree, &options,
                "{'threshold':900,'theta':0.1,'mode':'calm','tenants':true,"
                "'days':['mon','tue']}"),
        "changed");
    assert_int_equal(tk_value_get(&options.values, "days")->as.table.item_count,
                     2);
    tk_options_close(&options);
}

static void assert_interval(struct fixture *f, const char *seconds, int64_t ms)
{
    char text[256];

    snprintf(text, sizeof text,
             "policy.options = { check_interval = { default = '30s' } }\n"
             "function policy.tick(fleet, options)\n"
             "  options.check_interval = %s end",
             seconds);
    use_script(f, text);
    run_until(f, f->now + 30 * SECOND);
    assert_int_equal(f->policy.tick.failures, 0);
    assert_int_equal(f->policy.check_interval_ms, ms);
}

static void a_tick_moves_the_interval_to_whole_seconds(void **state)
{
    struct fixture *f = *state;

    fresh(f, "crm/client/a", "t1", LIFE);
    assert_interval(f, "60", 60 * SECOND);
    assert_int_equal(tk_fleet_earliest(f->fleet),
                     f->policy.epoch + 60 * SECOND);
}

static void a_tick_moves_the_interval_to_any_number_of_seconds(void **state)
{
    struct fixture *f = *state;

    fresh(f, "crm/client/a", "t1", LIFE);
    assert_interval(f, "45.5", 45500);
}

static void an_interval_that_a_tick_moves_has_bounds(void **state)
{
    struct fixture *f = *state;

    fresh(f, "crm/client/a", "t1", LIFE);
    assert_interval(f, "1e300", TK_SPAN_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TREE(defaults_are_overruled_by_the_operator),
        WITH_TREE(a_fraction_has_its_bounds),
        WITH_TREE(a_script_moves_what_the_operator_left_open),
        WITH_TREE(a_bad_move_is_refused_as_a_whole),
        WITH_TREE(a_list_can_be_moved),
        WITH_LEARNER(a_tick_moves_the_interval_to_whole_seconds),
        WITH_LEARNER(a_tick_moves_the_interval_to_any_number_of_seconds),
        WITH_LEARNER(an_interval_that_a_tick_moves_has_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
