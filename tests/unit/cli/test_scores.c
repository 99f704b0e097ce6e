#define _GNU_SOURCE
#include "cli/scores.h"

#include "tests/unit/cli/capture.h"

static void every_policy_has_its_row(void **state)
{
    struct tk_tally tallies[] = {
        {.name = "on-demand", .uses = 20000, .cold = 40, .calls = 50},
        {.name = "always-fresh", .uses = 20000, .calls = 200},
        {.name = "mine", .uses = 20000, .cold = 4, .calls = 60},
    };
    struct tk_contest contest = {.tallies = tallies, .count = 3};
    struct tk_show show = {.width = 100};
    struct tk_buf out;

    (void)state;
    tk_buf_init(&out, 4096);
    tk_scores_print(&contest, &show, &out);
    assert_has(tk_buf_text(&out), "mine             60   30.0%       2.0");
    tk_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_policy_has_its_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
