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

/* Runs with the trace and these words; NULL ends them early. */
static enum tk_exit simulate(struct desk *desk, char *a, char *b, char *c,
                             char *d)
{
    return capture_run(&desk->capture, &tk_simulate_command, "--trace",
                       trace_of(desk), a, b, c, d, NULL);
}

static void refuse(struct desk *desk, char *a, char *b, const char *reason)
{
    assert_int_equal(simulate(desk, a, b, NULL, NULL), TK_EXIT_USAGE);
    assert_has(capture_err(&desk->capture), reason);
    assert_string_equal(capture_out(&desk->capture), "");
}

static void a_policy_is_measured_by_the_references(void **state)
{
    struct desk *desk = *state;
    const char *page;

    assert_int_equal(
        simulate(desk, "--policy", "threshold", "--set", "threshold=2m,15m"),
        TK_EXIT_OK);
    page = capture_out(&desk->capture);
    assert_has(page, "\noptimum ");
    assert_has(page, "\non-demand ");
    assert_has(page, "\nalways-fresh ");
    assert_has(page, "\nseed ");
    assert_has(page, "\nthreshold threshold=2m ");
    assert_has(page, "\nthreshold threshold=15m ");
    assert_string_equal(capture_err(&desk->capture), "");
}

static void a_policy_that_fails_is_told(void **state)
{
    struct desk *desk = *state;
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s",
             folder_write(&desk->folder, "mine.lua",
                          "return { api = 1, name = 'mine',\n"
                          "  decide = function() error 'no' end }\n"));
    assert_int_equal(simulate(desk, "--policy", path, NULL, NULL), TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "warning: mine failed ");
}

static void programs_get_json(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(simulate(desk, "--json", "--window", "0", "--quota=7"),
                     TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "\"name\":\"on-demand\"");
    assert_int_equal(simulate(desk, "--json", "--life", "1h", NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "\"life\":3600,");
}

static void the_life_is_what_was_recorded(void **state)
{
    struct desk *desk = *state;
    const char *path = folder_write(&desk->folder, "recorded.csv",
                                    "seconds,key,event,took_ms,life_s\n"
                                    "0,a,issued,40,600\n0,a,,,\n900,a,,,\n");

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--trace", path, "--json", NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "\"life\":600,");
}

static void a_single_use_is_judged(void **state)
{
    struct desk *desk = *state;
    const char *path = folder_write(&desk->folder, "one.csv", "5,a\n");

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--trace", path, NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "1 uses of 1 keys in ");
}

static void a_trace_is_made_up_where_there_is_none(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--generate", "--keys", "20", "--days", "3",
                                 "--json", NULL),
                     TK_EXIT_OK);
    assert_has(capture_out(&desk->capture), "\"keys\":20,");
}

static void one_trace_is_needed(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command, NULL),
                     TK_EXIT_USAGE);
    assert_has(capture_err(&desk->capture), "say --trace FILE, or --generate");
    refuse(desk, "--generate", NULL, "say --trace FILE, or --generate");
}

static void what_is_not_there_is_told(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(simulate(desk, "--policy", "nonsense", NULL, NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&desk->capture), "no script named nonsense");
    assert_int_equal(simulate(desk, "--policy", "threshold", "--set",
                              "treshold.threshold=2m"),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&desk->capture), "is for no policy that is tried");
    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--trace", "/nowhere/t.csv", NULL),
                     TK_EXIT_CONFIG);
    assert_has(capture_err(&desk->capture), "/nowhere/t.csv: No such file");
}

static void what_cannot_be_is_refused(void **state)
{
    struct desk *desk = *state;

    refuse(desk, "--learn", "30d", "--learn leaves nothing");
    refuse(desk, "--life", "0", "must be more than 0");
    refuse(desk, "--concurrent", "0", "must be more than 0");
    refuse(desk, "--skew", "2h", "leave nothing of the life");
    assert_int_equal(capture_run(&desk->capture, &tk_simulate_command,
                                 "--generate", "--keys", "0", NULL),
                     TK_EXIT_USAGE);
    assert_has(capture_err(&desk->capture), "--keys is 1 to 100000");
}

#define WITH_DESK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DESK(a_policy_is_measured_by_the_references),
        WITH_DESK(a_policy_that_fails_is_told),
        WITH_DESK(programs_get_json),
        WITH_DESK(the_life_is_what_was_recorded),
        WITH_DESK(a_single_use_is_judged),
        WITH_DESK(a_trace_is_made_up_where_there_is_none),
        WITH_DESK(one_trace_is_needed),
        WITH_DESK(what_is_not_there_is_told),
        WITH_DESK(what_cannot_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
