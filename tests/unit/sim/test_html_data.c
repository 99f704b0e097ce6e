#include "sim/html_data.h"

#include "net/json.h"

#include "tests/unit/sim/trial.h"
#include "tests/unit/text.h"

/* The data, read back. Owned by a test. */
struct reading {
    struct tk_buf text;
    struct tk_pool pool;
    struct tk_value root;
};

static void read_data(struct reading *reading, const struct trial *trial,
                      const struct tk_optimum *optimum)
{
    struct tk_html_data data = {
        .trace = TK_STR("use.csv"),
        .contest = &trial->contest,
        .optimum = optimum,
    };
    struct tk_why why;

    tk_buf_init(&reading->text, TK_JSON_MAX);
    tk_pool_init(&reading->pool, 64 * 1024 * 1024);
    assert_int_equal(tk_html_data_put(&reading->text, &data), 0);
    if (tk_json_parse(tk_buf_str(&reading->text), &reading->pool,
                      &reading->root, &why) != 0) {
        fail_msg("%s", why.text);
    }
}

static void forget(struct reading *reading)
{
    tk_pool_fini(&reading->pool);
    tk_buf_fini(&reading->text);
}

static int64_t number(const struct tk_value *table, const char *name)
{
    int64_t number = -1;

    if (!tk_value_int(tk_value_get(table, name), &number)) {
        fail_msg("%s is no whole number", name);
    }
    return number;
}

static uint32_t length(const struct tk_value *list)
{
    return list == NULL ? 0 : list->as.table.item_count;
}

static void the_results_are_told(void **state)
{
    struct trial *trial = *state;
    struct tk_optimum optimum = {.ticks = {.calls = 7, .cold = 2, .first = 1}};
    const struct tk_value *item;
    struct reading reading;

    for (int i = 0; i < 50; i++) trial_use(trial, "a<b", i * HOUR);
    trial_add(trial, "threshold", NULL);
    trial_run(trial);
    read_data(&reading, trial, &optimum);
    assert_text(tk_value_text(tk_value_get(&reading.root, "name")),
                TK_STR("use.csv"));
    item = tk_value_get(tk_value_get(&reading.root, "report"), "rows");
    assert_int_equal(length(item), 3 + 4);
    assert_int_equal(number(tk_value_item(item, 1), "calls"), 7);
    assert_text(tk_value_text(tk_value_get(tk_value_item(item, 6), "name")),
                TK_STR("threshold"));
    item = tk_value_get(&reading.root, "minutes");
    assert_int_equal(length(item), 4);
    assert_int_equal(length(tk_value_item(item, 3)), 1440);
    item = tk_value_get(tk_value_get(&reading.root, "key"), "tokens");
    assert_int_equal(length(item), 4);
    assert_int_equal(length(tk_value_item(item, 3)),
                     trial->contest.tallies[3].shown_count);
    forget(&reading);
}

static void of_the_key_what_is_judged_is_told(void **state)
{
    struct trial *trial = *state;
    const struct tk_value *key, *best;
    struct tk_optimum optimum = {0};
    int64_t from = 0;
    struct reading reading;

    for (int i = 0; i < 5; i++) {
        trial_use(trial, "other", i * 10 * HOUR + 1);
        trial_use(trial, "shown", i * 10 * HOUR);
    }
    trial->terms.show_key = 1;
    trial->terms.learn_ms = 15 * HOUR;
    trial_run(trial);
    assert_string_equal(trial->trace.keys[1].data, "shown");
    read_data(&reading, trial, &optimum);
    key = tk_value_get(&reading.root, "key");
    assert_text(tk_value_text(tk_value_get(key, "name")), TK_STR("shown"));
    assert_int_equal(length(tk_value_get(key, "uses")), 3);
    best = tk_value_get(key, "optimum");
    assert_int_equal(length(best), 3);
    assert_true(tk_value_int(tk_value_item(tk_value_item(best, 0), 0), &from));
    assert_int_equal(from, 20 * HOUR);
    forget(&reading);
}

