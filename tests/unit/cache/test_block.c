#include "tests/unit/harness.h"

#include "cache/block.h"

static void a_block_is_zeroed_and_aligned(void **state)
{
    void *block = NULL;
    unsigned char *bytes;

    (void)state;
    assert_int_equal(tk_block_new(100000, &block), 0);
    bytes = block;
    assert_int_equal((uintptr_t)block % 64, 0);
    for (size_t i = 0; i < 100000; i++) assert_int_equal(bytes[i], 0);
    tk_block_free(block, 100000);
}

static void a_block_beyond_all_memory_is_refused(void **state)
{
    void *block = NULL;

    (void)state;
    assert_int_equal(tk_block_new(SIZE_MAX / 2, &block), TK_ENOMEM);
    assert_null(block);
    tk_block_free(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_zeroed_and_aligned),
        cmocka_unit_test(a_block_beyond_all_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
