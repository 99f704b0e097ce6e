#include "script/blocks.h"

#include "tests/unit/harness.h"
#include "tests/unit/wipes.h"

#include <string.h>

/* There nothing waits. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static void the_next_of_its_size_gets_a_block_that_was_given_back(void **state)
{
    struct tk_blocks blocks = {0};
    void *first = tk_blocks_take(&blocks, 40);
    void *other;
    void *next;

    (void)state;
    if (IS_SANITIZED) {
        tk_blocks_give(&blocks, first, 40);
        skip();
    }
    tk_blocks_give(&blocks, first, 40);
    assert_int_equal(blocks.kept, 48);
    other = tk_blocks_take(&blocks, 49);
    assert_ptr_not_equal(other, first);
    next = tk_blocks_take(&blocks, 33);
    assert_ptr_equal(next, first);
    assert_int_equal(blocks.kept, 0);
    tk_blocks_give(&blocks, other, 49);
    tk_blocks_give(&blocks, next, 33);
    tk_blocks_fini(&blocks);
}

static void a_block_has_room_for_all_sizes_it_is_taken_for(void **state)
{
    struct tk_blocks blocks = {0};

    (void)state;
    for (size_t size = 1; size <= 600; size++) {
        char *block = tk_blocks_take(&blocks, size);

        assert_non_null(block);
        memset(block, 'x', size);
        tk_blocks_give(&blocks, block, size);
    }
    tk_blocks_fini(&blocks);
}

static void what_is_given_back_is_wiped(void **state)
{
    static const size_t sizes[] = {1, 16, 512, 513, 100000};
    struct tk_blocks blocks = {0};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *block = tk_blocks_take(&blocks, sizes[i]);

        memset(block, 's', sizes[i]);
        wipe_count = 0;
        tk_blocks_give(&blocks, block, sizes[i]);
        assert_int_equal(wipe_count, 1);
        assert_true(was_wiped(block, sizes[i]));
    }
    tk_blocks_fini(&blocks);
}

static void no_more_waits_than_the_bound(void **state)
{
    enum { COUNT = TK_BLOCKS_KEPT / 512 + 10 };
    static void *taken[COUNT];
    struct tk_blocks blocks = {0};

    (void)state;
    for (int i = 0; i < COUNT; i++) taken[i] = tk_blocks_take(&blocks, 512);
    for (int i = 0; i < COUNT; i++) tk_blocks_give(&blocks, taken[i], 512);
    assert_true(blocks.kept <= TK_BLOCKS_KEPT);
    if (!IS_SANITIZED) assert_int_equal(blocks.kept, TK_BLOCKS_KEPT);
    tk_blocks_fini(&blocks);
    assert_int_equal(blocks.kept, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_of_its_size_gets_a_block_that_was_given_back),
        cmocka_unit_test(a_block_has_room_for_all_sizes_it_is_taken_for),
        cmocka_unit_test(what_is_given_back_is_wiped),
        cmocka_unit_test(no_more_waits_than_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
