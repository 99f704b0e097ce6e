#include "cli/seal.h"

#include "tests/unit/harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED
#endif
#endif

static void a_sealed_process_is_not_dumpable(void **state)
{
    int wanted = 0;

    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(IS_SANITIZED)
    wanted = 1;
#endif
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    tk_seal();
    assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), wanted);
}

static void a_sealed_process_leaves_no_core(void **state)
{
    struct rlimit limit;

    (void)state;
    tk_seal();
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 0);
    assert_int_equal(limit.rlim_max, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_process_is_not_dumpable),
        cmocka_unit_test(a_sealed_process_leaves_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
