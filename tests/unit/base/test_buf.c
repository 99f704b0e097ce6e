#define _DEFAULT_SOURCE
#include "base/buf.h"

#include "tests/unit/text.h"
#include "tests/unit/wipes.h"

static void puts_one_after_the_other(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 1000);
    assert_text(tk_buf_str(&buf), TK_STR(""));
    assert_non_null(tk_buf_str(&buf).data);
    assert_string_equal(tk_buf_text(&buf), "");
    assert_int_equal(tk_buf_put(&buf, "ab\0", 3), 0);
    assert_int_equal(tk_buf_put_str(&buf, TK_STR("cd")), 0);
    assert_int_equal(tk_buf_put_text(&buf, "ef"), 0);
    assert_int_equal(tk_buf_put_byte(&buf, 'g'), 0);
    assert_int_equal(tk_buf_put_int(&buf, -12), 0);
    assert_int_equal(tk_buf_printf(&buf, "<%s %d>", "x", 7), 0);
    assert_text(tk_buf_str(&buf), TK_STR("ab\0cdefg-12<x 7>"));
    assert_int_equal(tk_buf_text(&buf)[buf.len], '\0');
    tk_buf_fini(&buf);
}

static void puts_nothing_from_nowhere(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 10);
    assert_int_equal(tk_buf_put(&buf, NULL, 0), 0);
    assert_int_equal(tk_buf_put_str(&buf, tk_str_of(NULL, 0)), 0);
    assert_int_equal(buf.len, 0);
    tk_buf_fini(&buf);
}

static void puts_every_integer(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {7, "7"},
        {-7, "-7"},
        {10, "10"},
        {INT64_C(1700000000000), "1700000000000"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tk_buf_clear(&buf);
        assert_int_equal(tk_buf_put_int(&buf, rows[i].number), 0);
        assert_string_equal(tk_buf_text(&buf), rows[i].text);
    }
    tk_buf_fini(&buf);
}

static void holds_exactly_its_largest_size(void **state)
{
    struct tk_buf buf;

    (void)state;
    for (size_t max = 0; max < 300; max++) {
        tk_buf_init(&buf, max);
        for (size_t i = 0; i < max; i++) {
            assert_int_equal(tk_buf_put_byte(&buf, 'x'), 0);
        }
        assert_int_equal(buf.len, max);
        assert_int_equal(strlen(tk_buf_text(&buf)), max);
        assert_int_equal(tk_buf_put_byte(&buf, 'x'), TK_ETOOBIG);
        assert_int_equal(buf.len, 0);
        tk_buf_fini(&buf);
    }
}

static void an_error_sticks_until_the_buffer_is_cleared(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 4);
    assert_int_equal(tk_buf_put_text(&buf, "abc"), 0);
    assert_int_equal(tk_buf_put_text(&buf, "de"), TK_ETOOBIG);
    assert_int_equal(buf.failed, TK_ETOOBIG);
    assert_text(tk_buf_str(&buf), TK_STR(""));
    assert_string_equal(tk_buf_text(&buf), "");
    assert_int_equal(tk_buf_put_byte(&buf, 'f'), TK_ETOOBIG);
    assert_int_equal(tk_buf_put_int(&buf, 1), TK_ETOOBIG);
    assert_int_equal(tk_buf_printf(&buf, "%d", 1), TK_ETOOBIG);
    assert_null(tk_buf_room(&buf, 0));
    tk_buf_clear(&buf);
    assert_int_equal(tk_buf_put_text(&buf, "abcd"), 0);
    assert_string_equal(tk_buf_text(&buf), "abcd");
    tk_buf_fini(&buf);
}

static void a_printf_that_does_not_fit_is_an_error(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 8);
    assert_int_equal(tk_buf_printf(&buf, "%d", 12345678), 0);
    assert_int_equal(tk_buf_printf(&buf, "%s", ""), 0);
    assert_int_equal(tk_buf_printf(&buf, "%d", 1), TK_ETOOBIG);
    tk_buf_fini(&buf);
}

static void sizes_that_no_memory_has_do_not_overflow(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2,
                                   SIZE_MAX / 2 + 1, SIZE_MAX / 4 + 1};
    struct tk_buf buf;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t before = 0; before < 3; before++) {
            tk_buf_init(&buf, SIZE_MAX);
            assert_int_equal(tk_buf_put(&buf, "ab", before), 0);
            assert_null(tk_buf_room(&buf, sizes[i] - before));
            assert_int_equal(buf.failed, TK_ETOOBIG);
            tk_buf_fini(&buf);
        }
    }
}

static void room_is_counted_only_when_the_caller_says_so(void **state)
{
    struct tk_buf buf;
    char *room;

    (void)state;
    tk_buf_init(&buf, 1000);
    tk_buf_put_text(&buf, "ab");
    room = tk_buf_room(&buf, 500);
    assert_non_null(room);
    memset(room, 'x', 500);
    assert_int_equal(buf.len, 2);
    buf.len += 3;
    assert_text(tk_buf_str(&buf), TK_STR("abxxx"));
    tk_buf_fini(&buf);
}

static void clearing_wipes_and_keeps_the_memory(void **state)
{
    struct tk_buf buf;
    const char *data;

    (void)state;
    tk_buf_init(&buf, 1000);
    tk_buf_clear(&buf);
    tk_buf_put_text(&buf, "secret");
    data = buf.data;
    tk_buf_clear(&buf);
    assert_ptr_equal(buf.data, data);
    assert_memory_equal(data, "\0\0\0\0\0\0", 6);
    tk_buf_fini(&buf);
}

