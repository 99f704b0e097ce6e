#define _POSIX_C_SOURCE 200809L
#include "net/knock.h"

#include "tests/unit/harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* Owned by the test. */
struct scene {
    struct tk_loop *loop;
    struct tk_knock *knock;
    pthread_t here; /* the thread that the loop runs on */
    int calls;
};

static void on_knock(void *data)
{
    struct scene *scene = data;

    scene->calls++;
    assert_true(pthread_equal(scene->here, pthread_self()));
    tk_loop_stop(scene->loop);
}

static void *knock(void *data)
{
    struct scene *scene = data;

    tk_knock(scene->knock);
    return NULL;
}

static void a_knock_of_another_thread_is_heard_on_the_loop(void **state)
{
    struct scene scene = {.here = pthread_self()};
    pthread_t other;

    (void)state;
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    assert_int_equal(tk_knock_new(scene.loop, on_knock, &scene, &scene.knock),
                     0);
    assert_int_equal(pthread_create(&other, NULL, knock, &scene), 0);
    tk_loop_run(scene.loop);
    pthread_join(other, NULL);
    assert_int_equal(scene.calls, 1);
    tk_knock_free(scene.knock);
    assert_int_equal(tk_loop_free(scene.loop), 0);
}

static void a_thread_that_blocks_sigpipe_leaves_it_to_the_process(void **state)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct tk_loop *loop;
    sigset_t pipe;

    (void)state;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    sigaction(SIGPIPE, &action, NULL);
    assert_int_equal(tk_loop_new(&loop), 0);
    sigaction(SIGPIPE, NULL, &action);
    assert_true(action.sa_handler == SIG_DFL);
    assert_int_equal(tk_loop_free(loop), 0);
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_knock_of_another_thread_is_heard_on_the_loop),
        cmocka_unit_test(a_thread_that_blocks_sigpipe_leaves_it_to_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
