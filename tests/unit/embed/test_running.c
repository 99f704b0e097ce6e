#define _GNU_SOURCE
#include "embed/running.h"

#include "tests/unit/embed/host.h"

static int make(struct host *host, struct tk_running **out, struct tk_why *why)
{
    struct tk_running_options options = {.config = host->options.config,
                                         .dir = host->dir};

    return tk_running_new(&options, &host->scripts->problems, out, why);
}

static void stop(void *data)
{
    tk_running_stop(data);
}

static void it_runs_until_it_is_stopped_and_leaves_nothing_open(void **state)
{
    struct host *host = *state;
    struct tk_running *running;
    struct tk_why why;

    assert_int_equal(make(host, &running, &why), 0);
    assert_int_equal(tk_loop_defer(tk_running_loop(running), stop, running), 0);
    tk_running_run(running);
    assert_int_equal(tk_running_reload(running), 0);
    assert_int_equal(tk_running_free(running), 0);
}

static void its_directory_is_free_again_when_it_cannot_start(void **state)
{
    struct host *host = *state;
    struct tk_running *running;
    struct tk_why why;

    write_config(host->scripts, "return { polcy = 1 }");
    assert_int_not_equal(make(host, &running, &why), 0);
    assert_null(running);
    assert_non_null(strstr(problems_of(host->scripts), "polcy"));
    write_config(host->scripts, good_config);
    assert_int_equal(make(host, &running, &why), 0);
    assert_int_equal(tk_running_free(running), 0);
}

static void a_directory_has_one(void **state)
{
    struct host *host = *state;
    struct tk_running *running, *second;
    struct tk_why why;

    assert_int_equal(make(host, &running, &why), 0);
    assert_int_equal(make(host, &second, &why), TK_EBUSY);
    assert_null(second);
    assert_int_equal(tk_running_free(running), 0);
    assert_int_equal(tk_running_free(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOST(it_runs_until_it_is_stopped_and_leaves_nothing_open),
        WITH_HOST(its_directory_is_free_again_when_it_cannot_start),
        WITH_HOST(a_directory_has_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
