#define _POSIX_C_SOURCE 200809L
#include "net/loop.h"

#include "base/clock.h"
#include "net/loop_uv.h"
#include "tests/unit/harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the callbacks of one test leave behind. */
struct scene {
    struct tk_loop *loop;
    struct tk_timer *timer;
    char calls[32]; /* one letter for each call, in order */
    size_t count;
    bool is_inside; /* a call that starts another is still running */
    int64_t moments[2];
};

static int enter(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    if (scene == NULL) return -1;
    *state = scene;
    return tk_loop_new(&scene->loop);
}

/* No test may leave a handle open. */
static int leave(void **state)
{
    struct scene *scene = *state;
    int left_open = tk_loop_free(scene->loop);

    free(scene);
    return left_open;
}

static void note(struct scene *scene, char letter)
{
    if (scene->count + 1 < sizeof scene->calls) {
        scene->calls[scene->count++] = letter;
    }
}

static void busy_for_ms(int64_t span_ms)
{
    int64_t end = tk_clock_boot_ms() + span_ms;

    while (tk_clock_boot_ms() < end) continue;
}

static void note_a(void *data)
{
    note(data, 'a');
}

static void note_b(void *data)
{
    note(data, 'b');
}

static void note_and_stop(void *data)
{
    struct scene *scene = data;

    note(scene, 's');
    tk_loop_stop(scene->loop);
}

static void an_empty_loop_returns_at_once(void **state)
{
    struct scene *scene = *state;

    tk_loop_run(scene->loop);
    tk_loop_run(scene->loop);
}

static void deferred_calls_come_in_order(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_defer(scene->loop, note_a, scene), 0);
    assert_int_equal(tk_loop_defer(scene->loop, note_b, scene), 0);
    assert_int_equal(tk_loop_defer(scene->loop, note_a, scene), 0);
    assert_string_equal(scene->calls, "");
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "aba");
}

static void note_inside(void *data)
{
    struct scene *scene = data;

    note(scene, scene->is_inside ? 'X' : 'c');
}

static void defer_another(void *data)
{
    struct scene *scene = data;

    note(scene, 'd');
    scene->is_inside = true;
    assert_int_equal(tk_loop_defer(scene->loop, note_inside, scene), 0);
    scene->is_inside = false;
}

static void a_call_deferred_by_a_call_comes_a_turn_later(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_defer(scene->loop, defer_another, scene), 0);
    assert_int_equal(tk_loop_defer(scene->loop, note_b, scene), 0);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "dbc");
}

static void stop_ends_a_run_and_the_rest_comes_in_the_next(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_defer(scene->loop, note_and_stop, scene), 0);
    assert_int_equal(tk_loop_defer(scene->loop, defer_another, scene), 0);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "sd");
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "sdc");
}

static void free_drops_deferred_calls(void **state)
{
    struct scene *scene = *state;
    struct tk_loop *other = NULL;

    assert_int_equal(tk_loop_new(&other), 0);
    assert_int_equal(tk_loop_defer(other, note_a, scene), 0);
    assert_int_equal(tk_loop_free(other), 0);
    assert_string_equal(scene->calls, "");
}

static void note_moment(void *data)
{
    struct scene *scene = data;

    scene->moments[scene->count % 2] = tk_loop_now(scene->loop);
    note(scene, 't');
}

static void a_timer_fires_once_and_never_early(void **state)
{
    struct scene *scene = *state;
    int64_t at = tk_loop_now(scene->loop) + 20;

    assert_int_equal(
        tk_timer_new(scene->loop, note_moment, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, at);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "t");
    assert_in_range(scene->moments[0], at, at + 5000);
    tk_timer_free(scene->timer);
}

static void a_timer_set_again_forgets_the_moment_before(void **state)
{
    struct scene *scene = *state;
    int64_t now = tk_loop_now(scene->loop);

    assert_int_equal(
        tk_timer_new(scene->loop, note_moment, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, now + 3600 * 1000);
    tk_timer_set(scene->timer, now - 1);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "t");
    tk_timer_set(scene->timer, now);
    tk_timer_set(scene->timer, TK_NEVER);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "t");
    tk_timer_free(scene->timer);
}

