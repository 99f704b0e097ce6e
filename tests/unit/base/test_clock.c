#define _GNU_SOURCE
#include "base/clock.h"

#include "tests/unit/harness.h"

#include <time.h>

static int64_t now_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void boot_time_is_the_clock_that_counts_suspend(void **state)
{
    int64_t before = now_ms(CLOCK_BOOTTIME);
    int64_t time = tk_clock_boot_ms();
    int64_t after = now_ms(CLOCK_BOOTTIME);

    (void)state;
    assert_in_range(time, before, after);
}

static void boot_time_never_goes_back(void **state)
{
    int64_t last = tk_clock_boot_ms();

    (void)state;
    for (int i = 0; i < 10000; i++) {
        int64_t time = tk_clock_boot_ms();

        assert_true(time >= last);
        last = time;
    }
}

static void wall_time_is_the_clock_of_people(void **state)
{
    int64_t before = now_ms(CLOCK_REALTIME);
    int64_t time = tk_clock_wall_ms();
    int64_t after = now_ms(CLOCK_REALTIME);

    (void)state;
    assert_in_range(time, before, after);
}

static void no_clock_reaches_never(void **state)
{
    (void)state;
    assert_true(tk_clock_boot_ms() < TK_NEVER);
    assert_true(tk_clock_wall_ms() < TK_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_time_is_the_clock_that_counts_suspend),
        cmocka_unit_test(boot_time_never_goes_back),
        cmocka_unit_test(wall_time_is_the_clock_of_people),
        cmocka_unit_test(no_clock_reaches_never),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
