#include "base/map.h"

#include "tests/unit/random.h"
#include "tests/unit/text.h"

#include <stdio.h>
#include <stdlib.h>

static void finds_what_was_put(void **state)
{
    struct tk_map map;
    int one = 1;
    int two = 2;

    (void)state;
    tk_map_init(&map);
    assert_null(tk_map_get(&map, TK_STR("a")));
    assert_null(tk_map_drop(&map, TK_STR("a")));
    assert_int_equal(tk_map_put(&map, TK_STR("a"), &one), 0);
    assert_int_equal(tk_map_put(&map, TK_STR("b"), &two), 0);
    assert_ptr_equal(tk_map_get(&map, TK_STR("a")), &one);
    assert_ptr_equal(tk_map_get(&map, TK_STR("b")), &two);
    assert_null(tk_map_get(&map, TK_STR("c")));
    assert_int_equal(map.count, 2);
    tk_map_fini(&map);
}

static void texts_are_compared_by_all_their_bytes(void **state)
{
    static const struct tk_str texts[] = {
        TK_STR(""),  TK_STR("\0"),   TK_STR("\0\0"), TK_STR("a"),
        TK_STR("A"), TK_STR("a\0"),  TK_STR("a\0b"), TK_STR("ab"),
        TK_STR("b"), TK_STR("\xff"),
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    struct tk_map map;

    (void)state;
    tk_map_init(&map);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(tk_map_put(&map, texts[i], (void *)&texts[i]), 0);
    }
    assert_int_equal(map.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_ptr_equal(tk_map_get(&map, texts[i]), &texts[i]);
    }
    assert_ptr_equal(tk_map_get(&map, tk_str_of(NULL, 0)), &texts[0]);
    tk_map_fini(&map);
}

static void putting_again_replaces_text_and_value(void **state)
{
    char first[] = "key";
    char second[] = "key";
    struct tk_map map;
    int one = 1;
    int two = 2;

    (void)state;
    tk_map_init(&map);
    assert_int_equal(tk_map_put(&map, tk_str(first), &one), 0);
    assert_int_equal(tk_map_put(&map, tk_str(second), &two), 0);
    first[0] = 'x'; /* nobody looks at it any more */
    assert_int_equal(map.count, 1);
    assert_ptr_equal(tk_map_get(&map, TK_STR("key")), &two);
    assert_null(tk_map_get(&map, TK_STR("xey")));
    tk_map_fini(&map);
}

static void dropping_returns_the_value(void **state)
{
    struct tk_map map;
    int one = 1;

    (void)state;
    tk_map_init(&map);
    assert_int_equal(tk_map_put(&map, TK_STR("a"), &one), 0);
    assert_ptr_equal(tk_map_drop(&map, TK_STR("a")), &one);
    assert_null(tk_map_drop(&map, TK_STR("a")));
    assert_null(tk_map_get(&map, TK_STR("a")));
    assert_int_equal(map.count, 0);
    tk_map_fini(&map);
}

/* The naive model: a value for each of the names, or NULL. */
enum { NAMES = 3000, STEPS = 100000 };

struct model {
    char names[NAMES][16];
    int values[NAMES];
    int *held[NAMES];
    size_t count;
};

static void compare(const struct tk_map *map, const struct model *model)
{
    size_t seen = 0;
    size_t at = 0;

    assert_int_equal(map->count, model->count);
    for (int i = 0; i < NAMES; i++) {
        assert_ptr_equal(tk_map_get(map, tk_str(model->names[i])),
                         model->held[i]);
    }
    for (;;) {
        int *value = tk_map_next(map, &at);

        if (value == NULL) break;
        assert_ptr_equal(model->held[value - model->values], value);
        seen++;
    }
    assert_int_equal(seen, model->count);
    assert_null(tk_map_next(map, &at));
}

/* `share` of a hundred steps put, the others drop. */
static void step(struct tk_map *map, struct model *model, uint64_t *seed,
                 uint32_t share)
{
    uint32_t i = roll(seed) % NAMES;
    struct tk_str name = tk_str(model->names[i]);

    if (roll(seed) % 100 < share) {
        assert_int_equal(tk_map_put(map, name, &model->values[i]), 0);
        model->count += model->held[i] == NULL;
        model->held[i] = &model->values[i];
    } else {
        assert_ptr_equal(tk_map_drop(map, name), model->held[i]);
        model->count -= model->held[i] != NULL;
        model->held[i] = NULL;
    }
}

static void agrees_with_a_naive_model_over_100000_steps(void **state)
{
    static const uint32_t shares[] = {90, 50, 10, 60, 0};
    struct model *model = calloc(1, sizeof *model);
    struct tk_map map;
    uint64_t seed = 1;

    (void)state;
    tk_map_init(&map);
    for (int i = 0; i < NAMES; i++) {
        snprintf(model->names[i], sizeof model->names[i], "key/%d", i);
    }
    for (int i = 0; i < STEPS; i++) {
        step(&map, model, &seed, shares[i / (STEPS / 5)]);
        if (i % 2000 == 0) compare(&map, model);
    }
    compare(&map, model);
    tk_map_fini(&map);
    free(model);
}

/* A table of 16 slots that is nearly full has long runs, also around its end:
 * every order of dropping must keep the rest reachable. */
static void a_gap_never_hides_an_entry(void **state)
{
    struct model *model = calloc(1, sizeof *model);
    uint64_t seed = 9;

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        snprintf(model->names[i], sizeof model->names[i], "%d", i);
    }
    for (int round = 0; round < 3000; round++) {
        struct tk_map map;

        tk_map_init(&map); /* with a seed of its own */
        for (int i = 0; i < 12; i++) {
            assert_int_equal(
                tk_map_put(&map, tk_str(model->names[i]), &model->values[i]),
                0);
            model->held[i] = &model->values[i];
        }
        for (int left = 12; left > 0; left--) {
            uint32_t i = roll(&seed) % 12;

            while (model->held[i] == NULL) i = (i + 1) % 12;
            assert_ptr_equal(tk_map_drop(&map, tk_str(model->names[i])),
                             model->held[i]);
            model->held[i] = NULL;
            for (int j = 0; j < 12; j++) {
                assert_ptr_equal(tk_map_get(&map, tk_str(model->names[j])),
                                 model->held[j]);
            }
        }
        tk_map_fini(&map);
    }
    free(model);
}

static void an_empty_map_has_nothing_to_walk(void **state)
{
    struct tk_map map;
    size_t at = 0;

    (void)state;
    tk_map_init(&map);
    assert_null(tk_map_next(&map, &at));
    tk_map_fini(&map);
    at = 0;
    assert_null(tk_map_next(&map, &at));
    assert_null(tk_map_get(&map, TK_STR("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(texts_are_compared_by_all_their_bytes),
        cmocka_unit_test(putting_again_replaces_text_and_value),
        cmocka_unit_test(dropping_returns_the_value),
        cmocka_unit_test(agrees_with_a_naive_model_over_100000_steps),
        cmocka_unit_test(a_gap_never_hides_an_entry),
        cmocka_unit_test(an_empty_map_has_nothing_to_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
