#define _GNU_SOURCE
#include "embed/thread.h"

#include "tests/unit/embed/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum { CYCLES = 200 };

static void a_host_has_an_engine(void **state)
{
    struct host *host = *state;

    host_start(host);
    host_expect_token(host);
    assert_true(host_heard(host, "engine started"));
    host_stop(host);
    assert_true(host_heard(host, "engine stops"));
}

static void the_engine_is_one_in_a_process(void **state)
{
    struct host *host = *state;
    struct tokeng_engine *second;

    host_start(host);
    assert_int_equal(tokeng_engine_start(&host->options, &second),
                     TOKENG_EBUSY);
    assert_null(second);
    assert_string_equal(host->why,
                        "this process has an engine: one runs at a time");
    host_expect_token(host);
}

static void a_broken_configuration_is_told_with_all_problems(void **state)
{
    struct host *host = *state;

    write_config(host->scripts, "return { polcy = 1, sorces = {} }");
    assert_int_equal(tokeng_engine_start(&host->options, &host->engine),
                     TOKENG_ECONFIG);
    assert_null(host->engine);
    assert_non_null(strstr(host->why, "polcy: unknown field"));
    assert_non_null(strstr(host->why, "sorces: unknown field"));
    write_config(host->scripts, good_config);
    host_start(host);
}

static void a_configuration_that_is_not_there_is_named(void **state)
{
    struct host *host = *state;

    host->options.config = "/nowhere/tokeng.lua";
    assert_int_equal(tokeng_engine_start(&host->options, &host->engine),
                     TOKENG_ECONFIG);
    assert_non_null(strstr(host->why, "/nowhere/tokeng.lua"));
}

static void a_reload_keeps_what_runs_if_the_new_is_broken(void **state)
{
    struct host *host = *state;

    host_start(host);
    assert_int_equal(tokeng_engine_reload(host->engine), 0);
    write_config(host->scripts, "return { polcy = 1 }");
    assert_int_equal(tokeng_engine_reload(host->engine), TOKENG_ECONFIG);
    assert_true(host_heard(host, "polcy: unknown field"));
    host_expect_token(host);
}

static void options_that_make_no_sense_are_refused(void **state)
{
    struct host *host = *state;
    struct tokeng_engine_options options = host->options;

    assert_int_equal(tokeng_engine_start(NULL, &host->engine), TOKENG_EINVAL);
    assert_int_equal(tokeng_engine_start(&options, NULL), TOKENG_EINVAL);
    options.size = 0;
    assert_int_equal(tokeng_engine_start(&options, &host->engine),
                     TOKENG_EINVAL);
    options = host->options;
    options.log_level = TOKENG_LOG_ERROR + 1;
    assert_int_equal(tokeng_engine_start(&options, &host->engine),
                     TOKENG_EINVAL);
    assert_int_equal(tokeng_engine_reload(NULL), TOKENG_EINVAL);
}

/* A thread is not forked: the child has a handle of an engine that is not
 * there, and a copy of locks that others held. */
static void a_child_leaves_the_engine_to_its_parent(void **state)
{
    struct host *host = *state;
    int ends[2], status;
    pid_t child;

    host_start(host);
    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct tokeng_engine *own;
        bool good =
            tokeng_engine_reload(host->engine) == TOKENG_EHOST &&
            tokeng_engine_start(&host->options, &own) == TOKENG_EHOST &&
            strstr(host->why, "was forked from one with an engine") != NULL;
        char byte;

        tokeng_engine_stop(host->engine);
        close(ends[1]);
        good = good && read(ends[0], &byte, 1) == 0; /* the parent is done */
        _exit(good ? 0 : 1);
    }
    close(ends[0]);
    host_expect_token(host);
    /* The child has the lock's descriptor, and not the lock. */
    host_stop(host);
    host_start(host);
    host_expect_token(host);
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* --- what it leaves of the host --- */

static int count(const char *folder)
{
    DIR *dir = opendir(folder);
    int entries = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) entries++;
    closedir(dir);
    return entries;
}

static long resident_pages(void)
{
    long size, resident;
    FILE *file = fopen("/proc/self/statm", "r");

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident;
}

static void dispositions(struct sigaction out[NSIG])
{
    for (int signum = 1; signum < NSIG; signum++) {
        out[signum] = (struct sigaction){0};
        (void)sigaction(signum, NULL, &out[signum]);
    }
}

static void expect_dispositions(const struct sigaction as[NSIG])
{
    struct sigaction now[NSIG];

    dispositions(now);
    for (int signum = 1; signum < NSIG; signum++) {
        if (now[signum].sa_handler == as[signum].sa_handler) continue;
        fail_msg("the disposition of signal %d has changed", signum);
    }
}

static void signals_and_umask_of_the_host_stay_as_they_are(void **state)
{
    struct host *host = *state;
    struct sigaction before[NSIG];
    mode_t mask = umask(0027);
    sigset_t signals;

    dispositions(before);
    host_start(host);
    host_expect_token(host);
    expect_dispositions(before);
    pthread_sigmask(SIG_BLOCK, NULL, &signals);
    assert_int_equal(sigismember(&signals, SIGTERM), 0);
    host_stop(host);
    expect_dispositions(before);
    assert_int_equal(umask(mask), 0027);
}

static bool is_sanitized(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") != NULL ||
           dlsym(RTLD_DEFAULT, "__tsan_init") != NULL;
}

/* Of what is left by the first ones: libraries keep what they make once. */
static void two_hundred_engines_leave_nothing(void **state)
{
    struct host *host = *state;
    int threads = 0, descriptors = 0;
    long pages = 0;

    host->options.log = NULL;
    for (int i = 0; i < CYCLES; i++) {
        host_start(host);
        host_expect_token(host);
        host_stop(host);
        if (i != 20) continue;
        threads = count("/proc/self/task");
        descriptors = count("/proc/self/fd");
        pages = resident_pages();
    }
    assert_int_equal(count("/proc/self/task"), threads);
    assert_int_equal(count("/proc/self/fd"), descriptors);
    print_message("resident: %ld pages, after 180 more %ld\n", pages,
                  resident_pages());
    /* A leak of one page a cycle would be 180. A sanitizer keeps what was
     * freed. */
    if (!is_sanitized()) assert_true(resident_pages() < pages + 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOST(a_host_has_an_engine),
        WITH_HOST(the_engine_is_one_in_a_process),
        WITH_HOST(a_broken_configuration_is_told_with_all_problems),
        WITH_HOST(a_configuration_that_is_not_there_is_named),
        WITH_HOST(a_reload_keeps_what_runs_if_the_new_is_broken),
        WITH_HOST(options_that_make_no_sense_are_refused),
        WITH_HOST(a_child_leaves_the_engine_to_its_parent),
        WITH_HOST(signals_and_umask_of_the_host_stay_as_they_are),
        WITH_HOST(two_hundred_engines_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