static void free_own_timer(void *data)
{
    struct scene *scene = data;

    note(scene, 'f');
    tk_timer_free(scene->timer);
}

static void a_timer_may_be_freed_in_its_own_callback(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        tk_timer_new(scene->loop, free_own_timer, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, INT64_MIN);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "f");
}

static void set_to_the_past_again(void *data)
{
    struct scene *scene = data;

    note(scene, 't');
    if (scene->count < 20) tk_timer_set(scene->timer, 0);
}

static void a_timer_that_is_always_due_lets_others_run(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        tk_timer_new(scene->loop, set_to_the_past_again, scene, &scene->timer),
        0);
    tk_timer_set(scene->timer, 0);
    assert_int_equal(tk_loop_defer(scene->loop, defer_another, scene), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->count, 20);
    assert_in_range(strcspn(scene->calls, "c"), 1, 6);
    tk_timer_free(scene->timer);
}

static void work_long(void *data)
{
    struct scene *scene = data;

    scene->moments[0] = tk_loop_now(scene->loop);
    busy_for_ms(30);
    scene->moments[1] = tk_loop_now(scene->loop);
}

static void now_stands_still_in_a_callback(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_defer(scene->loop, work_long, scene), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->moments[0], scene->moments[1]);
}

static void work_long_and_defer(void *data)
{
    struct scene *scene = data;

    work_long(data);
    assert_int_equal(tk_loop_defer(scene->loop, note_b, scene), 0);
}

/* With an old now the timer would think itself early, and sleep a turn. */
static void now_is_current_in_a_timer_after_long_work(void **state)
{
    struct scene *scene = *state;
    int64_t began = tk_clock_boot_ms();

    assert_int_equal(
        tk_timer_new(scene->loop, note_moment, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, began + 5);
    assert_int_equal(tk_loop_defer(scene->loop, work_long_and_defer, scene), 0);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "tb");
    assert_in_range(scene->moments[0], began + 30, tk_clock_boot_ms());
    tk_timer_free(scene->timer);
}

static void now_is_the_clock_outside_of_a_run(void **state)
{
    struct scene *scene = *state;
    int64_t before = tk_clock_boot_ms();

    assert_in_range(tk_loop_now(scene->loop), before, tk_clock_boot_ms());
    busy_for_ms(3);
    assert_in_range(tk_loop_now(scene->loop), before + 3, tk_clock_boot_ms());
}

static void work_and_ask(void *data)
{
    struct scene *scene = data;

    busy_for_ms(6);
    if (tk_loop_is_long(scene->loop)) note(scene, 'l');
}

static void work_of_more_than_five_milliseconds_is_long(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_defer(scene->loop, work_and_ask, scene), 0);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "l");
    busy_for_ms(6);
    assert_false(tk_loop_is_long(scene->loop));
}

static void the_longest_turn_is_work_and_not_sleep(void **state)
{
    struct scene *scene = *state;
    struct tk_loop_longest longest;

    assert_int_equal(tk_timer_new(scene->loop, note_a, scene, &scene->timer),
                     0);
    assert_int_equal(tk_loop_defer(scene->loop, work_long, scene), 0);
    tk_loop_run(scene->loop);
    longest = tk_loop_take_longest(scene->loop);
    assert_in_range(longest.turn_us, 29000, 10000000);
    assert_in_range(longest.cpu_us, 1, longest.turn_us + 1000);
    tk_loop_run(scene->loop); /* brings libuv's time up to date */
    tk_timer_set(scene->timer, tk_loop_now(scene->loop) + 60);
    tk_loop_run(scene->loop);
    longest = tk_loop_take_longest(scene->loop);
    assert_in_range(longest.turn_us, 0, 55000);
    longest = tk_loop_take_longest(scene->loop);
    assert_int_equal(longest.turn_us, 0);
    assert_int_equal(longest.cpu_us, 0);
    tk_timer_free(scene->timer);
}

static void raise_usr1(void *data)
{
    (void)data;
    raise(SIGUSR1);
}

