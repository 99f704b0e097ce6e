#include "tests/unit/harness.h"

#include "cache/boot.h"

#include <string.h>

static void a_boot_has_one_name(void **state)
{
    unsigned char one[TK_BOOT_ID_LEN], two[TK_BOOT_ID_LEN];
    unsigned char none[TK_BOOT_ID_LEN] = {0};

    (void)state;
    tk_boot_id(one);
    tk_boot_id(two);
    assert_memory_equal(one, two, sizeof one);
    assert_memory_not_equal(one, none, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
