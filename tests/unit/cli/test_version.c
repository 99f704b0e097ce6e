#define _GNU_SOURCE
#include "cli/version.h"

#include "tests/unit/cli/capture.h"

static void version_and_interface_are_one_line(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_version_command, NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&capture),
                        "tokeng " TOKENG_VERSION " (libtokeng ABI 2)\n");
    capture_fini(&capture);
}

static void version_and_interface_are_json(void **state)
{
    struct capture capture;

    (void)state;
    capture_init(&capture);
    assert_int_equal(capture_run(&capture, &tk_version_command, "--json", NULL),
                     TK_EXIT_OK);
    assert_string_equal(capture_out(&capture),
                        "{\"version\":\"" TOKENG_VERSION "\",\"abi\":2}\n");
    capture_fini(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_interface_are_one_line),
        cmocka_unit_test(version_and_interface_are_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
