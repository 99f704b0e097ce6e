#define _GNU_SOURCE
#include "cli/scores.h"

#include "tests/unit/cli/capture.h"

#include <stdio.h>

static struct tk_trace trace = {.key_count = 7};
static struct tk_contest_terms terms = {
    .trace = &trace,
    .learn_ms = 86400000,
    .issuer = {.life_ms = 7200 * 1000,
               .window_ms = 1800 * 1000,
               .latency_ms = 500},
};
static struct tk_tally tallies[] = {
    {.name = "on-demand",
     .uses = 20000,
     .cold = 40,
     .calls = 50,
     .from_ms = 86400000,
     .to_ms = 2 * 86400000},
    {.name = "always-fresh", .uses = 20000, .calls = 200},
    {.name = "mine",
     .uses = 20000,
     .cold = 4,
     .calls = 60,
     .background = 56,
     .awaited = 4,
     .peak = 9,
     .at_risk_ms = 25,
     .key_ms = 100},
};
static const struct tk_contest contest = {&terms, tallies, 3};
static const struct tk_optimum optimum = {.continuous = {.calls = 50}};

static const char *print(struct tk_buf *out, const struct tk_optimum *best)
{
    struct tk_show show = {.width = 100};

    tk_buf_init(out, 8192);
    tk_scores_print(&contest, best, &show, out);
    return tk_buf_text(out);
}

static void every_policy_has_its_row(void **state)
{
    struct tk_buf out;
    const char *page = print(&out, &optimum);

    (void)state;
    assert_has(page, "\nmine                             60   30.0%       2.0"
                     "    90.0%  1.44  1.92   3.52\n");
    assert_has(page, "\nmine             56        4      0       0       0"
                     "       0     9    25.0%\n");
    assert_has(page, "\noptimum                          50   25.0%       0.0"
                     "   100.0%  1.00  1.00   1.00\n");
    tk_buf_fini(&out);
}

static void what_was_assumed_is_said(void **state)
{
    struct tk_buf out;

    (void)state;
    assert_has(print(&out, NULL),
               "20000 uses of 7 keys in 1d are judged, after 1d of learning. "
               "Tokens live 2h and are renewed in their\nlast 30m; a call "
               "takes 500ms.\n");
    tk_buf_fini(&out);
}

static void a_recording_of_several_issuers_is_warned_of(void **state)
{
    struct tk_recorded answers[] = {{.life_ms = 7200000, .is_new = true},
                                    {.life_ms = 3600000, .is_new = true}};
    struct tk_buf out;

    (void)state;
    trace.answers = answers;
    trace.answer_count = 2;
    assert_has(print(&out, NULL), "\nwarning: tokens of 1h to 2h were "
                                  "recorded: try one source at a time, by "
                                  "--source\n");
    trace.answer_count = 0;
    tk_buf_fini(&out);
}

static void a_policy_that_failed_is_warned_of(void **state)
{
    struct tk_buf out;

    (void)state;
    tallies[2].troubles = 3;
    snprintf(tallies[2].trouble, sizeof tallies[2].trouble, "mine.lua:7: no");
    assert_has(print(&out, NULL),
               "\nwarning: mine failed 3 times, at last: mine.lua:7: no\n");
    tallies[2].troubles = 0;
    tk_buf_fini(&out);
}

static void without_an_optimum_there_is_a_dash(void **state)
{
    struct tk_buf out;
    const char *page = print(&out, NULL);

    (void)state;
    assert_has(page, "\nmine             60   30.0%       2.0    90.0%    -"
                     "     -     -\n");
    assert_has_not(page, "optimum ");
    tk_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_has_its_row),
        cmocka_unit_test(what_was_assumed_is_said),
        cmocka_unit_test(a_recording_of_several_issuers_is_warned_of),
        cmocka_unit_test(a_policy_that_failed_is_warned_of),
        cmocka_unit_test(without_an_optimum_there_is_a_dash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
