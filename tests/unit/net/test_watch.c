#include "../harness.h"

#include "net/watch.h"

#include <unistd.h>

struct scene {
    struct tk_loop *loop;
    struct tk_watch *watch;
    int ends[2];
    int calls;
};

static void read_one(void *data)
{
    struct scene *scene = data;
    char byte;

    assert_int_equal(read(scene->ends[0], &byte, 1), 1);
    if (++scene->calls == 2) tk_loop_stop(scene->loop);
}

static void read_and_leave(void *data)
{
    struct scene *scene = data;

    scene->calls++;
    tk_watch_free(scene->watch);
    scene->watch = NULL;
}

static struct scene make(void)
{
    struct scene scene = {0};

    assert_int_equal(pipe(scene.ends), 0);
    assert_int_equal(tk_loop_new(&scene.loop), 0);
    return scene;
}

static void end(struct scene *scene)
{
    tk_watch_free(scene->watch);
    assert_int_equal(tk_loop_free(scene->loop), 0);
    close(scene->ends[0]);
    close(scene->ends[1]);
}

static void it_calls_as_long_as_there_is_something_to_read(void **state)
{
    struct scene scene = make();

    (void)state;
    assert_int_equal(write(scene.ends[1], "ab", 2), 2);
    assert_int_equal(
        tk_watch_new(scene.loop, scene.ends[0], read_one, &scene, &scene.watch),
        0);
    tk_loop_run(scene.loop);
    assert_int_equal(scene.calls, 2);
    end(&scene);
}

static void it_may_be_freed_in_its_own_call(void **state)
{
    struct scene scene = make();

    (void)state;
    assert_int_equal(write(scene.ends[1], "a", 1), 1);
    assert_int_equal(tk_watch_new(scene.loop, scene.ends[0], read_and_leave,
                                  &scene, &scene.watch),
                     0);
    tk_loop_run(scene.loop);
    assert_int_equal(scene.calls, 1);
    end(&scene);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
    struct scene scene = make();

    (void)state;
    assert_int_equal(
        tk_watch_new(scene.loop, 1000000, read_one, &scene, &scene.watch),
        TK_EIO);
    assert_null(scene.watch);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_calls_as_long_as_there_is_something_to_read),
        cmocka_unit_test(it_may_be_freed_in_its_own_call),
        cmocka_unit_test(what_cannot_be_watched_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
