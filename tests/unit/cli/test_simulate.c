#define _GNU_SOURCE
#include "cli/simulate.h"

#include "tests/unit/cli/capture.h"
#include "tests/unit/engine/folder.h"

/* Owned by a test. */
struct desk {
    struct folder folder;
    struct capture capture;
};

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);

    folder_make(&desk->folder);
    capture_init(&desk->capture);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    capture_fini(&desk->capture);
    folder_remove(&desk->folder);
    free(desk);
    return 0;
}

static const char *trace_of(struct desk *desk)
{
    return folder_write(&desk->folder, "t.csv",
                        "seconds,key\n0,a\n3600,a\n18000,a\n36000,a\n");
}

static void a_policy_is_measured_by_the_references(void **state)
{
    struct desk *desk = *state;
    const char *page;

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--trace", trace_of(desk), "--policy",
                                 "threshold", NULL),
                     TK_EXIT_OK);
    page = capture_out(&desk->capture);
    assert_has(page, "on-demand ");
    assert_has(page, "always-fresh ");
    assert_has(page, "seed ");
    assert_has(page, "threshold ");
}

static void without_a_trace_nothing_is_simulated(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command, NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&desk->capture), "--trace FILE is needed");
}

static void a_policy_that_is_not_there_is_told(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--trace", trace_of(desk), "--policy",
                                 "nonsense", NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&desk->capture), "no script named nonsense");
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DESK(a_policy_is_measured_by_the_references),
        WITH_DESK(without_a_trace_nothing_is_simulated),
        WITH_DESK(a_policy_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
