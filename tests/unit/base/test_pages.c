#define _GNU_SOURCE
#include "base/pages.h"

#include "tests/unit/harness.h"
#include "tests/unit/wipes.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* The limit does not bind who has CAP_IPC_LOCK, so it is not used here. */
static int lock_answer;

int mlock(const void *start, size_t len)
{
    (void)start;
    (void)len;
    return lock_answer;
}

static void they_are_zeroed_and_as_large_as_asked(void **state)
{
    static const size_t sizes[] = {1, 4096, 4097, 65537};

    (void)state;
    lock_answer = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct tk_pages pages;
        unsigned char *bytes;

        assert_int_equal(tk_pages_new(sizes[i], &pages), 0);
        assert_true(pages.size >= sizes[i]);
        bytes = pages.start;
        for (size_t k = 0; k < pages.size; k++) assert_int_equal(bytes[k], 0);
        tk_pages_free(&pages);
        assert_null(pages.start);
        tk_pages_free(&pages);
    }
}

static void that_they_are_not_locked_is_told_and_no_failure(void **state)
{
    struct tk_pages pages;

    (void)state;
    lock_answer = 0;
    assert_int_equal(tk_pages_new(1, &pages), 0);
    assert_true(pages.is_locked);
    tk_pages_free(&pages);
    lock_answer = -1;
    assert_int_equal(tk_pages_new(1, &pages), 0);
    assert_false(pages.is_locked);
    tk_pages_free(&pages);
}

static void they_are_wiped_before_they_are_given_back(void **state)
{
    struct tk_pages pages;
    void *start;

    (void)state;
    assert_int_equal(tk_pages_new(1, &pages), 0);
    start = pages.start;
    tk_pages_free(&pages);
    assert_true(was_wiped(start, 4096));
}

static void a_child_finds_them_empty(void **state)
{
    struct tk_pages pages;
    int status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(tk_pages_new(7, &pages), 0);
    memcpy(pages.start, "s3cret", 7);
    child = fork();
    if (child == 0) _exit(*(char *)pages.start == '\0' ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_string_equal(pages.start, "s3cret");
    tk_pages_free(&pages);
}

/* The line of /proc/self/smaps that says how the kernel treats them. */
static void no_core_dump_has_them(void **state)
{
    struct tk_pages pages;
    char line[512], start[32];
    bool is_ours = false, is_left_out = false;
    FILE *file = fopen("/proc/self/smaps", "r");

    (void)state;
    assert_int_equal(tk_pages_new(7, &pages), 0);
    assert_non_null(file);
    snprintf(start, sizeof start, "%lx-", (unsigned long)pages.start);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, start, strlen(start)) == 0) is_ours = true;
        if (strncmp(line, "VmFlags:", 8) != 0 || !is_ours) continue;
        is_left_out = strstr(line, " dd") != NULL;
        break;
    }
    fclose(file);
    assert_true(is_left_out);
    tk_pages_free(&pages);
}

static void more_than_there_is_is_refused(void **state)
{
    struct tk_pages pages;

    (void)state;
    assert_int_equal(tk_pages_new(SIZE_MAX, &pages), TK_ENOMEM);
    assert_null(pages.start);
    assert_int_equal(tk_pages_new(SIZE_MAX / 2, &pages), TK_ENOMEM);
    assert_null(pages.start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_zeroed_and_as_large_as_asked),
        cmocka_unit_test(that_they_are_not_locked_is_told_and_no_failure),
        cmocka_unit_test(they_are_wiped_before_they_are_given_back),
        cmocka_unit_test(a_child_finds_them_empty),
        cmocka_unit_test(no_core_dump_has_them),
        cmocka_unit_test(more_than_there_is_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
