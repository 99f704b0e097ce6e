#include "tests/unit/harness.h"

#include "engine/queue.h"

#include <stdlib.h>

static int numbers[1000];

static void the_lowest_rank_leaves_first(void **state)
{
    struct tk_queue queue = {0};
    int64_t last = INT64_MIN;
    unsigned dice = 7;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        dice = dice * 1664525u + 1013904223u;
        numbers[i] = (int)(dice >> 16) % 500;
        assert_int_equal(tk_queue_push(&queue, numbers[i], &numbers[i]), 0);
    }
    for (int i = 0; i < 1000; i++) {
        int *item = tk_queue_pop(&queue);

        assert_non_null(item);
        assert_true(*item >= last);
        last = *item;
    }
    assert_null(tk_queue_pop(&queue));
    tk_queue_fini(&queue);
}

static void an_item_can_leave_from_anywhere(void **state)
{
    struct tk_queue queue = {0};
    int64_t last = INT64_MIN;
    int left = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        numbers[i] = (i * 37) % 101;
        assert_int_equal(tk_queue_push(&queue, numbers[i], &numbers[i]), 0);
    }
    for (int i = 0; i < 200; i += 3) tk_queue_drop(&queue, &numbers[i]);
    tk_queue_drop(&queue, &numbers[0]);
    for (int *item = tk_queue_pop(&queue); item != NULL;
         item = tk_queue_pop(&queue)) {
        assert_int_not_equal((item - numbers) % 3, 0);
        assert_true(*item >= last);
        last = *item;
        left++;
    }
    assert_int_equal(left, 133);
    tk_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_rank_leaves_first),
        cmocka_unit_test(an_item_can_leave_from_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
