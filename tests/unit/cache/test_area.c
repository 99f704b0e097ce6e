#include "tests/unit/harness.h"

#include "cache/area.h"

#include <stdalign.h>
#include <stdbool.h>

enum { SIZE = 256 * 1024 };

static alignas(64) uint64_t bytes[SIZE / 8];

static struct tk_area fresh(void)
{
    struct tk_area area;

    for (size_t i = 0; i < SIZE / 8; i++) bytes[i] = 0;
    tk_area_init(&area, bytes, SIZE, NULL, NULL);
    return area;
}

static void pieces_do_not_overlap(void **state)
{
    struct tk_area area = fresh();
    size_t len = 1;
    uint32_t place;

    (void)state;
    while ((place = tk_area_take(&area, len)) != 0) {
        uint64_t *words = tk_area_at(&area, place);

        for (size_t i = 0; i < tk_area_piece_size(len) / 8; i++) {
            assert_int_equal(words[i], 0);
            words[i] = place;
        }
        len = len * 3 % 4093 + 1;
    }
}

static void a_piece_that_is_given_back_is_wiped_and_comes_again(void **state)
{
    struct tk_area area = fresh();
    uint32_t place = tk_area_take(&area, 200);
    uint64_t *words = tk_area_at(&area, place);

    (void)state;
    for (size_t i = 0; i < 25; i++) words[i] = UINT64_MAX;
    tk_area_give(&area, place, 200);
    for (size_t i = 0; i < 25; i++) assert_int_equal(words[i], 0);
    assert_int_equal(tk_area_take(&area, 200), place);
}

static void a_larger_piece_is_split_when_the_rest_is_used_up(void **state)
{
    struct tk_area area = fresh();
    uint32_t large = 0, place;

    (void)state;
    while ((place = tk_area_take(&area, 256)) != 0) large = place;
    assert_int_not_equal(large, 0);
    tk_area_give(&area, large, 256);
    assert_int_equal(tk_area_take(&area, 128), large);
    assert_int_not_equal(tk_area_take(&area, 128), 0);
    assert_int_equal(tk_area_take(&area, 128), 0);
}

static void what_is_too_large_for_any_piece_is_refused(void **state)
{
    struct tk_area area = fresh();

    (void)state;
    assert_int_equal(tk_area_take(&area, 1024 * 1024), 0);
}

struct backing {
    uint64_t end;
    int calls;
};

static int back(uint64_t at, uint64_t len, void *data)
{
    struct backing *backing = data;

    assert_int_equal(at, backing->end);
    backing->end = at + len;
    backing->calls++;
    return 0;
}

static void memory_is_asked_for_before_it_is_touched(void **state)
{
    struct backing backing = {0};
    struct tk_area area;

    (void)state;
    tk_area_init(&area, bytes, SIZE, back, &backing);
    assert_int_not_equal(tk_area_take(&area, 64), 0);
    assert_true(backing.end >= 64);
    while (tk_area_take(&area, 4096) != 0) {
    }
    assert_int_equal(backing.end, SIZE);
    assert_true(backing.calls >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_overlap),
        cmocka_unit_test(a_piece_that_is_given_back_is_wiped_and_comes_again),
        cmocka_unit_test(a_larger_piece_is_split_when_the_rest_is_used_up),
        cmocka_unit_test(what_is_too_large_for_any_piece_is_refused),
        cmocka_unit_test(memory_is_asked_for_before_it_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
