#define _GNU_SOURCE
#include "cli/host.h"

#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

struct scene {
    struct tk_loop *loop;
    struct tk_host *host;
    pid_t pid;
    int calls;
};

static void end_child(void *data)
{
    struct scene *scene = data;

    assert_int_equal(scene->calls, 0);
    assert_int_equal(kill(scene->pid, SIGKILL), 0);
}

static void note_and_stop(void *data)
{
    struct scene *scene = data;

    scene->calls++;
    tk_loop_stop(scene->loop);
}

static pid_t start_child(void)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        for (;;) pause();
    }
    return pid;
}

static void its_end_is_told_once(void **state)
{
    struct scene scene = {.pid = start_child()};
    struct tk_timer *later;
    struct tk_why why;

    (void)state;
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    assert_int_equal(tk_host_watch(scene.loop, scene.pid, note_and_stop, &scene,
                                   &scene.host, &why),
                     0);
    assert_int_equal(tk_timer_new(scene.loop, end_child, &scene, &later), 0);
    tk_timer_set(later, tk_loop_now(scene.loop) + 20);
    tk_loop_run(scene.loop);
    assert_int_equal(scene.calls, 1);
    assert_int_equal(waitpid(scene.pid, NULL, 0), scene.pid);
    tk_timer_free(later);
    tk_host_free(scene.host);
    assert_int_equal(tk_loop_free(scene.loop), 0);
}

static void one_that_is_gone_is_an_error(void **state)
{
    struct scene scene = {.pid = start_child()};
    struct tk_why why;

    (void)state;
    assert_int_equal(kill(scene.pid, SIGKILL), 0);
    assert_int_equal(waitpid(scene.pid, NULL, 0), scene.pid);
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    for (int i = 0; i < 3; i++) {
        int64_t pids[] = {scene.pid, 0, INT64_MAX};

        assert_int_equal(tk_host_watch(scene.loop, pids[i], note_and_stop,
                                       &scene, &scene.host, &why),
                         TK_ENOENT);
    }
    assert_int_equal(tk_loop_free(scene.loop), 0);
}

/* In a child: the test's own are wanted still. */
static void what_was_inherited_is_closed(void **state)
{
    int status;
    pid_t pid;
    int fd = open("/dev/null", O_RDONLY);

    (void)state;
    assert_true(fd > STDERR_FILENO);
    pid = fork();
    if (pid == 0) {
        tk_host_close_inherited();
        _exit(fcntl(fd, F_GETFD) >= 0 || fcntl(STDERR_FILENO, F_GETFD) < 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_end_is_told_once),
        cmocka_unit_test(one_that_is_gone_is_an_error),
        cmocka_unit_test(what_was_inherited_is_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
