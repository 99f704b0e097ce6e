/* Nothing of the engine is linked here: it is loaded, or refused. */
#define _GNU_SOURCE
#include "reader/embedded.h"

#include "tests/unit/harness.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* A sanitizer's malloc is not libc's. */
static int is_malloc_replaced(void)
{
    Dl_info malloc_info, libc_info;

    if (dladdr(dlsym(RTLD_DEFAULT, "malloc"), &malloc_info) == 0) return 1;
    dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &libc_info);
    return strcmp(malloc_info.dli_fname, libc_info.dli_fname) != 0;
}

static void expect_refusal(const char *library, const char *part)
{
    char why[512];
    struct tokeng_engine_options options = {.size = sizeof options,
                                            .library = library,
                                            .why = why,
                                            .why_cap = sizeof why};
    struct tokeng_engine *engine;

    assert_int_equal(tokeng_engine_start(&options, &engine), TOKENG_EHOST);
    assert_null(engine);
    if (is_malloc_replaced()) part = "is not libc's but that of ";
    if (strstr(why, part) == NULL) fail_msg("%s", why);
}

static void a_library_that_cannot_be_loaded_is_named(void **state)
{
    (void)state;
    expect_refusal("/nowhere.so", "/nowhere.so: cannot open");
    expect_refusal("libc.so.6", "library: libc.so.6 is no absolute path");
}

static void a_library_of_something_else_is_refused(void **state)
{
    Dl_info libc;

    (void)state;
    assert_int_not_equal(
        dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &libc), 0);
    expect_refusal(libc.dli_fname, " is no libtokeng-engine");
}

/* This program's own folder has none. */
static void it_is_looked_for_beside_libtokeng_alone(void **state)
{
    (void)state;
    expect_refusal(NULL, "/tests/libtokeng-engine.so.0: cannot open");
}

/* A size below `why` has no reason to fill. */
static void options_of_an_older_or_a_newer_caller_are_taken(void **state)
{
    union {
        struct tokeng_engine_options options;
        char bytes[sizeof(struct tokeng_engine_options) + 64];
    } newer = {.options = {.library = "libc.so.6"}};
    struct tokeng_engine *engine;

    (void)state;
    newer.options.size = sizeof newer;
    assert_int_equal(tokeng_engine_start(&newer.options, &engine),
                     TOKENG_EHOST);
    newer.options.size = offsetof(struct tokeng_engine_options, why);
    assert_int_equal(tokeng_engine_start(&newer.options, &engine),
                     TOKENG_EHOST);
    newer.options.size = sizeof newer;
    newer.bytes[sizeof newer - 1] = 1;
    assert_int_equal(tokeng_engine_start(&newer.options, &engine),
                     TOKENG_EINVAL);
}

static void options_without_a_size_are_refused(void **state)
{
    struct tokeng_engine_options options = {.size = 0};
    struct tokeng_engine *engine;

    (void)state;
    assert_int_equal(tokeng_engine_start(&options, &engine), TOKENG_EINVAL);
    options.size = UINT32_MAX;
    assert_int_equal(tokeng_engine_start(&options, &engine), TOKENG_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_cannot_be_loaded_is_named),
        cmocka_unit_test(a_library_of_something_else_is_refused),
        cmocka_unit_test(options_of_an_older_or_a_newer_caller_are_taken),
        cmocka_unit_test(options_without_a_size_are_refused),
        cmocka_unit_test(it_is_looked_for_beside_libtokeng_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
