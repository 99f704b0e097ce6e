#define _DEFAULT_SOURCE
#include "base/pool.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"
#include "tests/unit/wipes.h"

#include <stdalign.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    unsigned char *pieces[500];
    size_t sizes[500];
    struct tk_pool pool;
    uint64_t seed = 2;

    (void)state;
    tk_pool_init(&pool, 1 << 20);
    for (int i = 0; i < 500; i++) {
        sizes[i] = roll(&seed) % (i % 50 == 0 ? 9000 : 200);
        pieces[i] = tk_pool_take(&pool, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(pieces[i][at], 0);
        }
        memset(pieces[i], i & 0xff, sizes[i]);
    }
    for (int i = 0; i < 500; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(pieces[i][at], i & 0xff);
        }
    }
    tk_pool_fini(&pool);
}

static void no_more_than_the_largest_size_is_given(void **state)
{
    static const size_t sizes[] = {1, 16, 48, 4096, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t taken = 0;
        struct tk_pool pool;

        tk_pool_init(&pool, 20000);
        while (tk_pool_take(&pool, sizes[i]) != NULL) taken += sizes[i];
        assert_in_range(pool.used, taken, 20000);
        assert_true(pool.used + sizes[i] + 16 > 20000);
        tk_pool_fini(&pool);
    }
}

static void a_refusal_takes_nothing(void **state)
{
    struct tk_pool pool;

    (void)state;
    tk_pool_init(&pool, 64);
    assert_null(tk_pool_take(&pool, 65));
    assert_int_equal(pool.used, 0);
    assert_non_null(tk_pool_take(&pool, 64));
    assert_null(tk_pool_take(&pool, 1));
    assert_non_null(tk_pool_take(&pool, 0));
    tk_pool_fini(&pool);
    tk_pool_init(&pool, 0);
    assert_null(tk_pool_take(&pool, 1));
    tk_pool_fini(&pool);
}

static void sizes_that_no_memory_has_do_not_overflow(void **state)
{
    struct tk_pool pool;

    (void)state;
    tk_pool_init(&pool, SIZE_MAX);
    assert_non_null(tk_pool_take(&pool, 1));
    for (size_t less = 0; less < 100; less++) {
        assert_null(tk_pool_take(&pool, SIZE_MAX - less));
    }
    assert_null(tk_pool_take(&pool, SIZE_MAX / 2));
    assert_null(tk_pool_take(&pool, SIZE_MAX / 4 + 1));
    assert_int_equal(pool.used, 16);
    tk_pool_fini(&pool);
}

static void copies_are_terminated(void **state)
{
    struct tk_pool pool;
    char text[] = "ab\0cd";
    char *copy;

    (void)state;
    tk_pool_init(&pool, 1000);
    copy = tk_pool_dup(&pool, tk_str_of(text, 5));
    text[0] = 'x';
    assert_memory_equal(copy, "ab\0cd\0", 6);
    copy = tk_pool_dup(&pool, tk_str_of(NULL, 0));
    assert_string_equal(copy, "");
    tk_pool_fini(&pool);
    tk_pool_init(&pool, 10);
    assert_null(tk_pool_dup(&pool, TK_STR("0123456789")));
    tk_pool_fini(&pool);
}

static void everything_is_wiped_when_it_is_given_back(void **state)
{
    struct tk_pool pool;
    char *small;
    char *large;

    (void)state;
    tk_pool_init(&pool, 100000);
    small = tk_pool_dup(&pool, TK_STR("secret"));
    assert_non_null(tk_pool_take(&pool, 100));
    large = tk_pool_take(&pool, 50000);
    memset(large, 'x', 50000);
    tk_pool_fini(&pool);
    assert_true(was_wiped(small, 112));
    assert_true(was_wiped(large, 50000));
}

static void can_be_used_again_after_the_end(void **state)
{
    struct tk_pool pool;

    (void)state;
    tk_pool_init(&pool, 100);
    assert_non_null(tk_pool_take(&pool, 96));
    tk_pool_fini(&pool);
    tk_pool_fini(&pool);
    assert_non_null(tk_pool_take(&pool, 96));
    tk_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(no_more_than_the_largest_size_is_given),
        cmocka_unit_test(a_refusal_takes_nothing),
        cmocka_unit_test(sizes_that_no_memory_has_do_not_overflow),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(everything_is_wiped_when_it_is_given_back),
        cmocka_unit_test(can_be_used_again_after_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
