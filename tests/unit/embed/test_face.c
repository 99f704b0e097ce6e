#include "reader/embedded.h"

#include "tests/unit/harness.h"

static void it_is_of_the_version_that_libtokeng_compares(void **state)
{
    const struct tk_embedded_face *face = tokeng_engine_face();

    (void)state;
    assert_int_equal(face->abi, TOKENG_ABI);
    assert_int_equal(face->size, sizeof *face);
    assert_non_null(face->start);
    assert_non_null(face->reload);
    assert_non_null(face->stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_of_the_version_that_libtokeng_compares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