static void signals_reach_every_handler(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_on_signal(scene->loop, SIGUSR1, note_a, scene), 0);
    assert_int_equal(
        tk_loop_on_signal(scene->loop, SIGUSR1, note_and_stop, scene), 0);
    assert_int_equal(tk_timer_new(scene->loop, note_b, scene, &scene->timer),
                     0);
    tk_timer_set(scene->timer, tk_loop_now(scene->loop) + 10000);
    assert_int_equal(tk_loop_defer(scene->loop, raise_usr1, scene), 0);
    tk_loop_run(scene->loop);
    assert_int_equal(scene->count, 2);
    assert_non_null(strchr(scene->calls, 'a'));
    assert_non_null(strchr(scene->calls, 's'));
    tk_timer_free(scene->timer);
}

static void a_handler_of_a_signal_does_not_keep_the_loop_running(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_on_signal(scene->loop, SIGUSR1, note_a, scene), 0);
    tk_loop_run(scene->loop);
    assert_string_equal(scene->calls, "");
}

static void a_signal_that_cannot_be_caught_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(tk_loop_on_signal(scene->loop, 0, note_a, scene),
                     TK_EINVAL);
    assert_int_equal(tk_loop_on_signal(scene->loop, SIGKILL, note_a, scene),
                     TK_EINVAL);
}

static void a_broken_pipe_is_no_reason_to_die(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

static void free_counts_what_was_left_open(void **state)
{
    struct scene *scene = *state;
    struct tk_loop *other = NULL;
    uv_idle_t foreign;

    assert_int_equal(tk_loop_new(&other), 0);
    assert_int_equal(tk_timer_new(other, note_a, scene, &scene->timer), 0);
    assert_int_equal(tk_timer_new(other, note_a, scene, &scene->timer), 0);
    tk_timer_set(scene->timer, 0);
    assert_int_equal(tk_timer_new(other, note_a, scene, &scene->timer), 0);
    tk_timer_free(scene->timer);
    uv_idle_init(tk_loop_uv(other), &foreign);
    assert_int_equal(tk_loop_on_signal(other, SIGUSR2, note_a, scene), 0);
    assert_int_equal(tk_loop_free(other), 3);
    assert_string_equal(scene->calls, "");
}

static int count_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    if (dir == NULL) return -1;
    while (readdir(dir) != NULL) count++;
    closedir(dir);
    return count;
}

/* libuv opens a pipe for signals with the first loop and keeps it; the loop
 * of the scene has done that. */
static void free_gives_its_files_back(void **state)
{
    struct scene *scene = *state;
    struct tk_loop *other = NULL;
    int before = count_open_files();

    assert_int_equal(tk_loop_new(&other), 0);
    assert_int_equal(tk_loop_on_signal(other, SIGUSR2, note_a, scene), 0);
    assert_true(count_open_files() > before);
    assert_int_equal(tk_loop_free(other), 0);
    assert_int_equal(count_open_files(), before);
    assert_int_equal(tk_loop_free(NULL), 0);
    tk_timer_free(NULL);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(an_empty_loop_returns_at_once),
        LOOP_TEST(deferred_calls_come_in_order),
        LOOP_TEST(a_call_deferred_by_a_call_comes_a_turn_later),
        LOOP_TEST(stop_ends_a_run_and_the_rest_comes_in_the_next),
        LOOP_TEST(free_drops_deferred_calls),
        LOOP_TEST(a_timer_fires_once_and_never_early),
        LOOP_TEST(a_timer_set_again_forgets_the_moment_before),
        LOOP_TEST(a_timer_may_be_freed_in_its_own_callback),
        LOOP_TEST(a_timer_that_is_always_due_lets_others_run),
        LOOP_TEST(now_stands_still_in_a_callback),
        LOOP_TEST(now_is_current_in_a_timer_after_long_work),
        LOOP_TEST(now_is_the_clock_outside_of_a_run),
        LOOP_TEST(work_of_more_than_five_milliseconds_is_long),
        LOOP_TEST(the_longest_turn_is_work_and_not_sleep),
        LOOP_TEST(signals_reach_every_handler),
        LOOP_TEST(a_handler_of_a_signal_does_not_keep_the_loop_running),
        LOOP_TEST(a_signal_that_cannot_be_caught_is_refused),
        LOOP_TEST(a_broken_pipe_is_no_reason_to_die),
        LOOP_TEST(free_counts_what_was_left_open),
        LOOP_TEST(free_gives_its_files_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