/* Four weeks at most, and no more than 20 000 uses. */
static void of_a_busy_key_a_part_is_told(void **state)
{
    struct trial *trial = *state;
    const struct tk_value *key;
    struct reading reading;

    for (int i = 0; i < 30000; i++) trial_use(trial, "k", i * SECOND);
    trial_run(trial);
    read_data(&reading, trial, NULL);
    key = tk_value_get(&reading.root, "key");
    assert_int_equal(length(tk_value_get(key, "uses")), 20000);
    assert_int_equal(number(key, "to_ms"), 20000 * SECOND);
    assert_int_equal(length(tk_value_get(key, "optimum")), 0);
    forget(&reading);
}

static void four_weeks_are_told(void **state)
{
    struct trial *trial = *state;
    const struct tk_value *key;
    struct reading reading;

    for (int i = 0; i < 40; i++) trial_use(trial, "k", i * DAY);
    trial->terms.learn_ms = 5 * DAY;
    trial_run(trial);
    read_data(&reading, trial, NULL);
    key = tk_value_get(&reading.root, "key");
    assert_int_equal(length(tk_value_get(key, "uses")), 28);
    assert_int_equal(number(key, "to_ms"), 33 * DAY);
    forget(&reading);
}

/* Whatever is told is of the span that is judged. */
static void a_trace_that_begins_late_in_a_week_is_told_from_there(void **state)
{
    struct trial *trial = *state;
    const struct tk_value *key, *trace;
    struct reading reading;

    for (int i = 0; i < 40; i++) trial_use(trial, "k", (3 + i) * DAY);
    trial->terms.learn_ms = 5 * DAY;
    trial_run(trial);
    read_data(&reading, trial, NULL);
    key = tk_value_get(&reading.root, "key");
    assert_int_equal(number(key, "from_ms"), trial->contest.tallies->from_ms);
    assert_int_equal(number(key, "from_ms"), 8 * DAY);
    assert_int_equal(length(tk_value_get(key, "uses")), 28);
    trace = tk_value_get(tk_value_get(&reading.root, "report"), "trace");
    assert_int_equal(number(trace, "seconds"), 39 * DAY / SECOND);
    forget(&reading);
}

static void a_trace_without_a_use_is_told_too(void **state)
{
    struct trial *trial = *state;
    struct reading reading;

    trial_run(trial);
    read_data(&reading, trial, NULL);
    assert_int_equal(
        length(tk_value_get(tk_value_get(&reading.root, "key"), "uses")), 0);
    forget(&reading);
}

static uint32_t pick(struct trial *trial, const char *name)
{
    uint32_t key = 99;

    assert_int_equal(tk_html_data_pick(&trial->trace, name, &key, &trial->why),
                     0);
    return key;
}

static void the_key_of_the_middle_is_shown_or_a_named_one(void **state)
{
    struct trial *trial = *state;
    uint32_t key;

    assert_int_equal(pick(trial, NULL), 0);
    for (int i = 0; i < 9; i++) {
        trial_use(trial, "often", i);
        if (i < 1) trial_use(trial, "once", i);
        if (i < 3) trial_use(trial, "at times", i);
    }
    assert_int_equal(pick(trial, NULL), 2);
    assert_int_equal(pick(trial, "once"), 1);
    assert_int_equal(
        tk_html_data_pick(&trial->trace, "oftem", &key, &trial->why),
        TK_ENOENT);
    assert_string_equal(trial->why.text,
                        "no key oftem in the trace; did you mean often?");
    assert_int_equal(
        tk_html_data_pick(&trial->trace, "nothing", &key, &trial->why),
        TK_ENOENT);
    assert_string_equal(trial->why.text, "no key nothing in the trace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TRIAL(the_results_are_told),
        WITH_TRIAL(of_the_key_what_is_judged_is_told),
        WITH_TRIAL(of_a_busy_key_a_part_is_told),
        WITH_TRIAL(four_weeks_are_told),
        WITH_TRIAL(a_trace_that_begins_late_in_a_week_is_told_from_there),
        WITH_TRIAL(a_trace_without_a_use_is_told_too),
        WITH_TRIAL(the_key_of_the_middle_is_shown_or_a_named_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
