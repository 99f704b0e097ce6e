#include "tests/unit/harness.h"

#include "engine/queue.h"

#include <string.h>

enum { MANY = 1000 };

static struct tk_queued items[MANY];

static void fill(struct tk_queue *queue, int count)
{
    unsigned dice = 7;

    memset(items, 0, sizeof items);
    for (int i = 0; i < count; i++) {
        dice = dice * 1664525u + 1013904223u;
        items[i].rank = (dice >> 16) % 50;
        items[i].demand = (dice >> 8) % 7;
        assert_int_equal(tk_queue_push(queue, &items[i]), 0);
    }
}

/* Takes all out; returns how many they were. */
static int drain(struct tk_queue *queue)
{
    struct tk_queued *last = NULL;
    int count = 0;

    for (struct tk_queued *item = tk_queue_first(queue); item != NULL;
         item = tk_queue_first(queue)) {
        assert_true(last == NULL || !tk_queue_is_before(item, last));
        tk_queue_drop(item);
        last = item;
        count++;
    }
    return count;
}

static void the_lowest_rank_leaves_first_then_the_highest_demand(void **state)
{
    struct tk_queue queue = {0};

    (void)state;
    fill(&queue, MANY);
    assert_int_equal(drain(&queue), MANY);
    tk_queue_fini(&queue);
}

static void an_item_can_leave_from_anywhere(void **state)
{
    struct tk_queue queue = {0};

    (void)state;
    fill(&queue, 200);
    for (int i = 0; i < 200; i += 3) tk_queue_drop(&items[i]);
    tk_queue_drop(&items[0]);
    assert_int_equal(drain(&queue), 133);
    tk_queue_fini(&queue);
}

static void an_item_moves_when_its_rank_changes(void **state)
{
    struct tk_queue queue = {0};

    (void)state;
    fill(&queue, MANY);
    for (int i = 0; i < MANY; i++) {
        items[i].rank = (items[i].rank * 37) % 101;
        tk_queue_move(&items[i]);
    }
    items[500].rank = -1;
    tk_queue_move(&items[500]);
    assert_ptr_equal(tk_queue_first(&queue), &items[500]);
    assert_int_equal(tk_queue_count_before(&queue, &items[500]), 0);
    assert_int_equal(drain(&queue), MANY);
    tk_queue_fini(&queue);
}

static void a_storm_leaves_no_room_behind(void **state)
{
    struct tk_queue queue = {0};
    uint32_t cap;

    (void)state;
    fill(&queue, MANY);
    cap = queue.cap;
    assert_int_equal(drain(&queue), MANY);
    assert_true(queue.cap < cap / 16);
    fill(&queue, MANY);
    assert_int_equal(queue.cap, cap);
    assert_int_equal(drain(&queue), MANY);
    tk_queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_rank_leaves_first_then_the_highest_demand),
        cmocka_unit_test(an_item_can_leave_from_anywhere),
        cmocka_unit_test(an_item_moves_when_its_rank_changes),
        cmocka_unit_test(a_storm_leaves_no_room_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
