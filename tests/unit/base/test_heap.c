#include "base/heap.h"

#include "tests/unit/harness.h"
#include "tests/unit/wipes.h"

#include <string.h>

enum { SIZE = 100 };

static void what_is_freed_is_wiped_whole(void **state)
{
    char *block = tk_heap_malloc(SIZE);

    (void)state;
    memset(block, 's', SIZE);
    wipe_count = 0;
    tk_heap_free(block);
    assert_int_equal(wipe_count, 1);
    assert_true(was_wiped(block, SIZE));
}

static void growing_moves_the_bytes_and_wipes_the_old_place(void **state)
{
    char *old = tk_heap_strdup("a secret");
    const void *old_place = old;
    char *grown;

    (void)state;
    wipe_count = 0;
    grown = tk_heap_realloc(old, SIZE);
    assert_string_equal(grown, "a secret");
    assert_true(was_wiped(old_place, sizeof "a secret"));
    tk_heap_free(grown);
}

static void shrinking_keeps_the_first_bytes(void **state)
{
    char *block = tk_heap_malloc(SIZE);
    char *small;

    (void)state;
    memset(block, 's', SIZE);
    small = tk_heap_realloc(block, 3);
    assert_memory_equal(small, "sss", 3);
    tk_heap_free(small);
}

static void nothing_can_be_grown_and_freed(void **state)
{
    char *block = tk_heap_realloc(NULL, SIZE);

    (void)state;
    assert_non_null(block);
    tk_heap_free(block);
    tk_heap_free(NULL);
}

static void fresh_memory_is_zero_where_asked(void **state)
{
    static const char zeros[SIZE];
    char *block = tk_heap_calloc(SIZE, 1);

    (void)state;
    assert_memory_equal(block, zeros, SIZE);
    tk_heap_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_freed_is_wiped_whole),
        cmocka_unit_test(growing_moves_the_bytes_and_wipes_the_old_place),
        cmocka_unit_test(shrinking_keeps_the_first_bytes),
        cmocka_unit_test(nothing_can_be_grown_and_freed),
        cmocka_unit_test(fresh_memory_is_zero_where_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
