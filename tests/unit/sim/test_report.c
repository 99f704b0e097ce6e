#include "sim/report.h"

#include "tests/unit/harness.h"

#include "net/json.h"

#include <stdio.h>
#include <string.h>

/* Owned by a test: a contest of the references and one policy. */
struct desk {
    struct tk_trace trace;
    struct tk_lineup lineup;
    struct tk_contest_terms terms;
    struct tk_tally tallies[4];
    struct tk_contest contest;
    struct tk_optimum optimum;
    struct tk_buf out;
    struct tk_pool pool;
    struct tk_value root;
};

static void write_report(struct desk *desk, bool has_optimum)
{
    struct tk_why why;

    tk_buf_init(&desk->out, 1 << 20);
    tk_pool_init(&desk->pool, 1 << 20);
    tk_report_write(&desk->contest, has_optimum ? &desk->optimum : NULL,
                    &desk->out);
    assert_int_equal(
        tk_json_parse(tk_buf_str(&desk->out), &desk->pool, &desk->root, &why),
        0);
}

static void report(struct desk *desk, bool has_optimum)
{
    static const char *const names[] = {"on-demand", "always-fresh", "seed",
                                        "mine cold_cost=4"};

    *desk = (struct desk){.lineup = {.references = 3}};
    for (int i = 0; i < 4; i++) {
        snprintf(desk->tallies[i].name, TK_TALLY_NAME, "%s", names[i]);
        desk->tallies[i].uses = 10000;
        desk->tallies[i].calls = 100 + (uint64_t)i;
        desk->tallies[i].minutes[7] = 3;
    }
    desk->trace.use_count = 10000;
    desk->terms.trace = &desk->trace;
    desk->terms.lineup = &desk->lineup;
    desk->terms.learn_ms = 1500;
    desk->terms.issuer.life_ms = 7200 * 1000;
    desk->optimum.continuous.calls = 50;
    desk->contest = (struct tk_contest){&desk->terms, desk->tallies, 4};
    write_report(desk, has_optimum);
}

static void end(struct desk *desk)
{
    tk_buf_fini(&desk->out);
    tk_pool_fini(&desk->pool);
}

static const struct tk_value *row(struct desk *desk, uint32_t number)
{
    return tk_value_item(tk_value_get(&desk->root, "rows"), number);
}

static void assert_text(const struct tk_value *value, const char *text)
{
    if (!tk_str_is(tk_value_text(value), text)) {
        fail_msg("'%.*s' is not '%s'", TK_ARG(tk_value_text(value)), text);
    }
}

static void every_row_says_what_it_is(void **state)
{
    struct desk desk;

    (void)state;
    report(&desk, true);
    assert_text(tk_value_get(row(&desk, 0), "is"), "optimum");
    assert_text(tk_value_get(row(&desk, 3), "is"), "reference");
    assert_text(tk_value_get(row(&desk, 5), "is"), "reference");
    assert_text(tk_value_get(row(&desk, 6), "is"), "policy");
    assert_text(tk_value_get(row(&desk, 6), "name"), "mine cold_cost=4");
    assert_null(row(&desk, 7));
    end(&desk);
}

static void numbers_are_numbers(void **state)
{
    struct desk desk;
    const struct tk_value *over;
    int64_t number;

    (void)state;
    report(&desk, true);
    assert_true(tk_value_int(tk_value_get(row(&desk, 6), "calls"), &number));
    assert_int_equal(number, 103);
    over = tk_value_get(row(&desk, 6), "over_optimum");
    assert_true(tk_value_get(over, "10")->as.number == 2.06);
    assert_true(tk_value_int(
        tk_value_get(tk_value_get(&desk.root, "issuer"), "life"), &number));
    assert_int_equal(number, 7200);
    assert_true(tk_value_get(&desk.root, "learn")->as.number == 1.5);
    end(&desk);
}

static void without_an_optimum_its_rows_are_left_out(void **state)
{
    struct desk desk;
    const struct tk_value *over;

    (void)state;
    report(&desk, false);
    assert_text(tk_value_get(row(&desk, 0), "name"), "on-demand");
    over = tk_value_get(row(&desk, 3), "over_optimum");
    assert_int_equal(tk_value_get(over, "4")->type, TK_NIL);
    end(&desk);
}

static bool is_as_recorded(struct desk *desk)
{
    const struct tk_value *issuer = tk_value_get(&desk->root, "issuer");

    return tk_value_get(issuer, "as_recorded")->as.flag;
}

static void calls_take_what_was_recorded_if_something_was(void **state)
{
    struct desk desk;

    (void)state;
    report(&desk, true);
    assert_false(is_as_recorded(&desk));
    end(&desk);
    desk.terms.issuer.is_as_recorded = true;
    write_report(&desk, true);
    assert_false(is_as_recorded(&desk));
    end(&desk);
    desk.trace.answer_count = 1;
    write_report(&desk, true);
    assert_true(is_as_recorded(&desk));
    end(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_what_it_is),
        cmocka_unit_test(numbers_are_numbers),
        cmocka_unit_test(without_an_optimum_its_rows_are_left_out),
        cmocka_unit_test(calls_take_what_was_recorded_if_something_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
