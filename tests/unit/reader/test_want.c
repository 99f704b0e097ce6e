#include "../harness.h"

#include "reader/want.h"

#include <string.h>

static void nothing_said_is_five_seconds_and_any_token(void **state)
{
    struct tokeng_want out;

    (void)state;
    assert_true(tk_want_read(NULL, &out));
    assert_int_equal(out.wait_ms, 5000);
    assert_int_equal(out.min_ttl_s, 0);
    assert_int_equal(out.newer_than, 0);
}

static void an_older_caller_s_structure_is_filled_up(void **state)
{
    struct tokeng_want older = {
        .size = 8, .min_ttl_s = 60, .wait_ms = 1, .newer_than = 7};
    struct tokeng_want out;

    (void)state;
    assert_true(tk_want_read(&older, &out));
    assert_int_equal(out.min_ttl_s, 60);
    assert_int_equal(out.wait_ms, 5000);
    assert_int_equal(out.newer_than, 0);
}

static void a_size_that_was_never_set_is_refused(void **state)
{
    struct tokeng_want want = {.size = 0};
    struct tokeng_info info = {.size = 0};
    struct tokeng_want out;

    (void)state;
    assert_false(tk_want_read(&want, &out));
    assert_false(tk_info_is_sized(&info));
    info.size = UINT32_MAX;
    assert_false(tk_info_is_sized(&info));
    assert_true(tk_info_is_sized(NULL));
}

static void an_older_caller_s_info_is_not_overrun(void **state)
{
    struct tokeng_info from = {.token_len = 9, .generation = 5};
    struct tokeng_info to;

    (void)state;
    memset(&to, '#', sizeof to);
    to.size = 8;
    tk_info_write(&to, &from);
    assert_int_equal(to.size, 8);
    assert_int_equal(to.token_len, 9);
    assert_int_equal(((char *)&to)[8], '#');
    tk_info_write(NULL, &from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_five_seconds_and_any_token),
        cmocka_unit_test(an_older_caller_s_structure_is_filled_up),
        cmocka_unit_test(a_size_that_was_never_set_is_refused),
        cmocka_unit_test(an_older_caller_s_info_is_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