static void every_block_is_wiped_before_it_is_given_back(void **state)
{
    struct tk_buf buf;
    const char *first;
    const char *second;

    (void)state;
    tk_buf_init(&buf, 1000);
    tk_buf_put_text(&buf, "secret");
    first = buf.data;
    for (int i = 0; i < 100; i++) tk_buf_put_byte(&buf, 'x');
    second = buf.data;
    assert_ptr_not_equal(first, second);
    assert_true(was_wiped(first, 64)); /* grown */
    assert_memory_equal(second, "secretxxx", 9);
    tk_buf_fini(&buf);
    assert_true(was_wiped(second, 106));
    tk_buf_init(&buf, 8);
    tk_buf_put_text(&buf, "secret");
    first = buf.data;
    wipe_count = 0;
    tk_buf_put_text(&buf, "too long");
    assert_true(was_wiped(first, 6)); /* failed */
    tk_buf_fini(&buf);
}

static void ending_twice_is_harmless(void **state)
{
    struct tk_buf buf;

    (void)state;
    tk_buf_init(&buf, 10);
    tk_buf_put_byte(&buf, 'x');
    tk_buf_fini(&buf);
    tk_buf_fini(&buf);
    assert_int_equal(tk_buf_put_text(&buf, "again"), 0);
    tk_buf_fini(&buf);
}

/* base/str.h has no file of its own. */

static const struct tk_str nothing = {NULL, 0};

static void views_are_equal_by_their_bytes(void **state)
{
    (void)state;
    assert_true(tk_str_eq(TK_STR("a\0b"), tk_str_of("a\0bc", 3)));
    assert_false(tk_str_eq(TK_STR("a\0b"), TK_STR("a\0c")));
    assert_false(tk_str_eq(TK_STR("a"), TK_STR("ab")));
    assert_true(tk_str_eq(nothing, TK_STR("")));
    assert_true(tk_str_eq(nothing, nothing));
    assert_true(tk_str_eq(tk_str(NULL), nothing));
    assert_true(tk_str_is(TK_STR("abc"), "abc"));
    assert_false(tk_str_is(TK_STR("abc\0"), "abc"));
    assert_true(tk_str_is(nothing, ""));
}

static void a_view_starts_with_each_of_its_starts(void **state)
{
    struct tk_str text = TK_STR("Bearer x");

    (void)state;
    for (size_t len = 0; len <= text.len; len++) {
        assert_true(tk_str_starts(text, tk_str_of(text.data, len)));
    }
    assert_false(tk_str_starts(text, TK_STR("Bearer x ")));
    assert_false(tk_str_starts(text, TK_STR("bearer")));
    assert_true(tk_str_starts(nothing, nothing));
    assert_false(tk_str_starts(nothing, TK_STR("a")));
}

static void skipping_stops_at_the_end(void **state)
{
    (void)state;
    assert_text(tk_str_skip(TK_STR("abc"), 0), TK_STR("abc"));
    assert_text(tk_str_skip(TK_STR("abc"), 2), TK_STR("c"));
    assert_text(tk_str_skip(TK_STR("abc"), 3), TK_STR(""));
    assert_text(tk_str_skip(TK_STR("abc"), SIZE_MAX), TK_STR(""));
    assert_null(tk_str_skip(nothing, 5).data);
}

static void cutting_walks_through_the_parts(void **state)
{
    struct tk_str rest = TK_STR("a,,bc,");

    (void)state;
    assert_text(tk_str_cut(&rest, ','), TK_STR("a"));
    assert_text(tk_str_cut(&rest, ','), TK_STR(""));
    assert_text(tk_str_cut(&rest, ','), TK_STR("bc"));
    assert_non_null(rest.data); /* an empty part follows the last mark */
    assert_text(tk_str_cut(&rest, ','), TK_STR(""));
    assert_null(rest.data);
    assert_text(tk_str_cut(&rest, ','), TK_STR(""));
    assert_null(rest.data);
}

static void words_are_compared_without_case_in_ascii_only(void **state)
{
    (void)state;
    assert_true(
        tk_str_same_word(TK_STR("Content-Type"), TK_STR("cONTENT-tYPE")));
    assert_true(tk_str_same_word(TK_STR("azAZ09"), TK_STR("AZaz09")));
    assert_true(tk_str_same_word(nothing, TK_STR("")));
    assert_false(tk_str_same_word(TK_STR("a"), TK_STR("ab")));
    assert_false(tk_str_same_word(TK_STR("@"), TK_STR("`")));
    assert_false(tk_str_same_word(TK_STR("["), TK_STR("{")));
    assert_false(tk_str_same_word(TK_STR("\xc9"), TK_STR("\xe9")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_one_after_the_other),
        cmocka_unit_test(puts_nothing_from_nowhere),
        cmocka_unit_test(puts_every_integer),
        cmocka_unit_test(holds_exactly_its_largest_size),
        cmocka_unit_test(an_error_sticks_until_the_buffer_is_cleared),
        cmocka_unit_test(a_printf_that_does_not_fit_is_an_error),
        cmocka_unit_test(sizes_that_no_memory_has_do_not_overflow),
        cmocka_unit_test(room_is_counted_only_when_the_caller_says_so),
        cmocka_unit_test(clearing_wipes_and_keeps_the_memory),
        cmocka_unit_test(every_block_is_wiped_before_it_is_given_back),
        cmocka_unit_test(ending_twice_is_harmless),
        cmocka_unit_test(views_are_equal_by_their_bytes),
        cmocka_unit_test(a_view_starts_with_each_of_its_starts),
        cmocka_unit_test(skipping_stops_at_the_end),
        cmocka_unit_test(cutting_walks_through_the_parts),
        cmocka_unit_test(words_are_compared_without_case_in_ascii_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
